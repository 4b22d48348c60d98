"""Where a fault begins and ends: to a stretch, and never a part of it left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from include.data.profile import profile_table
from include.data.rows.spans import Span
from include.detectors import Comparison, DataQualityDetector, UnitChangeDetector
from include.detectors.broken_rows import Pardon
from include.detectors.faults import FEWEST_ROWS, Located, RecentWindow, locate_faults

ROWS, STRETCH = 672, 20.3  # four weeks of hourly rows, and how many of them make a stretch
START = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = pd.Series(pd.date_range(START, periods=ROWS, freq="h"))
END = START + timedelta(hours=ROWS)
Break = Callable[[pd.Series, slice], pd.Series]


def table(seed: int, rows: int = ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    empty = rng.random(rows) < 0.01
    return pd.DataFrame({"price": np.where(empty, np.nan, rng.uniform(1.0, 3.0, rows)), "other": rng.normal(size=rows)})


def emptied(values: pd.Series, rows: slice) -> pd.Series:
    hit = np.random.default_rng(7).random(len(values)) < 0.95
    inside = np.zeros(len(values), dtype=bool)
    inside[rows] = True
    return values.mask(hit & inside)


def rescaled(values: pd.Series, rows: slice) -> pd.Series:
    made = values.copy()
    made.iloc[rows] *= 1000.0
    return made


def texted(values: pd.Series, rows: slice) -> pd.Series:
    made = values.astype(object)
    made.iloc[rows] = "n/a!"
    return made


def locate(recent: pd.DataFrame, *pardons: Pardon, timed: bool = True) -> list[Located]:
    known = profile_table(table(0, 3000), ["price", "other"])
    comparison = Comparison(reference=known, recent=profile_table(recent, ["price", "other"], against=known))
    signals = [s for detector in (DataQualityDetector(), UnitChangeDetector()) for s in detector.detect(comparison)]
    window = RecentWindow(comparison=comparison, table=recent, times=TIMES if timed else None, end=END)
    return locate_faults(signals, window, pardons)


def found(located: list[Located]) -> list[tuple[float, float]]:
    """Hours from the start of the window to where each fault begins and ends."""
    spans = [fault.span for each in located for fault in each.faults]
    return [((s.start - START) / timedelta(hours=1), (s.end - START) / timedelta(hours=1)) for s in spans if s]


def broken(fault: Break, first: int, stop: int, seed: int = 1) -> pd.DataFrame:
    recent = table(seed)
    return recent.assign(price=fault(recent["price"], slice(first, stop)))


@pytest.mark.parametrize("fault", [emptied, rescaled, texted])
@pytest.mark.parametrize("first", [0, 130, 400, 550])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fault_that_lasts_blocks_from_its_beginning_on(fault: Break, first: int, seed: int) -> None:
    located = locate(broken(fault, first, ROWS, seed))
    [(start, end)] = found(located)
    assert first - 2 * STRETCH < start <= first + FEWEST_ROWS / 2
    assert end == ROWS
    assert [each.signal.feature for each in located if each.signal.blocks] == ["price"]


@pytest.mark.parametrize("fault", [emptied, rescaled, texted])
@pytest.mark.parametrize(("first", "stop"), [(100, 200), (0, 300), (50, 600), (300, 420)])
def test_fault_that_is_over_blocks_nothing(fault: Break, first: int, stop: int) -> None:
    located = locate(broken(fault, first, stop))
    [(start, end)] = found(located)
    assert first - 2 * STRETCH < start <= first + FEWEST_ROWS / 2
    assert stop - FEWEST_ROWS / 2 <= end < stop + 2 * STRETCH
    assert not any(each.signal.blocks or (each.signal.feature and each.signal.changed) for each in located)
    assert any(each.settled and "in order since" in each.signal.reason for each in located)


def test_two_breaks_are_two_spans() -> None:
    recent = broken(emptied, 100, 200)
    spans = found(locate(recent.assign(price=emptied(recent["price"], slice(400, 450)))))
    assert len(spans) == 2
    assert spans[0][1] < 300 < spans[1][0]


@pytest.mark.parametrize("share", [0.15, 0.3, 0.4])
def test_emptiness_that_all_rows_share_is_no_fault_of_some(share: float) -> None:
    spans = 0
    for seed in range(20):
        recent, rng = table(seed + 1), np.random.default_rng(seed)
        recent = recent.assign(price=recent["price"].mask(rng.random(ROWS) < share))
        located = locate(recent)
        assert any(each.signal.statistic == "missing_rise" and each.signal.changed for each in located)
        spans += len(found(located))
    assert spans == 0


def test_column_that_stands_still_is_broken_in_all_rows() -> None:
    located = locate(table(1).assign(price=2.0))
    assert found(located) == [(0.0, float(ROWS))]
    assert any(each.signal.blocks for each in located)


def test_column_that_is_gone_blocks_and_says_nothing_of_its_rows() -> None:
    located = locate(table(1)[["other"]])
    assert [each.signal.statistic for each in located if each.signal.blocks] == ["column_gone"]
    assert found(located) == []


def test_pardoned_rows_are_in_order_and_those_after_them_are_judged() -> None:
    recent = broken(emptied, 300, ROWS)
    half = Span(START, START + timedelta(hours=500))
    [(start, end)] = found(locate(recent, Pardon(feature="price", statistic="missing_rise", span=half)))
    assert (start, end) == (500.0, float(ROWS))
    for span in (Span(START, END), None):
        located = locate(recent, Pardon(feature="price", statistic="missing_rise", span=span))
        assert found(located) == []
        assert not any(each.signal.blocks for each in located)
    other = Pardon(feature="price", statistic="unit_change", span=None)
    assert any(each.signal.blocks for each in locate(recent, other))


def test_without_timestamps_all_recent_rows_are_broken() -> None:
    located = locate(broken(emptied, 100, ROWS), timed=False)
    assert [fault.span for each in located for fault in each.faults] == [None]
    assert any(each.signal.blocks for each in located)
    assert locate(broken(emptied, 600, ROWS), timed=False)[0].faults == ()  # too few to break the window


def test_rows_in_order_have_no_fault() -> None:
    for seed in range(1, 11):
        located = locate(table(seed))
        assert found(located) == []
        assert not any(each.settled for each in located)
