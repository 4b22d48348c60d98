"""What a profile keeps of a column, and of the order of its rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from include.data.profile.names import NameSample
from include.data.profile.possible import ANYTHING, Possible

BINS = 512  # numeric bins; with at most this many distinct reference values the bins are exact
CATEGORIES = 200  # categories counted one by one; the rest are counted together
OUTLIER_Z = 3.0  # |z| from which on a value counts as an outlier, against the reference's mean and sd
REST = "\x00rest"  # key of the categories beyond `CATEGORIES`

Quantity = Literal["number", "datetime", "duration"]  # the last two are counted in seconds, datetimes since 1970 UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Sums over pairs of values in consecutive rows, both finite, from which their correlation follows.

    Parameters
    ----------
    pairs : int
    mean_before, mean_after : float
        Means of the pairs' first and second values.
    square_before, square_after, product : float
        Sums of squares and of products of the deviations from these means.
    ends : tuple of (float, float)
        First and last value of each run of rows in `Profile.places`, NaN where not finite: with them the pair at the
        seam of two adjacent parts is found when these are merged.
    """

    pairs: int = 0
    mean_before: float = 0.0
    mean_after: float = 0.0
    square_before: float = 0.0
    square_after: float = 0.0
    product: float = 0.0
    ends: tuple[tuple[float, float], ...] = ()

    def joined(self, other: Neighbours) -> Neighbours:
        """With the pairs of `other` added, by the pairwise update of means and co-moments [1]_; `ends` stay.

        References
        ----------
        .. [1] T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing
           sample variances", COMPSTAT (1982).
        """
        if not other.pairs:
            return self
        if not self.pairs:
            return replace(other, ends=self.ends)
        total = self.pairs + other.pairs
        step_before, step_after = other.mean_before - self.mean_before, other.mean_after - self.mean_after
        weight, share = self.pairs * other.pairs / total, other.pairs / total
        return Neighbours(
            pairs=total,
            mean_before=self.mean_before + step_before * share,
            mean_after=self.mean_after + step_after * share,
            square_before=self.square_before + (other.square_before + step_before * step_before * weight),
            square_after=self.square_after + (other.square_after + step_after * step_after * weight),
            product=self.product + (other.product + step_before * step_after * weight),
            ends=self.ends,
        )

    @property
    def lag1(self) -> float:
        """Lag-1 autocorrelation in [-1, 1], corrected for bias as in `include.scoring.statistics.autocorrelation`.

        0 for fewer than three pairs, a constant series, or values whose squares are no longer finite.
        """
        if self.pairs < 3 or not (self.square_before > 0.0 and self.square_after > 0.0):
            return 0.0
        value = self.product / math.sqrt(self.square_before) / math.sqrt(self.square_after)
        if not math.isfinite(value):
            return 0.0
        return min(max(value + (1.0 + 4.0 * value) / self.pairs, -1.0), 1.0)


NO_NEIGHBOURS = Neighbours()


