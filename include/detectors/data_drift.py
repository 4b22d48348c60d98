"""Data drift: has the distribution of an input changed?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import pandas as pd

from include.data.pairs import column_gone, profile_pair
from include.data.profile import Column, Extra, NumericColumn
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors.comparison import Comparison, values_in, varying
from include.detectors.statistics.distances import DIVERGENCES, grouped, wasserstein
from include.detectors.statistics.score_tests import Sizes, column_tests, number_of_tests

FEWEST_EFFECTIVE_ROWS = 4.0  # below this no distribution test has a chance, whatever the number of rows
UNREADABLE = 0.5  # share of cells that are not a number, from which on a column of numbers cannot be compared

#: The smallest effects that matter, all of about the size of a normal column's move by 0.05 standard deviations.
SMALLEST_EFFECTS: Mapping[str, float] = {"ks": 0.02, "cramers_v": 0.02, "mean_shift": 0.05, "variance_shift": 0.15}


@dataclass(frozen=True, kw_only=True)
class DataDriftDetector:
    """Tests of each column's shape (KS), location, spread, and categories (χ²), honest about rows that are alike.

    The KS statistic is the largest distance of two distribution functions [1]_. It is blunt where a whole column moves
    or widens a little, so that the mean and the mean square of the column's normal scores are tested besides. The
    effect size of the χ² test is Cramér's V. PSI, KL and JS divergences and the Wasserstein distance go on record with
    them; they are measures, not tests. Cramér's V is that of sides of equal size, less what chance contributes.

    Two corrections make the p-values honest. Rows that follow each other in time are alike, so that the tests count
    *effective* rows: as measured on the reference (see `include.data.reference.calibration`), or where that is too
    short by its autocorrelation (`include.scoring.statistics.effective_size`). And among many tests one will look
    changed by chance, so that each column has its share of the level, and each of its tests a share of that
    (Bonferroni; valid for correlated columns too).

    Parameters
    ----------
    threshold : float, default 0.05
        Probability that any column is called changed on one check although nothing changed.
    minimum_effects : mapping of str to float
        For each test the smallest effect that matters: with a million rows every difference is significant. KS
        distance and Cramér's V in [0, 1]; ``mean_shift`` in standard deviations; ``variance_shift`` the logarithm of
        the ratio of mean squares (0.15: +16 %).
    kind : SignalKind
        What the columns are: inputs, or the target, or predictions.

    References
    ----------
    .. [1] F. J. Massey, "The Kolmogorov-Smirnov test for goodness of fit", JASA 46 (1951).

    Examples
    --------
    >>> reference = pd.DataFrame({"x": [row % 50 for row in range(500)]})
    >>> DataDriftDetector(threshold=0.05).detect_distribution_shift(reference, reference + 30)[0]
    True
    """

    extras: ClassVar[Extra] = Extra.NEIGHBOURS

    threshold: float = 0.05
    minimum_effects: Mapping[str, float] = field(default_factory=lambda: dict(SMALLEST_EFFECTS))
    kind: SignalKind = SignalKind.DATA_DRIFT

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """Signals for each column that both profiles have, one a test."""
        names = [name for name in comparison.reference.columns if name in comparison.recent.columns]
        found = [signal for name in names for signal in self._column(name, comparison)]
        share = self.threshold / varying(comparison.reference.columns.values())
        tests = {name: number_of_tests(comparison.reference.columns[name]) for name in names}
        return [self._judge(signal, share / tests[signal.feature]) for signal in found]

    def detect_distribution_shift(
        self, reference: pd.DataFrame, current: pd.DataFrame
    ) -> tuple[bool, dict[str, dict[str, object]]]:
        """Compare two tables directly, rows in time order.

        Returns
        -------
        bool
            Whether any column changed, is gone, or cannot be read any more.
        dict
            For each column, of its most telling test: statistic, value, p_value, level, verdict, reason; and the
            measures psi, kl_divergence, js_divergence, js_distance and wasserstein. Of columns that are gone, new,
            mostly unreadable, or not compared because of what they hold (identifiers, dates): statistic, verdict and
            reason.
        """
        pair = profile_pair(reference, current, extras=self.extras)
        known = pair.known
        comparison = Comparison(reference=known, recent=pair.found, minimum_rows=1, kinds=pair.kinds)
        found = _without_test(comparison, pair.new_columns)
        signals = sorted(
            self.detect(comparison.watched), key=lambda signal: (not signal.changed, signal.p_value or 0.0)
        )
        measures = {signal.feature: signal.detail for signal in signals if signal.statistic in ("ks", "cramers_v")}
        for signal in signals:
            found.setdefault(signal.feature, {
                "statistic": signal.statistic, "value": signal.value, "p_value": signal.p_value,
                "level": signal.level, "verdict": str(signal.verdict), "reason": signal.reason,
                **measures[signal.feature],
            })  # fmt: skip
        changed = any(entry["verdict"] == Verdict.CHANGED for entry in found.values())
        return changed, {name: found[name] for name in (*known.columns, *pair.new_columns) if name in found}

    def _column(self, name: str, comparison: Comparison) -> Iterator[Signal]:
        """What the tests of one column found, not judged yet; or one signal that says why there are none."""
        reference, recent = comparison.reference.columns[name], comparison.recent.columns[name]
        before, here = values_in(reference), values_in(recent)
        sizes = Sizes(
            before=comparison.reference_rows(name, reference, before),
            after=comparison.effective_rows(name, reference, here),
            spread_before=comparison.effective_rows(name, reference, before, spread=True),
            spread_after=comparison.effective_rows(name, reference, here, spread=True),
        )
        few = here < comparison.minimum_rows or min(sizes.before, sizes.after) < FEWEST_EFFECTIVE_ROWS
        if here == 0 or before == 0 or few:
            verdict = Verdict.INCONCLUSIVE if here and before else Verdict.NO_DATA
            reason = f"{name}: {here} values, {min(sizes.before, sizes.after):.1f} effective: too few to tell"
            if why := comparison.too_far(name):
                reason = f"{name}: {why}"
            elif comparison.never_changed(name):
                reason = f"{name}: one value in all of the reference: how often it changes is not known"
            if verdict is Verdict.NO_DATA:
                reason = f"{name}: no values{'' if before else ' in the reference'}"
            statistic = "ks" if isinstance(recent, NumericColumn) else "cramers_v"
            yield Signal(kind=self.kind, statistic=statistic, verdict=verdict, feature=name, reason=reason,
                         threshold=self.minimum_effects[statistic])  # fmt: skip
            return
        measures = _measures(reference, recent)
        for number, found in enumerate(column_tests(reference, recent, sizes)):
            rows = sizes.spread_after if found.statistic == "variance_shift" else sizes.after
            yield Signal(
                kind=self.kind, statistic=found.statistic, feature=name, verdict=Verdict.STABLE, value=found.effect,
                p_value=found.p_value, threshold=self.minimum_effects[found.statistic],
                detail={"rows": float(here), "effective_rows": rows, **(measures if number == 0 else {})},
                reason="; ".join(filter(None, (comparison.how_counted(name), found.note))),
            )  # fmt: skip

    def _judge(self, signal: Signal, level: float) -> Signal:
        if signal.value is None or signal.p_value is None or signal.threshold is None:
            return replace(signal, level=level)
        changed = signal.p_value < level and signal.value >= signal.threshold
        reason = f"{signal.feature}: {signal.statistic} {signal.value:.3f}, p {signal.p_value:.2g} against {level:.2g}"
        reason += f" ({signal.reason})" if signal.reason else ""
        return replace(signal, level=level, verdict=Verdict.CHANGED if changed else Verdict.STABLE, reason=reason)


def _without_test(comparison: Comparison, new_columns: Sequence[str]) -> dict[str, dict[str, object]]:
    """What there is to say of columns that no test is made of."""
    told: dict[str, tuple[str, Verdict, str]] = {}
    recent = comparison.recent.columns
    for name in comparison.reference.columns:
        if name not in recent:
            told[name] = "column_gone", Verdict.CHANGED, column_gone(name, new_columns)
        elif not comparison.kinds[name].kind.watched:
            kind = comparison.kinds[name]
            told[name] = "not_compared", Verdict.STABLE, f"{name}: not compared: {kind.kind}, {kind.why}"
        elif isinstance(column := recent[name], NumericColumn) and column.unreadable > UNREADABLE * column.rows:
            reason = f"{name}: {column.unreadable} of {column.rows} cells are not a number"
            told[name] = "unreadable", Verdict.CHANGED, reason
    for name in new_columns:
        told[name] = "new_column", Verdict.STABLE, f"{name}: the reference has no such column"
    return {
        name: {"statistic": statistic, "value": None, "p_value": None, "level": None, "verdict": str(verdict),
               "reason": reason}
        for name, (statistic, verdict, reason) in told.items()
    }  # fmt: skip


def _measures(reference: Column, recent: Column) -> dict[str, float]:
    """Divergences, and for numbers the Wasserstein distance and the moments; those that are not finite are left out."""
    shares = grouped(reference, recent)
    found = {name: measure(shares) for name, measure in DIVERGENCES.items()}
    if isinstance(reference, NumericColumn) and isinstance(recent, NumericColumn):
        distance, error = wasserstein(reference, recent)
        found |= {
            "wasserstein": distance, "wasserstein_error": error, "mean": recent.mean, "variance": recent.variance,
            "reference_mean": reference.mean, "reference_variance": reference.variance,
        }  # fmt: skip
    return {name: value for name, value in found.items() if math.isfinite(value)}
