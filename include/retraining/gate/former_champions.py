"""The anchor of the gate: a challenger must not be proven worse than a former champion, however bad the present one is.

Each promotion alone is a step forward from the champion of its day. If that one was a mistake, the next step forward
may still lie behind where the model once was: so the champions before it are compared, too.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.errors import ArtifactError, DataError, TrainingError
from include.records.entries import Version
from include.retraining.contest.contest import Contest
from include.retraining.gate.gate import GateResult, GateVerdict
from include.retraining.gate.guards import Guarded
from include.scoring import METRICS, LabelledRows
from include.scoring.paired import FEWEST_ROWS, paired_gain

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """Former champions beside a challenger that the gate would promote.

    Parameters
    ----------
    contest : Contest
    former : sequence of Version
        They share the gate's level.
    """

    contest: Contest
    former: Sequence[Version]

    def judge(self, result: GateResult, challenger: LabelledRows, rows: pd.DataFrame) -> GateResult:
        """The same result, or HOLD when one of the former champions is proven better on the same rows.

        Parameters
        ----------
        challenger : LabelledRows
            The held-out rows with the challenger's predictions.
        rows : DataFrame
            The same rows as they were read. Of them only those count that a former champion was not trained on.
        """
        if result.verdict is not GateVerdict.PROMOTE:
            return result
        compared = (self._beside(version, challenger, rows) for version in self.former)
        found = sorted((one for one in compared if one is not None), key=lambda one: one.p_value)
        if not found or not found[0].worse:
            return replace(result, former=found)
        reason = f"{result.reason}; but proven worse than a former champion: {found[0].sentence}"
        return replace(result, verdict=GateVerdict.HOLD, reason=reason, former=found)

    def _beside(self, version: Version, challenger: LabelledRows, rows: pd.DataFrame) -> Guarded | None:
        """What one former champion shows; None where it cannot predict."""
        spec, unseen = self.contest.spec, self._unseen(version, rows)
        ours = challenger.where(unseen)
        if ours.evidence < FEWEST_ROWS:
            return None
        try:
            theirs = self.contest.answers(version, rows[unseen], ours)
        except (ArtifactError, DataError, TrainingError) as error:  # no reason to keep a bad champion
            log.warning("%s: %s cannot be compared with the challenger: %s", spec.name, version.label, error)
            return None
        metric = METRICS[spec.metric]
        if metric.hindrance(ours) or metric.hindrance(theirs):
            return None
        return Guarded(
            name=f"{metric.name} beside {version.label}", champion=metric.score(theirs), challenger=metric.score(ours),
            rows=len(ours), p_value=paired_gain(metric, ours, theirs).p_value,
            level=spec.gate.level / len(self.former),
        )  # fmt: skip

    def _unseen(self, version: Version, rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
        seen = None if self.contest.spec.timestamp is None else self.contest.seen(version, rows, rows)
        return np.zeros(len(rows), dtype=bool) if seen is None else ~seen