@dataclass(frozen=True, kw_only=True)
class NumericColumn:
    """One numeric column; dates and times are seconds since 1970 (UTC), durations are seconds.

    Parameters
    ----------
    rows, missing, unreadable, infinite : int
        All rows; of them empty or impossible; of them not a number (text); of them infinite.
    mean, variance, minimum, maximum : float
        Of the finite values; NaN where there are none or where they exceed what a float holds. The variance is that
        of a sample (n - 1).
    edges : tuple of float
        Upper edges of the bins, ascending: bin i holds ``edges[i - 1] < x <= edges[i]``, a last one all beyond.
    counts : tuple of int
        Finite values in each of the ``len(edges) + 1`` bins.
    at_edges : tuple of int
        Finite values equal to each edge: a distribution function jumps there.
    exact : bool
        Whether each edge is a distinct value of the reference and all of them are there.
    outliers : int
        Finite values further than `OUTLIER_Z` standard deviations of the reference from its mean.
    knots : tuple of float
        The reference's quantiles at 2.3, 15.9, 50, 84.1 and 97.7 %, where normal scores are -2 … 2; empty if it has
        fewer than two distinct values. See `include.data.profile.scales`.
    neighbours : Neighbours
    quantity : {'number', 'datetime', 'duration'}
    retyped : int
        Cells that came as another quantity than this: dates where numbers are usual, or the other way round.
    possible : Possible
        Which numbers are values. All others are cells without one.
    impossible : int
        How many of the missing cells hold such a number.
    """

    rows: int
    missing: int
    unreadable: int
    infinite: int
    mean: float
    variance: float
    minimum: float
    maximum: float
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    at_edges: tuple[int, ...]
    exact: bool
    outliers: int
    knots: tuple[float, ...] = ()
    neighbours: Neighbours = NO_NEIGHBOURS
    quantity: Quantity = "number"
    retyped: int = 0
    possible: Possible = ANYTHING
    impossible: int = 0

    @property
    def finite(self) -> int:
        """Number of finite values."""
        return self.rows - self.missing - self.unreadable - self.infinite

    @cached_property
    def in_bins(self) -> npt.NDArray[np.float64]:
        """`counts` as an array."""
        return np.array(self.counts, dtype=np.float64)

    @cached_property
    def on_edges(self) -> npt.NDArray[np.float64]:
        """`at_edges` as an array."""
        return np.array(self.at_edges, dtype=np.float64)

    @property
    def lag1(self) -> float:
        """Autocorrelation of the values in row order."""
        return self.neighbours.lag1

    @property
    def varies(self) -> bool:
        """Whether there are two values."""
        return self.minimum < self.maximum

    @property
    def bin_error(self) -> float:
        """Most that a KS distance read off these bins can be too small, as a share of the values; 0 if exact.

        Between two edges a distribution function is known only to rise by the share of values inside the bin, those
        at its upper edge not counted. In a comparison the *reference's* is the bound, or the recent rows' if smaller.
        """
        if self.exact or not self.finite:
            return 0.0
        inside = [n - at for n, at in zip(self.counts, (*self.at_edges, 0), strict=True)]
        return max(inside) / self.finite


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoricalColumn:
    """One column of categories (text, booleans, or numbers declared as categories).

    Parameters
    ----------
    rows, missing : int
    counts : mapping of str to int
        Rows of each category known to the reference, and under `REST` all others.
    neighbours : Neighbours
        Of "is the reference's most frequent category" (1 or 0).
    retyped : int
        Cells that came as numbers, dates or durations, not as text or booleans.
    buckets : tuple of int
        Rows counted under `REST`, by the hash of their category (`include.data.profile.names`); empty without such
        rows, and in profiles that were stored before schema version 3.
    sample : NameSample or None
        Of the categories counted under `REST`; None where `buckets` is empty.
    """

    rows: int
    missing: int
    counts: Mapping[str, int]
    neighbours: Neighbours = NO_NEIGHBOURS
    retyped: int = 0
    buckets: tuple[int, ...] = ()
    sample: NameSample | None = None

    @property
    def present(self) -> int:
        """Number of rows with a category."""
        return self.rows - self.missing

    @property
    def rest(self) -> int:
        """Number of rows whose category is not counted by name."""
        return self.counts.get(REST, 0)

    @property
    def distinct(self) -> float | None:
        """Number of distinct categories: exact up to about 1,000, else estimated with a standard error of about 4 %.

        None where a profile stored before schema version 3 cannot tell.
        """
        if self.rest and self.sample is None:
            return None
        named = sum(n > 0 for name, n in self.counts.items() if name != REST)
        return named + (self.sample.distinct if self.sample is not None else 0.0)

    @property
    def unseen(self) -> float | None:
        """Estimated probability that the next row has a category that no row had, in [0, 1]; 1 for no rows.

        The share of rows whose category came once [1]_: about 1 for identifiers. None where `distinct` is.

        References
        ----------
        .. [1] I. J. Good, "The population frequencies of species and the estimation of population parameters",
           Biometrika 40 (1953).
        """
        if self.rest and self.sample is None:
            return None
        named = sum(n == 1 for name, n in self.counts.items() if name != REST)
        once = named + (self.sample.singletons if self.sample is not None else 0.0)
        return min(once / self.present, 1.0) if self.present else 1.0

    @property
    def lag1(self) -> float:
        """Autocorrelation of "is the reference's most frequent category" in row order."""
        return self.neighbours.lag1

    @property
    def varies(self) -> bool:
        """Whether there are two categories, the pooled ones being one."""
        return sum(n > 0 for n in self.counts.values()) > 1


Column = NumericColumn | CategoricalColumn


def commonest(counts: Mapping[str, int]) -> str | None:
    """The most frequent category, `REST` left out; of equals the first in the alphabet."""
    return min((name for name in counts if name != REST), key=lambda name: (-counts[name], name), default=None)
