"""What a bad model file or bad rows lead to: a clear error or a signal, and never harm to the other models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.decision.decision import Decision
from include.errors import ConfigurationError, DataError, RetrainingError, SourceUnavailable
from include.records.entries import EventStatus
from include.signals import Signal, Verdict
from tests.stage import REFERENCE_DAYS, Stage, Step, day, rows_from, sales

FIRST, LATER = day(REFERENCE_DAYS), day(REFERENCE_DAYS + 12)
DAYS = REFERENCE_DAYS + 12


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with one healthy model."""
    stage = Stage(tmp_path)
    stage.add("healthy", sales(DAYS, seed=1))
    return stage


def both(stage: Stage, **asked: object) -> list[Step | RetrainingError]:
    """The sick model's first version and later check; the healthy one must not notice that there is a sick one."""
    first, later = stage.run_all(FIRST), stage.run_all(LATER, **asked)
    healthy = first["healthy"], later["healthy"]
    assert isinstance(healthy[0], Step)
    assert healthy[0].event is not None
    assert healthy[0].event.status is EventStatus.PROMOTED
    assert isinstance(healthy[1], Step)
    assert not [signal for signal in healthy[1].analysis.signals if signal.changed]
    return [first["sick"], later["sick"]]


def error_of(stage: Stage) -> RetrainingError:
    """The error of the sick model, at once and at the next check alike."""
    first, later = both(stage)
    assert isinstance(first, RetrainingError)
    assert isinstance(later, RetrainingError)
    assert type(first) is type(later)
    return first


def check_of(stage: Stage, **asked: object) -> tuple[dict[tuple[str, str], Signal], Decision]:
    """The later check of a sick model that had a good first version: signals by statistic and feature, decision."""
    first, later = both(stage, **asked)
    assert isinstance(first, Step)
    assert first.event is not None
    assert first.event.status is EventStatus.PROMOTED
    assert isinstance(later, Step)
    return {(s.statistic, s.feature): s for s in later.analysis.signals}, later.decision


def test_broken_yaml_is_named_with_its_file(stage: Stage) -> None:
    (stage.models / "sick.yaml").write_text("task: [regression\ntarget: sales\n")
    error = error_of(stage)
    assert isinstance(error, ConfigurationError)
    assert "sick.yaml" in str(error)
    assert "not valid YAML" in str(error)
    assert "line 1" in str(error)


def test_impossible_date_is_named_with_its_file(stage: Stage) -> None:
    file = stage.add("sick", sales(DAYS))
    file.write_text(file.read_text().replace('"2026-01-31"', "2026-02-30"))
    error = error_of(stage)
    assert isinstance(error, ConfigurationError)
    assert "sick.yaml" in str(error)


@pytest.mark.parametrize("kind", ["folder", "dangling link"])
def test_model_file_that_cannot_be_read_is_named(stage: Stage, kind: str) -> None:
    file = stage.models / "sick.yaml"
    if kind == "folder":
        file.mkdir()
    else:
        file.symlink_to(stage.models / "nowhere")
    error = error_of(stage)
    assert isinstance(error, ConfigurationError)
    assert "sick" in str(error)


def test_unknown_field_is_named_with_the_one_that_was_meant(stage: Stage) -> None:
    stage.add("sick", sales(DAYS), targett="sales")
    error = error_of(stage)
    assert isinstance(error, ConfigurationError)
    assert all(part in str(error) for part in ("sick.yaml", "unknown field targett", "did you mean 'target'"))


def test_missing_file_is_named_and_worth_a_retry(stage: Stage) -> None:
    stage.add("sick")
    error = error_of(stage)
    assert isinstance(error, SourceUnavailable)
    assert all(part in str(error) for part in ("sick.csv", "source.path", "no such file"))


def test_missing_target_column_is_named_with_those_that_are_there(stage: Stage) -> None:
    stage.add("sick", sales(DAYS).rename(columns={"sales": "turnover"}))
    error = error_of(stage)
    assert isinstance(error, DataError)
    assert all(part in str(error) for part in ("sick.csv", "field target", "'sales'", "turnover"))


def test_missing_timestamp_column_is_named(stage: Stage) -> None:
    stage.add("sick", sales(DAYS).rename(columns={"at": "when"}))
    error = error_of(stage)
    assert isinstance(error, DataError)
    assert all(part in str(error) for part in ("sick.csv", "field timestamp", "'at'", "when"))


def test_timestamp_that_is_no_time_is_named(stage: Stage) -> None:
    table = sales(DAYS)
    stage.add("sick", table.assign(at=table["at"].astype(str).where(table.index != 5, "noon")))
    error = error_of(stage)
    assert isinstance(error, DataError)
    assert all(part in str(error) for part in ("sick.csv", "field timestamp", "noon"))


def test_misspelt_feature_is_named(stage: Stage) -> None:
    stage.add("sick", sales(DAYS), features=["temperature", "prise"])
    error = error_of(stage)
    assert isinstance(error, DataError)
    assert all(part in str(error) for part in ("features", "prise", "price"))


def test_empty_file_is_named(stage: Stage) -> None:
    stage.add("sick")
    (stage.data / "sick.csv").write_text("")
    error = error_of(stage)
    assert isinstance(error, DataError)
    assert all(part in str(error) for part in ("sick.csv", "source.path", "Empty CSV"))


def test_file_of_another_kind_is_named(stage: Stage) -> None:
    stage.add("sick", sales(DAYS), source={"kind": "parquet", "path": "sick.csv"})
    error = error_of(stage)
    assert isinstance(error, DataError)
    assert all(part in str(error) for part in ("sick.csv", "source.path", "cannot be read as Parquet"))


def test_text_among_the_labels_is_named(stage: Stage) -> None:
    table = sales(DAYS)
    stage.add("sick", table.assign(sales=table["sales"].astype(object).where(table.index % 50 != 0, "sold out")))
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
        assert later.event.details["dropped_rows"]["unreadable"] == 15  # one in twenty of those before the check


def test_duplicate_rows_are_trained_on_once(stage: Stage) -> None:
    table = sales(DAYS)
    stage.add("sick", pd.concat([table, table.iloc[100:150]]))
    first = both(stage)[0]
    assert isinstance(first, Step)
    assert first.event is not None
    assert first.event.details["dropped_rows"] == {"quarantined": 0, "unlabelled": 0, "unreadable": 0, "duplicate": 50}
    assert first.event.details["training_data_size"] == REFERENCE_DAYS * 24


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
