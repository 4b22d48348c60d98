"""Labels of a class that is new: one that says that a label is still to come, or another coding of the known ones.

A class that is new by itself comes among the others, which go on coming.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

FILLS = 5  # labels of a new class in turn up to the newest: of one that is one in three, 4 in 1,000 begin so
MOSTLY = 0.95  # share of the newest labels that it has: some are decided early
ELSEWHERE = 0.05  # for each of them, how many of it may be among the older ones
FEWEST = 20  # labels since a class was last seen, from which on it may be gone
FEWEST_NEW = 5  # labels of the class that came instead
LONGER = 3.0  # times as long as it was ever missing before
CHANCE = 1e-4  # of so many labels in turn without it; or, between the two, without the rarer one

#: A class of this name, in any capitals, is none that comes among the others, unless it is known.
WORDS = frozenset({"pending", "undecided", "tbd", "awaiting", "unlabelled", "unlabeled", "not yet", "to be decided"})

Codes = npt.NDArray[np.intp]


def still_to_come(codes: Codes, new: Collection[int]) -> tuple[int, int] | None:
    """The code of a new class that has the newest labels for itself, and the place of the first of them; None for none.

    Of the labels from that one on 19 in 20 are of it, and next to none of those before.

    Parameters
    ----------
    codes : array of shape (n,)
        Of the labels that are there, in time order.
    new : collection of int
        Codes of the classes that are not known.

    Examples
    --------
    >>> still_to_come(np.array([0, 1, 0, 1, 0, 2, 2, 2, 2, 2, 2]), {2})
    (2, 5)
    >>> still_to_come(np.array([0, 2, 0, 1, 2, 2, 1, 2, 2, 2, 2]), {2}) is None
    True
    """
    for code in new:
        places = np.flatnonzero(codes == code)
        if len(places) < FILLS or not (codes[-FILLS:] == code).all():
            continue
        since = np.arange(len(places), 0, -1)  # how many of it there are from each of its places on
        first = int(np.argmax(since >= MOSTLY * (len(codes) - places)))
        if first <= ELSEWHERE * int(since[first]):
            return code, int(places[first])
    return None


def replaced(codes: Codes, known: Collection[int], new: Collection[int]) -> tuple[int, int, int] | None:
    """The code of a class that is gone, of the new one since, and how many labels ago; None for none.

    It is gone for 20 labels or more, three times as long as it ever was before, which could be chance with a
    probability of less than 1e-4 for a class of its share; the new class began when it ended, as
    far as their shares tell; and other known ones go on coming.

    Parameters
    ----------
    codes : array of shape (n,)
        Of the labels that are there, in time order.
    known, new : collection of int
        Codes of the classes that are known, and of those that are not.

    Examples
    --------
    >>> replaced(np.array([0, 1] * 40 + [1, 2] * 20), {0, 1}, {2})
    (0, 2, 41)
    >>> replaced(np.array([0, 1] * 40 + [0, 1, 2] * 20), {0, 1}, {2}) is None
    True
    """
    for gone in known:
        places = np.flatnonzero(codes == gone)
        if not len(places):
            continue
        since = codes[places[-1] + 1 :]
        share, longest = len(places) / (places[-1] + 1), int(np.diff(places, prepend=-1).max())
        if len(since) < max(FEWEST, LONGER * longest) or (1.0 - share) ** len(since) >= CHANCE:
            continue
        for code in new:
            those = np.flatnonzero(since == code)
            before = int(np.count_nonzero(codes == code)) - len(those)
            if len(those) < FEWEST_NEW or before > ELSEWHERE * len(those):
                continue
            some_left = np.isin(since[those[0] :], list(known)).any()  # else nothing is known of what comes now
            of_it = len(those) / (len(since) - those[0])
            if some_left and (1.0 - min(of_it, share)) ** int(those[0]) >= CHANCE:
                return gone, code, len(since)
    return None
