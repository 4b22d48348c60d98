from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.data.profile import profile_table
from include.data.spans import Span
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


def test_exact_duplicates_are_kept_once() -> None:
    rows = rows_of(frame(), frame(y=[10.0, 20.0, 99.0]))
    assert rows.target.tolist() == [10.0, 20.0, 30.0, 99.0]
    assert rows.origin.tolist() == [0, 1, 2, 5]
    assert rows.dropped == {"quarantined": 0, "unlabelled": 0, "unreadable": 0, "duplicate": 2}


def test_rows_alike_at_different_times_are_no_duplicates() -> None:
    timed = {
        "source": {"kind": "csv", "path": "a.csv"}, "timestamp": "at", "reference": {"end": "2026-02-01T00:00:00Z"},
    }  # fmt: skip
    table = frame(x=[1.0, 1.0, 1.0], c="a", y=5.0, at=pd.date_range("2026-01-01", periods=3))
    assert len(rows_of(table, **timed)) == 3
    assert len(rows_of(table)) == 1


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


def test_rows_with_text_in_a_numeric_column_are_left_out() -> None:
    rows = rows_of(frame(x=["1", "two", None]))
    assert rows.origin.tolist() == [0, 2]
    assert rows.dropped["unreadable"] == 1


def test_gaps_and_infinities_become_nan_and_categories_names() -> None:
    features = feature_table(frame(x=[np.inf, np.nan, 3.0], c=[1.0, "b", np.nan]), COLUMNS)
    assert np.isnan(features["x"]).tolist() == [True, True, False]
    assert features["c"].tolist() == ["1", "b", None]


def test_only_the_models_columns_are_used_in_their_order() -> None:
    rows = rows_of(frame(other=7)[["other", "y", "c", "x"]])
    assert list(rows.features.columns) == ["x", "c"]


def test_hash_is_of_the_rows_that_are_trained_on() -> None:
    whole = rows_of(frame())
    assert rows_of(frame(other=1), frame()).sha256 == whole.sha256
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


def test_a_column_of_mixed_types_is_compared_as_text() -> None:
    mixed = pd.Series([1, "1", ["a"]], dtype=object)
    assert rows_of(frame(x=[1.0, 1.0, 1.0], c=mixed, y=5.0)).origin.tolist() == [0, 2]
