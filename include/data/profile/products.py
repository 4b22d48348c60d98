"""Products of long columns, the same whatever the number of threads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

ALONE = 8_192  # values up to which a linear algebra library leaves a product to one thread

Floats = npt.NDArray[np.float64]


def dot(left: Floats, right: Floats) -> float:
    """Sum of the products of two columns, shape (n,) each, in parts that no second thread is woken for.

    A woken thread waits busily for more: profiling 200,000 rows of 40 columns cost three times the CPU for it. And its
    share of the sum would be rounded in another order on a machine with another number of cores.
    """
    if len(left) <= ALONE:
        return float(left @ right)
    return sum(float(left[at : at + ALONE] @ right[at : at + ALONE]) for at in range(0, len(left), ALONE))
