"""Labels of which one is repeated, through the steps of a run: never learnt, told, and let in again by a person."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.records.entries import EventStatus
from tests.stage import REFERENCE_DAYS, Stage, Step, day, sales
from tests.sweeps import first_of

BREAK, MEND, END = 42, 47, 62
Labels = pd.Series

FAULTS: dict[str, Callable[[Labels, np.ndarray], Labels]] = {
    "0": lambda labels, inside: labels.mask(inside, 0.0),
    "-1": lambda labels, inside: labels.mask(inside, -1.0),
    "the last one": lambda labels, inside: labels.mask(inside, labels[inside.argmax() - 1]),
    "the last one of each hour": lambda labels, inside: labels.mask(
        inside, pd.Series(np.tile(labels[inside.argmax() - 24 : inside.argmax() - 1], 70)[: len(labels)])
    ),
    "0 in three of ten": lambda labels, inside: labels.mask(
        inside & (np.random.default_rng(0).random(len(labels)) < 0.3), 0.0
    ),
}  # fmt: skip


def broken(fault: str, first: int = BREAK, last: int = MEND) -> pd.DataFrame:
    table = sales(END)
    inside = np.asarray((table.index >= first * 24) & (table.index < last * 24))
    return table.assign(sales=FAULTS[fault](table["sales"], inside))


def told(step: Step) -> list[str]:
    return [each.reason for each in step.analysis.signals if each.statistic == "repeated_label" and each.changed]


@pytest.mark.parametrize("fault", FAULTS)
def test_repeated_labels_are_told_and_quarantined_and_none_is_learnt(tmp_path: Path, fault: str) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", broken(fault))
    stage.run("sales", day(REFERENCE_DAYS))
    steps = [stage.run("sales", day(at)) for at in range(BREAK, END)]
    now = steps[MEND - BREAK]
    assert told(now)
    seen = [bool(told(step)) for step in steps].index(True)
    assert seen <= 3
    assert now.decision.features == ("sales",)
    assert "to come, or for the last one?" in told(now)[0]
    assert not any(step.decision.triggered for step in steps[seen:])
    champion = stage.store.champion("sales")
    assert champion is not None
    assert champion.version == 1
    assert not any(told(step) for step in steps[MEND + 4 - BREAK :])
    spans = [kept.fault.span for kept in stage.store.quarantines("sales") if kept.lifted is None]
    assert spans
    assert all(span is not None and span.start >= day(BREAK - 1.5) and span.end <= day(MEND + 2) for span in spans)
    asked = stage.run("sales", day(END), run_id="asked", force=True, reason="by hand").event
    assert asked is not None
    [version] = stage.store.versions("sales")[-1:]
    assert version.details.dropped_rows["quarantined"] >= 24 * (MEND - BREAK) - 24


def test_repeated_labels_are_learnt_when_somebody_says_that_they_are_right(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", broken("0", BREAK, END))
    stage.run("sales", day(REFERENCE_DAYS))
    blocked = stage.run("sales", day(MEND), force=True, reason="by hand")
    assert blocked.event is None
    [kept] = stage.store.quarantines("sales")
    assert (kept.fault.feature, kept.fault.statistic) == ("sales", "repeated_label")
    stage.store.lift_quarantine(kept.id, "ada", "the shop is closed", at=day(MEND), accepts=True)
    accepted = stage.run("sales", day(MEND + 1), force=True, reason="by hand").event
    assert accepted is not None
    assert accepted.status is EventStatus.PROMOTED
    assert not told(stage.run("sales", day(MEND + 9)))


def test_tables_without_times_are_blocked_by_a_label_among_others(tmp_path: Path) -> None:
    stage, table = Stage(tmp_path), sales(40).drop(columns="at")
    source = {"kind": "csv", "reference_path": "old.csv", "recent_path": "new.csv"}
    stage.add("sales", source=source, timestamp=None, reference=None, window=None)
    new = table.iloc[700:]
    stage.write("old", table.iloc[:700])
    stage.write("new", new)
    stage.run("sales", day(30))
    stage.write("new", new.assign(sales=new["sales"].mask(np.random.default_rng(0).random(len(new)) < 0.3, 0.0)))
    assert told(stage.run("sales", day(31)))


def classified(seed: int, labels: Callable[[np.ndarray, np.ndarray], Any]) -> pd.DataFrame:
    """Sales above and below their middle, as classes."""
    table = sales(END, seed=seed)
    high = np.where(table["sales"] > table["sales"].median(), "won", "lost")
    return table.assign(sales=labels(high, table.index.to_numpy()))


def test_one_class_for_days_is_told_and_quarantined(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    made = classified(0, lambda names, row: np.where((row >= BREAK * 24) & (row < MEND * 24), "lost", names))
    stage.add("sales", made, task="classification", metric="accuracy")
    stage.run("sales", day(REFERENCE_DAYS))
    steps = [stage.run("sales", day(at)) for at in (MEND, MEND + 3, MEND + 8)]
    assert "'lost' in 12" in told(steps[0])[0]
    assert not any(step.decision.triggered for step in steps)
    assert not told(steps[2])
    [kept] = {each.fault.span for each in stage.store.quarantines("sales")}
    assert kept is not None
    assert day(BREAK - 1.5) <= kept.start
    assert kept.end <= day(MEND + 2)


@pytest.mark.parametrize("seed", first_of(range(3), 1))
@pytest.mark.parametrize("kind", ["numbers", "whole numbers", "a third 0", "classes", "one in thirty"])
def test_labels_in_order_are_quiet_in_every_check(tmp_path: Path, kind: str, seed: int) -> None:
    table, rng = sales(52, seed=seed), np.random.default_rng(seed)
    labels: dict[str, Any] = {
        "numbers": table["sales"], "whole numbers": (table["sales"] / 10).round(),
        "a third 0": table["sales"].where(rng.random(len(table)) > 0.33, 0.0),
        "classes": np.where(table["sales"] > table["sales"].median(), "won", "lost"),
        "one in thirty": np.where(table["sales"] > table["sales"].quantile(0.97), "won", "lost"),
    }  # fmt: skip
    stage = Stage(tmp_path)
    fields = {"task": "classification", "metric": "accuracy"} if kind in ("classes", "one in thirty") else {}
    stage.add("sales", table.assign(sales=labels[kind]), **fields)
    stage.run("sales", day(REFERENCE_DAYS))
    assert [told(stage.run("sales", day(at))) for at in range(33, 53, 4)] == [[]] * 5
