"""Weights of rows through the whole workflow."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from include.decision.signals import SignalKind, Verdict
from include.errors import DataError
from include.records.entries import EventStatus
from tests.stage import REFERENCE_DAYS, Stage, day, sales


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def two_shops(days: int, *, change: int | None = None) -> pd.DataFrame:
    """A large shop, for which nothing ever changes, and a small one, for which the relation turns round."""
    large, small = sales(days), sales(days, change=change, seed=1)
    both = pd.concat([large.assign(exposure=1000.0), small.assign(exposure=1.0)])
    return both.sort_values("at", kind="stable")


@pytest.mark.parametrize("weighted", [False, True])
def test_a_change_in_rows_that_hardly_count_is_no_harm(stage: Stage, weighted: bool) -> None:
    fields = {"weight": "exposure"} if weighted else {"features": ["temperature", "price", "region"]}
    stage.add("shops", two_shops(60, change=REFERENCE_DAYS), **fields)
    first = stage.run("shops", day(REFERENCE_DAYS))
    assert first.event is not None
    assert first.event.status is EventStatus.PROMOTED
    later = stage.run("shops", day(REFERENCE_DAYS + 12))
    harmed = [s for s in later.analysis.signals if s.kind is SignalKind.PERFORMANCE and s.changed]
    assert bool(harmed) is not weighted
    assert "exposure" not in first.event.details.features


def test_the_challenger_that_the_rows_that_count_ask_for_is_promoted(stage: Stage) -> None:
    table = two_shops(60, change=REFERENCE_DAYS)
    stage.add("shops", table.assign(exposure=1001.0 - table["exposure"]), weight="exposure")
    stage.run("shops", day(REFERENCE_DAYS))
    later = stage.run("shops", day(REFERENCE_DAYS + 12))
    assert later.event is not None
    assert later.event.status is EventStatus.PROMOTED
    champion = stage.store.champion("shops")
    assert champion is not None
    assert champion.baseline is not None
    assert later.event.scores["rmse"] < 13.0  # what both shops together teach is wrong by 20
    assert champion.baseline.effective_rows < 0.6 * champion.baseline.rows


def test_rows_with_unusable_weights_are_left_out_and_on_record(stage: Stage) -> None:
    table = sales(60).assign(exposure=2.0)
    table.loc[table.index % 50 == 0, "exposure"] = -1.0
    table.loc[table.index % 50 == 1, "exposure"] = 0.0
    stage.add("shop", table, weight="exposure")
    first = stage.run("shop", day(REFERENCE_DAYS))
    assert first.event is not None
    dropped = first.event.details.dropped_rows
    assert (dropped["unweighted"], dropped["weightless"]) == (15, 15)
    assert first.event.details.training_data_size == REFERENCE_DAYS * 24 - 30
    later = stage.run("shop", day(REFERENCE_DAYS + 12))
    told = next(signal for signal in later.analysis.signals if signal.statistic == "unusable_weights")
    assert told.verdict is Verdict.STABLE
    assert later.analysis.labelled_rows == pytest.approx(0.96 * later.analysis.rows, abs=2)


def test_a_table_without_one_usable_weight_is_refused(stage: Stage) -> None:
    stage.add("shop", sales(60).assign(exposure=-1.0), weight="exposure")
    with pytest.raises(DataError, match="model shop: field weight: not one of 720 rows has a weight in 'exposure'"):
        stage.run("shop", day(REFERENCE_DAYS))


def test_equal_weights_come_to_what_no_weights_come_to(stage: Stage) -> None:
    table = sales(60, change=REFERENCE_DAYS + 5)
    stage.add("plain", table)
    stage.add("equal", table.assign(exposure=1.0), weight="exposure")
    for at in (REFERENCE_DAYS, REFERENCE_DAYS + 12):
        plain, equal = (stage.run(name, day(at), run_id=f"{name} {at}") for name in ("plain", "equal"))
        assert equal.decision.triggered is plain.decision.triggered
        assert equal.event is not None
        assert plain.event is not None
        assert equal.event.status is plain.event.status
        assert equal.event.scores == pytest.approx(plain.event.scores, rel=1e-6)
