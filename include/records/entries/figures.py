"""Statistics of the system itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What the decisions of a period came to, for one model and one trigger; dry runs are left out.

    Parameters
    ----------
    trigger : str
        The trigger that weighed most; empty for decisions that nothing fired for, and for failures before a decision.
    checks : int
        Decisions.
    retrains : int
        Those that were to retrain.
    promotions, holds, rejections : int
        How their gate ended.
    failures : int
        Retrains that failed or were abandoned, and, without a trigger, runs that could not look at the model.
    false_alarms : int
        Retrains that were marked as false alarms.
    hours : float
        Of training.
    cost : float or None
        Of the retrains that were tried, in the unit of the policy's costs; None without costs.
    expected_gain : float or None
        What was expected of those promoted over the policy's horizon, in that unit.
    gain : float or None
        What those promoted gained over the horizon as the last look of their probation measured it, in that unit; None
        without costs or a look.
    loss_cut : float or None
        The same as the mean cut of the loss against the predecessor: a share, or for metrics whose loss does not begin
        at zero in the metric's unit.
    """

    model_name: str
    trigger: str
    checks: int
    retrains: int
    promotions: int
    holds: int
    rejections: int
    failures: int
    false_alarms: int
    hours: float
    cost: float | None
    expected_gain: float | None
    gain: float | None
    loss_cut: float | None
