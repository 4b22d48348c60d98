from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from include.data.profile import Extra, NumericColumn, profile_table, to_floats
from include.data.reference.profiles import ReferenceProfiles, make_reference
from include.data.reference.trends import FARTHEST, Trend, middle_of, moved, without_trends
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors import Comparison, DataDriftDetector
from include.detectors.joint_drift import JointDriftDetector
from include.detectors.outliers import OutlierDetector
from tests.series import Floats, autoregression

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS, WINDOW = 180, timedelta(days=14)
MONTHLY = 0.4 / 30.0  # a rise by 0.4 standard deviations of the noise a month, for each day
LEVEL = 0.0037  # that of the balanced preset for a check a day

Rng = np.random.Generator


def times(days: float, start: float = 0.0) -> pd.Series:
    return pd.Series(pd.date_range(START + timedelta(days=start), periods=round(days * 24), freq="h"))


def days_of(at: pd.Series) -> Floats:
    return ((at - pd.Timestamp(START)).dt.total_seconds() / 86_400.0).to_numpy()


AT = times(DAYS + 100)
DAY = days_of(AT)


def rising(rng: Rng) -> Floats:
    return MONTHLY * DAY + rng.normal(size=len(DAY))


STRAIGHT: dict[str, Callable[[Rng], Floats]] = {
    "rising": rising,
    "falling": lambda rng: -rising(rng),
    "among alike rows": lambda rng: MONTHLY * DAY + autoregression(rng, rows=len(DAY), coefficient=0.9),
    "heavy tails": lambda rng: MONTHLY * DAY + 0.5 * rng.standard_t(2.5, size=len(DAY)),
    "a day": lambda rng: rising(rng) + np.sin(2 * np.pi * DAY),
    "a tenth": lambda rng: np.round(rising(rng), 1),
    "whole numbers": lambda rng: np.round(1.5 * rising(rng)),
    "half degrees": lambda rng: np.round(2 * (20.0 + 0.2 / 30.0 * DAY + 0.4 * rng.normal(size=len(DAY)))) / 2,
    "prices in whole euros less a cent": lambda rng: np.round(20.0 + 2.0 * rising(rng)) - 0.01,
    "single far values": lambda rng: np.where(rng.random(len(DAY)) < 0.002, 1e6, rising(rng)),
}
OTHERS: dict[str, Callable[[Rng], Floats]] = {
    "nothing": lambda rng: rng.normal(size=len(DAY)),
    "alike rows": lambda rng: autoregression(rng, rows=len(DAY), coefficient=0.99),
    "half of a season": lambda rng: 3.0 * np.sin(np.pi * (DAY / DAYS - 0.5)) + rng.normal(size=len(DAY)),
    "growth by a factor": lambda rng: np.exp(2.0 * DAY / DAYS) + rng.normal(size=len(DAY)),
    "a start in the middle": lambda rng: MONTHLY * (DAY - 90.0).clip(0.0) + rng.normal(size=len(DAY)),
    "one step": lambda rng: (DAY > 90.0) + rng.normal(size=len(DAY)),
    "a share that rises": lambda rng: (rng.random(len(DAY)) < 0.3 + 0.001 * DAY).astype(float),
    "zeros among them": lambda rng: np.where(rng.random(len(DAY)) < 0.3, 0.0, 5.0 + rising(rng)),
    "no value": lambda rng: np.full(len(DAY), np.nan),
}


def reference_of(values: Floats, days: float = DAYS) -> ReferenceProfiles:
    table = pd.DataFrame({"x": values, "at": AT})[: round(days * 24)]
    return make_reference(table, ["x"], window=WINDOW, window_rows=14 * 24, timestamp="at")


