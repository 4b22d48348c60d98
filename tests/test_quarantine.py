"""Broken rows through the four steps: kept out of every later training until somebody lifts the quarantine."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.cli.__main__ import main
from include.decision.decision import Cause
from include.decision.signals import SignalKind
from include.records.entries import Event, EventStatus, Version
from include.records.store import Store
from tests.records.examples import postgres_store
from tests.stage import Stage, Step, day, sales
from tests.sweeps import first_of

BREAK, MEND, END = 40, 46, 70


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables have a head where somebody looks."""
    monkeypatch.setenv("COLUMNS", "400")


def faulty(fault: Callable[[pd.Series], pd.Series], first: float = BREAK, last: float = MEND) -> pd.DataFrame:
    """Rows whose price is broken from one day to another."""
    table = sales(END)
    inside = (table.index >= first * 24) & (table.index < last * 24)
    return table.assign(price=table["price"].mask(inside, fault(table["price"])))


def emptied(values: pd.Series) -> pd.Series:
    return values.mask(np.random.default_rng(0).random(len(values)) < 0.95)


def rescaled(values: pd.Series) -> pd.Series:
    return 1000.0 * values


def held(values: pd.Series) -> pd.Series:
    """As a sensor that hangs says it."""
    return pd.Series(2.1875, index=values.index)


def spans(store: Store) -> list[tuple[float, float]]:
    """From which day to which day rows are in quarantine."""
    found = [kept.fault.span for kept in store.quarantines("sales") if kept.lifted is None]
    return [((s.start - day(0)) / timedelta(days=1), (s.end - day(0)) / timedelta(days=1)) for s in found if s]


def retrained(stage: Stage, at: float) -> tuple[Event, Version]:
    """What a retrain by hand came to."""
    event = stage.run("sales", day(at), force=True, reason="by hand").event
    assert event is not None
    return event, stage.store.versions("sales")[-1]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def lasting(tmp_path: Path, records_uri: str) -> Stage:
    """The same with records in a real Postgres."""
    return Stage(tmp_path, store=postgres_store(records_uri))  # type: ignore[arg-type]  # the memory store's twin


def check(stage: Stage, until: float, every: float = 0.25, since: float = BREAK) -> list[Step]:
    return [stage.run("sales", day(float(at))) for at in np.arange(since, until, every)]


@pytest.mark.parametrize("fault", first_of([emptied, rescaled, held], 1))
def test_broken_rows_are_blocked_named_remembered_and_never_trained_on(
    lasting: Stage, caplog: pytest.LogCaptureFixture, fault: Callable[[pd.Series], pd.Series]
) -> None:
    stage = lasting
    stage.add("sales", faulty(fault))
    stage.run("sales", day(30))
    broken = check(stage, MEND, every=1)
    told = [step for step in broken if step.decision.cause is Cause.DATA_QUALITY]
    assert told[0].analysis.run.as_of <= day(BREAK + 3)
    assert len(told) >= len(broken) - 3
    assert all(step.decision.features == ("price",) for step in told)
    assert "sales: broken data: price: Mend the source of price" in caplog.text
    assert "go into quarantine: price: " in caplog.text
    blocked = stage.run("sales", day(MEND), run_id="asked", force=True, reason="by hand")
    assert blocked.event is None
    assert "price" in blocked.decision.blocked_by[0]

    [(start, end)] = spans(stage.store)
    assert BREAK - 2 < start <= BREAK + 0.5
    assert end == MEND
    event, version = retrained(stage, MEND + 4)  # the feed has recovered
    assert event.status is not EventStatus.FAILED
    [(start, end)] = spans(stage.store)
    assert end < MEND + 2
    dropped = version.details.dropped_rows
    assert dropped["quarantined"] == pytest.approx((end - start) * 24, abs=1)
    assert dropped["unlabelled"] == dropped["unreadable"] == 0
    later = stage.run("sales", day(MEND + 20))  # the window that showed it has passed
    assert later.decision.cause is not Cause.DATA_QUALITY
    assert retrained(stage, MEND + 21)[1].details.dropped_rows["quarantined"] == dropped["quarantined"]


