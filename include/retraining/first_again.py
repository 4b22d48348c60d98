"""A version as a first one, where the champion does not answer any more: on its rows or newer, against its promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

import pandas as pd

from include.data.rows.spans import within
from include.data.tables import ModelTables
from include.errors import DataError
from include.records.entries import Version
from include.registry.spec import ModelSpec
from include.retraining.accepted import Champion
from include.retraining.answering import silence_of
from include.retraining.artifacts import StoredModel
from include.retraining.gate.gate import GateResult, GateVerdict
from include.retraining.prepare import just_after
from include.scoring import METRICS, LabelledRows, interval


class Judged(Protocol):
    """A version that was judged, as a frozen dataclass that has ``data_until``, too."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def result(self) -> GateResult:
        """What the gate says."""
        ...

    @property
    def holdout(self) -> LabelledRows:
        """The rows that it was judged on."""
        ...


Made = TypeVar("Made", bound=Judged)


@dataclass(frozen=True, kw_only=True)
class FirstAgain:
    """What a version is trained on and judged by, in the place of a champion that does not answer.

    Parameters
    ----------
    why : str
        Why it does not answer.
    stretches : sequence of (ModelTables, datetime or None)
        Tables whose reference are the rows that the champion was trained on, and the end of these, None without
        timestamps; then those with all rows since instead, if there are enough: what the champion has learnt may not be
        learnt from its rows alone, such as those of two regimes, and they never change.
    """

    spec: ModelSpec
    champion: Version
    why: str
    stretches: Sequence[tuple[ModelTables, datetime | None]]

    @classmethod
    def of(
        cls, spec: ModelSpec, load: Callable[[Version], StoredModel], champion: Champion, tables: ModelTables
    ) -> FirstAgain | None:
        """What is needed instead of a comparison with the champion; None where it answers."""
        version = champion.version
        if not (why := silence_of(load, version, tables.history)):
            return None
        until = version.data_until or (spec.reference.end if spec.reference is not None else None)
        stretches = [(_with_its_rows(spec, version, tables), until), *_since(spec, until, tables)]
        return cls(spec=spec, champion=version, why=why, stretches=stretches)

    def train(self, first: Callable[[ModelTables], Made]) -> Made:
        """The version of the first stretch that may take the champion's place; of none that of the champion's rows.

        Parameters
        ----------
        first : callable
            Trains and judges a first version on the reference of the tables.
        """
        tried: list[Made] = []
        for tables, until in self.stretches:
            try:
                made = first(tables)
            except DataError:
                if not tried:
                    raise
                continue  # too few of the newer rows can be used
            tried.append(replace(made, data_until=until, result=self.judge(made.result, made.holdout)))
            if tried[-1].result.verdict is GateVerdict.PROMOTE:
                return tried[-1]
        return tried[0]

    def judge(self, result: GateResult, holdout: LabelledRows) -> GateResult:
        """The gate's result on the last of the rows, held where it breaks the champion's promise.

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


def _since(
    spec: ModelSpec, until: datetime | None, tables: ModelTables
) -> Iterator[tuple[ModelTables, datetime | None]]:
    """The tables with the rows since then as their reference, and the end of these."""
    if spec.timestamp is None or until is None:
        return
    times = tables.history[spec.timestamp]
    rows = tables.history[(times >= pd.Timestamp(until)) & ~within(times, tables.quarantined)]
    if rows[spec.target].notna().sum() >= spec.minimum_rows:
        rows = rows.reset_index(drop=True)
        yield replace(tables, reference=rows, reference_copies=0), just_after(rows[spec.timestamp])


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
