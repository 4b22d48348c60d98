from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from include.data.measures import with_measures
from include.data.tables import ModelTables
from include.decision.signals import SignalKind
from include.errors import ConfigurationError, DataError
from include.registry.spec import ModelSpec
from tests.retraining.models import spec_of
from tests.stage import Stage, day, rows_from, sales

PLACE = "tests.data.measured"


def rows(count: int) -> pd.DataFrame:
    return pd.DataFrame({"temperature": np.arange(count) + 10.0, "price": np.full(count, 2.0)})


def tables(reference: int = 5, recent: int = 3) -> ModelTables:
    return ModelTables(
        reference=rows(reference), recent=rows(recent), history=rows(reference + recent),
        window_start=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def measured_by(**measures: str) -> ModelSpec:
    return spec_of(measures={name: f"{PLACE}:{function}" for name, function in measures.items()})


def test_measures_are_columns_of_all_tables() -> None:
    found = with_measures(measured_by(sum="total", warmth="warmth"), tables())
    for table, count in ((found.reference, 5), (found.recent, 3), (found.history, 8)):
        assert table["sum"].tolist() == [12.0 + number for number in range(count)]
        assert table["warmth"].tolist() == ["cold"] * min(count, 6) + ["warm"] * (count - 6)
    assert found.window_start == tables().window_start


def test_without_measures_nothing_is_done() -> None:
    given = tables()
    assert with_measures(spec_of(), given) is given


def test_measures_of_no_rows_are_no_values() -> None:
    found = with_measures(measured_by(sum="total"), tables(recent=0))
    assert found.recent["sum"].tolist() == []


@pytest.mark.parametrize(
    ("place", "told"), [("tests.data.no_such_module:total", "No module named"), (f"{PLACE}:missing", "missing")]
)
def test_function_that_cannot_be_imported_is_named_with_its_field(place: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=r"field measures\.sum: cannot import") as caught:
        with_measures(spec_of(measures={"sum": place}), tables())
    assert place in str(caught.value)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("function", "told"),
    [("one_short", "returned 4 values for 5 rows; one a row is needed"), ("failing", "KeyError: 'brightness'")],
)
def test_function_that_fails_is_named_with_its_field(function: str, told: str) -> None:
    with pytest.raises(DataError, match=r"model model: field measures\.sum: ") as caught:
        with_measures(measured_by(sum=function), tables())
    assert f"{PLACE}:{function}" in str(caught.value)
    assert told in str(caught.value)


def test_measure_never_takes_the_place_of_a_column() -> None:
    with pytest.raises(DataError, match=r"field measures\.price: the rows have a column of that name already"):
        with_measures(measured_by(price="total"), tables())


@pytest.mark.parametrize("place", ["total", "tests.data.measured.total", "tests.data.measured:", "os:system()"])
def test_place_of_a_function_is_module_and_name(place: str) -> None:
    with pytest.raises(ValueError, match="measures"):
        spec_of(measures={"sum": place})


def test_measure_that_drifts_is_a_signal_and_no_input_of_the_model(tmp_path: object) -> None:
    stage = Stage(tmp_path)  # type: ignore[arg-type]  # pytest's path
    table = sales(50)
    table.loc[rows_from(35), "price"] += 8.0
    stage.add("sales", table, measures={"sum": f"{PLACE}:total"}, features=["temperature", "region"])
    stage.run("sales", day(31))
    reference = stage.store.reference("sales", 1)
    assert reference is not None
    assert reference.inputs == ("temperature", "region")
    assert list(reference.profile.columns) == ["temperature", "region", "sum"]
    found = stage.run("sales", day(48)).analysis.signals
    drifted = {signal.feature for signal in found if signal.kind is SignalKind.DATA_DRIFT and signal.changed}
    assert "sum" in drifted
    assert not drifted & {"temperature", "region", "price"}


def test_measure_that_was_given_up_is_no_column_that_is_gone(tmp_path: object) -> None:
    stage = Stage(tmp_path)  # type: ignore[arg-type]  # pytest's path
    stage.add("sales", sales(50), measures={"sum": f"{PLACE}:total"}, features=["temperature", "region"])
    stage.run("sales", day(31))
    stage.add("sales", sales(50), measures={}, features=["temperature", "region"])
    signals = stage.run("sales", day(48)).analysis.signals
    assert not [signal.reason for signal in signals if signal.blocks or signal.feature == "sum"]
