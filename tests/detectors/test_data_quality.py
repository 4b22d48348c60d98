from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from include.data.rows.arrivals import Arrivals
from include.decision.signals import Signal, Verdict
from include.detectors import DataQualityDetector
from tests.detectors.comparisons import compare
from tests.series import autoregression

REFERENCE = pd.DataFrame({"x": np.arange(200.0), "c": ["a", "b"] * 100})


def faults(recent: pd.DataFrame, reference: pd.DataFrame = REFERENCE) -> dict[tuple[str, str], Signal]:
    found = DataQualityDetector().detect(compare(reference, recent))
    return {(signal.statistic, signal.feature): signal for signal in found}


def holed(rows: int, share: float, *, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"x": np.where(rng.random(rows) < share, np.nan, rng.normal(size=rows))})


def test_sound_rows_give_one_stable_signal() -> None:
    found = faults(REFERENCE)
    assert list(found) == [("faults", "")]
    assert found["faults", ""].verdict is Verdict.STABLE


@pytest.mark.parametrize(
    ("empty", "changed", "blocks"), [(14, False, False), (15, True, False), (99, True, False), (100, True, True)]
)
def test_empty_cells_beyond_chance_are_changed_and_half_of_all_block(empty: int, changed: bool, blocks: bool) -> None:
    scattered = np.random.default_rng(0).permutation(200) >= empty
    found = faults(REFERENCE.assign(x=REFERENCE["x"].where(scattered)))
    assert (("missing_rise", "x") in found) is changed
    assert not changed or found["missing_rise", "x"].blocks is blocks
    assert not changed or found["missing_rise", "x"].p_value == pytest.approx(0.5**empty)


def test_missing_share_from_one_to_five_percent_is_on_record_and_does_not_block() -> None:
    before, after = holed(5000, 0.01, seed=1), holed(10_000, 0.05, seed=2)
    rise = faults(after, before)["missing_rise", "x"]
    assert rise.changed
    assert rise.value == pytest.approx(0.04, abs=0.01)
    assert rise.threshold == pytest.approx(0.01, abs=0.005)
    assert rise.p_value is not None
    assert rise.p_value < 1e-30
    assert not rise.blocks


@pytest.mark.parametrize(("before", "after"), [(0.01, 0.015), (0.05, 0.08), (0.30, 0.38)])
def test_rise_too_small_to_matter_is_none_in_however_many_rows(before: float, after: float) -> None:
    assert list(faults(holed(100_000, after, seed=2), holed(100_000, before, seed=1))) == [("faults", "")]


def test_column_that_was_partly_empty_before_is_blocked_by_what_it_has_lost_since() -> None:
    before, after, lost = (holed(5000, share, seed=seed) for seed, share in enumerate((0.3, 0.6, 0.85)))
    rises = [faults(recent, before)["missing_rise", "x"] for recent in (after, lost)]
    assert [(rise.changed, rise.blocks) for rise in rises] == [(True, False), (True, True)]


def test_half_of_a_window_lost_at_one_stretch_blocks_a_column_that_was_never_empty() -> None:
    table = holed(5000, 0.0, seed=1)
    assert faults(table[:500].assign(x=table["x"][:250]), table)["missing_rise", "x"].blocks


@pytest.mark.parametrize("share", [0.001, 0.01, 0.05, 0.3])
@pytest.mark.parametrize("coefficient", [0.0, 0.5, 0.9])
def test_empty_cells_that_come_in_bursts_raise_no_alarm(share: float, coefficient: float) -> None:
    rng = np.random.default_rng(3)
    latent = autoregression(rng, rows=6000, coefficient=coefficient, columns=60)
    cells = np.where(latent < stats.norm.ppf(share), np.nan, rng.normal(size=latent.shape))
    table = pd.DataFrame(cells, columns=[f"x{number}" for number in range(60)])
    assert list(faults(table[5000:], table[:5000])) == [("faults", "")]


def test_empty_cells_that_the_reference_had_too_are_no_fault() -> None:
    half = REFERENCE.assign(x=REFERENCE["x"].where(REFERENCE.index % 2 == 0))
    assert list(faults(half, half)) == [("faults", "")]


