"""What a model's owner should know before the first run, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pandas as pd

from include.data.giveaways import find_giveaways
from include.data.kinds.stand_ins import find_stand_ins
from include.data.tables import ModelTables
from include.decision.policy.durations import write_period
from include.records.entries import EventStatus
from include.registry.spec import ModelSpec
from include.retraining.gate.holdout import shortfall
from include.retraining.retrain_gain import FEWEST_ROWS
from include.scoring import Task
from include.workflow.validation.findings import Finding, Validation, Weight
from include.workflow.validation.trial import Trial

YEAR = timedelta(days=365)
STALE = timedelta(days=2)
MUCH = 0.05  # share of the labelled rows that are left out of training, from which on that is to be looked at


def advise(spec: ModelSpec, tables: ModelTables, trial: Trial | None, found: Validation) -> Iterator[Finding]:
    """Findings, the gravest kinds first."""
    if trial is not None:
        yield from _trial(spec, trial)
    yield from _rows(spec, found)
    if spec.source.timed:
        yield from _window(spec, found)
        yield from _reference(spec, tables, trial)
        yield from _age(spec, tables, found)
    yield from _columns(found)
    yield from _giveaways(spec, tables, found)
    yield from _stand_ins(spec, tables, found)


def _trial(spec: ModelSpec, trial: Trial) -> Iterator[Finding]:
    if trial.outcome.status is not EventStatus.PROMOTED:
        yield Finding(
            weight=Weight.WARNING, field="gate",
            text=f"a first version would not go into production: {trial.outcome.status}: {trial.outcome.reason}",
            advice="better features or another metric; see docs/gate-and-shadow.md",
        )  # fmt: skip
    for signal in trial.check.signals:
        if signal.blocks:
            yield Finding(
                weight=Weight.WARNING, field="source", text=f"in the newest window: {signal.reason}",
                advice="mend it: no retrain happens while it lasts",
            )  # fmt: skip


def _rows(spec: ModelSpec, found: Validation) -> Iterator[Finding]:
    if found.rows and not found.labelled:
        yield Finding(
            weight=Weight.ERROR, field="target", text=f"none of {found.rows:,} rows has a label in {spec.target!r}",
            advice="name the column that holds what came true, or shorten label_delay",
        )  # fmt: skip
    unread = found.left_out.get("unreadable", 0) + found.left_out.get("duplicate", 0)
    if unread > MUCH * max(found.labelled, 1):
        reasons = ", ".join(f"{rows:,} {reason}" for reason, rows in found.left_out.items())
        yield Finding(
            weight=Weight.WARNING, field="source", text=f"{reasons} rows would be left out of the training",
            advice="correct these cells, or say in `columns` what the column is",
        )  # fmt: skip
    if found.window_rows < spec.minimum_rows:
        longer = "a longer window, or " if spec.source.timed else ""
        yield Finding(
            weight=Weight.WARNING, field="minimum_rows",
            text=f"a check sees some {found.window_rows:,} rows, {spec.minimum_rows} are needed: nothing is ever "
            "called changed",
            advice=f"write {longer}fewer minimum_rows (10 at least)",
        )  # fmt: skip


def _window(spec: ModelSpec, found: Validation) -> Iterator[Finding]:
    if spec.window < spec.check_every:
        missed = 1.0 - spec.window / spec.check_every
        yield Finding(
            weight=Weight.WARNING, field="window",
            text=f"{write_period(spec.window)} is shorter than check_every, {write_period(spec.check_every)}: "
            f"{missed:.0%} of the rows are never looked at", advice="write a longer window",
        )  # fmt: skip
    arrived = found.window_rows * (1.0 - spec.label_delay / spec.window)
    if arrived >= spec.minimum_rows and (short := shortfall(spec, round(arrived))):
        yield Finding(
            weight=Weight.WARNING, field="window", text=f"of a usual window {short}",
            advice="write a longer window: the gate would hold every retrain",
        )  # fmt: skip
    if spec.policy.when is None and spec.trading is None and spec.minimum_rows <= arrived < FEWEST_ROWS:
        yield Finding(
            weight=Weight.NOTE, field="window",
            text=f"of a usual window some {arrived:.0f} rows have a label: what a retrain would gain is measured from "
            f"{FEWEST_ROWS} on; until then harm and drift alone decide",
            advice="write a longer window, if rows that old still speak of today",
        )  # fmt: skip
    if spec.label_delay and arrived < spec.minimum_rows <= found.window_rows:
        yield Finding(
            weight=Weight.WARNING, field="label_delay",
            text=f"with labels {write_period(spec.label_delay)} late some {arrived:.0f} rows of a window have one, "
            f"{spec.minimum_rows} are needed: harm is never seen",
            advice="write a longer window, or fewer minimum_rows",
        )  # fmt: skip


def _reference(spec: ModelSpec, tables: ModelTables, trial: Trial | None) -> Iterator[Finding]:
    assert spec.timestamp is not None
    if trial is not None and trial.outcome.reference is not None and trial.outcome.reference.calibration is None:
        yield Finding(
            weight=Weight.WARNING, field="reference", text="it is too short to measure how much a row tells",
            advice="write an earlier start or a later end: 20 windows make a full calibration",
        )  # fmt: skip
    times = tables.reference[spec.timestamp]
    span = times.iloc[-1] - times.iloc[0] if len(times) else pd.Timedelta(0)
    if span < pd.Timedelta(YEAR):
        yield Finding(
            weight=Weight.NOTE, field="reference",
            text=f"it holds {span / pd.Timedelta(YEAR):.1f} of a year: a season of a year will look like a change",
            advice="where there is one, write a reference of a year or more",
        )  # fmt: skip


def _age(spec: ModelSpec, tables: ModelTables, found: Validation) -> Iterator[Finding]:
    """Rows that a check would call stale today."""
    if found.last is None or tables.arrivals is None or tables.arrivals.usual_age is None:
        return
    age, usual = datetime.now(UTC) - found.last, timedelta(seconds=tables.arrivals.usual_age)
    if age > (spec.max_age or max(3 * usual, STALE)):
        yield Finding(
            weight=Weight.NOTE, field="source", text=f"the newest row is of {found.last:%Y-%m-%d %H:%M} UTC, "
            f"{age.days} days ago: checks will say that the rows are stale",
            advice="deliver rows as they come; history can be tried with `replay`",
        )  # fmt: skip


def _columns(found: Validation) -> Iterator[Finding]:
    features = {name: use for name, use in found.columns.items() if use.use == "feature"}
    unwatched = [f"{name} ({use.kind})" for name, use in features.items() if not use.compared]
    if unwatched:
        yield Finding(
            weight=Weight.NOTE, field="columns", text=f"learnt from and not compared: {', '.join(unwatched)}",
            advice="say in `columns` what they are, if that is wrong",
        )  # fmt: skip


def _giveaways(spec: ModelSpec, tables: ModelTables, found: Validation) -> Iterator[Finding]:
    """Features that hold the target: the model looks perfect, and has nothing to say before the label is known."""
    features = [name for name, use in found.columns.items() if use.use == "feature"]
    for each in find_giveaways(tables.reference, features, spec.target):
        yield Finding(
            weight=Weight.WARNING, field="features", text=f"{each.text}: the model copies its target",
            advice=f"leave {', '.join(each.columns)} out, unless it is known before {spec.target} is",
        )  # fmt: skip


def _stand_ins(spec: ModelSpec, tables: ModelTables, found: Validation) -> Iterator[Finding]:
    """Numbers that may stand for no value; in the target they decide the metric."""
    features = [name for name, use in found.columns.items() if use.use == "feature"]
    numbers = [spec.target, *features] if spec.task is Task.REGRESSION and spec.trading is None else features
    stand_ins = find_stand_ins(
        tables.reference, tables.history, numbers, kinds=tables.kinds, recent=len(tables.recent), declared=spec.range,
    )  # fmt: skip
    for each in stand_ins:
        yield Finding(
            weight=Weight.WARNING if spec.target in each.columns else Weight.NOTE, field="source.missing",
            text=each.text, advice=each.advice(f"write `missing: [{each.written}]` in source"),
        )  # fmt: skip
