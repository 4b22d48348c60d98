"""`RetrainingExecutor`: retrains a project's model by its own training script, from two tables, without a database.

Not to be confused with Airflow's executors, nor with `include.retraining.executor`, which serves registered models.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.answers import in_one_coding, present_values
from include.data.pairs import profile_pair
from include.data.profile import to_floats, to_names
from include.data.targets import Target, find_target, inputs_of
from include.decision.decision import Decision
from include.errors import DataError, RetrainingError
from include.orchestrator import AutomaticRetrainingOrchestrator
from include.registry.kinds import unwatched
from include.registry.training import Script
from include.retraining.artifacts import ArtifactFolder
from include.retraining.gate.gate import LEVEL, GateVerdict, PromotionGate
from include.retraining.prepare import Columns, feature_table
from include.retraining.trainers.script_trainer import ScriptTrainer
from include.retraining.trainers.trainer import Predictor, reported_metrics
from include.scoring import METRICS, LabelledRows, Task
from include.scoring.assumed_task import assumed_task

EVENTS_FILE, LOG_FILE, MODELS_FOLDER = "retraining_events.jsonl", "retraining_executor.log", "models"
HOLDOUT_SHARE = 0.25  # of the recent rows, the last, which the script never sees


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """Rows as the script gets them: features and labels, oldest first, and the columns that they are in."""

    features: pd.DataFrame
    target: npt.NDArray[Any]
    columns: Columns
    target_name: str
    task: Task

    def __len__(self) -> int:
        return len(self.target)


@dataclass(frozen=True, kw_only=True)
class RetrainingResult:
    """What `RetrainingExecutor.execute_full_retraining_pipeline` came to.

    Parameters
    ----------
    decision : Decision
        With ``.triggered``, ``.reason``, ``.severity``, ``.confidence``.
    status : str
        ``not_needed``, ``promoted``, ``held``, ``rejected`` or ``failed``.
    reason : str
        One sentence.
    version : int or None
        Number of the version that was trained.
    model_path : str
        Its folder below ``models``; the link ``champion`` there leads to the last one promoted.
    metrics, previous_metrics : mapping of str to float
        Of the new model and of the one in use, on the same held-out rows.
    reported_metrics : mapping of str to float
        What the script says.
    duration : float
        Seconds that the training took.
    """

    decision: Decision
    status: str
    reason: str
    version: int | None = None
    model_path: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    previous_metrics: Mapping[str, float] = field(default_factory=dict)
    reported_metrics: Mapping[str, float] = field(default_factory=dict)
    duration: float = 0.0

    @property
    def success(self) -> bool:
        """Whether it ran to a verdict, or needed none."""
        return self.status != "failed"


@dataclass(frozen=True, kw_only=True)
class RetrainingExecutor:
    """Decides, trains by the project's own script, proves and publishes, in a folder.

    The model in use is known by its predictions on the recent rows; a new one is published only if it is proven better
    than these on the last quarter of them, which the script never sees (a paired test, see
    `include.retraining.gate.gate`). Every attempt is a line of ``retraining_events.jsonl``.

    Parameters
    ----------
    project_root : Path or str, default "."
        Where the script, the models, the events and ``retraining_executor.log`` are.
    script : str or sequence of str, default "train.py"
        A Python file in it, or a command of any kind; what it is given and has to write stands in
        ``docs/training_scripts.md``.
    model_name : str
    target : str, optional
        The column to predict; by default found as `AutomaticRetrainingOrchestrator.should_retrain` does.
    orchestrator : AutomaticRetrainingOrchestrator, optional
        What decides, with its thresholds.
    hyperparameters : mapping
        For the script.
    timeout : timedelta
        Of one run of the script.
    """

    project_root: Path | str = "."
    script: str | Sequence[str] = "train.py"
    model_name: str = "model"
    target: str | None = None
    orchestrator: AutomaticRetrainingOrchestrator = field(default_factory=AutomaticRetrainingOrchestrator)
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    timeout: timedelta = timedelta(hours=1)

    @property
    def root(self) -> Path:
        """The project's folder, absolute."""
        return Path(self.project_root).resolve()

    def prepare_training_data(
        self, reference_data: pd.DataFrame, recent_data: pd.DataFrame, recent_actuals: npt.ArrayLike | None = None
    ) -> TrainingData:
        """Merge both tables, historical rows first, and leave out rows without a label.

        Parameters
        ----------
        recent_actuals : array of shape (rows of `recent_data`,), optional
            Labels of the recent rows, where their table has none.

        Raises
        ------
        DataError
            Where no column is known for the target, or no row has a label.
        """
        found = self._target(reference_data, recent_data, recent_actuals)
        if not found.name or found.name not in reference_data.columns:
            raise DataError("target: which column is to be predicted is not known; name one of the reference (target=)")
        recent = recent_data.copy()
        if recent_actuals is not None:
            recent[found.name] = np.asarray(recent_actuals)
        inputs = inputs_of(reference_data, [found.name])
        pair = profile_pair(inputs, inputs_of(recent, [found.name]))
        watched = [name for name in inputs.columns if name not in unwatched(pair.kinds)]
        columns = Columns.of(pair.known, watched)
        gone = [name for name in columns.features if name not in pair.recent.columns]
        if gone:
            raise DataError(f"recent rows: no column {', '.join(gone)}, which the reference has; give it")
        merged = pd.concat([pair.reference, pair.recent], ignore_index=True)
        labels = pd.concat([reference_data[found.name], recent.get(found.name, pd.Series(np.nan, recent.index))])
        target, task = self._labels(labels.reset_index(drop=True))
        there = present_values(target)
        if not there.any():
            raise DataError(f"target {found.name}: no row has a label; there is nothing to learn")
        return TrainingData(
            features=feature_table(merged[there], columns), target=target[there], columns=columns,
            target_name=str(found.name), task=task,
        )  # fmt: skip

    def execute_retraining(self, training_data: TrainingData) -> Predictor:
        """Run the script on prepared rows, and return what it made; a `TrainingError` says why it could not."""
        command = [sys.executable, self.script] if isinstance(self.script, str) else list(self.script)
        trainer = ScriptTrainer(
            model_name=self.model_name, task=training_data.task, target=training_data.target_name,
            script=Script(command=command, folder=self.root, timeout=self.timeout),
            hyperparameters=dict(self.hyperparameters),
        )  # fmt: skip
        return trainer.fit(training_data.features, training_data.target, training_data.columns)

    def log_retraining_event(self, result: RetrainingResult) -> dict[str, Any]:
        """Write an attempt to ``retraining_events.jsonl`` and a line to ``retraining_executor.log``; return its row."""
        decision, at = result.decision, datetime.now(UTC)
        before, after = result.previous_metrics, result.metrics
        row: dict[str, Any] = {
            "triggered_at": at.isoformat(), "model_name": self.model_name, "trigger_type": decision.trigger_type,
            "severity": str(decision.severity), "confidence": decision.confidence, "trigger_reason": decision.reason,
            "execution_attempted": result.status != "not_needed",
            "execution_successful": None if result.status == "not_needed" else result.success,
            "status": result.status, "outcome": result.reason,
            "retraining_model_version": None if result.version is None else f"v{result.version}",
            "execution_metrics": {"duration": result.duration, "reported_metrics": dict(result.reported_metrics)},
            **{f"retraining_{name}": after.get(name) for name in ("r2", "rmse", "accuracy")},
            **{f"comparison_previous_{name}": before.get(name) for name in ("r2", "rmse", "accuracy")},
        }  # fmt: skip
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / EVENTS_FILE).open("a", encoding="utf-8") as events:
            events.write(json.dumps(row) + "\n")
        with (self.root / LOG_FILE).open("a", encoding="utf-8") as log:
            log.write(f"{at:%Y-%m-%d %H:%M:%S} {self.model_name}: {result.status}: {' '.join(result.reason.split())}\n")
        return row

    def execute_full_retraining_pipeline(
        self, reference_data: pd.DataFrame, recent_data: pd.DataFrame,
        recent_predictions: npt.ArrayLike | None = None, recent_actuals: npt.ArrayLike | None = None,
        current_metrics: Mapping[str, float] | None = None,
    ) -> RetrainingResult:  # fmt: skip
        """Decide; if a retrain pays prepare, train, validate and publish; log it in any case.

        Rows in time order. Whatever fails is the result's reason and on record, and leaves the published model alone.
        """
        decision = self.orchestrator.should_retrain(
            reference_data, recent_data, recent_predictions, recent_actuals, current_metrics, target=self.target
        )
        result = RetrainingResult(decision=decision, status="not_needed", reason=decision.reason)
        if decision.triggered:
            try:
                result = self._retrain(decision, reference_data, recent_data, recent_predictions, recent_actuals)
            except RetrainingError as error:
                result = RetrainingResult(decision=decision, status="failed", reason=f"{type(error).__name__}: {error}")
        self.log_retraining_event(result)
        return result

    def _retrain(
        self, decision: Decision, reference: pd.DataFrame, recent: pd.DataFrame, predictions: npt.ArrayLike | None,
        actuals: npt.ArrayLike | None,
    ) -> RetrainingResult:  # fmt: skip
        whole = self.prepare_training_data(reference, recent, actuals)
        cut = len(recent) - round(HOLDOUT_SHARE * len(recent)) if predictions is not None else len(recent)
        before = self.prepare_training_data(
            reference, recent.iloc[:cut], None if actuals is None else np.asarray(actuals)[:cut]
        )
        began = datetime.now(UTC)
        model = self.execute_retraining(before)
        duration = (datetime.now(UTC) - began).total_seconds()
        artifacts = ArtifactFolder(self.root / MODELS_FOLDER)
        version = 1 + sum(1 for _ in (self.root / MODELS_FOLDER / self.model_name).glob("v*-*"))
        path, sha256 = artifacts.save(self.model_name, version, model, before.columns)
        status, reason, after, now = self._validated(model, whole, before, predictions, cut)
        if status == "promoted":
            artifacts.publish(self.model_name, path, sha256)
        return RetrainingResult(
            decision=decision, status=status, reason=reason, version=version, model_path=path, metrics=after,
            previous_metrics=now, reported_metrics=reported_metrics(model), duration=duration,
        )  # fmt: skip

    def _validated(
        self, model: Predictor, whole: TrainingData, before: TrainingData, predictions: npt.ArrayLike | None, cut: int
    ) -> tuple[str, str, Mapping[str, float], Mapping[str, float]]:
        """Verdict, reason, and the metrics of both models on the held-out rows."""
        held = len(whole) - len(before)
        if predictions is None or held < 1:
            return "held", "no held-out rows with a prediction and a label: nothing can be proven", {}, {}
        used = np.asarray(predictions)[cut:]
        if len(used) != held or not present_values(used).all():
            return "held", "of the held-out rows some have no prediction or label: give both for each", {}, {}
        features, actual = feature_table(whole.features, before.columns).iloc[-held:], whole.target[-held:]
        sides = []
        for predicted in (used, np.asarray(model.predict(features))):
            coded = (
                in_one_coding(predicted, actual, whole.target)
                if whole.task is Task.CLASSIFICATION
                else (predicted, actual)
            )
            sides.append(LabelledRows(predicted=coded[0], actual=coded[1]))
        metric = METRICS["rmse" if whole.task is Task.REGRESSION else "accuracy"]
        found = PromotionGate.bare(metric, level=LEVEL).judge(*sides)
        status = {GateVerdict.PROMOTE: "promoted", GateVerdict.HOLD: "held", GateVerdict.REJECT: "rejected"}
        return status[found.verdict], found.reason, found.scores, found.champion_scores

    def _target(self, reference: pd.DataFrame, recent: pd.DataFrame, actuals: npt.ArrayLike | None) -> Target:
        return find_target(reference, recent, self.target, actuals)

    def _labels(self, labels: pd.Series[Any]) -> tuple[npt.NDArray[Any], Task]:
        """Floats or class names, and which of them the values are."""
        if self.orchestrator.task is not None:
            task = Task(self.orchestrator.task)
        else:
            known = labels.dropna().to_numpy()
            task = assumed_task(known, known)[0]
        return (to_floats(labels)[0], task) if task is Task.REGRESSION else (to_names(labels), task)
