"""Columns of every kind that the fuzz harness puts tables together from."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd


def _written(numbers: Any, how: str) -> Any:
    return np.array([how.format(number) for number in numbers], dtype=object)


def column_of(kind: str, rng: np.random.Generator, rows: int, shift: float) -> Any:
    numbers = rng.normal(shift, 1.0, rows)
    commas = np.array([f"{n:.4f}".replace(".", ",") for n in numbers], dtype=object)
    made = {
        "number": lambda: numbers,
        "holes": lambda: np.where(rng.random(rows) < 0.1, np.nan, numbers),
        "count": lambda: rng.poisson(3.0 + 3.0 * abs(shift), rows),
        "heavy": lambda: np.exp(2.0 * numbers),
        "flag": lambda: numbers > 0.3,
        "category": lambda: np.where(numbers > 0.5, "a", rng.choice(["b", "c,d", 'e"f'], rows)),
        "accents": lambda: np.where(numbers > 0.0, "Zürich", rng.choice(["Genève", "Köln"], rows)),
        "words": lambda: np.where(numbers > 0.0, "None", rng.choice(["x", "y"], rows)),
        "codes": lambda: np.array([f"{n:04d}" for n in rng.integers(0, 30, rows)], dtype=object),
        "large": lambda: 2**53 + rng.integers(0, 4, rows),
        "identifier": lambda: np.array([f"id-{n}" for n in rng.permutation(10 * rows)[:rows]], dtype=object),
        "constant": lambda: np.full(rows, 7.25),
        "empty": lambda: np.full(rows, np.nan),
        "missing": lambda: np.where(rng.random(rows) < 0.3, None, rng.choice(["p", "q"], rows)),
        "date": lambda: pd.Timestamp("1960-01-01") + pd.to_timedelta(rng.integers(0, 15_000, rows), unit="D"),
        "percent": lambda: _written(numbers, "{:.1f} %"),
        "comma": lambda: commas,
        "dollars": lambda: _written(1e5 * numbers, "${:,.2f}"),
        "brackets": lambda: np.where(numbers < 0.0, _written(-numbers, "({:.2f})"), _written(abs(numbers), "{:.2f}")),
        "blanks": lambda: np.where(numbers > 0.0, " on ", rng.choice(["off", " off"], rows)),
        "clock": lambda: _written(np.clip(12.0 + numbers, 0.0, 23.0), "{:02.0f}:30"),
        "zip": lambda: np.where(rng.random(rows) < 0.02, "unknown", _written(rng.integers(0, 30, rows), "0{:03d}")),
        "truths": lambda: np.where(numbers > 0.3, rng.choice(["true", "1"], rows), rng.choice(["FALSE", "0"], rows)),
        "gaps": lambda: np.where(rng.random(rows) < 0.2, "NA", _written(numbers, "{:.1f}%")),
        "decimals": lambda: np.array([Decimal(f"{n:.3f}") for n in numbers], dtype=object),
        "tiny": lambda: numbers * 1e-300,
        "huge": lambda: numbers * 1e300,
    }
    return made[kind]()


KINDS = (
    "number", "holes", "count", "heavy", "flag", "category", "accents", "words", "codes", "large", "identifier",
    "constant", "empty", "missing", "date", "tiny", "huge", "percent", "comma", "dollars", "brackets", "blanks",
    "clock", "zip", "truths", "gaps", "decimals",
)  # fmt: skip
