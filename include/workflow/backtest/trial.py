"""What a backtest found, as values that are kept in a file and compared with an earlier one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from include.decision.signals import SignalKind
from include.records.entries import EventStatus
from include.scoring import METRICS
from include.workflow.backtest.files import read_json, write_json
from include.workflow.backtest.replay import Window

_COSTS = ("training_cost", "per_unit_of_loss")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One policy over all windows.

    Parameters
    ----------
    policy : str
        Its name.
    score : float
        The primary metric over all windows, rows pooled; NaN where it cannot be computed.
    windows : tuple of Window
    training_cost : float or None
        Of one retrain, in the user's unit; None where no costs are named.
    per_unit_of_loss : float or None
        Cost of predicting one row one unit of the metric worse; None where no costs are named.
    """

    policy: str
    score: float
    windows: tuple[Window, ...]
    training_cost: float | None = None
    per_unit_of_loss: float | None = None

    @property
    def rows(self) -> int:
        """Rows scored in all windows."""
        return sum(window.rows for window in self.windows)

    @property
    def retrains(self) -> int:
        """Decisions that fired, the first version and ends of a shadow aside."""
        return sum(window.status is not None and window.trigger != SignalKind.SHADOW for window in self.windows)

    @property
    def not_promoted(self) -> int:
        """Retrains whose challenger the gate held back, at once or after its shadow, or that failed."""
        return self.retrains - sum(window.status is EventStatus.PROMOTED for window in self.windows)

    def not_paid(self, metric: str) -> int:
        """Promotions after which the version before would have scored as well, or better, in the next window."""
        promoted = (after for before, after in pairwise(self.windows) if before.status is EventStatus.PROMOTED)
        pairs = ((window.score, window.predecessor) for window in promoted)
        return sum(
            not _worse(metric, better=score, than=predecessor) > 0.0
            for score, predecessor in pairs
            if score is not None and predecessor is not None
        )


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """All policies over the same windows of one model.

    Parameters
    ----------
    model, metric : str
        Names.
    trials : tuple of Trial
    """

    model: str
    metric: str
    trials: tuple[Trial, ...]

    @property
    def priced(self) -> bool:
        """Whether costs are named for any policy."""
        return any(trial.training_cost is not None for trial in self.trials)

    def days_to_recovery(self, trial: Trial) -> float | None:
        """Mean length, in days, of the stretches of windows in which the policy lagged behind; None for none.

        It lags behind in a window when its score is worse than the best policy's there by what matters for the metric
        (`include.scoring.Metric.threshold`). A stretch that has not ended counts until the end.
        """
        lengths, open_since = [], None
        for number, window in enumerate(trial.windows):
            lags = self._lags(number, window)
            if lags and open_since is None:
                open_since = window.start
            if open_since is not None and (not lags or number == len(trial.windows) - 1):
                lengths.append(((window.end if lags else window.start) - open_since).total_seconds() / 86_400.0)
                open_since = None
        return sum(lengths) / len(lengths) if lengths else None

    def _lags(self, number: int, window: Window) -> bool:
        scores = [s for trial in self.trials if (s := trial.windows[number].score) is not None]
        if window.score is None or not scores:
            return False
        best = max(scores) if METRICS[self.metric].larger_is_better else min(scores)
        return METRICS[self.metric].worsening(baseline=best, recent=window.score) >= METRICS[self.metric].threshold

    def training_costs(self, trial: Trial) -> float | None:
        """Of all retrains; where no costs are named their number, where only other policies' are named None."""
        if trial.training_cost is None:
            return None if self.priced else float(trial.retrains)
        return trial.retrains * trial.training_cost

    def gain(self, trial: Trial) -> float | None:
        """What the policy won over never retraining, in the user's unit, training not yet paid; None if not known."""
        never = next((other for other in self.trials if other.policy == "never"), None)
        if never is None or trial.per_unit_of_loss is None:
            return None
        return _worse(self.metric, better=trial.score, than=never.score) * trial.rows * trial.per_unit_of_loss

    def on_frontier(self, trial: Trial) -> bool:
        """Whether no other policy is at least as good at no more cost, and better in one of the two."""
        for other in self.trials:
            gain = _worse(self.metric, better=other.score, than=trial.score)
            saved = trial.retrains - other.retrains
            if gain >= 0.0 and saved >= 0 and (gain > 0.0 or saved > 0):
                return False
        return True

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "model": self.model,
            "metric": self.metric,
            "trials": [
                {
                    "policy": trial.policy,
                    "score": None if math.isnan(trial.score) else trial.score,
                    **{name: getattr(trial, name) for name in _COSTS},
                    "windows": [_window_json(window) for window in trial.windows],
                }
                for trial in self.trials
            ],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Backtest:
        """Read what `to_json` wrote."""
        trials = tuple(
            Trial(
                policy=trial["policy"], score=math.nan if trial["score"] is None else trial["score"],
                windows=tuple(_window(window) for window in trial["windows"]),
                **{name: trial.get(name) for name in _COSTS},  # older files know of none
            )
            for trial in stored["trials"]
        )  # fmt: skip
        return cls(model=stored["model"], metric=stored["metric"], trials=trials)


def save(backtest: Backtest, path: Path) -> None:
    """Write a result to a file, the same bytes for the same result."""
    write_json(backtest.to_json(), path)


def load(path: Path) -> Backtest:
    """Read a result from a file; a `ConfigurationError` if it is none."""
    return read_json(path, Backtest.from_json, "a backtest")


def without_reasons(windows: Sequence[Window]) -> tuple[Window, ...]:
    """The same windows, the sentences cut to what a result file keeps."""
    return tuple(replace(w, decision=w.decision[:300], outcome=w.outcome[:300]) for w in windows)


def _worse(metric: str, *, better: float, than: float) -> float:
    """How much worse `than` is than `better`, in the metric's unit."""
    return better - than if METRICS[metric].larger_is_better else than - better


def _window_json(window: Window) -> dict[str, Any]:
    status = None if window.status is None else str(window.status)
    return {**asdict(window), "start": window.start.isoformat(), "end": window.end.isoformat(), "status": status}


def _window(stored: Mapping[str, Any]) -> Window:
    status = stored["status"]
    return Window(
        **{
            **stored,
            "start": datetime.fromisoformat(stored["start"]),
            "end": datetime.fromisoformat(stored["end"]),
            "status": None if status is None else EventStatus(status),
        }
    )
