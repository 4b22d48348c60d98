"""The champion beside a challenger on the held-out rows; the challenger alone where the champion cannot predict."""

from __future__ import annotations

import pandas as pd

from include.errors import ArtifactError, CannotPredict
from include.records.entries import Version
from include.retraining.contest.contest import Contest
from include.retraining.gate.gate import GateResult, PromotionGate
from include.scoring import LabelledRows


def judge_beside(
    gate: PromotionGate, contest: Contest, champion: Version, challenger: LabelledRows, rows: pd.DataFrame
) -> GateResult:
    """The gate's result on the held-out `rows`, as they were read.

    A champion that needs a column which is gone, and which the model file has given up, predicts nothing any more: the
    challenger has to pass what a first version has to, and the reason says so. So with one whose artifact is gone, or
    does not answer any more.
    """
    try:
        pair = contest.beside(champion, challenger, rows)
    except (ArtifactError, CannotPredict) as error:
        return gate.judge_alone(challenger, str(error))
    return gate.judge(pair.before, pair.after)
