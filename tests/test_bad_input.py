"""What bad rows lead to: a clear error or a signal, and never harm to the other models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.decision.signals import Verdict
from include.errors import DataError, RetrainingError
from include.records.entries import EventStatus
from tests.sick import DAYS, FIRST, LATER, both, check_of, error_of, healthy_stage
from tests.stage import REFERENCE_DAYS, Stage, Step, day, rows_from, sales


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return healthy_stage(tmp_path)


def test_labels_most_of_which_are_text_are_named(stage: Stage) -> None:
    table = sales(DAYS)
    stage.add("sick", table.assign(sales=table["sales"].astype(object).where(table.index % 50 == 0, "sold out")))
    error = error_of(stage)
    assert isinstance(error, DataError)
    assert all(part in str(error) for part in ("sick", "field target", "'sales'", "not numbers"))


def test_text_among_the_recorded_predictions_is_blamed_on_the_predictions(stage: Stage) -> None:
    table = sales(DAYS)
    guess = table["sales"].astype(object)
    guess.iloc[rows_from(REFERENCE_DAYS + 5)] = "unknown"
    stage.add("sick", table.assign(guess=guess), prediction="guess")
    error = both(stage)[1]
    assert isinstance(error, DataError)
    assert "field prediction" in str(error)
    assert "'guess'" in str(error)


def test_column_empty_from_the_start_leaves_a_model_or_an_error_that_names_it(stage: Stage) -> None:
    stage.add("sick", sales(DAYS).assign(humidity=np.nan))
    first = both(stage)[0]
    if isinstance(first, RetrainingError):
        assert "humidity" in str(first)
    else:
        assert first.event is not None
        assert first.event.status is EventStatus.PROMOTED


def test_column_gone_empty_blocks_every_retrain(stage: Stage) -> None:
    table = sales(DAYS)
    table.loc[rows_from(REFERENCE_DAYS + 1), "price"] = np.nan
    stage.add("sick", table)
    signals, decision = check_of(stage, force=True, reason="please")
    assert signals["missing_rise", "price"].blocks
    assert signals["ks", "price"].verdict is Verdict.NO_DATA
    assert signals["ks", "temperature"].verdict is Verdict.NO_DATA  # all rows are in quarantine
    assert not decision.triggered
    assert any("price" in block for block in decision.blocked_by)
    assert "Mend the source of price" in decision.recommendation


def test_column_gone_from_the_file_blocks_every_retrain(stage: Stage) -> None:
    stage.add("sick", sales(DAYS))
    assert isinstance(stage.run("sick", FIRST), Step)
    stage.write("sick", sales(DAYS).drop(columns="price"))
    later = stage.run("sick", LATER, force=True, reason="please")
    gone = [signal for signal in later.analysis.signals if signal.statistic == "column_gone"]
    assert [signal.feature for signal in gone] == ["price"]
    assert gone[0].blocks
    assert not later.decision.triggered
    assert later.event is None


def test_three_reference_rows_are_too_few_to_train_on(stage: Stage) -> None:
    stage.add("sick", sales(DAYS).iloc[:3])
    error = error_of(stage)
    assert isinstance(error, DataError)
    assert all(part in str(error) for part in ("sick", "3 usable reference rows", "100 needed", "minimum_rows"))


def test_three_recent_rows_are_inconclusive(stage: Stage) -> None:
    stage.add("sick", sales(DAYS).iloc[: REFERENCE_DAYS * 24 + 3])
    first, later = stage.run_all(FIRST)["sick"], stage.run("sick", day(REFERENCE_DAYS + 1))
    assert isinstance(first, Step)
    assert later.analysis.rows == 3
    assert not [signal for signal in later.analysis.signals if signal.changed]
    assert later.decision.reason == "3 recent rows, 100 needed"
    assert not later.decision.triggered


def test_feature_gone_constant_is_a_quality_signal(stage: Stage) -> None:
    table, fixed = sales(DAYS), rows_from(REFERENCE_DAYS + 1)
    table.loc[fixed, "sales"] += 10.0 * (table.loc[fixed, "price"] - 2.0)  # the price really is fixed
    table.loc[fixed, "price"] = 2.0
    stage.add("sick", table)
    signals, decision = check_of(stage)
    assert signals["constant", "price"].verdict is Verdict.CHANGED
    assert "always 2" in signals["constant", "price"].reason
    assert not decision.triggered  # labels are there, and the champion does not err more


def test_feature_that_was_always_constant_is_no_news(stage: Stage) -> None:
    stage.add("sick", sales(DAYS).assign(store=7))
    signals, _ = check_of(stage)
    assert not [signal for signal in signals.values() if signal.changed]


def test_new_category_is_a_quality_signal_and_can_be_predicted(stage: Stage) -> None:
    table = sales(DAYS)
    table.loc[(table.index >= (REFERENCE_DAYS + 1) * 24) & (table.index % 10 == 0), "region"] = "moon"
    stage.add("sick", table)
    signals, _ = check_of(stage)
    assert signals["unseen_categories", "region"].verdict is Verdict.CHANGED
    assert not signals["unseen_categories", "region"].blocks
    assert signals["rmse", ""].verdict is not Verdict.NO_DATA


@pytest.mark.parametrize(("every", "blocked"), [(20, False), (1, True)])
def test_text_in_a_numeric_column_is_a_signal_and_much_of_it_blocks(stage: Stage, every: int, blocked: bool) -> None:
    table = sales(DAYS).astype({"price": object})
    table.loc[(table.index >= REFERENCE_DAYS * 24) & (table.index % every == 0), "price"] = "n/a?"
    stage.add("sick", table.iloc[: REFERENCE_DAYS * 24])
    first = stage.run_all(FIRST)["sick"]  # while its file held numbers only
    assert isinstance(first, Step)
    stage.write("sick", table)
    later = stage.run("sick", LATER, force=True, reason="please")
    signal = next(signal for signal in later.analysis.signals if signal.statistic == "unreadable")
    assert signal.feature == "price"
    assert signal.blocks is blocked
    assert later.decision.triggered is not blocked
    if not blocked:
        assert later.event is not None
        assert later.event.details.dropped_rows["unreadable"] == 0
        assert later.event.details.emptied_cells == {"price": 15}  # one in twenty of those before the check


def test_rows_that_are_alike_are_all_trained_on(stage: Stage) -> None:
    table = sales(DAYS)
    stage.add("sick", pd.concat([table, table.iloc[100:150]]))
    first = both(stage)[0]
    assert isinstance(first, Step)
    assert first.event is not None
    assert first.event.details.dropped_rows["duplicate"] == 0
    assert first.event.details.training_data_size == REFERENCE_DAYS * 24 + 50


def test_rows_delivered_twice_are_trained_on_once_by_their_key(stage: Stage) -> None:
    table = sales(DAYS).assign(number=np.arange(DAYS * 24))
    stage.add("sick", pd.concat([table, table.iloc[100:150]]), key=["number"])
    first = both(stage)[0]
    assert isinstance(first, Step)
    assert first.event is not None
    assert first.event.details.dropped_rows == {"quarantined": 0, "unlabelled": 0, "unreadable": 0, "duplicate": 50}
    assert first.event.details.training_data_size == REFERENCE_DAYS * 24


def test_missing_labels_in_the_reference_are_an_error_that_counts_them(stage: Stage) -> None:
    stage.add("sick", sales(DAYS).assign(sales=np.nan))
    error = error_of(stage)
    assert isinstance(error, DataError)
    assert all(part in str(error) for part in ("0 usable reference rows", f"'unlabelled': {REFERENCE_DAYS * 24}"))


def test_missing_recent_labels_leave_performance_unjudged(stage: Stage) -> None:
    table = sales(DAYS)
    table.loc[rows_from(REFERENCE_DAYS), "sales"] = np.nan
    stage.add("sick", table)
    signals, decision = check_of(stage)
    assert signals["rmse", ""].verdict is Verdict.NO_DATA
    assert signals["error_increase", ""].verdict is Verdict.NO_DATA
    assert signals["ks", "price"].verdict is Verdict.STABLE
    assert not decision.triggered


def test_missing_recent_labels_make_a_forced_retrain_hold(stage: Stage) -> None:
    table = sales(DAYS)
    table.loc[rows_from(REFERENCE_DAYS), "sales"] = np.nan
    stage.add("sick", table)
    stage.run("sick", FIRST)
    forced = stage.run("sick", LATER, force=True, reason="please")
    assert forced.event is not None
    assert forced.event.status is EventStatus.HELD
    assert "nothing can be proven" in forced.event.outcome


def test_some_missing_recent_labels_leave_the_rest_to_judge_by(stage: Stage) -> None:
    table = sales(DAYS)
    table.loc[(table.index >= REFERENCE_DAYS * 24) & (table.index % 2 == 0), "sales"] = np.nan
    stage.add("sick", table)
    later = both(stage)[1]
    assert isinstance(later, Step)
    assert (later.analysis.rows, later.analysis.labelled_rows) == (240, 120)
    assert next(s for s in later.analysis.signals if s.statistic == "rmse").verdict is Verdict.STABLE


def test_infinite_values_are_a_signal_and_do_not_stop_a_retrain(stage: Stage) -> None:
    table = sales(DAYS)
    table.loc[(table.index >= REFERENCE_DAYS * 24) & (table.index % 20 == 0), "price"] = np.inf
    stage.add("sick", table)
    stage.run("sick", FIRST)
    later = stage.run("sick", LATER, force=True, reason="please")
    infinite = [signal for signal in later.analysis.signals if signal.statistic == "infinite"]
    assert [signal.feature for signal in infinite] == ["price"]
    assert later.event is not None
    assert later.event.status in (EventStatus.PROMOTED, EventStatus.HELD, EventStatus.REJECTED)


def test_sick_model_gets_well_once_its_file_is_mended(stage: Stage) -> None:
    file = stage.add("sick", sales(DAYS), targett="sales")
    error_of(stage)
    stage.add("sick")
    assert file.is_file()
    mended = stage.run("sick", LATER, run_id="mended")
    assert mended.event is not None
    assert mended.event.status is EventStatus.PROMOTED
