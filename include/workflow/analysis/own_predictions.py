"""Are the predictions that came with the rows the champion's own?

They may be another model's: the one in use before this version was accepted, or the champion given other features than
those on record. Beside the champion's on the rows that it was accepted on they would be a drift at every check.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import NumericColumn
from include.data.reference.profiles import PREDICTION, predictions_against
from include.decision.policy.presets import PolicySettings
from include.decision.signals import RECORDED, Signal, SignalKind, Verdict
from include.detectors.catalogue import change_detectors, detect, detectors_of
from include.detectors.comparison import Comparison
from include.errors import ArtifactError
from include.registry.spec import ModelSpec
from include.retraining.contest.predictions import champion_answers
from include.retraining.executor import Champion, RetrainingExecutor
from include.retraining.prepare import Columns, target_values
from include.scoring import Task

OWN = 0.99  # share of the recorded predictions that are the champion's, from which on they all count as its own
SAME = 0.01  # of the spread of its predictions: what another library computes is nearer than that
FINE = 0.25  # of the spread: up to such a step predictions are rounded, above it they are something else

Values = npt.NDArray[np.object_]


def detected(
    executor: RetrainingExecutor, champion: Champion, recent: pd.DataFrame, columns: Columns, settings: PolicySettings,
    comparison: Comparison,
) -> tuple[Comparison, list[Signal]]:  # fmt: skip
    """What changed; both with the champion's own predictions, where those that came with the rows are not its own.

    They are looked at only where they drift or do worse than was promised, for the champion has to predict. What came
    with the rows is what the model in use said: how well it does is left as it was measured.

    Parameters
    ----------
    recent : DataFrame
        The rows that the comparison's predictions are of.
    """
    signals = detect(change_detectors(settings, executor.spec.metric), comparison)
    spec, version, kinds = executor.spec, champion.version, (SignalKind.PREDICTION_DRIFT, SignalKind.PERFORMANCE)
    gone = set(columns.features) - set(recent.columns) or spec.prediction not in recent.columns
    if gone or not version.artifact_path or not any(signal.changed and signal.kind in kinds for signal in signals):
        return comparison, signals
    recorded = target_values(spec, recent[spec.prediction], "prediction").astype(object)
    there = ~pd.isna(recorded)
    rows = int(np.count_nonzero(there))
    classes = () if version.baseline is None else version.baseline.classes
    try:
        own = champion_answers(spec, executor.load(version).predictor, recent, columns, classes)
    except ArtifactError:  # it is not known whose they are; who asks the champion for an answer says that it has none
        return comparison, signals
    differ = int(np.count_nonzero(_apart(spec, recorded[there], own[there], _spread(comparison))))
    if differ <= (1.0 - OWN) * rows:
        return comparison, signals
    reason = (
        f"{spec.prediction}: {differ} of {rows} predictions that came with the rows are not what "
        f"{version.label} answers on them: another model is in use, or {version.label} is given other features there"
    )
    told = Signal(
        kind=SignalKind.CHAMPION, statistic=RECORDED, feature=PREDICTION, verdict=Verdict.STABLE,
        value=differ / rows, reason=reason,
    )  # fmt: skip
    rest = [signal for signal in signals if signal.kind is not SignalKind.PREDICTION_DRIFT]
    if PREDICTION not in comparison.outputs:
        return comparison, [*rest, told]
    known = comparison.outputs[PREDICTION][0]
    given = own.astype(float) if spec.task is Task.REGRESSION else own
    outputs = {**comparison.outputs, PREDICTION: (known, predictions_against(known, given))}
    comparison = replace(comparison, outputs=outputs)
    found = detect(detectors_of(settings, spec.metric, SignalKind.PREDICTION_DRIFT), comparison)
    return comparison, [*rest, *(each for each in found if each.kind is SignalKind.PREDICTION_DRIFT), told]


def _apart(spec: ModelSpec, recorded: Values, own: Values, usual: float) -> npt.NDArray[np.bool_]:
    """Which recorded predictions are not those of the champion on the same rows."""
    if spec.task is Task.CLASSIFICATION:
        return np.asarray(recorded != own, dtype=bool)
    said, answered = recorded.astype(float), own.astype(float)
    spread = max(usual, float(np.std(said)), float(np.std(answered)))
    steps = (10.0**-digits for digits in range(-3, 7))
    step = next((step for step in steps if np.allclose(said, np.round(said / step) * step, rtol=1e-12, atol=0.0)), 0.0)
    near = max(SAME * spread, step / 2.0 if step <= FINE * spread else 0.0)
    return np.asarray(np.abs(said - answered) > near + 1e-6 * np.abs(answered))


def _spread(comparison: Comparison) -> float:
    """Standard deviation of the champion's predictions on the rows that it was accepted on; 0 where that is unknown."""
    known = comparison.outputs[PREDICTION][0].columns[PREDICTION] if PREDICTION in comparison.outputs else None
    return math.sqrt(known.variance) if isinstance(known, NumericColumn) and known.variance > 0.0 else 0.0