def test_column_gone_blocks() -> None:
    assert faults(REFERENCE[["c"]])["column_gone", "x"].blocks


@pytest.mark.parametrize(("texts", "changed", "blocks"), [(1, False, False), (2, True, False), (100, True, True)])
def test_text_among_numbers_is_changed_and_half_of_it_blocks(texts: int, changed: bool, blocks: bool) -> None:
    found = faults(REFERENCE.assign(x=REFERENCE["x"].astype(object).where(REFERENCE.index >= texts, "n/a")))
    assert (("unreadable", "x") in found) is changed
    assert not changed or found["unreadable", "x"].blocks is blocks


@pytest.mark.parametrize(("new", "changed"), [(14, False), (40, True)])
def test_unseen_categories_beyond_chance_are_changed_and_never_block(new: int, changed: bool) -> None:
    reference = REFERENCE.sample(frac=1.0, random_state=0, ignore_index=True)
    found = faults(reference.assign(c=reference["c"].where(reference.index >= new, "new")), reference)
    assert (("unseen_categories", "c") in found) is changed
    assert not any(signal.blocks for signal in found.values())


@pytest.mark.parametrize("known", [150, 2_000, 100_000])
def test_rare_categories_that_the_reference_happened_to_miss_are_no_news(known: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        table = pd.DataFrame({"c": [f"c{number}" for number in (known * rng.random(6000) ** 3).astype(int)]})
        assert list(faults(table[5000:], table[:5000])) == [("faults", "")]


def test_infinite_values_are_changed_and_do_not_block() -> None:
    found = faults(REFERENCE.assign(x=REFERENCE["x"].where(REFERENCE.index >= 20, np.inf)))
    assert found["infinite", "x"].value == pytest.approx(0.1)
    assert not found["infinite", "x"].blocks


def test_column_gone_constant_is_changed_unless_it_always_was() -> None:
    constant = REFERENCE.assign(x=7.0)
    assert faults(constant)["constant", "x"].blocks
    assert ("constant", "x") not in faults(constant, constant)
    assert faults(REFERENCE.assign(c="a"), REFERENCE.sample(frac=1.0, random_state=0))["constant", "c"].changed


@pytest.mark.parametrize(("rate", "coefficient"), [(0.02, 0.0), (0.3, 0.98)])
def test_rare_or_persistent_flag_may_rest(rate: float, coefficient: float) -> None:
    rng = np.random.default_rng(0)
    latent = autoregression(rng, rows=5000, coefficient=coefficient)
    flag = pd.DataFrame({"x": (latent < stats.norm.ppf(rate)).astype(float)})
    resting = pd.DataFrame({"x": np.zeros(150)})
    assert ("constant", "x") not in faults(resting, flag)
    assert ("constant", "x") in faults(pd.DataFrame({"x": np.ones(150)}), pd.DataFrame({"x": np.arange(5000.0)}))


DATES = pd.date_range("2026-01-01", periods=200, freq="h", tz="UTC")


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        (np.arange(200.0), DATES, {"type_change"}),
        (DATES, np.arange(200), {"type_change"}),
        (np.arange(200.0), ["text"] * 200, {"unreadable"}),
        (["a", "b"] * 100, np.arange(200.0), {"type_change", "unseen_categories"}),
        ([True, False] * 100, [1, 0] * 100, {"type_change", "unseen_categories"}),
    ],
)
def test_column_of_another_type_blocks(before: object, after: object, kinds: set[str]) -> None:
    reference = pd.DataFrame({"x": before}).sample(frac=1.0, random_state=0)
    found = faults(pd.DataFrame({"x": after}), reference)
    assert {statistic for statistic, _ in found} >= kinds & {"type_change", "unreadable"}
    assert any(signal.blocks for signal in found.values())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (np.arange(200.0), np.arange(200)),
        (np.arange(200), np.arange(200.0)),
        ([0, 1] * 100, [False, True] * 100),
        (["1", "2"] * 100, [1.0, 2.0] * 100),
        ([None] * 200, DATES),
    ],
)
def test_types_that_say_the_same_are_no_change(before: object, after: object) -> None:
    found = faults(pd.DataFrame({"x": after}), pd.DataFrame({"x": before}))
    assert not {"type_change", "unreadable"} & {statistic for statistic, _ in found}


