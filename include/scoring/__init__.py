"""Metrics of a model on labelled rows, and the row losses, influences and intervals that comparisons are made of."""

from include.scoring.baseline import Baseline, SliceBaseline
from include.scoring.calibration import ProbabilityCalibration
from include.scoring.catalogue import METRICS, score_all
from include.scoring.estimate import Estimate, estimate
from include.scoring.intervals import interval
from include.scoring.labelled_rows import LabelledRows, PredictedRows, Task
from include.scoring.metric import Harm, Metric
from include.scoring.slices import SliceRule

__all__ = [
    "METRICS",
    "Baseline",
    "Estimate",
    "Harm",
    "LabelledRows",
    "Metric",
    "PredictedRows",
    "ProbabilityCalibration",
    "SliceBaseline",
    "SliceRule",
    "Task",
    "estimate",
    "interval",
    "score_all",
]
