from __future__ import annotations

import pandas as pd
import pytest

from include.detectors import SufficiencyDetector
from tests.detectors.comparisons import compare


@pytest.mark.parametrize(
    ("rows", "verdict", "reason"),
    [(0, "no_data", "no recent rows"), (49, "inconclusive", "49 recent rows, 50 needed"),
     (50, "stable", "50 recent rows")],
)  # fmt: skip
def test_rows_are_enough_from_the_minimum_on(rows: int, verdict: str, reason: str) -> None:
    table = pd.DataFrame({"x": range(100)})
    signal = SufficiencyDetector().detect(compare(table, table.iloc[:rows], minimum_rows=50))[0]
    assert (signal.verdict, signal.reason, signal.value) == (verdict, reason, float(rows))
