from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.data.profile import Possible, profile_table
from include.data.rows.spans import Span
from include.errors import DataError
from include.retraining.prepare import Columns, TrainingRows, feature_table, prepare, target_values
from tests.retraining.models import spec_of

COLUMNS = Columns(features=("x", "c"), categorical=("c",))


def rows_of(*parts: pd.DataFrame, **fields: object) -> TrainingRows:
    return prepare(spec_of(**fields), parts, COLUMNS)


def frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"x": [1.0, 2.0, 3.0], "c": ["a", "b", None], "y": [10.0, 20.0, 30.0], **columns})


def test_rows_keep_their_order_and_their_origin() -> None:
    rows = rows_of(frame(), frame(y=[11.0, 21.0, 31.0]))
    assert rows.target.tolist() == [10.0, 20.0, 30.0, 11.0, 21.0, 31.0]
    assert rows.origin.tolist() == [0, 1, 2, 3, 4, 5]
    assert rows.features["c"].tolist() == ["a", "b", None] * 2


def test_rows_that_are_alike_are_rows() -> None:
    rows = rows_of(frame(), frame(y=[10.0, 20.0, 99.0]))
    assert rows.target.tolist() == [10.0, 20.0, 30.0, 10.0, 20.0, 99.0]
    assert rows.origin.tolist() == [0, 1, 2, 3, 4, 5]
    assert rows.dropped == {"quarantined": 0, "unlabelled": 0, "unreadable": 0, "duplicate": 0}


ALIKE = {
    "a constant table": frame(x=[1.0, 1.0, 1.0], c="a", y=5.0),
    "categories alone": pd.DataFrame({"x": 0.0, "c": ["a", "b"] * 50, "y": 1.0}),
    "a grid of whole numbers": pd.DataFrame({"x": np.arange(200) % 3, "c": "a", "y": np.arange(200) % 2}),
    "missing cells": frame(x=[np.nan] * 3, c=None, y=5.0),
    "mixed types": frame(x=1.0, c=pd.Series([1, "1", ["a"]], dtype=object), y=5.0),
}


@pytest.mark.parametrize("table", ALIKE.values(), ids=ALIKE.keys())
@pytest.mark.parametrize("times", [None, "2026-01-02"])
def test_no_row_is_left_out_for_being_alike(table: pd.DataFrame, times: str | None) -> None:
    timed = {
        "source": {"kind": "csv", "path": "a.csv"}, "timestamp": "at", "reference": {"end": "2026-02-01T00:00:00Z"},
    }  # fmt: skip
    if times is None:
        assert rows_of(table).origin.tolist() == list(range(len(table)))
    else:
        dated = table.assign(at=pd.Timestamp(times, tz="UTC"))
        assert rows_of(dated, **timed).origin.tolist() == list(range(len(table)))


def test_copies_that_were_left_out_when_rows_were_read_are_counted() -> None:
    assert prepare(spec_of(key="id"), [frame(id=1)], COLUMNS, copies=7).dropped["duplicate"] == 7


def test_rows_in_quarantine_are_left_out_and_counted_as_nothing_else() -> None:
    times = pd.date_range("2026-01-01", periods=4, freq="D", tz="UTC")
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "c": "a", "y": [1.0, np.nan, 3.0, 4.0], "at": times})
    spec = spec_of(
        source={"kind": "csv", "path": "a.csv"}, timestamp="at", reference={"end": "2026-02-01T00:00:00Z"}
    )  # fmt: skip
    broken = Span(times[1].to_pydatetime(), times[3].to_pydatetime())
    rows = prepare(spec, [table], COLUMNS, [broken])
    assert rows.origin.tolist() == [0, 3]
    assert rows.dropped == {"quarantined": 2, "unlabelled": 0, "unreadable": 0, "duplicate": 0}
    assert rows.sha256 == prepare(spec, [table.iloc[[0, 3]]], COLUMNS).sha256


def test_rows_without_a_label_are_left_out() -> None:
    rows = rows_of(frame(y=[np.nan, 20.0, np.inf]))
    assert rows.target.tolist() == [20.0]
    assert rows.dropped["unlabelled"] == 2


def test_text_in_a_numeric_column_is_an_empty_cell_of_a_row_that_is_trained_on() -> None:
    rows = rows_of(frame(x=["1", "two", None]))
    assert rows.origin.tolist() == [0, 1, 2]
    assert np.isnan(rows.features["x"]).tolist() == [False, True, True]
    assert rows.dropped["unreadable"] == 0
    assert rows.emptied == {"x": 1}


def test_row_of_which_no_feature_can_be_read_is_left_out_and_an_empty_one_is_not() -> None:
    rows = rows_of(frame(x=["1", "two", None], c=["a", None, None]))
    assert rows.origin.tolist() == [0, 2]
    assert rows.dropped["unreadable"] == 1
    assert rows.emptied == {}


