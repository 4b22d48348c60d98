"""`RetrainingTriggerManager`: rules on metrics that the caller has measured, evaluated together."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from include.decision.decision import Severity
from include.decision.evidence import Evidence, Trigger, TriggerResult
from include.decision.policy.preset_names import PresetName
from include.decision.triggers.own import ask
from include.errors import ConfigurationError
from include.orchestrator.metric_triggers import (
    CompositeTrigger,
    DataVolumeTrigger,
    DriftTrigger,
    Mode,
    PerformanceTrigger,
    TimeTrigger,
)
from include.orchestrator.own_metrics import Moment, evidence_of, moment
from include.orchestrator.trigger_config import preset_triggers, read_triggers, write_trigger
from include.orchestrator.trigger_report import RetrainingReport, TriggerDetail

MOST_KEPT = 1000  # reports in the history of one manager


class MetricsEngine(Protocol):
    """What knows the metrics of now."""

    def drift_metrics(self) -> Mapping[str, float]:
        """The latest drift metrics, by name."""
        ...

    def current_metrics(self) -> Mapping[str, float]:
        """The latest performance metrics, by name."""
        ...


class ModelRegistry(Protocol):
    """What knows the model in production."""

    def baseline_metrics(self) -> Mapping[str, float]:
        """Its metrics at acceptance, by name."""
        ...

    def last_trained_at(self) -> Moment | None:
        """When it was trained; None where that is not known."""
        ...


class ExperimentLog(Protocol):
    """What keeps reports."""

    def log_retraining_report(self, report: Mapping[str, Any]) -> None:
        """Keep a report, given as JSON can hold it."""
        ...


class RetrainingTriggerManager:
    """Registers triggers and evaluates them all on the caller's own metrics. Safe to use from several threads.

    Needs no model file, no database and no rows. What a trigger needs and was not given makes it not fire, and the
    report says so.

    Parameters
    ----------
    metrics_engine, model_registry, experiment_db : optional
        Where `check_retraining_needed` takes metrics and baselines from, and what each report is told to.

    Examples
    --------
    >>> manager = RetrainingTriggerManager()
    >>> manager.register_drift_trigger(threshold=0.15)
    >>> manager.register_performance_trigger(threshold=0.05, metric_name="val_loss")
    >>> report = manager.evaluate(
    ...     drift_metrics={"js_divergence": 0.18},
    ...     current_metrics={"val_loss": 0.45},
    ...     baseline_metrics={"val_loss": 0.40},
    ... )
    >>> report.triggered, str(report.severity)
    (True, 'HIGH')
    """

    def __init__(
        self, metrics_engine: MetricsEngine | None = None, model_registry: ModelRegistry | None = None,
        experiment_db: ExperimentLog | None = None,
    ) -> None:  # fmt: skip
        self._engine, self._registry, self._log = metrics_engine, model_registry, experiment_db
        self._triggers: dict[str, tuple[Trigger, Severity | None]] = {}
        self._history: list[RetrainingReport] = []
        self._lock = threading.Lock()

    @classmethod
    def from_preset(cls, preset: PresetName, metric_name: str = "val_loss", **sources: Any) -> RetrainingTriggerManager:
        """Drift, performance, time and volume with the numbers of a preset: conservative, balanced or aggressive."""
        return cls._with(preset_triggers(preset, metric_name), sources)

    @classmethod
    def from_config(cls, config: Mapping[str, Any] | Path | str, **sources: Any) -> RetrainingTriggerManager:
        """The triggers of a mapping, or of a YAML or JSON file; see `include.orchestrator.trigger_config`."""
        return cls._with(read_triggers(config), sources)

    @classmethod
    def _with(
        cls, triggers: Sequence[tuple[Trigger, Severity | None]], sources: Mapping[str, Any]
    ) -> RetrainingTriggerManager:
        manager = cls(**sources)
        for trigger, severity in triggers:
            manager.register_trigger(trigger, severity=severity)
        return manager

    def register_trigger(self, trigger: Trigger, *, name: str = "", severity: Severity | str | None = None) -> None:
        """Register any trigger: one of ours, of a policy's, or an own object with ``decide(evidence)``.

        Parameters
        ----------
        name : str, optional
            What reports call it, once in a manager; by default its own name or label.
        severity : str, optional
            LOW, MEDIUM, HIGH or CRITICAL whenever it fires; by default as strong as the evidence is.
        """
        if not callable(getattr(trigger, "decide", None)):
            raise ConfigurationError("trigger", f"a {type(trigger).__name__} has no decide(evidence)")
        called = name or str(getattr(trigger, "name", "") or getattr(trigger, "label", "") or type(trigger).__name__)
        known = ", ".join(Severity)
        if severity is not None and severity not in tuple(Severity):
            raise ConfigurationError(f"trigger {called}", f"severity: found {severity!r}; known: {known}")
        with self._lock:
            if called in self._triggers:
                raise ConfigurationError(f"trigger {called}", "a trigger of that name is registered; give another name")
            self._triggers[called] = trigger, None if severity is None else Severity(severity)

    def register_drift_trigger(
        self, threshold: float = 0.15, metric_name: str = "js_divergence", *, mode: Mode = "max", name: str = "",
        severity: Severity | str | None = None,
    ) -> None:  # fmt: skip
        """Register a `DriftTrigger`."""
        trigger = DriftTrigger(threshold=threshold, metric_name=metric_name, mode=mode, name=name)
        self.register_trigger(trigger, severity=severity)

    def register_performance_trigger(
        self, threshold: float = 0.05, metric_name: str = "val_loss", mode: Mode | None = None, *, name: str = "",
        severity: Severity | str | None = None,
    ) -> None:  # fmt: skip
        """Register a `PerformanceTrigger`."""
        trigger = PerformanceTrigger(threshold=threshold, metric_name=metric_name, mode=mode, name=name)
        self.register_trigger(trigger, severity=severity)

    def register_time_trigger(
        self, interval: timedelta | str = timedelta(days=7), *, name: str = "time",
        severity: Severity | str | None = None,
    ) -> None:  # fmt: skip
        """Register a `TimeTrigger`."""
        self.register_trigger(TimeTrigger(interval=interval, name=name), severity=severity)

    def register_data_volume_trigger(
        self, samples: int | None = None, percentage: float | None = None, *, name: str = "data_volume",
        severity: Severity | str | None = None,
    ) -> None:  # fmt: skip
        """Register a `DataVolumeTrigger`."""
        trigger = DataVolumeTrigger(samples=samples, percentage=percentage, name=name)
        self.register_trigger(trigger, severity=severity)

    def register_composite_trigger(
        self, triggers: Sequence[Trigger], logic: str = "OR", name: str = "", *,
        severity: Severity | str | None = None,
    ) -> None:  # fmt: skip
        """Register a `CompositeTrigger`."""
        self.register_trigger(CompositeTrigger(triggers, logic=logic, name=name), severity=severity)

    def evaluate(
        self, drift_metrics: Mapping[str, float] | None = None, current_metrics: Mapping[str, float] | None = None,
        baseline_metrics: Mapping[str, float] | None = None, *, last_trained_at: Moment | None = None,
        new_samples: int | None = None, trained_samples: int | None = None, now: Moment | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> RetrainingReport:  # fmt: skip
        """Ask all triggers.

        Parameters
        ----------
        drift_metrics, current_metrics, baseline_metrics : mapping of str to float, optional
            The caller's own metrics, by name.
        last_trained_at : datetime or str, optional
            As ISO text, too; UTC where it has no zone.
        new_samples, trained_samples : int, optional
            Samples that the model has not seen, and those it was trained on.
        now : datetime or str, optional
            By default the time.
        metadata : mapping, optional
            For the report, as it is.
        """
        at = datetime.now(UTC) if now is None else moment(now, "now")
        evidence = evidence_of(
            now=at, drift_metrics=drift_metrics or {}, current_metrics=current_metrics or {},
            baseline_metrics=baseline_metrics or {}, last_trained_at=last_trained_at, new_samples=new_samples,
            trained_samples=trained_samples,
        )  # fmt: skip
        with self._lock:
            registered = dict(self._triggers)
        results = [
            (result := _answer_of(trigger, evidence, name), TriggerDetail.of(result, severity, name))
            for name, (trigger, severity) in registered.items()
        ]
        report = RetrainingReport.of(results, at, metadata or {})
        with self._lock:
            self._history = [*self._history, report][-MOST_KEPT:]
        if self._log is not None:
            self._log.log_retraining_report(report.to_dict())
        return report

    def check_retraining_needed(self, **also: Any) -> RetrainingReport:
        """As `evaluate`, with the metrics of the engine and the baseline of the registry that it was made with."""
        if self._engine is None:
            raise ConfigurationError("metrics_engine", "none given: pass one, or call evaluate with the metrics")
        given: dict[str, Any] = {
            "drift_metrics": self._engine.drift_metrics(), "current_metrics": self._engine.current_metrics()
        }  # fmt: skip
        if self._registry is not None:
            given["baseline_metrics"] = self._registry.baseline_metrics()
            given["last_trained_at"] = self._registry.last_trained_at()
        return self.evaluate(**{**given, **also})

    @property
    def history(self) -> tuple[RetrainingReport, ...]:
        """The reports so far, oldest first."""
        with self._lock:
            return tuple(self._history)

    def to_config(self) -> dict[str, Any]:
        """The registered triggers as `from_config` reads them, plain values."""
        with self._lock:
            registered = dict(self._triggers)
        return {"triggers": [write_trigger(trigger, severity) for trigger, severity in registered.values()]}


def _answer_of(trigger: Trigger, evidence: Evidence, name: str) -> TriggerResult:
    """The answer of a trigger of ours, or of one of the caller's own."""
    if type(trigger).__module__.startswith("include."):
        return trigger.decide(evidence)
    return ask(trigger, evidence, where=f"trigger {name}", label=name)
