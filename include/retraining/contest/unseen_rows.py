"""Two versions on the same labelled rows, which arrived after both were trained and accepted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from include.data.rows.spans import within
from include.data.tables import ModelTables
from include.errors import DataError
from include.records.entries.entries import Version
from include.registry.spec import ModelSpec
from include.retraining.artifacts.folder import StoredModel
from include.retraining.contest.predictions import judged_rows, recorded_rows, with_record
from include.retraining.prepare import feature_table, prepare, target_values
from include.retraining.weights import counted
from include.scoring import LabelledRows
from include.scoring.paired import FEWEST_ROWS


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two versions on the same rows, in time order.

    Parameters
    ----------
    rows : DataFrame of shape (n, number of columns)
        As they were read.
    before, after : LabelledRows
        The same with the predictions of the older version, and of the newer one.
    """

    rows: pd.DataFrame
    before: LabelledRows
    after: LabelledRows


def unseen_rows(spec: ModelSpec, version: Version, tables: ModelTables) -> pd.DataFrame:
    """All rows since the version's last, however long ago the recent window begins; none that is in quarantine."""
    if spec.timestamp is None or version.data_until is None:
        return tables.recent
    times = tables.history[spec.timestamp]
    return tables.history[(times >= pd.Timestamp(version.data_until)) & ~within(times, tables.quarantined)]


def labelled_among(spec: ModelSpec, rows: pd.DataFrame) -> int:
    """How many of the rows have a label, and count."""
    return int(np.count_nonzero(~pd.isna(target_values(spec, rows[spec.target])) & counted(spec, rows)))


def judge_pair(
    spec: ModelSpec, load: Callable[[Version], StoredModel], before: Version, after: Version, rows: pd.DataFrame
) -> Pair:
    """Score both on the labelled ones of `rows`; an older version from elsewhere by what the rows carry.

    Raises
    ------
    ArtifactError
        When an artifact is missing or damaged.
    DataError
        When a column is gone, or a recorded prediction is missing.
    TrainingError
        When a version gives no probabilities and the metric needs them.
    """
    now = load(after)
    ready = prepare(spec, [rows], now.columns)
    kept = rows.iloc[ready.origin]
    challenger = judged_rows(spec, now.predictor, ready.features, ready.target, kept, ready.weight)
    if not before.artifact_path:
        there = with_record(spec, kept)
        kept, challenger = kept[there], challenger.where(there)
        recorded = recorded_rows(spec, challenger.actual, kept, challenger.weight)
        return Pair(rows=kept, before=recorded, after=challenger)
    then = load(before)
    gone = [name for name in then.columns.features if name not in rows.columns]
    if gone:
        raise DataError(f"model {spec.name}: no column {', '.join(gone)} in the rows, which {before.label} needs")
    features = feature_table(kept, then.columns)
    older = judged_rows(spec, then.predictor, features, ready.target, kept, ready.weight)
    return Pair(rows=kept, before=older, after=challenger)


def shadow_needs(spec: ModelSpec, champion: Version, used: pd.DataFrame) -> Mapping[str, Any] | None:
    """What a challenger that was trained and judged on the rows `used` needs before it is published; None for nothing.

    It keeps how many ``checks`` its shadow has, how many labelled ``rows`` have to arrive, which champion it is
    ``beside``, and since when rows were used (``trained_since``).
    """
    if not spec.gate.shadow or spec.timestamp is None:
        return None
    return {
        "checks": spec.gate.shadow, "rows": max(spec.minimum_rows // 2, FEWEST_ROWS), "beside": champion.version,
        "trained_since": used[spec.timestamp].iloc[0].isoformat(),
    }  # fmt: skip


def untrained_rows(version: Version) -> int:
    """How many rows a version was judged on and not trained on, at the gate and in shadow; 0 for a first version."""
    if (kept := version.details.get("untrained_rows")) is not None:
        return int(kept)
    trained = version.parent is None or version.baseline is None or version.details.get("refit", False)
    return 0 if trained or version.baseline is None else version.baseline.rows