def test_training_holdout_and_reference_have_no_broken_row(stage: Stage) -> None:
    stage.add("sales", faulty(rescaled), gate={"holdout_share": 0.5})
    stage.run("sales", day(30))
    check(stage, MEND, every=1)
    changed = sales(END, change=32)  # a promotion, so that there is a reference
    price = pd.read_csv(stage.data / "sales.csv")["price"]
    stage.write("sales", changed.assign(price=price))
    event, version = retrained(stage, MEND + 4)
    assert event.status is EventStatus.PROMOTED, event.outcome
    assert version.details.dropped_rows["quarantined"] >= 24 * (MEND - BREAK) - 12
    reference = stage.store.reference("sales", version.version)
    assert reference is not None
    assert reference.profile.columns["price"].maximum <= 3.0  # type: ignore[union-attr]  # price is a number
    assert event.champion_scores["rmse"] < 150.0  # with prices a thousand times as large the holdout says nonsense


def test_quarantined_rows_are_neither_drift_nor_harm_nor_is_their_end(stage: Stage) -> None:
    table = faulty(rescaled)
    inside = (table.index >= BREAK * 24) & (table.index < MEND * 24)
    table["sales"] = table["sales"].mask(inside, table["sales"] + 300.0)  # what a champion would be blamed for
    stage.add("sales", table)
    stage.run("sales", day(30))
    steps = [*check(stage, MEND, every=1), *check(stage, MEND + 14, every=1, since=MEND)]
    kinds = {signal.kind for step in steps for signal in step.analysis.signals if signal.changed}
    assert kinds <= {SignalKind.DATA_QUALITY}
    assert not any(step.decision.triggered for step in steps)
    assert len(spans(stage.store)) == 1