def compared(reference: ReferenceProfiles, table: pd.DataFrame, end: float) -> Comparison:
    """As a check at that day, in days after the reference's start, has it."""
    until = START + timedelta(days=end)
    moment = middle_of(until - WINDOW, until)
    recent = table[(table["at"] >= until - WINDOW) & (table["at"] < until)]
    known = reference.by(moment)
    rows = without_trends(recent, recent["at"], reference.trends, moment)
    return Comparison(
        reference=known.profile, calibration=known.calibration,
        recent=profile_table(rows, list(known.profile.columns), against=known.profile, extras=Extra.CROSS),
        ahead=reference.ahead(moment),
    )  # fmt: skip


def signals(values: Floats, end: float) -> list[Signal]:
    comparison = compared(reference_of(values), pd.DataFrame({"x": values, "at": AT}), end)
    return list(DataDriftDetector(threshold=LEVEL).detect(comparison))


def changed(values: Floats, end: float) -> bool:
    return any(signal.changed for signal in signals(values, end))


@pytest.mark.parametrize("made", STRAIGHT.values(), ids=STRAIGHT)
def test_column_that_goes_on_as_it_went_is_no_drift(made: Callable[[Rng], Floats]) -> None:
    alarms, lines = 0, 0
    for seed in range(6):
        values = made(np.random.default_rng(seed))
        reference = reference_of(values)
        lines += "x" in reference.trends
        table = pd.DataFrame({"x": values, "at": AT})
        found = [compared(reference, table, DAYS + end) for end in (14, 45, 90)]
        detected = [DataDriftDetector(threshold=LEVEL).detect(each) for each in found if "x" in reference.trends]
        alarms += sum(any(signal.changed for signal in each) for each in detected)
    assert lines >= 4
    assert alarms <= 1


@pytest.mark.parametrize("made", OTHERS.values(), ids=OTHERS)
def test_what_is_no_straight_line_is_compared_as_it_is(made: Callable[[Rng], Floats]) -> None:
    references = [reference_of(made(np.random.default_rng(seed))) for seed in range(6)]
    assert sum("x" in reference.trends for reference in references) <= 1
    untouched = [reference for reference in references if not reference.trends]
    assert all(reference.by(START) is reference for reference in untouched)


def test_random_walks_and_slow_bends_are_seldom_taken_for_lines() -> None:
    noises = [np.random.default_rng(seed).normal(size=len(DAY)) for seed in range(30)]
    for made in (np.cumsum(noises, axis=1), 3.0 * np.exp(0.7 * DAY / DAYS) + np.array(noises)):
        assert sum("x" in reference_of(values).trends for values in made) <= 4


def test_slope_is_found_and_single_far_values_do_not_bend_it() -> None:
    for name in ("rising", "single far values"):
        trend = reference_of(STRAIGHT[name](np.random.default_rng(0))).trends["x"]
        assert trend.slope * 86_400.0 == pytest.approx(MONTHLY, rel=0.08)
        assert trend.span / 86_400.0 == pytest.approx(DAYS, rel=0.01)
        assert trend.middle == pytest.approx((START + timedelta(days=DAYS / 2)).timestamp(), abs=7200)
        assert trend.grain == 0.0


def test_jump_on_top_of_a_trend_is_found_within_two_weeks() -> None:
    found = [changed(rising(np.random.default_rng(seed)) + 0.5 * (DAY >= DAYS + 14), DAYS + 28) for seed in range(10)]
    assert sum(found) >= 9


def test_trend_that_stops_is_found_within_six_weeks() -> None:
    found = [
        changed(MONTHLY * DAY.clip(max=DAYS) + np.random.default_rng(seed).normal(size=len(DAY)), DAYS + 42)
        for seed in range(10)
    ]
    assert sum(found) >= 9


def test_wider_values_on_top_of_a_trend_are_found() -> None:
    noise = np.random.default_rng(0).normal(size=len(DAY))
    values = MONTHLY * DAY + np.where(DAY >= DAYS, 1.5, 1.0) * noise
    assert any(s.changed and s.statistic == "variance_shift" for s in signals(values, DAYS + 28))


