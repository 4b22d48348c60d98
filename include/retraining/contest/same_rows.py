"""Two versions on the same labelled rows: how each scores, what the one gains, and which rows each has seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.class_columns import rows_in_one_coding
from include.data.rows.spans import Span
from include.errors import ArtifactError, DataError
from include.records.entries import Version
from include.registry.spec import ModelSpec
from include.retraining.artifacts import StoredModel
from include.retraining.contest.contest import Contest
from include.scoring import METRICS, LabelledRows, score_all
from include.scoring.paired import FEWEST_ROWS, paired_gain


@dataclass(frozen=True, kw_only=True)
class SameRows:
    """Two versions on the same rows.

    Parameters
    ----------
    rows : int
        Labelled rows that both predicted; quarantined, unreadable and duplicate ones are left out.
    start, end : datetime or None
        Time of the first and the last of them; None without timestamps.
    seen : pair of int or None
        How many of the rows are no later than what each version was trained or accepted on; None where the records
        cannot tell. A comparison on rows that one has seen is unfair to the other.
    scores : pair of mapping of str to float
        Every metric that the rows allow.
    metric : str
        The model's primary metric, which the gain is in.
    gain, low, high : float or None
        What the second gains on the first, as in `include.scoring.paired`, and its interval at `level`; None where it
        could not be tested.
    p_value : float or None
        Probability of a difference so large, either way, between versions that are equally good.
    level : float
    note : str
        Why nothing was tested; empty if it was.
    dropped : mapping of str to int
        Rows left out, by reason.
    """

    rows: int
    start: datetime | None
    end: datetime | None
    seen: tuple[int | None, int | None]
    scores: tuple[Mapping[str, float], Mapping[str, float]]
    metric: str
    level: float
    gain: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    note: str = ""
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def fair(self) -> bool:
        """Whether it is known that neither has seen any of the rows."""
        return self.seen == (0, 0)


@dataclass(frozen=True, kw_only=True)
class VersionPair:
    """Scores two versions of a model.

    Parameters
    ----------
    spec : ModelSpec
    load : callable
        Loads a version.
    first, second : Version
    quarantined : sequence of Span
        Rows that are left out.
    """

    spec: ModelSpec
    load: Callable[[Version], StoredModel]
    first: Version
    second: Version
    quarantined: Sequence[Span] = ()

    def compare(self, rows: pd.DataFrame) -> list[SameRows]:
        """Compare on `rows`, in time order; and once more on those that neither has seen, if that is some of them.

        Raises
        ------
        ArtifactError
            When an artifact is missing or damaged.
        DataError
            When a column is gone, or no row is left.
        """
        spec = self.spec
        contest, versions = Contest(spec=spec, load=self._load), (self.first, self.second)
        known = () if self.first.baseline is None else self.first.baseline.classes
        shared = contest.shared(versions, rows_in_one_coding(spec, rows, known), quarantined=self.quarantined)
        kept, dropped = shared.rows, shared.ready.dropped
        if not len(shared):
            raise DataError(
                f"model {spec.name}: no labelled row to compare on among the {len(rows)} chosen; left out: "
                f"{dict(dropped)}; choose others with from and to"
            )
        judged = [contest.answered(shared.stored[version.version], shared) for version in versions]
        seen = [contest.seen(version, kept, rows) for version in versions]
        every = self._on(judged[0], judged[1], kept, seen, dropped)
        fresh = np.ones(len(kept), dtype=bool)
        for mask in seen:
            fresh &= False if mask is None else ~mask
        if not fresh.any() or fresh.all():
            return [every]
        unseen = [None if mask is None else mask[fresh] for mask in seen]
        return [every, self._on(judged[0].where(fresh), judged[1].where(fresh), kept[fresh], unseen, {})]

    def _load(self, version: Version) -> StoredModel:
        if not version.artifact_path:
            raise ArtifactError(f"{version.label} ({version.status}) has no artifact to ask")
        return self.load(version)

    def _on(
        self, first: LabelledRows, second: LabelledRows, table: pd.DataFrame,
        seen: Sequence[npt.NDArray[np.bool_] | None], dropped: Mapping[str, int],
    ) -> SameRows:  # fmt: skip
        spec = self.spec
        metric, level = METRICS[spec.metric], spec.gate.level
        known = [None if mask is None else int(mask.sum()) for mask in seen]
        times = None if spec.timestamp is None else table[spec.timestamp]
        scored: dict[str, Any] = {
            "rows": len(first), "seen": (known[0], known[1]), "metric": spec.metric, "level": level, "dropped": dropped,
            "start": None if times is None else times.iloc[0].to_pydatetime(),
            "end": None if times is None else times.iloc[-1].to_pydatetime(),
            "scores": (score_all(spec.task, first), score_all(spec.task, second)),
        }  # fmt: skip
        if (judged := metric.judged(first)).evidence < FEWEST_ROWS:
            return SameRows(**scored, note=f"{judged.amount} rows, {FEWEST_ROWS} needed to prove anything")
        hindrance = metric.hindrance(first) or metric.hindrance(second)
        if hindrance:
            return SameRows(**scored, note=f"{spec.metric} cannot be computed on these rows: {hindrance}")
        found = paired_gain(metric, first, second)
        width = found.half_width(level)
        return SameRows(
            **scored, gain=found.gain, low=found.gain - width, high=found.gain + width,
            p_value=2.0 * min(found.p_value, 1.0 - found.p_value),
        )  # fmt: skip
