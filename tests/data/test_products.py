"""Products of columns: the same value however many threads there are."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from include.data.profile.products import ALONE, dot

ASKED = """
import numpy as np, pandas as pd
from include.data.profile import profile_table
rng = np.random.default_rng(0)
x, c = rng.normal(3.0, 1.0, 60_000), rng.choice(["a", "b"], 60_000)
found = profile_table(pd.DataFrame({"x": x, "y": x**3, "c": c}), ["x", "y", "c"])
print(repr([(c.neighbours, getattr(c, "mean", 0), getattr(c, "variance", 0)) for c in found.columns.values()]))
"""


@pytest.mark.parametrize("size", [0, 1, ALONE, ALONE + 1, 3 * ALONE + 5])
def test_product_in_parts_is_that_of_the_whole(size: int) -> None:
    rng = np.random.default_rng(size)
    left, right = rng.normal(size=size), rng.normal(size=size)
    assert dot(left, right) == pytest.approx(math.sumprod(left, right) if hasattr(math, "sumprod") else left @ right)


def test_profiles_do_not_depend_on_the_number_of_threads() -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", ASKED], env={"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True, text=True, check=True,
        ).stdout
        for threads in ("1", "4")
    ]  # fmt: skip
    assert told[0] == told[1]
