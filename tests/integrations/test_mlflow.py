from __future__ import annotations

import json
import logging
import math
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from include.interfaces.mlflow.follow import ALIAS, follow
from include.interfaces.mlflow.settings import MlflowSettings
from include.records.entries import EventStatus
from include.retraining.prepare import feature_table
from include.workflow.rollback import roll_back
from tests.airflow_home import AirflowHome
from tests.integrations.mlflow_server import PYTHON, MlflowServer, own_environment, running
from tests.models import models_dir
from tests.stage import REFERENCE_DAYS, Stage, day, sales
from tools.ports import free_port

FIRST, ALARM = day(REFERENCE_DAYS), day(51)
LOAD = """
import json, sys, mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/sales@champion")
rows = pd.DataFrame(json.loads(sys.argv[2]))
print(json.dumps({"inputs": model.metadata.signature.inputs.input_names(), "answers": list(model.predict(rows))}))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    if not PYTHON.is_file():
        pytest.skip(f"no MLflow in {PYTHON}; `make test` installs it")
    with running(tmp_path_factory.mktemp("mlflow")) as made:
        yield made


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A model with a champion, whose world then turned over."""
    stage = Stage(tmp_path)
    stage.add("sales", sales(70, change=45))
    stage.run("sales", FIRST)
    return stage


def follow_stage(stage: Stage, uri: str, seconds: float = 30.0, model: str = "sales") -> bool:
    deployment = stage.deployment
    settings = MlflowSettings(uri=uri, seconds=seconds)
    return follow(lambda: settings, deployment.store, deployment.artifacts, model, lambda: deployment.spec(model))


def ask(server: MlflowServer, path: str, **query: Any) -> dict[str, Any]:
    answer = httpx.get(f"{server.uri}/api/2.0/mlflow/{path}", params=query)
    assert answer.is_success, answer.text
    told: dict[str, Any] = answer.json()
    return told


def runs(server: MlflowServer) -> list[dict[str, Any]]:
    experiment = ask(server, "experiments/get-by-name", experiment_name="sales_retraining")["experiment"]
    body = {"experiment_ids": [experiment["experiment_id"]], "order_by": ["start_time ASC"]}
    found = httpx.post(f"{server.uri}/api/2.0/mlflow/runs/search", json=body).json()
    return list(found.get("runs", []))