def test_break_between_two_checks_is_found_after_it_is_over(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.add("sales", faulty(emptied, 42, 45))
    stage.run("sales", day(30))
    step = stage.run("sales", day(50))
    assert step.decision.cause is not Cause.DATA_QUALITY
    assert "go into quarantine: price: " in caplog.text
    [(start, end)] = spans(stage.store)
    assert 40 < start <= 42.5
    assert 44.5 <= end < 47
    assert retrained(stage, 51)[1].details.dropped_rows["quarantined"] >= 65


def test_lifted_rows_are_trained_on_again_and_not_quarantined_again(stage: Stage) -> None:
    stage.add("sales", faulty(emptied))
    stage.run("sales", day(30))
    check(stage, MEND + 4, every=1)
    [kept] = stage.store.quarantines()
    stage.store.lift_quarantine(kept.id, "ada", "the shop was closed", at=day(MEND + 4))
    assert retrained(stage, MEND + 4)[1].details.dropped_rows["quarantined"] == 0
    assert spans(stage.store) == []


def test_false_alarm_that_is_accepted_blocks_no_longer_until_the_next_champion(stage: Stage) -> None:
    # A new unit, for good, on both sides of which a version can be good.
    stage.add("sales", faulty(rescaled, BREAK, END), training={"hyperparameters": {"max_iter": 30}})
    stage.run("sales", day(30))
    check(stage, BREAK + 4, every=1)
    [kept] = stage.store.quarantines()
    stage.store.lift_quarantine(kept.id, "ada", "cents from now on", at=day(BREAK + 4), accepts=True)
    quiet = stage.run("sales", day(BREAK + 5))
    assert quiet.decision.cause is not Cause.DATA_QUALITY
    event, version = retrained(stage, BREAK + 12)
    assert version.details.dropped_rows["quarantined"] == 0
    assert event.status is EventStatus.PROMOTED, event.outcome
    assert stage.run("sales", day(BREAK + 20)).decision.cause is not Cause.DATA_QUALITY  # the new reference has it


def test_model_without_timestamps_is_blocked_until_other_rows_come(stage: Stage) -> None:
    table = sales(30).drop(columns="at")
    fields: dict[str, Any] = {"timestamp": None, "reference": None, "window": None}
    source = {"kind": "csv", "reference_path": "old.csv", "recent_path": "new.csv"}
    stage.add("sales", source=source, **fields)
    stage.write("old", table.iloc[:480])
    stage.write("new", table.iloc[480:])
    stage.run("sales", day(30))
    stage.write("new", table.iloc[480:].assign(price=emptied(table["price"])))
    blocked = stage.run("sales", day(31), force=True, reason="by hand")
    assert blocked.decision.features == ("price",)
    assert blocked.event is None
    [kept] = stage.store.quarantines()
    assert kept.fault.span is None
    stage.store.lift_quarantine(kept.id, "ada", "price is not known any more", at=day(31))
    assert stage.run("sales", day(31.5)).decision.cause is not Cause.DATA_QUALITY
    stage.write("new", table.iloc[480:])
    assert retrained(stage, 32)[1].details.dropped_rows["quarantined"] == 0


def test_commands_list_and_lift(
    lasting: Stage, records_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = lasting
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", records_uri)
    stage.add("sales", faulty(emptied))
    stage.run("sales", day(30))
    stage.run("sales", day(MEND))
    number = str(stage.store.quarantines()[0].id)

    def said(*arguments: str, code: int = 0) -> str:
        assert main(arguments) == code
        found = capsys.readouterr()
        return found.err if code else found.out

    assert said("quarantines").splitlines()[1].split()[:3] == [f"#{number}", "sales", "price"]
    assert "in quarantine  price: " in said("quarantines", "sales")
    assert "nothing is on record of it" in said("quarantines", "other", code=2)
    assert "sales, price: lifted" in said("lift", number, "--reason", "backfilled", "--by", "ada")
    assert "lifted by ada: backfilled" in said("quarantines")
    assert "lifted already" in said("lift", number, "--reason", "again", code=2)


def test_faults_survive_being_kept(lasting: Stage) -> None:
    stage = lasting
    stage.add("sales", faulty(emptied))
    stage.run("sales", day(30))
    stage.run("sales", day(MEND), run_id="seen")
    analysis = stage.store.analysis("sales", "seen")
    assert analysis is not None
    assert json.loads(json.dumps(analysis.facts.to_json()))["faults"][0]["feature"] == "price"
    assert [kept.fault for kept in stage.store.quarantines()] == list(analysis.facts.faults)


def test_labels_in_another_unit_are_not_learnt_until_somebody_says_that_they_are_to_stay(stage: Stage) -> None:
    """The gate would judge by them, too: whatever learns the new unit would win."""
    table = sales(END)
    table["sales"] = table["sales"].where(table.index < BREAK * 24, 1000.0 * table["sales"])
    stage.add("sales", table)
    stage.run("sales", day(30))
    steps = check(stage, MEND + 4, every=1, since=BREAK + 3)
    assert not any(step.decision.triggered for step in steps)
    assert steps[-1].decision.features == ("sales",)
    [kept] = [each for each in stage.store.quarantines("sales") if each.lifted is None]
    assert (kept.fault.feature, kept.fault.statistic) == ("sales", "unit_change")
    blocked = stage.run("sales", day(MEND + 4), run_id="asked", force=True, reason="by hand")
    assert blocked.event is None
    assert "another unit?" in blocked.decision.blocked_by[0]
    stage.store.lift_quarantine(kept.id, "ada", "cents from now on", at=day(MEND + 4), accepts=True)
    accepted = stage.run("sales", day(MEND + 5), force=True, reason="by hand")
    assert accepted.event is not None
    assert accepted.event.status is EventStatus.PROMOTED


def test_a_sensor_that_hung_for_days_is_kept_out_and_asks_for_nothing(stage: Stage) -> None:
    stage.add("sales", faulty(held, 42, 44))
    stage.run("sales", day(30))
    steps = check(stage, 52, every=1, since=43)
    [(start, end)] = spans(stage.store)
    assert 41 < start <= 42.5
    assert 43.5 <= end <= 45
    assert any(step.decision.features == ("price",) for step in steps)
    assert not any(step.decision.triggered for step in steps)