def test_impossible_cells_are_empty_for_training_as_for_prediction() -> None:
    columns = Columns(
        features=("x", "c"), categorical=("c",), possible={"x": Possible(low=0.0, high=5.0, sentinels=(3.0,))}
    )
    table = frame(x=[-1.0, 3.0, 4.0])
    rows = prepare(spec_of(), [table], columns)
    assert np.isnan(rows.features["x"]).tolist() == [True, True, False]
    pd.testing.assert_frame_equal(rows.features, feature_table(table, columns))
    assert rows.emptied == {"x": 2}


def test_label_out_of_the_declared_range_has_not_arrived() -> None:
    rows = rows_of(frame(y=[10.0, -999.0, 30.0]), range={"y": [0, None]})
    assert rows.target.tolist() == [10.0, 30.0]
    assert rows.dropped["unlabelled"] == 1


def test_gaps_and_infinities_become_nan_and_categories_names() -> None:
    features = feature_table(frame(x=[np.inf, np.nan, 3.0], c=[1.0, "b", np.nan]), COLUMNS)
    assert np.isnan(features["x"]).tolist() == [True, True, False]
    assert features["c"].tolist() == ["1", "b", None]


def test_only_the_models_columns_are_used_in_their_order() -> None:
    rows = rows_of(frame(other=7)[["other", "y", "c", "x"]])
    assert list(rows.features.columns) == ["x", "c"]


def test_hash_is_of_the_rows_that_are_trained_on() -> None:
    whole = rows_of(frame())
    assert rows_of(frame(other=1)).sha256 == whole.sha256
    assert rows_of(frame(), frame()).sha256 != whole.sha256
    assert rows_of(frame(y=[10.0, 20.0, 30.5])).sha256 != whole.sha256
    assert rows_of(frame().iloc[::-1]).sha256 != whole.sha256


def test_missing_feature_is_named() -> None:
    with pytest.raises(DataError, match="model model: field features: no column x"):
        rows_of(frame().drop(columns="x"))


def test_text_in_a_regressions_target_is_counted() -> None:
    with pytest.raises(DataError, match="field target: 2 of 3 values of 'y' are not numbers"):
        rows_of(frame(y=["1", "many", "more"]))
    assert rows_of(frame(y=["1", "many", None])).target.tolist() == [1.0]


@pytest.mark.parametrize("labels", [[1, 0, 1], [1.0, 0.0, 1.0], ["1", "0", "1"]])
def test_class_names_are_the_same_from_numbers_and_text(labels: list[object]) -> None:
    spec = spec_of(task="classification", metric="accuracy")
    assert target_values(spec, pd.Series(labels)).tolist() == ["1", "0", "1"]


def test_missing_class_is_none() -> None:
    spec = spec_of(task="classification", metric="accuracy")
    assert target_values(spec, pd.Series(["a", None, "b"])).tolist() == ["a", None, "b"]


def test_columns_are_the_references() -> None:
    profile = profile_table(frame(code=[1, 2, 3]), ["x", "c", "code"], categorical=["code"])
    assert Columns.of(profile, ["x", "c", "code"]) == Columns(features=("x", "c", "code"), categorical=("c", "code"))


def test_columns_that_are_only_watched_are_no_features() -> None:
    profile = profile_table(frame(code=[1, 2, 3]), ["x", "c", "code"])
    assert Columns.of(profile, ["c", "x"]) == Columns(features=("c", "x"), categorical=("c",))


def test_slice_is_by_position() -> None:
    features, target = rows_of(frame()).slice(1, 3)
    assert features["x"].tolist() == [2.0, 3.0]
    assert target.tolist() == [20.0, 30.0]


def test_rows_without_a_weight_above_0_are_left_out_and_counted() -> None:
    weight = pd.Series([2.0, 0.0, -1.0, None, np.inf, "many", "3"], dtype=object)
    table = pd.DataFrame({"x": 1.0, "c": "a", "y": 5.0, "w": weight})
    rows = rows_of(table, weight="w")
    assert rows.origin.tolist() == [0, 6]
    assert rows.weight is not None
    assert rows.weight.tolist() == [2.0, 3.0]
    assert rows.dropped == {
        "quarantined": 0, "unlabelled": 0, "unreadable": 0, "duplicate": 0, "unweighted": 4, "weightless": 1,
    }  # fmt: skip


def test_rows_without_weights_have_none_and_no_count_of_them() -> None:
    rows = rows_of(frame())
    assert rows.weight is None
    assert rows.weights(0, 2) is None
    assert "unweighted" not in rows.dropped


def test_rows_of_which_not_one_has_a_usable_weight_are_refused() -> None:
    table = pd.DataFrame({"x": np.arange(200.0), "c": "a", "y": 5.0, "w": -1.0})
    with pytest.raises(DataError, match=r"model model: field weight: not one of 200 rows .* 'w'"):
        rows_of(table, weight="w")


def test_missing_column_of_weights_is_named() -> None:
    with pytest.raises(DataError, match="field weight: no column 'w' in the rows; found: x, c, y"):
        rows_of(frame(), weight="w")
