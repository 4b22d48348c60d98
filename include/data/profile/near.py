"""Numbers that are the same but for how they were computed: 0.3 and 0.30000000000000004, or 0.1 kept in 32 bits.

A value that many rows have is where a distribution jumps, so that its last digit would be a drift: 3 / 10 against
3 * 0.1, a column that came as float32 and comes as float64, a sum that leaves 5e-17 where it left 0. Such a value
counts as equal to the reference's own where it is nearer than a four millionth of its size, and than any other by far.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

SAME = 2.0**-22  # of a value's size, or of the distance to the next one where that is more
APART = 2.0**-7  # of the distance to the next one, which is no part of that value

Floats = npt.NDArray[np.float64]


def reach(edges: Floats) -> Floats:
    """How far from each of these distinct values, ascending, one may be and still be the same; shape (n,).

    >>> reach(np.array([0.0, 1.0, 3.0])) == np.array([1.0, 1.0, 3.0]) * SAME
    array([ True,  True,  True])
    """
    return _reach(edges.tobytes())


@lru_cache(maxsize=256)
def _reach(values: bytes) -> Floats:
    """A column is counted several times in a check, and by the same edges."""
    edges = np.frombuffer(values)
    if len(edges) < 2:
        return np.asarray(np.abs(edges) * SAME)
    nearest = np.empty(len(edges))
    with np.errstate(over="ignore"):
        nearest[1:] = edges[1:] - edges[:-1]
    nearest[0] = nearest[1]
    nearest[1:-1] = np.minimum(nearest[1:-1], nearest[2:])
    return np.asarray(np.minimum(SAME * np.maximum(np.abs(edges), nearest), APART * nearest))


def distinct(ordered: Floats) -> Floats:
    """Distinct values, ascending, each for all that are the same; their first one.

    What is usual between values is told by the median gap of those that are not nearly equal for their size.

    >>> distinct(np.array([0.0, 5e-17, 0.1, 0.3, 0.1 + 0.2, 1.0])).tolist()
    [0.0, 0.1, 0.3, 1.0]
    >>> distinct(np.array([1.7e9, 1.7e9 + 1.0, 1.7e9 + 2.0])).tolist() == [1.7e9, 1.7e9 + 1.0, 1.7e9 + 2.0]
    True
    """
    values: Floats = ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]]
    if len(values) < 3:
        return values
    with np.errstate(over="ignore"):
        gaps = np.diff(values)
    clear = gaps[gaps > SAME * np.abs(values[1:])]
    usual = float(np.median(clear if len(clear) else gaps))
    tied = gaps <= np.minimum(SAME * np.maximum(np.abs(values[1:]), usual), APART * usual)
    return np.asarray(values[np.append(True, ~tied)])


def snapped(values: Floats, edges: Floats) -> Floats:
    """The values, each as the edge that it is the same as, if it is the same as one."""
    if not len(edges):
        return values
    near = reach(edges)
    place = np.searchsorted(edges + near, values).clip(0, len(edges) - 1)
    same = (values >= (edges - near)[place]) & (values <= (edges + near)[place])
    return np.asarray(np.where(same, edges[place], values))
