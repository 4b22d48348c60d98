"""The whole life of a model with rows, versions and reports in object storage, beside the same life on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from include.data.sources.connections import Connections
from include.data.sources.object_storage import Connect, client_from_environment
from include.data.tables import read_tables
from include.errors import SourceUnavailable
from include.interfaces.reports.files import file_report
from include.records.entries import EventStatus, Run
from include.registry.address import Address
from include.retraining.artifacts.bucket import ObjectArtifacts
from include.workflow.deployment import Deployment
from include.workflow.publication import publish
from include.workflow.rollback import roll_back
from include.workflow.steps.analyze import analyze
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from tests.object_server import SECRET, ObjectServer, StopsAt
from tests.records.examples import postgres_store
from tests.stage import REFERENCE_DAYS, Stage, Step, day, sales

CHANGE = 45
FIRST, QUIET, ALARM = day(REFERENCE_DAYS), day(REFERENCE_DAYS + 12), day(CHANGE + 6)
ROOT = Address(bucket="shop", key="made", connection="shop_s3")


class StageInABucket(Stage):
    """Rows, versions and reports are objects; a step begins as in a task: with nothing fetched so far."""

    @property
    def deployment(self) -> Deployment:
        return replace(super().deployment, artifacts=ObjectArtifacts(ROOT))


def on_disk(root: Path) -> Stage:
    root.mkdir()
    stage = Stage(root)
    stage.add("sales", source={"kind": "csv", "path": "days"})
    (stage.data / "days").mkdir()
    for number, text in parts().items():
        (stage.data / "days" / f"{number}.csv").write_text(text)
    return stage


def in_bucket(root: Path, server: ObjectServer) -> StageInABucket:
    root.mkdir()
    stage = StageInABucket(root)
    stage.add("sales", source={"kind": "csv", "path": "s3://shop/days", "connection": "shop_s3"})
    for number, text in parts().items():
        server.bucket.put(f"days/{number}.csv", text.encode())
    return stage


def parts() -> dict[int, str]:
    """The rows in files of ten days."""
    rows = sales(70, change=CHANGE)
    return {100 + at: rows[at * 24 : at * 24 + 240].to_csv(index=False) for at in range(0, 70, 10)}


def live(stage: Stage) -> list[Any]:
    """First version, a quiet check, a drift that is answered by a retrain, a rollback; what each came to."""
    steps = [stage.run("sales", at) for at in (FIRST, QUIET, ALARM)]
    said = [told(step) for step in steps]
    for expected in (2, 1):
        publish(stage.deployment, "sales", Run(run_id=f"published-{expected}", as_of=ALARM))
        said.append(published(stage))
        if expected == 2:
            change = roll_back(stage.deployment, "sales", requested_by="ada", reason="complaints")
            said.append((change.from_version, change.to_version))
    features = pd.DataFrame({"temperature": [9.0, 21.0], "price": [1.0, 3.0], "region": ["north", "west"]})
    for version in stage.store.versions("sales"):
        stored = stage.deployment.artifacts.load(version.artifact_path, version.artifact_sha256)
        asked = features.assign(region=features["region"].astype(object))
        said.append(stored.predictor.predict(asked[list(stored.columns.features)]).tolist())
        said.append(version.data_until)
    return said


def told(step: Step) -> dict[str, Any]:
    event = step.event
    facts = replace(step.analysis.facts, probes={})  # the size of an artifact differs by a few bytes each time
    if event is None:
        return {"decision": step.decision, "facts": facts}
    names = ("training_data_hash", "training_data_size", "row_choice", "gate")
    kept = {name: getattr(event.details, name) for name in names}
    return {
        "decision": step.decision, "facts": facts, "status": event.status, "scores": dict(event.scores),
        "champion_scores": dict(event.champion_scores), **kept,
    }  # fmt: skip


def published(stage: Stage) -> str:
    return str(stage.deployment.artifacts.published("sales")).partition("-")[0]


def test_whole_run_comes_to_the_same_as_on_disk(object_server: ObjectServer, tmp_path: Path) -> None:
    there = in_bucket(tmp_path / "bucket", object_server)
    here = on_disk(tmp_path / "disk")
    lived = live(there)
    assert lived == live(here)
    statuses = [entry.get("status") for entry in lived[:3]]
    assert statuses == [EventStatus.PROMOTED, None, EventStatus.PROMOTED]
    assert lived[3:6] == ["v2", (2, 1), "v1"]
    assert there.store.events(model_name="sales")[0].details.training_data_path == "s3://shop/days"
    for version in there.store.versions("sales"):
        assert object_server.bucket.find(f"made/{version.artifact_path}/manifest.json")
    page = file_report(there.deployment, "sales", Run(run_id=f"run__{ALARM.isoformat()}", as_of=ALARM))
    assert page is not None
    assert page.startswith("s3://shop/made/reports/sales/run__")
    assert object_server.bucket.read(page.removeprefix("s3://shop/")).startswith(b"<!")
    assert not list((tmp_path / "bucket").rglob("*.skops"))


@pytest.fixture
def recorded(object_server: ObjectServer, tmp_path: Path, records_uri: str) -> Callable[[Connect], Deployment]:
    """Deployments on one Postgres, whose first version is champion; each reaches the storage its own way."""
    stage = in_bucket(tmp_path / "bucket", object_server)
    stage.deployment.data_dir.mkdir(exist_ok=True)
    store = postgres_store(records_uri)

    def deployment(connect: Connect = client_from_environment) -> Deployment:
        return Deployment(
            store=store, models_dir=stage.models, data_dir=stage.data, artifacts=ObjectArtifacts(ROOT, connect),
            read=lambda *given, **asked: read_tables(*given, connections=Connections(storage=connect), **asked),
        )  # fmt: skip

    run = Run(run_id="first", as_of=FIRST)
    analyze(deployment(), "sales", run)
    event = decide(deployment(), "sales", run)[1]
    assert event is not None
    execute(deployment(), event.id)
    publish(deployment(), "sales", run)
    return deployment


STOPS = [
    ("get_object", "days/", 4),  # reading rows
    ("get_object", "made/sales/v1", 2),  # loading the champion
    ("put_object", "made/sales/v2", 1),  # writing the model
    ("get_object", "made/sales/v2", 1),  # reading it back
    ("put_object", "made/sales/v2", 2),  # writing the manifest
    ("get_object", "made/sales/v2", 3),  # asking the stored version
]


@pytest.mark.sweep
def test_server_stopped_in_the_middle_of_a_retrain_leaves_the_champion_and_a_retry_succeeds(
    recorded: Callable[..., Deployment], object_server: ObjectServer
) -> None:
    given, run = recorded(), Run(run_id="alarm", as_of=ALARM)
    before = given.store.champion("sales")
    assert before is not None
    analyze(given, "sales", run)
    event = decide(given, "sales", run)[1]
    assert event is not None
    for operation, below, number in STOPS:
        with pytest.raises(SourceUnavailable, match=r"s3://shop/.*cannot be reached") as caught:
            execute(recorded(StopsAt(object_server, operation, number, below)), event.id)
        assert f"s3://shop/{below}" in str(caught.value)
        assert SECRET not in f"{caught.value} {given.store.event(event.id)}"
        object_server.start()
        assert given.store.champion("sales") == before
        assert recorded().artifacts.published("sales") == Path(before.artifact_path).name
    assert execute(recorded(), event.id).status is EventStatus.PROMOTED
    publish(recorded(), "sales", run)
    after = given.store.champion("sales")
    assert after is not None
    assert after.version == 2
    assert recorded().artifacts.published("sales") == Path(after.artifact_path).name
    folders = {stored.key.split("/")[2] for stored in object_server.bucket.below("made/sales/v")}
    assert folders == {Path(version.artifact_path).name for version in (before, after)}  # nothing half
    recorded().artifacts.load(after.artifact_path, after.artifact_sha256)


def test_server_that_is_away_fails_the_analysis_and_keeps_no_part_of_it(
    recorded: Callable[..., Deployment], object_server: ObjectServer
) -> None:
    given, run = recorded(), Run(run_id="later", as_of=QUIET)
    object_server.stop()
    with pytest.raises(SourceUnavailable, match=r"model sales: field source.path: s3://shop/days"):
        analyze(given, "sales", run)
    assert given.store.analysis("sales", "later") is None
    object_server.start()
    analyze(given, "sales", run)
    assert given.store.analysis("sales", "later") is not None
