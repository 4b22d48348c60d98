from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from include.data.profile import CategoricalColumn, profile_table
from include.data.reference.profiles import ReferenceProfiles, make_reference

SIX_HOURS = timedelta(hours=6)


def table(rows: int = 2000, *, seasonal: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    at = pd.date_range("2026-01-01", periods=rows, freq="h", tz="UTC")
    season = 3.0 * np.sin(2 * np.pi * np.arange(rows) / 24) if seasonal else 0.0
    return pd.DataFrame({
        "at": at, "x": rng.normal(size=rows) + season, "c": rng.choice(["a", "b"], rows),
        "code": rng.integers(0, 5, rows), "m": rng.normal(size=rows),
    })  # fmt: skip


def reference_of(rows: pd.DataFrame, **others: object) -> ReferenceProfiles:
    return make_reference(rows, ["x", "c", "code"], window=SIX_HOURS, window_rows=6, **others)  # type: ignore[arg-type]  # as make_reference says


def stored(reference: ReferenceProfiles) -> ReferenceProfiles:
    return ReferenceProfiles.from_json(json.loads(json.dumps(reference.to_json(), allow_nan=False)))


def test_measures_are_watched_and_are_no_inputs() -> None:
    found = reference_of(table(), measures=["m"], categorical=["code"])
    assert list(found.profile.columns) == ["x", "c", "code", "m"]
    assert found.inputs == ("x", "c", "code")
    assert isinstance(found.profile.columns["code"], CategoricalColumn)
    assert found.calibration is not None
    assert set(found.calibration.inflation) == {"x", "c", "code", "m"}


def test_seasons_are_looked_for_only_with_timestamps() -> None:
    rows = table(seasonal=True)
    assert reference_of(rows).seasons is None
    assert reference_of(rows, timestamp="at").seasons is not None
    assert reference_of(table(), timestamp="at").seasons is None


@pytest.mark.parametrize("rows", [0, 1, 39])
def test_reference_too_short_to_calibrate_is_a_profile_without_calibration(rows: int) -> None:
    found = reference_of(table(rows), timestamp="at")
    assert (found.profile.rows, found.calibration, found.seasons) == (rows, None, None)


def test_outputs_are_profiles_of_labels_and_predictions() -> None:
    found = reference_of(table()).with_outputs(np.array(["yes", "no", "yes"], dtype=object), np.array([0.5, 0.25]))
    assert {name: (profile.rows, list(profile.columns)) for name, profile in found.outputs.items()} == {
        "target": (3, ["target"]), "prediction": (2, ["prediction"]),
    }  # fmt: skip
    assert isinstance(found.outputs["target"].columns["target"], CategoricalColumn)


def test_outputs_that_nobody_knows_are_none() -> None:
    assert set(reference_of(table()).with_outputs(np.array([]), np.array([1.0])).outputs) == {"prediction"}


@pytest.mark.parametrize("seasonal", [False, True])
@pytest.mark.parametrize("outputs", [False, True])
@pytest.mark.parametrize("rows", [0, 30, 2000])
def test_survives_storage(seasonal: bool, outputs: bool, rows: int) -> None:
    found = reference_of(table(rows, seasonal=seasonal), timestamp="at", measures=["m"])
    assert (found.seasons is not None) is (seasonal and rows == 2000)
    if outputs:
        found = found.with_outputs(np.arange(9.0), np.array(["a", "b"], dtype=object))
    assert stored(found).to_json() == found.to_json()
    if rows:
        assert stored(found) == found


def test_bare_profile_of_an_older_version_is_a_reference_without_the_rest() -> None:
    profile = profile_table(table(), ["x", "c"])
    found = ReferenceProfiles.from_json(json.loads(json.dumps(profile.to_json(), allow_nan=False)))
    assert found == ReferenceProfiles(profile=profile, inputs=("x", "c"))
    assert found.matching(None, pd.Timestamp("2026-03-01", tz="UTC").to_pydatetime()) == profile


@pytest.mark.parametrize(("rows_a_day", "window_rows"), [(100, 300), (300, 3_000), (1_500, 1_000)])
@pytest.mark.parametrize("by", ["x", "c", "code"])
def test_rows_that_somebody_sorted_by_a_column_within_each_day_tell_as_much_as_others(
    rows_a_day: int, window_rows: int, by: str
) -> None:
    rows = table(3_000)
    rows["at"] = rows["at"].iloc[0] + pd.to_timedelta(np.arange(3_000) // rows_a_day, unit="D")
    found = make_reference(
        rows.sort_values(["at", by]), ["x", "c", "code"], window=timedelta(days=3), window_rows=window_rows,
        timestamp="at",
    )  # fmt: skip
    assert found.calibration is not None
    assert max(found.calibration.inflation.values()) < 5.0


def test_rows_of_a_day_in_an_order_that_no_column_tells_may_be_as_they_came_about() -> None:
    rows = table(3_000)
    rows["at"] = rows["at"].iloc[0] + pd.to_timedelta(np.arange(3_000) // 1_500, unit="D")
    rows["x"] = rows["x"].rolling(20, min_periods=1).mean()
    found = make_reference(rows, ["x", "c"], window=timedelta(days=1), window_rows=150, timestamp="at")
    assert found.calibration is not None
    assert found.calibration.inflation["x"] > 8.0
    assert found.calibration.inflation["c"] < 2.0
