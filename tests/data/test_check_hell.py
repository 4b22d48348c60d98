"""A whole check (reference, calibration, every standard detector, decision) of columns that nobody would wish for.

``RETRAINING_TEST_FRAMES=2000`` runs that many random frames; the default is few, to be fast.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.data.profile import profile_table
from include.data.reference.profiles import ReferenceProfiles, make_reference
from include.decision.decide import decide
from include.decision.evidence import Evidence
from include.decision.policy.policy import standard_policy
from include.decision.policy.presets import PRESETS
from include.decision.signals import Signal
from include.detectors import Comparison
from include.detectors.catalogue import detect, standard_detectors
from include.errors import DataError
from include.scoring import METRICS
from tests.data.test_profile_hell import CELLS, TYPES, as_series
from tests.sweeps import each_nth

FRAMES = int(os.environ.get("RETRAINING_TEST_FRAMES", "50"))
BEFORE, AFTER = 300, 160
CHECKED = datetime(2026, 3, 1, tzinfo=UTC)


def healthy(rows: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "drifts": rng.normal(shift, 1.0, rows),
            "stays": rng.normal(size=rows),
            "class": rng.choice(["a", "b", "c"], rows),
            "holes": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
        }
    )


REFERENCE, RECENT = healthy(BEFORE, 1), healthy(AFTER, 2, shift=1.5)
HEALTHY = list(REFERENCE)


def check(reference: pd.DataFrame, recent: pd.DataFrame, categorical: Sequence[str] = ()) -> list[Signal]:
    """All that one check does between reading the rows and writing the record; the record must be JSON."""
    made = make_reference(
        reference, list(reference.columns), window=timedelta(days=1), window_rows=max(len(recent), 1),
        categorical=categorical,
    )  # fmt: skip
    known = ReferenceProfiles.from_json(json.loads(json.dumps(made.to_json(), allow_nan=False)))
    comparison = Comparison(
        reference=known.profile,
        recent=profile_table(recent, list(known.profile.columns), against=known.profile),
        calibration=known.calibration,
        metric=METRICS["rmse"],
    )
    signals = detect(standard_detectors(PRESETS["balanced"], "rmse"), comparison)
    decide(standard_policy(PRESETS["balanced"]), Evidence(now=CHECKED, signals=signals, has_champion=True))
    for signal in signals:
        assert signal.p_value is None or 0.0 <= signal.p_value <= 1.0, signal
        assert signal.value is None or math.isfinite(signal.value), signal
        json.dumps(dict(signal.detail), allow_nan=False)
        assert signal.reason.encode("utf-8", "backslashreplace")
    return signals


def results(signals: Sequence[Signal]) -> dict[tuple[str, str, str], object]:
    """What was measured of the healthy columns and what was said of it.

    Levels are shared among all columns, and how much a row tells is estimated from all of them together: p-values may
    differ a little.
    """
    return {
        (signal.kind, signal.feature, signal.statistic): (
            None if signal.value is None else float(f"{signal.value:.9g}"),
            signal.threshold,
            signal.verdict,
        )
        for signal in signals
        if signal.feature in HEALTHY
    }


EXPECTED = results(check(REFERENCE, RECENT))


def assert_harmless(before: pd.Series[Any], after: pd.Series[Any], categorical: Sequence[str] = ()) -> list[Signal]:
    signals = check(REFERENCE.assign(hell=before), RECENT.assign(hell=after), categorical)
    found = results(signals)
    assert {key: found.get(key) for key in EXPECTED | found if found.get(key) != EXPECTED.get(key)} == {}
    return signals


def spread(cells: Sequence[object], rows: int) -> pd.Series[Any]:
    """The cells again and again."""
    return pd.Series([cells[number % len(cells)] for number in range(rows)] if cells else [None] * rows, dtype=object)


MIXED = [1, "1", 1.5, None, True, b"\xff", date(2026, 1, 1), (1, 2), {"a": 1}, "\ud800", np.nan, np.inf, 10**400]
HELL: dict[str, Any] = {
    "empty": lambda rows: pd.Series([np.nan] * rows),
    "none": lambda rows: pd.Series([None] * rows, dtype=object),
    "constant": lambda rows: pd.Series([7.0] * rows),
    "one name": lambda rows: pd.Series(["x"] * rows),
    "infinite": lambda rows: pd.Series([np.inf, -np.inf, 1.0] * rows)[:rows],
    "only infinite": lambda rows: pd.Series([np.inf] * rows),
    "huge": lambda rows: pd.Series([1e308, -1e308, 1.7e308] * rows)[:rows],
    "tiny": lambda rows: pd.Series([5e-324, 0.0, -5e-324] * rows)[:rows],
    "mixed": lambda rows: spread(MIXED, rows),
    "dates": lambda rows: pd.Series(pd.date_range("1700-01-01", periods=rows, freq="YE", unit="s")),
    "durations": lambda rows: pd.Series(pd.to_timedelta(np.arange(rows), unit="D")),
    "all different": lambda rows: pd.Series([f"name {number}" for number in range(rows)]),
    "surrogates": lambda rows: spread(["\ud800", "\udfff\ud800", "a"], rows),
    "reserved": lambda rows: spread(["\x00rest", "\x00", ""], rows),
    "numbers as text": lambda rows: spread(["1", "2.5", "nan", "1e999", ""], rows),
    "lists": lambda rows: spread([[1], [], [None]], rows),
    "first only": lambda rows: pd.Series([1.0, *[np.nan] * (rows - 1)]),
    "numbers": lambda rows: pd.Series(np.random.default_rng(rows).normal(size=rows)),
}


@pytest.mark.filterwarnings("ignore:.*:UserWarning:pandas")
@pytest.mark.parametrize(("before", "after"), each_nth(product(HELL, HELL), 5))
def test_no_column_fails_the_check_or_disturbs_another(before: str, after: str) -> None:
    assert_harmless(HELL[before](BEFORE), HELL[after](AFTER))


@pytest.mark.parametrize("declared", [True, False])
def test_a_hundred_thousand_categories_fail_nothing(declared: bool) -> None:
    names = np.arange(100_000)
    rng = np.random.default_rng(0)
    many = pd.DataFrame({"hell": names if declared else [f"n{name}" for name in names], "x": rng.normal(size=100_000)})
    signals = check(many, many.sample(frac=0.3, random_state=0), ["hell"] if declared else [])
    assert not [signal for signal in signals if signal.changed and signal.feature == "x"]
    assert not [signal for signal in signals if signal.changed and signal.kind == "data_quality"]


@pytest.mark.parametrize("name", ["\ud800", "", "\x00rest", "x" * 10_000, 0, None, ("a", 1), math.inf])
def test_odd_names_fail_nothing(name: Any) -> None:
    text = name if isinstance(name, str) else str(name)  # as every source that a model can name delivers it
    odd = [frame.set_axis(pd.Index([text if n == "stays" else n for n in frame], dtype=object), axis=1)
           for frame in (REFERENCE, RECENT)]  # fmt: skip
    found = results(check(*odd))
    assert found == {key: value for key, value in EXPECTED.items() if key[1] != "stays"}


def test_name_that_is_there_twice_is_refused_by_name_where_it_is_asked_for() -> None:
    twice = [pd.concat([frame, frame[["stays"]]], axis=1) for frame in (REFERENCE, RECENT)]
    with pytest.raises(DataError, match="'stays' is there twice"):
        check(*twice)
    known = profile_table(twice[0], ["drifts", "class"])
    assert list(known.columns) == ["drifts", "class"]


@pytest.mark.parametrize(("before", "after"), [(0, 0), (0, AFTER), (1, 1), (BEFORE, 0), (BEFORE, 1), (2, 2), (50, 3)])
def test_hardly_any_rows_fail_nothing(before: int, after: int) -> None:
    signals = check(REFERENCE[:before], RECENT[:after])
    assert not [signal for signal in signals if signal.changed]


cells = st.tuples(st.lists(CELLS, max_size=6), st.sampled_from(TYPES))


@pytest.mark.filterwarnings("ignore")  # of pandas, while the columns are made
@settings(max_examples=FRAMES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cells, cells, st.booleans())
def test_random_columns_fail_nothing_and_disturb_nothing(
    before: tuple[list[object], str], after: tuple[list[object], str], declared: bool
) -> None:
    columns = [as_series(list(spread(part, rows)), kind) for (part, kind), rows in ((before, BEFORE), (after, AFTER))]
    assert_harmless(*columns, categorical=["hell"] if declared else [])
