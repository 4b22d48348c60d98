"""Read a model's rows once, try a first version and a check of it, and say what its owner should know."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from include.data.label_values import without_impossible_labels
from include.data.tables import ModelTables, feature_names, read_tables
from include.data.temporary import temporary_folder
from include.decision.policy.durations import write_period
from include.decision.policy.presets import LOOKS_PER_WINDOW, QUARTER, check_level
from include.errors import ConfigurationError, DataError, RetrainingError
from include.registry.spec import ModelSpec
from include.retraining.prepare import Columns, prepare
from include.workflow.backtest.rows_once import RowsOnce
from include.workflow.model_files import load_model_file
from include.workflow.validation.advice import advise
from include.workflow.validation.findings import ColumnUse, Finding, Validation, Weight
from include.workflow.validation.power import seen_changes
from include.workflow.validation.trial import Trial, try_out

FULL_CALIBRATION = 20  # windows in a reference
JUST_AFTER = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a validation has seen of a model.

    Parameters
    ----------
    tables : ModelTables
        As of `last`: recent rows are those of the newest window.
    first, last : datetime
        As of when the first version would be trained; the moment after the newest row.
    read : callable
        Gives the same rows as of other moments, as `include.data.tables.read_tables` does.
    reading : float
        Seconds that reading the rows took.
    """

    spec: ModelSpec
    tables: ModelTables
    first: datetime
    last: datetime
    read: Callable[..., ModelTables]
    reading: float


def validate(file: Path, data_dir: Path, now: datetime | None = None) -> Validation:
    """Everything that can be known of a model before its first run.

    Mistakes of the file and of the rows are findings, not exceptions.

    Parameters
    ----------
    file : Path
        The model file.
    data_dir : Path
        What relative paths of the source start from.
    now : datetime, optional
        Rows later than that are not there yet; by default the clock.
    """
    try:
        spec = load_model_file(file)
    except ConfigurationError as error:
        wrong = [Finding(weight=Weight.ERROR, field=_field_of(each), text=each) for each in error.problems]
        return Validation(model=file.stem, findings=tuple(wrong))
    try:
        look = _look(spec, data_dir, now or datetime.now(UTC))
    except RetrainingError as error:
        return Validation(model=spec.name, findings=(_failure(spec, error),))
    trial: Trial | None = None
    failed: list[Finding] = []
    with temporary_folder() as folder:
        try:
            trial = try_out(spec, data_dir, folder, look.read, look.first, look.last)
        except RetrainingError as error:
            failed.append(_failure(spec, error))
    try:
        found = _facts(look, trial)
    except RetrainingError as error:
        return Validation(model=spec.name, findings=(*failed, *([] if failed else [_failure(spec, error)])))
    return replace(found, findings=(*failed, *advise(spec, look.tables, trial, found)))


def _look(spec: ModelSpec, data_dir: Path, now: datetime) -> Look:
    began = time.monotonic()
    if not spec.source.timed:
        pair = read_tables(spec, data_dir, as_of=now)
        seconds = time.monotonic() - began
        return Look(spec=spec, tables=pair, first=now, last=now, read=lambda *_, **__: pair, reading=seconds)
    assert spec.timestamp is not None
    assert spec.reference is not None
    once = RowsOnce(now)
    history = once.history(spec, data_dir)
    seconds = time.monotonic() - began
    if not len(history):
        start = "their beginning" if spec.reference.start is None else f"{spec.reference.start:%Y-%m-%d %H:%M}"
        raise DataError(
            f"model {spec.name}: field reference.start: {spec.source.place} has no row from {start} to now; correct "
            "reference.start, or deliver the rows"
        )
    last = history[spec.timestamp].iloc[-1].to_pydatetime() + JUST_AFTER
    if spec.reference.end > last:
        raise DataError(
            f"model {spec.name}: field reference.end: {spec.reference.end:%Y-%m-%d %H:%M} is later than the newest row "
            f"({last:%Y-%m-%d %H:%M}), so that no row is left to check; write an earlier end, or deliver later rows"
        )
    tables = once(spec, data_dir, as_of=last)
    return Look(spec=spec, tables=tables, first=spec.reference.end, last=last, read=once, reading=seconds)