def test_record_says_what_it_was_compared_with() -> None:
    assert all(
        "compared with where it would be by now" in signal.reason
        for signal in signals(rising(np.random.default_rng(0)), DAYS + 14)
    )


def test_reference_tells_the_less_the_further_ahead_the_rows_are() -> None:
    """As the variance of a least-squares line does: at its end four times that of the mean."""
    values = rising(np.random.default_rng(0))
    found = compared(reference_of(values), pd.DataFrame({"x": values, "at": AT}), DAYS + 7)
    column = found.reference.columns["x"]
    assert found.ahead["x"] == pytest.approx(0.5, abs=0.01)
    assert found.reference_rows("x", column, 4000) == pytest.approx(
        found.effective_rows("x", column, 4000) / 4, rel=0.02
    )


def test_prediction_is_as_uncertain_as_it_says() -> None:
    """The difference of the recent mean from where the line says it is, over 200 references."""
    squares = []
    for seed in range(200):
        values = rising(np.random.default_rng(seed))
        reference = reference_of(values)
        if "x" in reference.trends:
            moment = START + timedelta(days=DAYS + 60)
            column = reference.by(moment).profile.columns["x"]
            assert isinstance(column, NumericColumn)
            error = 1.0 + 12.0 * reference.trends["x"].ahead(moment) ** 2
            squares.append((column.mean - MONTHLY * (DAYS + 60)) ** 2 / (error / (DAYS * 24)))
    assert 0.8 < np.mean(squares) < 1.35


@pytest.mark.parametrize("detector", [DataDriftDetector(threshold=LEVEL), OutlierDetector()])
def test_nothing_is_said_of_a_column_whose_reference_is_long_ago(detector: DataDriftDetector) -> None:
    reference = reference_of(rising(np.random.default_rng(0)))
    later = pd.DataFrame({"at": times(14, 700), "x": 0.0})
    later["x"] += np.random.default_rng(1).normal(size=len(later))
    found = detector.detect(compared(reference, later, 714))
    assert {signal.verdict for signal in found} == {Verdict.INCONCLUSIVE}
    assert "where it would be by now is not known" in found[0].reason
    assert reference.trends["x"].ahead(START + timedelta(days=707)) > FARTHEST


def test_columns_together_are_compared_with_where_they_would_be_by_now() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"at": AT, **{f"x{n}": rising(rng) for n in range(3)}, "steady": rng.normal(size=len(AT))})
    names = ["x0", "x1", "x2", "steady"]
    reference = make_reference(table[: DAYS * 24], names, window=WINDOW, window_rows=14 * 24, timestamp="at")
    assert len(reference.trends) == 3
    going_on, moved_on = (
        JointDriftDetector().detect(compared(reference, rows, DAYS + 40))
        for rows in (table, table.assign(x0=table["x0"] + 0.7 * (DAY > DAYS)))
    )
    assert [signal.verdict for signal in going_on] == [Verdict.STABLE] * 3
    assert going_on[0].kind is SignalKind.DATA_DRIFT
    assert moved_on[0].changed


def test_columns_together_tell_the_less_the_further_ahead_they_are() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"at": AT, "x": rising(rng), "y": rising(rng)})
    reference = make_reference(table[: DAYS * 24], ["x", "y"], window=WINDOW, window_rows=14 * 24, timestamp="at")
    found = compared(reference, table.assign(x=table["x"] + 0.15), DAYS + 60)
    sure, unsure = (JointDriftDetector().detect(each)[0].p_value for each in (replace(found, ahead={}), found))
    assert sure is not None
    assert unsure is not None
    assert sure < unsure


TREND = Trend(slope=1.0, middle=START.timestamp(), span=100.0)
SECONDS = pd.Series(pd.date_range(START, periods=4, freq="s"))


