"""Scripts that go wrong, through the four steps and a real Postgres."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from include.errors import TrainingError
from include.records.entries import EventStatus, Run
from include.records.postgres import PostgresStore
from include.registry.spec import ModelSpec
from include.retraining.artifacts import ArtifactFolder
from include.workflow.deployment import Deployment
from include.workflow.steps.analyze import analyze
from include.workflow.steps.complete import log_completion
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from tests.records.examples import postgres_store
from tests.retraining.trainers.test_script_trainer import LEAST_SQUARES, command
from tests.stage import REFERENCE_DAYS, Stage, day, sales
from tests.sweeps import first_of

FIRST, LATER = day(REFERENCE_DAYS), day(REFERENCE_DAYS + 8)


@dataclass(frozen=True, kw_only=True)
class HastyDeployment(Deployment):
    """Gives scripts two seconds, where a model file can say a minute at least."""

    def spec(self, model_name: str) -> ModelSpec:
        spec = super().spec(model_name)
        if spec.training.script is None:
            return spec
        script = spec.training.script.model_copy(update={"timeout": timedelta(seconds=2)})
        return spec.model_copy(update={"training": spec.training.model_copy(update={"script": script})})


def champion_of(store: PostgresStore, artifacts: ArtifactFolder) -> tuple[int, Mapping[Path, bytes]]:
    """The champion's number, and the content of its files."""
    version = store.champion("sales")
    assert version is not None
    artifacts.load(version.artifact_path, version.artifact_sha256)
    files = (artifacts.root / version.artifact_path).rglob("*")
    return version.version, {file: file.read_bytes() for file in files if file.is_file()}


@pytest.mark.parametrize(
    ("how", "reason"),
    first_of(
        [("hang", "stopped: longer than 2 s"), ("fail", "exit code 3"), ("write_a_pickle", "looks like a pickle"),
         ("flood", "stopped: more than 16 MiB of output"), ("write_no_model", "wrote no model")], 3,
    ),
)  # fmt: skip
def test_script_that_goes_wrong_ends_in_a_failed_event_and_leaves_the_champion(
    tmp_path: Path, records_uri: str, monkeypatch: pytest.MonkeyPatch, how: str, reason: str
) -> None:
    monkeypatch.setattr("include.retraining.trainers.process.GRACE_SECONDS", 0.5)
    store = postgres_store(records_uri)
    stage = Stage(tmp_path, store=store)  # type: ignore[arg-type]  # any store will do
    stage.add("sales", sales(60), training={"estimator": "linear"})
    stage.run("sales", FIRST)
    given = stage.deployment
    before = champion_of(store, given.artifacts)

    mark = tmp_path / "ran"
    script = {"command": command("misbehave", how, "model.skops", str(mark))}
    stage.add("sales", training={"script": script})
    deployment = HastyDeployment(
        store=store, models_dir=given.models_dir, data_dir=given.data_dir, artifacts=given.artifacts
    )
    run = Run(run_id=how, as_of=LATER, force=True)
    analyze(deployment, "sales", run)
    _, event = decide(deployment, "sales", run)
    assert event is not None
    with pytest.raises(TrainingError, match=reason):
        execute(deployment, event.id)
    logged = log_completion(deployment, "sales", run)
    assert logged is not None
    closed = logged[1]
    assert closed is not None
    assert (closed.status, closed.error_type) == (EventStatus.FAILED, "TrainingError")
    assert reason in closed.error
    assert champion_of(store, given.artifacts) == before
    assert not mark.exists()
    assert not [path for path in given.artifacts.root.rglob("*") if path.name.startswith(".saving")]


@pytest.mark.sweep
def test_script_trains_every_version_of_a_model(tmp_path: Path, records_uri: str) -> None:
    store = postgres_store(records_uri)
    stage = Stage(tmp_path, store=store)  # type: ignore[arg-type]  # any store will do
    script: dict[str, Any] = {"script": LEAST_SQUARES, "rows": "sliding"}
    stage.add("sales", sales(60, change=REFERENCE_DAYS), training=script)
    first = stage.run("sales", FIRST).event
    second = stage.run("sales", LATER, force=True).event
    assert first is not None
    assert second is not None
    assert first.status is EventStatus.PROMOTED
    assert second.status in (EventStatus.PROMOTED, EventStatus.HELD)
    assert second.details.estimator == f"{sys.executable} {LEAST_SQUARES['command'][1]}"
    assert np.isfinite(second.details.reported_metrics["training_rmse"])
    assert {"peak_mib", "mean_mib"} == set(second.details.memory_usage)
    assert second.details.cpu_usage["seconds"] > 0.0
