"""What somebody may ask for, and in which form: every face checks here, and every form is made from `FORM`.

A run by its parameters; a request, a rollback, a lifting and a canary by who asks and why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from include.decision.policy.preset_names import PRESET_NAMES as PRESET_NAMES
from include.decision.policy.preset_names import WITHOUT_POLICY as WITHOUT_POLICY
from include.decision.request import RequestKind
from include.errors import ConfigurationError, NothingToDo, RollbackRefused, did_you_mean

if TYPE_CHECKING:  # loaded late: DAG files are parsed with this
    from include.records.entries import Run
    from include.registry.spec import ModelSpec

PREVIOUS = "previous"  # the version that was champion before the present one
VERSION = "v?[1-9][0-9]{0,8}"
CLOCK_SKEW = timedelta(minutes=5)  # how far the clocks of two machines may be apart
EARLIEST = datetime(1700, 1, 1, tzinfo=UTC)  # before it times of rows in nanoseconds, and windows, end
LONGEST_REASON, LONGEST_NAME = 500, 250  # characters
BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # signs that Unicode counts as letters or symbols, and that show nothing
KINDS = tuple(str(kind) for kind in RequestKind)

#: The parameters of a run, as JSON schema has them.
FORM: Mapping[str, Mapping[str, Any]] = {
    "models": {"type": ["null", "array"], "items": {"type": "string"}},
    "reason": {"type": ["null", "string"], "maxLength": LONGEST_REASON},
    "force": {"type": "boolean"},
    "dry_run": {"type": "boolean"},
    "preset": {"type": ["null", "string"], "enum": [None, *PRESET_NAMES]},
    "as_of": {"type": ["null", "string"], "format": "date-time"},
    "rollback_to": {"type": ["null", "string"], "pattern": f"^({PREVIOUS}|{VERSION})?$"},
}


@dataclass(frozen=True, kw_only=True)
class RunParameters:
    """What a run is to do, checked.

    Parameters
    ----------
    models : tuple of str
        Empty for all that are enabled.
    reason, preset : str
        Empty for none, and for each model's own.
    as_of : datetime or None
        None for the time that the run is of.
    rollback_to : str
        Empty for a run that checks; else `models` are rolled back, and nothing is checked.
    """

    models: tuple[str, ...] = ()
    reason: str = ""
    force: bool = False
    dry_run: bool = False
    preset: str = ""
    as_of: datetime | None = None
    rollback_to: str = ""

    @classmethod
    def of(cls, params: Mapping[str, Any], *, now: datetime) -> RunParameters:
        """Read and check parameters by their names, as a form or an API gives them; what is missing or null is unsaid.

        Raises
        ------
        ConfigurationError
            For a value of another kind than `FORM` has, a reason too long, an unknown preset, a time to look at that
            has not come yet, or a rollback of every model at once.
        RollbackRefused
            For a version that cannot be read.
        """
        preset, to, as_of = (_text(params, name) for name in ("preset", "rollback_to", "as_of"))
        if preset and preset not in PRESET_NAMES:
            raise ConfigurationError(
                "parameter preset",
                f"unknown preset {preset!r}{did_you_mean(preset, PRESET_NAMES)}; known: {', '.join(PRESET_NAMES)}",
            )
        models = _names(params.get("models"))
        if to:
            version_number(to)
            if not models:
                raise ConfigurationError("parameter models", "empty; name the models that are to be rolled back")
        return cls(
            models=models, reason=_short_enough("parameter reason", _text(params, "reason"), LONGEST_REASON),
            force=_flag(params, "force"), dry_run=_flag(params, "dry_run"), preset=preset, rollback_to=to,
            as_of=requested_time(as_of, now=now) if as_of else None,
        )  # fmt: skip

    def run(self, run_id: str, *, by: str, at: datetime, now: datetime) -> Run:
        """The run, of the time `at` where `as_of` names no other; a `ConfigurationError` where that is after `now`.

        Parameters
        ----------
        by : str
            Who, or what, asks.
        """
        from include.records.entries import Run

        return Run(
            run_id=run_id, as_of=self.as_of or requested_time(at, now=now), reason=self.reason, requested_by=by,
            force=self.force, dry_run=self.dry_run, preset=self.preset,
        )  # fmt: skip

    def require_check(self) -> None:
        """Do nothing for a run that checks; `NothingToDo` for one that rolls back."""
        if self.rollback_to:
            raise NothingToDo(f"this run rolls back to {self.rollback_to}: nothing is checked")


def chosen_models(
    models_dir: Path, params: Mapping[str, Any], conf: Mapping[str, Any] | None, *, now: datetime
) -> list[str]:
    """Names of the models that a run is for; see `chosen_specs`."""
    return list(chosen_specs(models_dir, params, conf, now=now))


def chosen_specs(
    models_dir: Path, params: Mapping[str, Any], conf: Mapping[str, Any] | None, *, now: datetime
) -> dict[str, ModelSpec | None]:
    """The models that a run is for, None for one whose file has mistakes; its parameters are checked beforehand.

    Parameters
    ----------
    conf : mapping or None
        What was given with the run; `params` are the defaults, overridden by it.

    Raises
    ------
    ConfigurationError
        For an unknown parameter or model, and as `RunParameters.of`.
    """
    from include.registry.loader import models_to_check

    check_parameters(conf, params)
    return models_to_check(models_dir, RunParameters.of(params, now=now).models)


def given_reason(act: str, reason: str) -> str:
    """The reason for an act of a person, which is kept on record; a `ConfigurationError` for none, or one too long.

    Parameters
    ----------
    act : str
        For example ``a rollback of demand``.
    """
    return _given(f"{act} needs a reason, which is kept on record", "reason (--reason)", reason, LONGEST_REASON)


def given_name(act: str, by: str) -> str:
    """Who asks for an act; a `ConfigurationError` for nobody."""
    return _given(f"{act} needs somebody who asks for it", "by (--by)", by, LONGEST_NAME)


def request_kind(text: str) -> RequestKind:
    """Where a request comes from; a `ConfigurationError` tells which are known."""
    if text not in KINDS:
        raise ConfigurationError(
            "kind (--kind)", f"unknown kind {text!r}{did_you_mean(str(text), KINDS)}; known: {', '.join(KINDS)}"
        )
    return RequestKind(text)


def length_of_time(text: str) -> timedelta:
    """Read ``30min`` or ``2d``; a `ConfigurationError` for anything else."""
    from include.decision.policy.durations import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise ConfigurationError("length of time", str(error)) from error


def requested_time(as_of: str | datetime, *, now: datetime) -> datetime:
    """End of the recent window of a run; a text without a zone is UTC.

    Raises
    ------
    ConfigurationError
        For a text that is no time, a time before the year 1700, or one later than `now`: whatever counts from the last
        retraining, such as the cooldown, would hold every check back until then.
    """
    try:
        moment = datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        early = moment < EARLIEST
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(
            "parameter as_of", f"found {as_of!r}; write a date and time, for example 2026-11-01T00:00:00Z"
        ) from error
    if early:
        raise ConfigurationError("parameter as_of", f"{as_of} is before the year {EARLIEST.year}; write a later time")
    if moment > now + CLOCK_SKEW:
        raise ConfigurationError(
            "parameter as_of",
            f"{moment:%Y-%m-%d %H:%M %Z} is later than now, {now:%Y-%m-%d %H:%M %Z}; give a time that has passed",
        )
    return moment


def check_parameters(
    conf: Mapping[str, Any] | None, params: Mapping[str, Any], known: Iterable[str] = tuple(FORM)
) -> None:
    """Do nothing where all that was given with a run (`conf`) has come through as one of the `known` parameters.

    Airflow takes any name for a parameter, and with ``[core] dag_run_conf_overrides_params`` off passes none of them
    on: the run would do something else than what somebody believes that it does.

    Parameters
    ----------
    conf : mapping or None
        As it was given with the run; None and empty for a run that was given nothing.
    params : mapping
        What the task is given: the defaults, overridden by `conf`.

    Raises
    ------
    ConfigurationError
        For each name that is no parameter, with the one that may have been meant and all that are allowed; for a value
        that was not passed on.
    """
    allowed = list(known)
    wrong = [
        f"unknown parameter {name!r}{did_you_mean(str(name), allowed)}" for name in conf or {} if name not in allowed
    ]
    if wrong:
        raise ConfigurationError("parameters of this run", *wrong, f"allowed: {', '.join(allowed)}")
    lost = [name for name, value in (conf or {}).items() if params.get(name) != value]
    if lost:
        raise ConfigurationError(
            "parameters of this run", f"{', '.join(lost)}: given, but not passed on; turn Airflow's setting "
            "[core] dag_run_conf_overrides_params on",
        )  # fmt: skip


def numbered_version(text: str) -> int:
    """Read ``v3`` or ``3``; a `ConfigurationError` for anything else."""
    if re.fullmatch(VERSION, str(text)) is None:
        raise ConfigurationError("version", f"found {text!r}; write for example v3")
    return int(str(text).removeprefix("v"))


def version_number(text: str) -> int | None:
    """Read ``v3`` or ``3``; None for ``previous``."""
    if text == PREVIOUS:
        return None
    try:
        return numbered_version(text)
    except ConfigurationError as error:
        raise RollbackRefused(f"found {text!r} for a version; write {PREVIOUS}, or for example v3") from error


def _given(lacking: str, field: str, text: Any, longest: int) -> str:
    shown = (sign.isprintable() and not sign.isspace() and sign not in BLANK for sign in str(text))
    if not isinstance(text, str) or not any(shown):
        raise ConfigurationError(field, lacking)
    return _short_enough(field, text, longest)


def _short_enough(field: str, text: str, longest: int) -> str:
    if len(text) > longest:
        raise ConfigurationError(field, f"{len(text)} characters; write {longest} at most")
    return text


def _text(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"parameter {name}", f"found {value!r}; write a text, or leave it out")
    return value or ""


def _flag(params: Mapping[str, Any], name: str) -> bool:
    value = params.get(name)
    if value is not None and not isinstance(value, bool):
        raise ConfigurationError(f"parameter {name}", f"found {value!r}; write true or false")
    return bool(value)


def _names(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else None
    if value is not None and (listed is None or not all(isinstance(name, str) and name.strip() for name in listed)):
        raise ConfigurationError("parameter models", f"found {value!r}; write a list of names, for example [demand]")
    return tuple(listed or ())
