"""What a retrain is worth: the expected gain over a horizon against the cost of training, in the user's unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from include.decision.evidence import Evidence
from include.decision.signals import SignalKind
from include.scoring import METRICS


@dataclass(frozen=True, kw_only=True)
class Worth:
    """The two sides of the scale.

    Parameters
    ----------
    training_cost : float
        Of one retrain.
    per_unit_of_loss : float
        What it costs to predict one row one unit of the primary metric worse: for RMSE a unit of the target, for
        accuracy a wrong row.
    rows : float
        Rows to be predicted within the horizon.
    horizon : timedelta
    """

    training_cost: float
    per_unit_of_loss: float
    rows: float
    horizon: timedelta

    def expected_gain(self, evidence: Evidence) -> float | None:
        """Worth of a retrain over the horizon; None where neither its gain nor performance is known.

        The gain that was measured on recent rows; where none was, what was lost since acceptance is taken for what can
        be won back. The gate, not this, finds out whether it is.
        """
        for kind, known in ((SignalKind.RETRAIN_GAIN, "learnt"), (SignalKind.PERFORMANCE, "baseline")):
            for signal in evidence.of_kind(kind):
                if signal.statistic in METRICS and {"current", known} <= set(signal.detail):
                    worse = signal.detail["current"] - signal.detail[known]
                    lost = -worse if METRICS[signal.statistic].larger_is_better else worse
                    return max(lost, 0.0) * self.per_unit_of_loss * self.rows
        return None

    def objection(self, evidence: Evidence) -> str:
        """Why a retrain does not pay; empty if it does, or if that cannot be told."""
        gain = self.expected_gain(evidence)
        if gain is None or gain > self.training_cost:
            return ""
        days = self.horizon / timedelta(days=1)
        return f"a gain of {gain:.4g} over {days:g} days is expected, and training costs {self.training_cost:.4g}"
