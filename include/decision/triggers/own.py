"""A trigger of the owner's: a class or function ``module:name`` that decides from the same evidence as ours."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from include.decision.evidence import Evidence, TriggerResult
from include.errors import ConfigurationError, DataError

OWN = "own"


@dataclass(frozen=True, kw_only=True)
class OwnTrigger:
    """Asks the owner's rule.

    What `place` names is called with `settings` and has to return an object with ``decide(evidence)``; that answers a
    `TriggerResult`, or for short true or false, or one of these and a reason. It is made when it is first called for,
    so that reading a model file imports nothing.

    Parameters
    ----------
    place : str
        ``module:name`` of a class, or of a function that makes the rule. The module has to be importable where tasks
        and commands run.
    settings : mapping
        Passed by name.

    Raises
    ------
    ConfigurationError
        When it is called for: what `place` names cannot be imported or made, or has no ``decide``.
    DataError
        When it raises, or answers something else.
    """

    place: str
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse what names nothing that could be imported."""
        module, colon, name = self.place.partition(":")
        if not colon or not name.isidentifier() or not all(part.isidentifier() for part in module.split(".")):
            raise ValueError(f"{self.place!r} names no class: write module:Class")

    @property
    def label(self) -> str:
        """The place and the settings."""
        told = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        return f"{OWN} {self.place}" + (f" ({told})" if told else "")

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Ask the rule, and put its answer under this trigger's name."""
        return ask(self._made(), evidence, where=f"own trigger {self.place}", label=self.label)

    def _made(self) -> Any:
        module, _, name = self.place.partition(":")
        try:
            made = getattr(importlib.import_module(module), name)(**self.settings)
        except Exception as error:  # whatever a module of the owner's does
            why = f"{type(error).__name__}: {error}"
            raise ConfigurationError(f"own trigger {self.place}", f"cannot be imported and made: {why}") from error
        if not callable(getattr(made, "decide", None)):
            raise ConfigurationError(f"own trigger {self.place}", f"a {type(made).__name__} has no decide(evidence)")
        return made


def ask(rule: Any, evidence: Evidence, *, where: str, label: str) -> TriggerResult:
    """The answer of an owner's `rule` under a label of ours; a `DataError` names `where` when there is none."""
    try:
        answer = rule.decide(evidence)
    except Exception as error:
        raise DataError(f"{where}: it failed: {type(error).__name__}: {error}") from error
    if isinstance(answer, TriggerResult):
        return replace(answer, trigger=OWN, label=label, parts=())
    fired, reason = answer if isinstance(answer, tuple) and len(answer) == 2 else (answer, "")
    if not isinstance(fired, bool) or not isinstance(reason, str):
        raise DataError(
            f"{where}: it answered a {type(answer).__name__}; answer a TriggerResult, true or false, or one of these "
            "and a reason"
        )
    return TriggerResult(trigger=OWN, label=label, fired=fired, reason=reason or f"it says {'yes' if fired else 'no'}")
