from __future__ import annotations

import numpy as np
import pytest

from include.scoring import METRICS, LabelledRows, Task
from tests.scoring.samples import classified, numbers, several, trades

SMOOTH = [name for name, metric in METRICS.items() if metric.influence is not None]


def sample(name: str, kind: str = "two", rows: int = 400) -> LabelledRows:
    metric, rng = METRICS[name], np.random.default_rng(7)
    if metric.task is Task.CLASSIFICATION:
        return classified(rng, rows) if kind == "two" else several(rng, rows)
    return trades(rows) if metric.for_trading else numbers(rows)


CASES = [(name, kind) for name in SMOOTH for kind in ("two", "several")
         if kind == "two" or METRICS[name].task is Task.CLASSIFICATION]  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_influences_have_mean_0(name: str, kind: str) -> None:
    influence = METRICS[name].influence
    assert influence is not None
    assert influence(sample(name, kind)).mean() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_influence_is_what_leaving_the_row_out_takes_away(name: str, kind: str) -> None:
    metric, rows = METRICS[name], sample(name, kind)
    assert metric.influence is not None
    count, score = len(rows), metric.score(rows)
    left_out = [(count - 1) * (score - metric.score(rows.where(np.arange(count) != row))) for row in range(60)]
    assert metric.influence(rows)[:60] == pytest.approx(np.array(left_out), rel=0.05, abs=0.03 * np.std(left_out))


LOSS = {"rmse": lambda score: score**2, "sharpe_ratio": lambda score: -score}


@pytest.mark.parametrize(("name", "kind"), [case for case in CASES if case[0] != "r2"])
def test_mean_row_loss_is_the_metrics_loss(name: str, kind: str) -> None:
    metric, rows = METRICS[name], sample(name, kind)
    loss = LOSS.get(name, lambda score: 1.0 - score if metric.larger_is_better else score)
    assert metric.row_loss(rows).mean() == pytest.approx(loss(metric.score(rows)), rel=1e-9)


def test_auc_has_delongs_variance() -> None:
    """Against the variance as DeLong, DeLong and Clarke-Pearson write it, from all pairs."""
    rows = sample("auc")
    assert rows.probability is not None
    chance, positive = rows.probability[:, 1], rows.actual == "yes"
    pairs = (chance[positive][:, None] > chance[~positive]) + 0.5 * (chance[positive][:, None] == chance[~positive])
    expected = pairs.mean(axis=1).var(ddof=1) / positive.sum() + pairs.mean(axis=0).var(ddof=1) / (~positive).sum()
    influence = METRICS["auc"].influence
    assert influence is not None
    assert influence(rows).var() / len(rows) == pytest.approx(expected, rel=0.02)