def test_new_columns_are_told_and_block_nothing() -> None:
    found = DataQualityDetector().detect(compare(REFERENCE, REFERENCE, new_columns=("y", "z")))
    assert [(signal.statistic, signal.value, signal.blocks) for signal in found] == [("new_columns", 2.0, False)]
    assert "y, z" in found[0].reason


def test_order_of_columns_says_nothing() -> None:
    assert list(faults(REFERENCE[["c", "x"]])) == [("faults", "")]


def test_column_empty_in_the_reference_that_comes_to_life_does_not_block() -> None:
    signals = faults(REFERENCE.assign(note="text"), REFERENCE.assign(note=None))
    assert not any(signal.blocks for signal in signals.values())


HOURLY = (36,) * 20


def arrived(**given: object) -> dict[str, Signal]:
    arrivals = Arrivals(**{"rows": 36, "earlier": HOURLY, "age": 3600.0, "usual_age": 3600.0, **given})  # type: ignore[arg-type]  # as Arrivals says
    found = DataQualityDetector().detect(compare(REFERENCE, REFERENCE, arrivals=arrivals))
    return {signal.statistic: signal for signal in found}


@pytest.mark.parametrize(
    ("rows", "earlier", "changed"),
    [
        (36, HOURLY, False),
        (19, HOURLY, False),  # more than half
        (7, HOURLY, True),
        (0, (3,) * 20, False),  # so few are usual that none are no wonder
        (0, (40, 0) * 10, False),  # nights without rows are usual
        (10, (20, 40, 60, 30, 45) * 10, False),  # within what varies
        (10, (900, 1000, 1100, 950) * 10, True),
        (5, (36,), False),  # one stretch cannot show how much rows vary
    ],
)
def test_far_fewer_rows_than_ever_are_a_collapse_that_does_not_block(
    rows: int, earlier: tuple[int, ...], changed: bool
) -> None:
    signal = arrived(rows=rows, earlier=earlier)["row_count"]
    assert signal.changed is changed
    assert signal.p_value is not None
    assert not signal.blocks


@pytest.mark.parametrize(
    ("age", "usual_age", "max_age", "changed"),
    [
        (47 * 3600.0, 3600.0, None, False),
        (49 * 3600.0, 3600.0, None, True),
        (49 * 3600.0, 24 * 3600.0, None, False),
        (3 * 3600.0, 3600.0, 2 * 3600.0, True),
        (99 * 3600.0, 3600.0, 100 * 3600.0, False),
    ],
)
def test_newest_row_is_stale_by_the_owners_limit_or_by_the_usual_age(
    age: float, usual_age: float, max_age: float | None, changed: bool
) -> None:
    signal = arrived(age=age, usual_age=usual_age, max_age=max_age)["staleness"]
    assert (signal.changed, signal.blocks, signal.value) == (changed, False, age)


def test_staleness_is_told_also_when_no_row_came() -> None:
    arrivals = Arrivals(rows=0, earlier=(), age=1e7, usual_age=3600.0)
    found = DataQualityDetector().detect(compare(REFERENCE, REFERENCE[:0], arrivals=arrivals))
    assert [(signal.statistic, signal.verdict) for signal in found] == [
        ("faults", Verdict.NO_DATA), ("staleness", Verdict.CHANGED)
    ]  # fmt: skip


@pytest.mark.parametrize("counts", ["poisson", "overdispersed", "nights"])
def test_unchanged_arrivals_raise_no_alarm(counts: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        rate = {"poisson": 30.0, "overdispersed": rng.gamma(4.0, 25.0, 21), "nights": np.arange(21) % 4 * 50.0}[counts]
        rows, *earlier = rng.poisson(rate, 21).tolist()
        assert not arrived(rows=rows, earlier=tuple(earlier))["row_count"].changed