def _facts(look: Look, trial: Trial | None) -> Validation:
    spec, tables = look.spec, look.tables
    history = without_impossible_labels(spec, tables).history
    times = None if spec.timestamp is None else history[spec.timestamp]
    labelled = int(history[spec.target].notna().sum())
    window = _window_rows(look)
    shares = labelled / len(history) if len(history) else 0.0
    found = Validation(
        model=spec.name, rows=len(history), labelled=labelled, reference_rows=len(tables.reference), window_rows=window,
        first=None if times is None else times.iloc[0].to_pydatetime(),
        last=None if times is None else times.iloc[-1].to_pydatetime(),
        cadence=None if times is None else _cadence(times), told=tables.told, columns=_columns(spec, tables),
        budget=_budget(spec),
    )  # fmt: skip
    if trial is None or trial.outcome.reference is None:
        return found
    reference = trial.outcome.reference
    rows = prepare(spec, [history], Columns.of(reference.profile, reference.inputs))
    power = seen_changes(
        reference, trial.outcome.baseline, spec.metric, spec.settings(), window, round(window * _arrived(look, shares))
    )
    return replace(
        found, left_out={reason: rows for reason, rows in rows.dropped.items() if rows},
        first_version=f"{trial.outcome.status}: {trial.outcome.reason}", power=tuple(power),
        reference_length=_reference_length(look, trial), seconds=look.reading + trial.seconds,
        training_seconds=trial.outcome.details.training_duration, peak_mib=trial.peak_mib,
    )  # fmt: skip


def _arrived(look: Look, share: float) -> float:
    """Share of a window's rows whose label has arrived by its end."""
    if look.spec.timestamp is None:
        return share
    return share * (1.0 - look.spec.label_delay / look.spec.window)


def _window_rows(look: Look) -> int:
    """Rows of a usual window: the newest may be one of few."""
    if look.spec.timestamp is None:
        return len(look.tables.recent)
    times = look.tables.history[look.spec.timestamp]
    span = times.iloc[-1] - times.iloc[0]
    share = pd.Timedelta(look.spec.window) / span if span else 1.0
    return round(len(times) * min(share, 1.0))


def _cadence(times: pd.Series[Any]) -> timedelta | None:
    steps = times.diff()
    steps = steps[steps > pd.Timedelta(0)]
    return None if not len(steps) else pd.Timedelta(steps.median()).to_pytimedelta()


def _columns(spec: ModelSpec, tables: ModelTables) -> dict[str, ColumnUse]:
    """Every column that was read, with its kind and use."""
    roles: dict[str | None, str] = {
        spec.timestamp: "the time of a row", spec.target: "the target", spec.prediction: "recorded prediction",
        **dict.fromkeys(spec.probability_columns, "recorded probability"),
    }  # fmt: skip
    features = set(feature_names(spec, tables.reference, tables.kinds))
    found = {}
    for name in map(str, tables.history.columns):
        kind = tables.kinds.get(name)
        use = roles.get(name) or ("feature" if name in features else "not used")
        watched = use == "feature" and kind is not None and kind.kind.watched
        why = "" if kind is None else kind.why
        found[name] = ColumnUse(kind="time" if kind is None else str(kind.kind), use=use, why=why, compared=watched)
    return found


def _budget(spec: ModelSpec) -> dict[str, float]:
    settings = spec.settings()
    checks = max(min(QUARTER / spec.check_every, LOOKS_PER_WINDOW * (QUARTER / spec.window)), 1.0)
    level = check_level(settings.false_retrains_per_quarter, check_every=spec.check_every, window=spec.window)
    return {
        "false_retrains_per_quarter": settings.false_retrains_per_quarter, "level": level,
        "independent_looks_per_quarter": checks, "expected_per_quarter": level * checks,
        "gain_level": settings.gain_level, "performance_level": settings.performance_level,
        "drift_level": settings.drift_level,
    }  # fmt: skip


def _reference_length(look: Look, trial: Trial) -> str:
    """Whether the reference is long enough for the window and for its seasons."""
    reference = trial.outcome.reference
    assert reference is not None
    told = []
    if look.spec.timestamp is not None:
        times = look.tables.reference[look.spec.timestamp]
        windows = (times.iloc[-1] - times.iloc[0]) / pd.Timedelta(look.spec.window)
        told.append(f"{windows:.1f} windows; {FULL_CALIBRATION} make a full calibration")
    calibration = reference.calibration
    if calibration is None:
        told.append("too short to measure how much a row tells: it is taken from each column's autocorrelation")
    elif calibration.block_rows < calibration.window_rows:
        told.append(f"how much a row tells is measured on stretches of {calibration.block_rows} rows")
    if reference.seasons is not None:
        period = write_period(reference.seasons.period)
        told.append(f"recent rows are compared with the same part of a season of {period}")
    return "; ".join(told)


def _failure(spec: ModelSpec, error: RetrainingError) -> Finding:
    text = str(error) if spec.name in str(error) else f"model {spec.name}: {error}"
    return Finding(weight=Weight.ERROR, field=_field_of(text), text=text)


def _field_of(text: str) -> str:
    """The field that an error names; ``source`` where it names none."""
    found = re.search(r"\bfields? ([\w.]+)", text)
    return found[1] if found else "source"
