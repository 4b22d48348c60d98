"""Rows that come with the package, so that it can be tried at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

DEMAND_START = datetime(2026, 1, 1, tzinfo=UTC)
DEMAND_CHANGE = datetime(2026, 6, 15, tzinfo=UTC)  # the abrupt change of regime
DEMAND_GROWTH_PER_YEAR = 0.05
IRIS_REFERENCE_ROWS = 90
_SEED = 20260101


def iris() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fisher's irises as reference (90) and recent rows (60), shuffled once: nothing has changed between them."""
    from sklearn.datasets import load_iris

    bunch = load_iris(as_frame=True)
    table = bunch.frame.drop(columns="target").rename(columns=lambda name: name.removesuffix(" (cm)").replace(" ", "_"))
    table["species"] = bunch.target_names[bunch.target]
    table = table.sample(frac=1.0, random_state=0, ignore_index=True)
    return table.iloc[:IRIS_REFERENCE_ROWS], table.iloc[IRIS_REFERENCE_ROWS:].reset_index(drop=True)


def demand(until: datetime) -> pd.DataFrame:
    """Hourly demand from 2026 on, up to `until`: daily and weekly season, growth, and one abrupt change of regime.

    The same hour always has the same values, however far `until` reaches, so that a later call only adds rows.
    On 15 June 2026 a second evening peak appears, weekends become busy, and heat, which kept demand down until
    then, drives it up.

    Returns
    -------
    DataFrame
        Columns timestamp, hour, weekday, temperature (°C), promotion (0 or 1), demand (units an hour).
    """
    days = max((until - DEMAND_START) // timedelta(days=1) + 1, 0)
    if days == 0:
        return pd.DataFrame(
            {name: [] for name in ("timestamp", "hour", "weekday", "temperature", "promotion", "demand")}
        )
    table = pd.concat([_demand_of_day(number) for number in range(days)], ignore_index=True)
    return table[table["timestamp"] < pd.Timestamp(until)]


def _demand_of_day(number: int) -> pd.DataFrame:
    """One day: its random numbers depend on nothing but the day's number."""
    rng = np.random.default_rng([_SEED, number])
    day = DEMAND_START + timedelta(days=number)
    hour, weekday = np.arange(24), day.weekday()
    warm = 12.0 - 10.0 * np.cos(2 * np.pi * (number % 365.25) / 365.25) + 4.0 * np.sin(2 * np.pi * (hour - 9) / 24)
    temperature = warm + rng.normal(0.0, 2.0) + rng.normal(0.0, 0.7, 24)
    promotion = int(rng.random() < 0.15)
    morning, evening = np.exp(-((hour - 8) ** 2) / 8.0), np.exp(-((hour - 18) ** 2) / 10.0)
    if day < DEMAND_CHANGE:
        level = 100 + 60 * morning + 90 * evening - 2.0 * (temperature - 12) - (35 if weekday >= 5 else 0)
    else:
        late = np.exp(-((hour - 22) ** 2) / 6.0)
        level = 140 + 25 * morning + 70 * evening + 80 * late + 3.0 * (temperature - 12) + (45 if weekday >= 5 else 0)
    growth = 1.0 + DEMAND_GROWTH_PER_YEAR * number / 365.25
    values = np.maximum((level + 40 * promotion) * growth * (1.0 + rng.normal(0.0, 0.05, 24)), 0.0)
    return pd.DataFrame(
        {
            "timestamp": pd.date_range(day, periods=24, freq="h"),
            "hour": hour,
            "weekday": weekday,
            "temperature": temperature.round(1),
            "promotion": promotion,
            "demand": values.round(1),
        }
    )
