"""How often unchanged columns of categories are called changed, by number of categories, law and rows.

    python -m benchmarks.category_levels [--trials 1000] [--seed 0] [--categories 2 8 ...] [--power]

Both sides are independent samples of one law: all categories equally frequent, or Zipf (the k-th in proportion to
``k ** -s``). They are counted by the production code. A line a case: the share of trials in which the χ² test is below
5 %, 1 % and 0.19 %; in which unseen categories are a fault at a level of 1 %; and in which PSI reaches 0.1 (a rule).
The exit code is 1 when a rate is above 1.5 times its level by more than three standard errors. With ``--power``: how
often a change of 5 points in one of 8 categories is seen at 0.19 %, next to the plain χ² test of scipy.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from include.data.profile import CategoricalColumn, Profile
from include.data.profile.categorical import CategoricalState, cut_categories
from include.detectors import Comparison, DataQualityDetector
from include.detectors.statistics.distances import grouped, psi
from include.detectors.statistics.score_tests import Sizes, column_tests

Values = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
LEVELS = (0.05, 0.01, 0.0019)
UNSEEN_LEVEL, RULE = 0.01, 0.1
CATEGORIES = (2, 8, 100, 300, 2_000, 100_000)
LAWS = (0.0, 1.1, 1.4, 2.0)
ROWS = ((300, 300), (5_000, 1_000), (20_000, 1_000), (300, 20_000), (100_000, 300), (100_000, 100_000))
LARGEST = ((1_000_000, 300), (1_000_000, 100_000))


@dataclass(frozen=True, kw_only=True)
class Case:
    """One line of the table."""

    categories: int
    law: float
    before: int
    after: int

    @property
    def shares(self) -> Values:
        """Probability of each category."""
        weights = np.arange(1, self.categories + 1, dtype=np.float64) ** -self.law
        return np.asarray(weights / weights.sum())

    @property
    def title(self) -> str:
        """What the line is about."""
        law = f"Zipf {self.law:g}" if self.law else "equal"
        return f"{self.categories:>7,d} {law:9s} {self.before:>9,d} against {self.after:>7,d}"


def column_of(counts: Counts, names: Sequence[str], known: CategoricalColumn | None = None) -> CategoricalColumn:
    """A column with these rows of each category, against a reference or, without one, cut from them."""
    there = np.flatnonzero(counts)
    if known is None:
        tally = dict(zip([names[place] for place in there.tolist()], counts[there].tolist(), strict=True))
        known = CategoricalColumn(rows=0, missing=0, counts=cut_categories(tally))
        return column_of(counts, names, known)
    state = CategoricalState(known)
    state.neighbours.lag1 = False
    codes = np.repeat(np.arange(len(there)), counts[there])
    state.add(codes, [names[place] for place in there.tolist()], begins=True)
    return state.result(int(counts.sum()), placed=False)


def p_value(before: CategoricalColumn, after: CategoricalColumn) -> float:
    """Of the χ² test, all rows independent."""
    sizes = Sizes(before=before.rows, after=after.rows, spread_before=before.rows, spread_after=after.rows)
    return column_tests(before, after, sizes)[0].p_value


def calls(before: CategoricalColumn, after: CategoricalColumn) -> list[bool]:
    """Whether each rule calls the column changed: χ² at each level, unseen categories, PSI."""
    profiles = [Profile(rows=column.rows, columns={"x": column}) for column in (before, after)]
    comparison = Comparison(reference=profiles[0], recent=profiles[1])
    faults = DataQualityDetector(level=UNSEEN_LEVEL).detect(comparison)
    found = p_value(before, after)
    unseen = any(signal.statistic == "unseen_categories" for signal in faults)
    return [*(found < level for level in LEVELS), unseen, psi(grouped(before, after)) >= RULE]


def rates(case: Case, trials: int, seed: int) -> Values:
    """Share of unchanged pairs that each rule calls changed."""
    rng = np.random.default_rng([seed, case.categories, round(case.law * 10), case.before, case.after])
    names, shares = [f"c{number}" for number in range(case.categories)], case.shares
    found = []
    for _ in range(trials):
        before = column_of(rng.multinomial(case.before, shares), names)
        found.append(calls(before, column_of(rng.multinomial(case.after, shares), names, before)))
    return np.asarray(np.mean(found, axis=0))


def power(trials: int, seed: int) -> None:
    """Print how often 5 points in one of 8 categories are seen."""
    from scipy import stats

    rng, names = np.random.default_rng(seed), list("abcdefgh")
    for first in (0.125, 0.3):
        usual = np.full(8, (1.0 - first) / 7.0)
        usual[0] = first
        changed = np.where(np.arange(8) == 0, first + 0.05, usual * (0.95 - first) / (1.0 - first))
        for before, after in ((5_000, 1_000), (20_000, 1_000), (3_000, 3_000)):
            seen = np.zeros(2)
            for _ in range(trials):
                sides = rng.multinomial(before, usual), rng.multinomial(after, changed)
                known = column_of(sides[0], names)
                seen[0] += p_value(known, column_of(sides[1], names, known)) < LEVELS[-1]
                seen[1] += stats.chi2_contingency(np.array(sides), correction=False).pvalue < LEVELS[-1]
            ours, plain = seen / trials
            print(f"from {first:.1%}, {before:>6,d} against {after:>5,d}: {ours:.1%}, plain χ² {plain:.1%}", flush=True)


def main() -> None:
    """Print a line a case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--categories", type=int, nargs="*", default=list(CATEGORIES))
    parser.add_argument("--largest", action="store_true", help="also references of a million rows, which take long")
    parser.add_argument("--power", action="store_true", help="measure the power instead")
    options = parser.parse_args()
    if options.power:
        power(options.trials, options.seed)
        return
    worst = 0
    limits = 1.5 * np.array([*LEVELS, UNSEEN_LEVEL])
    limits = limits + 3.0 * np.sqrt(limits * (1.0 - limits) / options.trials)
    for categories in options.categories:
        for law in LAWS if categories > 2 else LAWS[:1]:
            for before, after in ROWS + (LARGEST if options.largest else ()):
                case = Case(categories=categories, law=law, before=before, after=after)
                found = rates(case, options.trials, options.seed)
                above = bool((found[:4] > limits).any())
                worst += above
                told = "  ".join(f"{rate:7.2%}" for rate in found)
                print(f"{case.title}  {told}{'  too often' if above else ''}", flush=True)
    sys.exit(bool(worst))


if __name__ == "__main__":
    main()
