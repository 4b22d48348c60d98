"""The smallest changes that a check would see four times out of five: approximate, from effective rows and levels."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from include.data.profile import NumericColumn
from include.data.reference.profiles import ReferenceProfiles
from include.decision.policy.presets import PolicySettings
from include.detectors import Comparison
from include.detectors.data_drift import SMALLEST_EFFECTS
from include.detectors.statistics.score_tests import number_of_tests
from include.registry.kinds import unwatched
from include.scoring import METRICS, Baseline, Metric
from include.scoring.metric import Harm

POWER = 0.8
DRIFT_SHARE = 2.0 / 3.0  # of the level of drift that the tests of single columns have, see `include.orchestrator`


def seen_changes(
    reference: ReferenceProfiles, baseline: Baseline | None, metric: str, settings: PolicySettings,
    window_rows: int, labelled_rows: int,
) -> Iterator[str]:  # fmt: skip
    """The smallest shift of a mean, and the smallest worsening of the metric, a sentence each.

    A test of a mean at the level ``a`` sees a shift of ``(z(a / 2) + z(0.2)) * sqrt(1 / n + 1 / m)`` standard
    deviations four times out of five, with `n` and `m` effective rows in the window and in the reference, and none
    below the smallest effect that counts. A worsening is that of a mean of row losses, one-sided.

    Parameters
    ----------
    window_rows, labelled_rows : int
        Of a usual recent window; those of it whose label has arrived.
    """
    if window_rows:
        yield from _shifts(reference, settings, window_rows)
    if baseline is not None and metric in baseline.scores and labelled_rows > 1:
        yield from _worsening(baseline, METRICS[metric], settings, labelled_rows)


def _shifts(reference: ReferenceProfiles, settings: PolicySettings, window_rows: int) -> Iterator[str]:
    from scipy.stats import norm

    watched = reference.profile.without(unwatched(reference.kinds))
    numeric = {name: column for name, column in watched.columns.items() if isinstance(column, NumericColumn)}
    if not numeric:
        return
    comparison = Comparison(reference=watched, recent=watched, calibration=reference.calibration)
    share = DRIFT_SHARE * settings.drift_level / len(watched.columns)
    seen = {}
    for name, column in numeric.items():
        rows = [comparison.effective_rows(name, column, size) for size in (window_rows, column.finite)]
        if min(rows) <= 0.0:
            continue
        error = math.sqrt(sum(1.0 / each for each in rows))
        certain = float(norm.isf(share / number_of_tests(column) / 2.0))
        beyond = float(norm.isf(1.0 - POWER))
        seen[name] = max(certain * error, SMALLEST_EFFECTS["mean_shift"]) + beyond * error
    if not seen:
        return
    worst = max(seen, key=lambda name: seen[name])
    middle = float(np.median(list(seen.values())))
    yield (
        f"a mean that moves by about {middle:.2g} standard deviations (median of {len(seen)} columns; "
        f"{worst}: {seen[worst]:.2g}, the most)"
    )


def _worsening(baseline: Baseline, metric: Metric, settings: PolicySettings, labelled_rows: int) -> Iterator[str]:
    from scipy.stats import norm

    if metric.for_trading or not baseline.rows or not baseline.loss_mean > 0.0:
        return
    share = baseline.effective_rows / baseline.rows
    rows = [max(share * size, 1.0) for size in (labelled_rows, baseline.rows)]
    error = math.sqrt(baseline.loss_variance * sum(1.0 / each for each in rows)) / baseline.loss_mean
    now = baseline.scores[metric.name]
    certain = float(norm.isf(settings.performance_level)) * error
    rise = max(certain, _matters(metric, settings.performance_threshold, now, baseline)) + float(norm.isf(0.2)) * error
    worse = _score_at(metric, now, baseline.loss_mean, rise)
    yield f"{metric.name} that goes from {now:.4g} to about {worse:.4g} on {labelled_rows:,} labelled rows"


def _matters(metric: Metric, threshold: float, now: float, baseline: Baseline) -> float:
    """The worsening that counts at all, as a relative rise of the mean loss."""
    if metric.name == "rmse":
        return (1.0 + threshold) ** 2 - 1.0
    if metric.name == "r2":
        return threshold * now / max(1.0 - now, 1e-9) if now > 0.0 else 0.0
    if metric.harm is Harm.ABSOLUTE_DROP:
        return threshold / baseline.loss_mean
    return threshold


def _score_at(metric: Metric, now: float, loss: float, rise: float) -> float:
    """The score once the mean loss has risen by that share."""
    if metric.name == "rmse":
        return now * math.sqrt(1.0 + rise)
    if metric.name == "r2":
        return now - rise * (1.0 - now)
    if metric.larger_is_better:
        return max(now - rise * loss, 0.0)
    return now * (1.0 + rise)
