"""What a bad model file or data file leads to: an error that names it, and never harm to the other models."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.errors import ConfigurationError, DataError, SourceUnavailable
from tests.sick import DAYS, error_of, healthy_stage
from tests.stage import Stage, sales


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return healthy_stage(tmp_path)


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


def test_timestamps_most_of_which_are_no_times_are_named(stage: Stage) -> None:
    table = sales(DAYS)
    stage.add("sick", table.assign(at=table["at"].astype(str).where(table.index == 5, "noon")))
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
    assert all(part in str(error) for part in ("sick.csv", "source.path", "it is empty"))


def test_file_of_another_kind_is_named(stage: Stage) -> None:
    stage.add("sick", sales(DAYS), source={"kind": "parquet", "path": "sick.csv"})
    error = error_of(stage)
    assert isinstance(error, DataError)
    assert all(part in str(error) for part in ("sick.csv", "source.path", "cannot be read as Parquet"))
