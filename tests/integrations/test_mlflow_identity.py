"""Records that share an MLflow with others: an experiment of their own, and nothing from before they were copied."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from include.interfaces.mlflow import follow as following
from include.interfaces.mlflow.settings import MlflowSettings
from include.records.entries import Noted
from include.records.memory import MemoryStore
from include.retraining.artifacts import ArtifactFolder
from tests.records.examples import HOUR, NOW, execute
from tests.stage import Stage


class Server:
    """As much of an MLflow as is needed here: experiments with their tags, and the runs in each."""

    def __init__(self) -> None:
        self.experiments: dict[str, list[dict[str, str]]] = {}
        self.runs: dict[str, list[str]] = {}

    def __call__(self, *_: object) -> Server:
        return self

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None: ...

    def create(self, path: str, *, name: str, tags: Any = ()) -> dict[str, Any] | None:
        if path != "experiments/create" or name in self.experiments:
            return None
        self.experiments[name] = list(tags)
        return {"experiment_id": name}

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        if path == "experiments/get-by-name":
            name = query["experiment_name"]
            return {"experiment": {"experiment_id": name, "tags": self.experiments[name]}}
        return {}

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        if path == "runs/create":
            self.runs.setdefault(body["experiment_id"], []).append(body["run_name"])
            return {"run": {"info": {"run_id": body["run_name"], "artifact_uri": ""}, "data": {"tags": body["tags"]}}}
        return {}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr(following, "MlflowApi", made)
    return made


def follow(stage: Stage, store: MemoryStore) -> bool:
    settings = MlflowSettings(uri="http://mlflow", seconds=30)
    return following.follow(
        lambda: settings, store, ArtifactFolder(stage.root), "housing", partial(stage.deployment.spec, "housing")
    )


def test_second_records_have_an_experiment_of_their_own(server: Server, tmp_path: Path) -> None:
    stage, first, second = Stage(tmp_path), MemoryStore(), MemoryStore()
    stage.add("housing")
    for store in (first, second, first, second):
        if not store.events():
            execute(store, "run-1")
        assert follow(stage, store)
    own = f"housing_retraining-{second.identity().partition('-')[0]}"
    assert set(server.runs) == {"housing_retraining", own}


def test_copy_tells_of_its_champion_and_of_what_came_after_it_was_copied(server: Server, tmp_path: Path) -> None:
    stage, store = Stage(tmp_path), MemoryStore()
    stage.add("housing")
    for number in range(3):
        execute(store, f"run-{number}", at=NOW + number * HOUR)
    store.home.renew()
    store.home.note(Noted.NEW, "ada", at=NOW + 10 * HOUR)
    execute(store, "run-9", at=NOW + 20 * HOUR)
    assert follow(stage, store)
    [told] = server.runs.values()
    assert len(told) == 1
    assert told[0].startswith("event 4")


def test_records_that_were_copied_tell_nothing_before_somebody_says_what_they_are(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, store = Stage(tmp_path), MemoryStore()
    stage.add("housing")
    execute(store, "run-1")
    there = replace(store.home.find(), lived="elsewhere", lived_told="database records")
    store.home.guarded = True
    monkeypatch.setattr(store.home, "find", lambda: there)
    assert not follow(stage, store)
    assert server.experiments == {}
