"""What a `RetrainingTriggerManager` reports: each trigger's answer, and what to do."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from include.decision.decision import Severity
from include.decision.evidence import TriggerResult
from include.decision.severity import severity_of

_SEVERITIES = tuple(Severity)


@dataclass(frozen=True, kw_only=True)
class TriggerDetail:
    """One trigger's answer.

    Parameters
    ----------
    name : str
    triggered : bool
    severity : Severity
        Of this trigger alone; LOW where it did not fire.
    reason : str
    threshold, actual : float or None
        What was compared with what; None where nothing was.
    judged : bool
        Whether it had what it compares; False where a metric is missing.
    parts : tuple of TriggerDetail
        Of a combination: the answers that it is made of.
    """

    name: str
    triggered: bool
    severity: Severity
    reason: str
    threshold: float | None = None
    actual: float | None = None
    judged: bool = True
    parts: tuple[TriggerDetail, ...] = ()

    @classmethod
    def of(cls, result: TriggerResult, severity: Severity | None = None, name: str = "") -> TriggerDetail:
        """The answer of a trigger; with a `severity` of its own, if its owner gave one."""
        parts = tuple(cls.of(part) for part in result.parts)
        found = severity_of(result.fired_leaves()) if result.fired else Severity.LOW
        return cls(
            name=name or result.label or result.trigger, triggered=result.fired,
            severity=severity if severity is not None and result.fired else found, reason=result.reason,
            threshold=result.threshold, actual=result.value, parts=parts,
            judged=result.fired or any(part.judged for part in parts) if parts else _judged(result),
        )  # fmt: skip

    def leaves(self) -> Iterator[TriggerDetail]:
        """The single triggers below this one; itself if it is single."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True, kw_only=True)
class RetrainingReport:
    """The answer of all triggers, and what to do.

    Parameters
    ----------
    triggered : bool
        Whether any registered trigger fired.
    severity : Severity
        As a decision's: several triggers that fired weigh more than one; never less than that of any that fired.
    details : tuple of TriggerDetail
        In the order of registration.
    recommendations : tuple of str
        Sentences, the most urgent first.
    timestamp : datetime
        When it was evaluated, UTC.
    metadata : mapping
        As the caller gave it.
    """

    triggered: bool
    severity: Severity
    details: tuple[TriggerDetail, ...]
    recommendations: tuple[str, ...]
    timestamp: datetime
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, results: Sequence[tuple[TriggerResult, TriggerDetail]], timestamp: datetime, metadata: Mapping[str, Any]
    ) -> RetrainingReport:
        """The report on what the triggers answered."""
        leaves = [leaf for result, _ in results if result.fired for leaf in result.fired_leaves()]
        unique = list(dict.fromkeys(replace(leaf, parts=()) for leaf in leaves))
        details = tuple(detail for _, detail in results)
        severities = [severity_of(unique), *(detail.severity for detail in details if detail.triggered)]
        return cls(
            triggered=any(detail.triggered for detail in details),
            severity=max(severities, key=_SEVERITIES.index),
            details=details,
            recommendations=tuple(_recommendations(details, max(severities, key=_SEVERITIES.index))),
            timestamp=timestamp,
            metadata=dict(metadata),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold; what is endless or no number becomes None."""
        found: dict[str, Any] = _plain({**asdict(self), "timestamp": self.timestamp.isoformat()})
        return found

    def to_json(self, path: Path | str | None = None) -> str:
        """The report as JSON text; written to `path`, too, if one is given."""
        text = json.dumps(self.to_dict(), indent=2, allow_nan=False)
        if path is not None:
            Path(path).write_text(text + "\n", encoding="utf-8")
        return text

    def to_markdown(self) -> str:
        """The report for people."""
        lines = [
            f"# Retraining {'recommended' if self.triggered else 'not needed'}",
            "",
            f"Severity **{self.severity}**, evaluated {self.timestamp:%Y-%m-%d %H:%M} UTC.",
            "",
            "| trigger | fired | severity | value | threshold | reason |",
            "|---|---|---|---|---|---|",
        ]
        for detail in self.details:
            lines += [_row(each, inside=each is not detail) for each in (detail, *_below(detail))]
        lines += ["", "## Recommendations", "", *(f"- {_escape(each)}" for each in self.recommendations)]
        if self.metadata:
            lines += ["", "## Context", ""]
            lines += [f"- {_escape(name)}: {_escape(value)}" for name, value in self.metadata.items()]
        return "\n".join([*lines, ""])


def _judged(result: TriggerResult) -> bool:
    return result.fired or result.value is not None or (result.threshold is None and "not known" not in result.reason)


def _recommendations(details: Sequence[TriggerDetail], severity: Severity) -> Iterator[str]:
    fired = [detail for detail in details if detail.triggered]
    when = {Severity.CRITICAL: "at once", Severity.HIGH: "now"}.get(severity, "soon")
    if fired:
        yield f"Retrain {when}: {'; '.join(f'{each.name}: {each.reason}' for each in fired)}."
    elif not details:
        yield "Register a trigger: there is none yet."
    else:
        yield "Leave the model alone: no trigger fired."
    unjudged = {leaf.name: leaf.reason for detail in details for leaf in detail.leaves() if not leaf.judged}
    for name, reason in unjudged.items():
        yield f"Give {name} what it compares: {reason}."


def _below(detail: TriggerDetail) -> Iterator[TriggerDetail]:
    for part in detail.parts:
        yield part
        yield from _below(part)


def _row(detail: TriggerDetail, *, inside: bool) -> str:
    cells = [
        f"· {detail.name}" if inside else detail.name, "yes" if detail.triggered else "no",
        str(detail.severity) if detail.triggered else "", _number(detail.actual), _number(detail.threshold),
        detail.reason,
    ]  # fmt: skip
    return f"| {' | '.join(_escape(cell) for cell in cells)} |"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _escape(value: object) -> str:
    """Text of others, inert in Markdown: on one line, without markup."""
    text = " ".join(str(value).split()).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return "".join(f"\\{letter}" if letter in "`*[]" else letter for letter in text)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)
