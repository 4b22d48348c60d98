"""Rows of a clock that was never set: it counts from 1970 on, for days, and they are set aside and told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.data.rows.odd_times import describe, odd_counted, odd_first
from include.data.rows.time_counts import TimeCounts
from include.data.sources import sieve
from include.data.sources.sieve import Counting
from include.data.tables import read_part_of_tables, read_tables
from include.registry.spec import ModelSpec
from include.workflow.first_model.times import usual_span
from tests.sweeps import each_nth

START, SEEN, UNTIL = (
    pd.Timestamp(date, tz="UTC").to_pydatetime() for date in ("2026-01-01", "2026-02-01", "2026-03-01")
)
TIMES = pd.date_range(START, UNTIL, freq="h", inclusive="left").as_unit("us")
FORMS = {
    "times": lambda at: at,
    "ISO": lambda at: at.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "days first": lambda at: at.dt.strftime("%d/%m/%Y %H:%M:%S"),
    "seconds": lambda at: at.dt.as_unit("s").astype("int64"),
    "ms": lambda at: at.dt.as_unit("ms").astype("int64"),
    "ns": lambda at: at.dt.as_unit("ns").astype("int64"),
}
_LATE = np.asarray(TIMES >= pd.Timestamp(SEEN))  # noqa: SIM300 - the array comes first
WHERE = {"reference": ~_LATE, "recent": _LATE, "all": np.ones(len(TIMES), dtype=bool)}


def clocked(where: str, share: float, days: float = 20.0) -> tuple[pd.Series, np.ndarray]:
    """Times of which that share, there, is of a clock that counted so many days from 1970 on; and which they are."""
    places = np.flatnonzero(WHERE[where])
    mine = np.zeros(len(TIMES), dtype=bool)
    mine[np.random.default_rng(0).choice(places, max(round(share * len(places)), 1), replace=False)] = True
    uptime = np.sort(np.random.default_rng(1).uniform(0.0, days * 86_400.0, int(mine.sum()))).astype("int64")
    at = pd.Series(TIMES, name="at")
    at[mine] = pd.Timestamp("1970-01-01", tz="UTC") + pd.to_timedelta(uptime, unit="s")
    return at, mine


def model(folder: Path, kind: str, at: Any, **reference: str) -> ModelSpec:
    table = pd.DataFrame({"at": at, "x": np.arange(float(len(at))), "y": 1.0})
    file = folder / f"rows.{kind}"
    table.to_csv(file, index=False) if kind == "csv" else table.to_parquet(file, index=False)
    return ModelSpec.model_validate({
        "name": "m", "task": "regression", "timestamp": "at", "target": "y", "metric": "rmse", "window": "28d",
        "features": ["x"], "source": {"kind": kind, "path": file.name}, "reference": {"end": "2026-02-01", **reference},
    })  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("share", each_nth([0.004, 0.1, 0.45], 2))
def test_its_rows_are_set_aside_and_told(tmp_path: Path, kind: str, form: str, where: str, share: float) -> None:
    at, mine = clocked(where, share)
    spec = model(tmp_path, kind, FORMS[form](at))
    found = read_tables(spec, tmp_path, as_of=UNTIL, seen_until=SEEN)
    assert found.history["x"].tolist() == np.flatnonzero(~mine).tolist()
    assert found.reference["at"].min() >= pd.Timestamp(START)
    assert found.odd_times is not None
    assert found.odd_times.rows == int(mine.sum())
    assert "1970-01-" in found.odd_times.sentence


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("form", FORMS)
def test_before_the_start_of_the_reference_they_are_told_as_well(tmp_path: Path, kind: str, form: str) -> None:
    at, mine = clocked("recent", 0.3)
    spec = model(tmp_path, kind, FORMS[form](at), start="2026-01-01")
    found = read_tables(spec, tmp_path, as_of=UNTIL, seen_until=SEEN)
    assert found.history["x"].tolist() == np.flatnonzero(~mine).tolist()
    assert any(line.startswith(f"at: {mine.sum()} rows are of the first days of 1970") for line in found.told)


@pytest.mark.parametrize("freq", ["D", "MS", "QS", "h"])
def test_a_series_that_began_in_1970_is_none(tmp_path: Path, freq: str) -> None:
    at = pd.Series(pd.date_range("1970-01-01", "1974-01-01", freq=freq).union(pd.date_range("2026-01-01", periods=300)))
    spec = model(tmp_path, "parquet", at.dt.tz_localize("UTC"), start="2026-01-01")
    assert read_tables(spec, tmp_path, as_of=UNTIL, seen_until=SEEN).told == ()
    alone = pd.Series(pd.date_range("1970-01-01", "1974-01-01", freq=freq, tz="UTC"))
    assert odd_first(alone) == 0


@pytest.mark.parametrize("start", [{}, {"start": "2026-01-01"}])
@pytest.mark.parametrize("form", ["times", "seconds"])
def test_of_many_rows_they_are_left_out_of_the_part(
    tmp_path: Path, start: dict[str, str], form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sieve, "MOST_ROWS", 300)
    at = clocked("all", 0.1)[0]
    spec = model(tmp_path, "parquet", FORMS[form](at), **start)
    counting = Counting(known={}, as_watched=lambda frame, _: frame)
    whole = read_tables(spec, tmp_path, as_of=UNTIL, seen_until=SEEN)
    part = read_part_of_tables(spec, tmp_path, as_of=UNTIL, counting=counting, seen_until=SEEN)
    assert part is not None
    assert part.sample is not None
    assert part.history["at"].min() >= pd.Timestamp(START)
    assert (part.odd_times, part.told) == (whole.odd_times, whole.told)


@given(st.floats(0.0, 90.0), st.floats(0.001, 0.49), st.integers(1, 200))
def test_counts_of_rows_say_what_the_rows_say(days: float, share: float, dense: int) -> None:
    """The rows of the clock may be spread over more stretches of time than all others."""
    odd = max(round(share * 2_000), 1)
    early = np.sort(np.random.default_rng(odd).uniform(0, days * 86_400e6, odd)).astype("int64")
    late = int(START.timestamp() * 1e6) + np.arange(2_000 - odd) * (1_000_000 // dense)
    times = pd.Series(pd.DatetimeIndex(np.r_[early, late].astype("datetime64[us]")).tz_localize("UTC"))
    counts = TimeCounts()
    counts.add(np.r_[early, late])
    found, rest = odd_counted(counts.settle())
    assert odd_first(times) == odd
    assert found == describe(times, odd)
    assert int(rest.rows.sum()) == 2_000 - odd


def test_more_than_half_are_no_slip_and_other_old_rows_may_be_few_only() -> None:
    rest = pd.date_range("2026-01-01", periods=1_000, freq="h", tz="UTC")
    early = pd.date_range("1970-01-01", periods=400, freq="h", tz="UTC")
    slip = pd.DatetimeIndex(["2003-05-07"] * 5, tz="UTC")
    assert odd_first(pd.Series(early.append(slip).append(rest))) == 405
    assert odd_first(pd.Series(early.append(slip.repeat(10)).append(rest))) == 400
    assert odd_first(pd.Series(pd.date_range("1970-01-01", periods=1_100, freq="h", tz="UTC").append(rest))) == 0
    assert odd_first(pd.Series(pd.date_range("1975-01-01", periods=400, freq="h", tz="UTC").append(rest))) == 0


def test_a_first_model_begins_after_them() -> None:
    at, mine = clocked("all", 0.3)
    first, last, outside = usual_span(at, UNTIL)
    assert (first, last) == (at[~mine].min(), at[~mine].max())
    assert outside == int(mine.sum())