@pytest.mark.parametrize(
    ("cells", "expected", "unreadable"),
    [
        ([5.0, 5.0, 6.0, 9.0], [5.0, 4.0, 4.0, 6.0], 0),
        ([5, 5, 6, 9], [5.0, 4.0, 4.0, 6.0], 0),
        ([5.0, None, 6.0, np.inf], [5.0, np.nan, 4.0, np.inf], 0),
        (pd.array([5, None, 6, 9], dtype="Int64"), [5.0, np.nan, 4.0, 6.0], 0),
        (["5", "?", "6.5", None], [5.0, np.nan, 4.5, np.nan], 1),
        (["n/k", "?", "-", "x"], [np.nan] * 4, 4),
        ([7.0, 7.0, 7.0, 7.0], [7.0, 7.0, 7.0, 7.0], 0),
        ([7.0, None, 7.0, 7.0], [7.0, np.nan, 7.0, 7.0], 0),
        ([None] * 4, [np.nan] * 4, 0),
    ],
)  # fmt: skip
def test_cells_lose_the_trend_and_nothing_else(cells: object, expected: list[float], unreadable: int) -> None:
    table = pd.DataFrame({"x": cells, "y": range(4)})
    found = without_trends(table, SECONDS, {"x": TREND})
    floats, no_numbers = to_floats(found["x"])
    np.testing.assert_allclose(floats, expected)
    assert no_numbers == unreadable
    assert found["y"].equals(table["y"])
    assert table["x"].equals(pd.DataFrame({"x": cells})["x"])


def test_rounded_values_stay_within_their_step() -> None:
    table = pd.DataFrame({"x": np.repeat([10.0, 20.0], 500)})
    at = pd.Series(pd.date_range(START, periods=1000, freq="us"))
    found = without_trends(table, at, {"x": Trend(slope=0.0, middle=0.0, span=1.0, grain=10.0)})["x"].to_numpy()
    assert (np.abs(found - table["x"]) <= 5.0).all()
    assert len(np.unique(found.round(9))) == 1000


def test_values_around_a_moment_stay_what_they_are() -> None:
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]})
    found = without_trends(table, SECONDS, {"x": TREND}, START + timedelta(seconds=2))
    assert found["x"].tolist() == [3.0, 3.0, 3.0, 3.0]


def test_profile_that_is_moved_counts_as_the_rows_moved_would() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=3000), "y": rng.normal(size=3000)})
    moment = START + timedelta(seconds=250)
    found = moved(profile_table(table, ["x", "y"]), {"x": TREND}, moment).columns["x"]
    expected = profile_table(table.assign(x=table["x"] + 250.0), ["x", "y"]).columns["x"]
    assert isinstance(found, NumericColumn)
    assert isinstance(expected, NumericColumn)
    for part in ("edges", "knots", "mean", "minimum", "maximum", "variance", "outliers"):
        np.testing.assert_allclose(getattr(found, part), getattr(expected, part))
    for part in ("counts", "at_edges"):  # farther from 0 more values are the same as an edge but for their last digits
        np.testing.assert_allclose(getattr(found, part), getattr(expected, part), atol=2.0)
    assert found.lag1 == pytest.approx(expected.lag1)
    np.testing.assert_allclose(found.neighbours.ends, expected.neighbours.ends)


def test_survives_storage_and_older_references_have_none() -> None:
    reference = reference_of(STRAIGHT["whole numbers"](np.random.default_rng(0)))
    assert reference.trends["x"].grain == 1.0
    written = json.loads(json.dumps(reference.to_json(), allow_nan=False))
    assert ReferenceProfiles.from_json(written) == reference
    del written["trends"]
    assert ReferenceProfiles.from_json(written).trends == {}


@pytest.mark.parametrize(("start", "expected"), [(None, 10), (4, 7), (12, 10)])
def test_middle_of_a_window(start: float | None, expected: float) -> None:
    begins = None if start is None else START + timedelta(days=start)
    assert middle_of(begins, START + timedelta(days=10)) == START + timedelta(days=expected)