def values(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {entry["key"]: entry["value"] for entry in entries}


def aliased(server: MlflowServer) -> str:
    """Our name of the version that has the alias."""
    found = ask(server, "registered-models/alias", name="sales", alias=ALIAS)["model_version"]
    return str(values(found["tags"])["retraining.version"])


@pytest.mark.sweep
def test_retraining_is_logged_registered_and_followed_through_a_rollback(server: MlflowServer, stage: Stage) -> None:
    assert follow_stage(stage, server.uri)
    assert aliased(server) == "v1"
    retrained = stage.run("sales", ALARM)
    assert retrained.event is not None
    assert retrained.event.status is EventStatus.PROMOTED
    assert follow_stage(stage, server.uri)
    assert aliased(server) == "v2"

    first, second = runs(server)
    data = second["data"]
    assert values(data["params"])["max_iter"] == "30"
    metrics = values(data["metrics"])
    assert math.isclose(metrics["rmse"], retrained.event.scores["rmse"])
    assert math.isclose(metrics["champion_rmse"], retrained.event.champion_scores["rmse"])
    assert metrics["training_duration"] > 0
    [dataset] = second["inputs"]["dataset_inputs"]
    assert dataset["dataset"]["source"] == "sales.csv"
    assert retrained.event.details.training_data_hash.startswith(dataset["dataset"]["digest"])
    rows = retrained.event.details.training_data_size
    assert json.loads(dataset["dataset"]["profile"]) == {"num_rows": rows}
    assert values(data["tags"])["retraining.data_hash"] == retrained.event.details.training_data_hash
    assert {run["info"]["status"] for run in (first, second)} == {"FINISHED"}
    champion_loads_in_mlflow(server, stage)

    roll_back(stage.deployment, "sales", requested_by="eve", reason="a test")
    assert follow_stage(stage, server.uri)
    assert aliased(server) == "v1"
    assert follow_stage(stage, server.uri)  # nothing new: nothing is doubled
    assert len(runs(server)) == 2
    assert len(ask(server, "model-versions/search", filter="name = 'sales'")["model_versions"]) == 2


def champion_loads_in_mlflow(server: MlflowServer, stage: Stage) -> None:
    """MLflow itself loads the model by its alias, checks its signature, and predicts what ours does."""
    deployment = stage.deployment
    champion = deployment.store.champion("sales")
    assert champion is not None
    stored = deployment.artifacts.load(champion.artifact_path, champion.artifact_sha256)
    rows = sales(2, seed=9)[list(stored.columns.features)]
    command = [f"{PYTHON}", "-W", "ignore", "-c", LOAD, server.uri, rows.to_json(orient="records")]
    loaded = subprocess.run(command, env=own_environment(), capture_output=True, text=True, check=False)
    assert loaded.returncode == 0, loaded.stderr[-3000:]
    told = json.loads(loaded.stdout.splitlines()[-1])
    assert told["inputs"] == list(stored.columns.features)
    assert told["answers"] == pytest.approx(list(stored.predictor.predict(feature_table(rows, stored.columns))))


@pytest.mark.sweep
def test_server_that_comes_back_is_told_what_it_missed(
    tmp_path: Path, server: MlflowServer, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(tmp_path)
    stage.add("later", sales(70, change=45))
    stage.run("later", FIRST)
    with caplog.at_level(logging.WARNING):
        assert not follow_stage(stage, f"http://127.0.0.1:{free_port()}", seconds=5, model="later")
    assert "the next run tells it" in caplog.text
    assert follow_stage(stage, server.uri, model="later")
    assert ask(server, "registered-models/alias", name="later", alias=ALIAS)["model_version"]["version"] == "1"


@pytest.mark.sweep
def test_version_whose_files_are_gone_keeps_no_later_one_from_being_told(
    tmp_path: Path, server: MlflowServer, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(tmp_path)
    stage.add("cleaned", sales(70, change=45))
    stage.run("cleaned", FIRST)
    stage.run("cleaned", ALARM)
    first, second = stage.store.versions("cleaned")
    shutil.rmtree(stage.root / "made" / first.artifact_path)
    with caplog.at_level(logging.WARNING):
        assert follow_stage(stage, server.uri, model="cleaned")
    assert "v1 without its model" in caplog.text
    told = ask(server, "registered-models/alias", name="cleaned", alias=ALIAS)["model_version"]
    assert values(told["tags"])["retraining.version"] == second.label


@pytest.mark.sweep
def test_version_in_shadow_is_logged_and_registered_only_when_it_is_published(
    tmp_path: Path, server: MlflowServer
) -> None:
    stage = Stage(tmp_path)
    stage.add("shaded", sales(70, change=45), gate={"shadow": 1})
    stage.run("shaded", FIRST)
    deployment, settings = stage.deployment, MlflowSettings(uri=server.uri, seconds=30)

    def told() -> tuple[str, int]:
        spec = deployment.spec("shaded")
        assert follow(lambda: settings, deployment.store, deployment.artifacts, "shaded", lambda: spec)
        found = ask(server, "registered-models/alias", name="shaded", alias=ALIAS)["model_version"]
        versions = ask(server, "model-versions/search", filter="name = 'shaded'")["model_versions"]
        return str(values(found["tags"])["retraining.version"]), len(versions)

    assert told() == ("v1", 1)
    stage.run("shaded", ALARM)
    assert deployment.store.shadow("shaded") is not None
    assert told() == ("v1", 1)
    stage.run("shaded", day(54))
    assert told() == ("v2", 2)


def hang(connection: socket.socket, stop: threading.Event) -> None:
    """Take the question and never answer."""
    stop.wait(30)
    connection.close()


def trickle(connection: socket.socket, stop: threading.Event) -> None:
    """Answer a byte at a time, so that no timeout of a single read is ever reached."""
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b" " * 1000:
        if stop.wait(0.1):
            break
        try:
            connection.sendall(bytes([byte]))
        except OSError:
            break
    connection.close()


def refuse(connection: socket.socket, stop: threading.Event) -> None:
    """Say that there is an error."""
    del stop
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy")
    connection.close()


@contextmanager
def sick_server(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A server that has that illness."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        threads: list[threading.Thread] = []

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                threads.append(threading.Thread(target=answer, args=(connection, stop)))
                threads[-1].start()

        accepting = threading.Thread(target=serve)
        accepting.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            stop.set()
            for thread in [accepting, *threads]:
                thread.join()


@pytest.mark.parametrize("illness", [hang, trickle, refuse])
def test_slow_or_sick_server_costs_a_warning_and_its_limit_at_most(
    stage: Stage, illness: Callable[[socket.socket, threading.Event], None], caplog: pytest.LogCaptureFixture
) -> None:
    with sick_server(illness) as uri, caplog.at_level(logging.WARNING):
        begun = time.monotonic()
        assert not follow_stage(stage, uri, seconds=0.5)
        assert time.monotonic() - begun < 30  # and not as long as the server keeps it
        time.sleep(0.3)
    assert [record.levelname for record in caplog.records if "MLflow" in record.getMessage()] == ["WARNING"]
    champion = stage.store.champion("sales")
    assert champion is not None  # and the retrain stands


@pytest.mark.airflow
@pytest.mark.sweep
@pytest.mark.parametrize("up", [True, False], ids=["up", "hanging"])
def test_dag_run_is_green_whatever_the_server_does(
    airflow_home: AirflowHome, records_uri: str, tmp_path: Path, server: MlflowServer, up: bool
) -> None:
    given = {"RETRAINING_MODELS_DIR": f"{models_dir(tmp_path / 'models')}", "RETRAINING_MLFLOW_CONNECTION": "tracking"}
    with sick_server(hang) as hanging:
        given |= {
            "AIRFLOW_CONN_TRACKING": server.uri if up else hanging,
            "RETRAINING_MLFLOW_SECONDS": "10" if up else "1",
        }
        finished = airflow_home.run_dag({"models": ["quiet"]}, records_uri=records_uri, settings=given)
    assert finished.state == "success"
    with psycopg.connect(records_uri) as connection:
        assert connection.execute("SELECT status FROM model_retraining_events").fetchall() == [("promoted",)]
    if up:
        named = ask(server, "registered-models/alias", name="quiet", alias=ALIAS)["model_version"]
        assert values(named["tags"])["retraining.version"] == "v1"


def test_wrong_settings_and_no_settings_are_no_errors(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    def wrong() -> MlflowSettings:
        return MlflowSettings(uri="sqlite:///x")

    deployment = stage.deployment
    rest = (deployment.store, deployment.artifacts, "sales", lambda: deployment.spec("sales"))
    with caplog.at_level(logging.WARNING):
        assert follow(lambda: None, *rest)
        assert caplog.records == []
        assert not follow(wrong, *rest)
    assert "MLFLOW_TRACKING_URI" in caplog.text
