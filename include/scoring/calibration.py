"""Calibrated probabilities: among rows with a calibrated probability of 0.3, three in ten come true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from include.scoring.labelled_rows import Floats, LabelledRows

FEWEST_ROWS, FEWEST_OF_A_CLASS = 200, 20


@dataclass(frozen=True, kw_only=True)
class ProbabilityCalibration:
    """For each class a rising line from the model's probability to the share that came true.

    Fitted by isotonic regression on rows that the model was not trained on [1]_; several classes each against the rest,
    and the results divided by their sum.

    Parameters
    ----------
    classes : tuple of str
        In the order of the probabilities' columns.
    lines : tuple of (tuple of float, tuple of float)
        Knots of each class's line: probabilities, and shares.

    References
    ----------
    .. [1] B. Zadrozny and C. Elkan, "Transforming classifier scores into accurate multiclass probability estimates",
       KDD 2002.
    """

    classes: tuple[str, ...]
    lines: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]

    @classmethod
    def fit(cls, rows: LabelledRows) -> ProbabilityCalibration | None:
        """Calibrate on labelled rows with probabilities.

        Returns
        -------
        ProbabilityCalibration or None
            None without probabilities, for fewer than 200 rows, and when a class has fewer than 20 of them.
        """
        if rows.probability is None or rows.evidence < FEWEST_ROWS:
            return None
        actual = np.asarray(rows.actual).astype(str)
        if min(int(np.sum(actual == name)) for name in rows.classes) < FEWEST_OF_A_CLASS:
            return None
        from sklearn.isotonic import IsotonicRegression

        lines = []
        for place, name in enumerate(rows.classes):
            fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
            came_true = (actual == name).astype(float)
            fitted.fit(rows.probability[:, place], came_true, sample_weight=rows.weight)
            knots = fitted.X_thresholds_, fitted.y_thresholds_
            lines.append((tuple(map(float, knots[0])), tuple(map(float, knots[1]))))
        return cls(classes=rows.classes, lines=tuple(lines))

    def apply(self, probability: Floats, classes: tuple[str, ...]) -> Floats:
        """Calibrated probabilities of `classes`, the same ones in any order; rows of the answer sum to 1."""
        found = np.empty_like(probability, dtype=float)
        for place, name in enumerate(classes):
            found[:, place] = np.interp(probability[:, place], *self.lines[self.classes.index(name)])
        total = found.sum(axis=1, keepdims=True)
        return np.where(total > 0.0, np.divide(found, total, out=np.zeros_like(found), where=total > 0.0), probability)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {"classes": list(self.classes), "lines": [[list(x), list(y)] for x, y in self.lines]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ProbabilityCalibration:
        """Read what `to_json` wrote."""
        lines = tuple((tuple(x), tuple(y)) for x, y in stored["lines"])
        return cls(classes=tuple(stored["classes"]), lines=lines)
