"""Categories beyond those counted by name: in how many rows they are, by hash, and how many of them there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

BUCKETS = 1024  # in which the rows of unnamed categories are counted
SAMPLE_NAMES = 1024  # unnamed categories that are counted one by one, to know how many there are and how many came once

Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]


def name_hashes(names: Sequence[str]) -> Hashes:
    """The 64-bit SipHash of each name's UTF-8 bytes, the same in every process; shape (n,)."""
    text = np.array(names, dtype=object)
    try:
        return pd.util.hash_array(text, categorize=False) if len(text) else np.empty(0, dtype=np.uint64)
    except UnicodeEncodeError:  # half a surrogate pair, which no encoding has
        return name_hashes([name.encode("utf-8", "surrogatepass") for name in names])  # type: ignore[misc]  # hashed alike


def bucket_of(hashes: Hashes) -> npt.NDArray[np.intp]:
    """The bucket of each hash, in [0, BUCKETS)."""
    return (hashes % np.uint64(BUCKETS)).astype(np.intp)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSample:
    """Rows of each of a random sample of categories: those whose hash is at most ``2 ** (64 - level) - 1``.

    The level rises by one whenever more than `SAMPLE_NAMES` categories are in the sample [1]_, so that the sample of a
    whole is that of its parts merged, in any order, and its counts are exact.

    Parameters
    ----------
    level : int
        Each category is in the sample with probability ``2 ** -level``.
    hashes, times : tuple of int
        Ascending; rows of each.

    References
    ----------
    .. [1] P. B. Gibbons, "Distinct sampling for highly-accurate answers to distinct values queries and event reports",
       VLDB (2001).
    """

    level: int = 0
    hashes: tuple[int, ...] = ()
    times: tuple[int, ...] = ()

    @property
    def distinct(self) -> float:
        """Estimated number of categories; exact up to `SAMPLE_NAMES`, beyond with a standard error of about 4 %."""
        return float(len(self.hashes)) * 2.0**self.level

    @property
    def singletons(self) -> float:
        """Estimated number of categories that came once."""
        return float(self.times.count(1)) * 2.0**self.level

    def adding(self, hashes: Hashes, times: Counts) -> NameSample:
        """With the rows of more categories; a hash may be there several times."""
        kept = hashes <= _limit(self.level)
        if not kept.any():
            return self
        return _thinned(
            self.level,
            np.concatenate([np.array(self.hashes, dtype=np.uint64), hashes[kept]]),
            np.concatenate([np.array(self.times, dtype=np.int64), times[kept]]),
        )


def merge_samples(samples: Iterable[NameSample]) -> NameSample:
    """The sample of all categories of several."""
    parts = list(samples)
    return _thinned(
        max((part.level for part in parts), default=0),
        np.array([one for part in parts for one in part.hashes], dtype=np.uint64),
        np.array([n for part in parts for n in part.times], dtype=np.int64),
    )


def _limit(level: int) -> np.uint64:
    return np.uint64((1 << max(64 - level, 0)) - 1)


def _thinned(level: int, hashes: Hashes, times: Counts) -> NameSample:
    kept = hashes <= _limit(level)
    distinct, place = np.unique(hashes[kept], return_inverse=True)
    sums = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(sums, place, times[kept])
    while len(distinct) > SAMPLE_NAMES:
        level += 1
        inside = distinct <= _limit(level)
        distinct, sums = distinct[inside], sums[inside]
    return NameSample(level=level, hashes=tuple(distinct.tolist()), times=tuple(sums.tolist()))
