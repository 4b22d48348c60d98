"""A version as a first one, where the champion cannot be asked any more: on its rows, against its promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd

from include.data.rows.spans import within
from include.data.tables import ModelTables
from include.records.entries import Version
from include.registry.spec import ModelSpec
from include.retraining.accepted import Champion
from include.retraining.artifacts import StoredModel
from include.retraining.asked import silence_of
from include.retraining.gate.gate import GateResult, GateVerdict
from include.scoring import METRICS, LabelledRows, interval


@dataclass(frozen=True, kw_only=True)
class FirstAgain:
    """What a version is trained on and judged by, in the place of a champion that cannot be asked.

    Parameters
    ----------
    why : str
        Why it cannot be asked.
    tables : ModelTables
        Its reference are the rows that the champion was trained on.
    until : datetime or None
        The end of those rows; None without timestamps.
    """

    spec: ModelSpec
    champion: Version
    why: str
    tables: ModelTables
    until: datetime | None

    @classmethod
    def of(
        cls, spec: ModelSpec, load: Callable[[Version], StoredModel], champion: Champion, tables: ModelTables
    ) -> FirstAgain | None:
        """What is needed instead of a comparison with the champion; None where it answers."""
        version = champion.version
        if not (why := silence_of(load, version, tables.history)):
            return None
        return cls(
            spec=spec, champion=version, why=why, tables=_with_its_rows(spec, version, tables),
            until=version.data_until or (spec.reference.end if spec.reference is not None else None),
        )  # fmt: skip

    def judge(self, result: GateResult, holdout: LabelledRows) -> GateResult:
        """The gate's result on the last of the champion's rows, held where it breaks the champion's promise.

        The promise is the primary metric that the champion was accepted with. It is broken by a worsening that matters
        (``policy.performance_threshold``) and that the interval of the metric does not cover.
        """
        metric, baseline = METRICS[self.spec.metric], self.champion.baseline
        reason = f"{self.why}: trained as a first version; {result.reason}"
        promised = None if baseline is None else baseline.scores.get(metric.name)
        score = result.scores.get(metric.name)
        if result.verdict is not GateVerdict.PROMOTE or promised is None or score is None:
            return replace(result, reason=reason)
        worse = metric.worsening(baseline=promised, recent=score)
        covered = interval(metric, holdout)
        told = f"{metric.name} {score:.4g}, {promised:.4g} promised by {self.champion.label}"
        best = None if covered is None else covered[1] if metric.larger_is_better else covered[0]
        certain = best is None or metric.worsening(baseline=promised, recent=best) > 0.0
        if worse > self.spec.settings("").performance_threshold and certain:
            return replace(result, verdict=GateVerdict.HOLD, reason=f"{reason}; but worse than the record: {told}")
        return replace(result, reason=f"{reason}; {told}")


def _with_its_rows(spec: ModelSpec, version: Version, tables: ModelTables) -> ModelTables:
    """The tables with the rows that the version was trained and accepted on as their reference."""
    if spec.timestamp is None or version.data_until is None:
        return tables
    times = tables.history[spec.timestamp]
    chosen = (times < pd.Timestamp(version.data_until)) & ~within(times, tables.quarantined)
    if (since := version.details.training_data_from) is not None:
        chosen &= times >= pd.Timestamp(since)
    rows = tables.history[chosen]
    if len(rows) < spec.minimum_rows:
        return tables
    return replace(tables, reference=rows.reset_index(drop=True), reference_copies=0)
