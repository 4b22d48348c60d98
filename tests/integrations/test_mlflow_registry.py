"""MLflow's registry after somebody cleared up in it: versions come back, and no alias goes to other records."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from include.interfaces.mlflow import follow as following
from include.interfaces.mlflow.follow import own_name
from include.interfaces.mlflow.settings import MlflowSettings
from tests.stage import REFERENCE_DAYS, Stage, day, sales


class Registry:
    """As much of an MLflow as is needed here: runs, registered versions by number, and aliases."""

    def __init__(self) -> None:
        self.runs: list[dict[str, Any]] = []
        self.versions: dict[str, dict[str, Any]] = {}
        self.aliases: dict[str, str] = {}
        self._made = 0

    def __call__(self, *_: object) -> Registry:
        return self

    def __enter__(self) -> Registry:
        return self

    def __exit__(self, *_: object) -> None: ...

    def create(self, path: str, *, name: str, tags: Any = ()) -> dict[str, Any]:
        return {"experiment_id": name}

    def upload(self, *_: object) -> bool:
        return True

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        if path == "model-versions/search":
            found = [each for each in self.versions.values() if f"'{each['run_id']}'" in query["filter"]]
            return {"model_versions": found}
        if path == "registered-models/get":
            aliases = [{"alias": alias, "version": number} for alias, number in self.aliases.items()]
            return {"registered_model": {"aliases": aliases}}
        return {"model_version": self.versions[self.aliases[query["alias"]]]}

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        self._made += 1
        if path == "runs/search":
            return {"runs": self.runs}
        if path == "runs/create":
            info = {"run_id": f"run-{self._made}", "artifact_uri": ""}
            self.runs.append({"info": info, "data": {"tags": [*body["tags"]]}})
            return {"run": {"info": info, "data": {"tags": []}}}
        if path == "runs/set-tag":
            [run] = (run for run in self.runs if run["info"]["run_id"] == body["run_id"])
            run["data"]["tags"].append({"key": body["key"], "value": body["value"]})
        if path == "model-versions/create":
            self.versions[f"{self._made}"] = {**body, "version": f"{self._made}"}
        if path == "registered-models/alias":
            self.aliases[body["alias"]] = body["version"]
        return {}

    def delete(self, number: str) -> None:
        """Delete a version, and with it the aliases that lead to it."""
        del self.versions[number]
        self.aliases = {alias: version for alias, version in self.aliases.items() if version != number}


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = Registry()
    monkeypatch.setattr(following, "MlflowApi", made)
    return made


def deployed(root: Path, seed: int = 0) -> Stage:
    root.mkdir()
    stage = Stage(root)
    stage.add("sales", sales(60, change=45, seed=seed), training={"estimator": "linear", "rows": "all"})
    stage.run("sales", day(REFERENCE_DAYS))
    return stage


def follow(stage: Stage) -> bool:
    deployment, settings = stage.deployment, MlflowSettings(uri="http://mlflow", seconds=30)
    spec = partial(deployment.spec, "sales")
    return following.follow(lambda: settings, deployment.store, deployment.artifacts, "sales", spec)


def leads_to(registry: Registry, alias: str) -> str:
    tags = registry.versions[registry.aliases[alias]]["tags"]
    return str(next(tag["value"] for tag in tags if tag["key"] == "retraining.sha256"))


def champion_of(stage: Stage) -> str:
    champion = stage.store.champion("sales")
    assert champion is not None
    return champion.artifact_sha256


@pytest.mark.parametrize("harm", ["version deleted", "alias deleted", "alias on an older version"])
def test_alias_comes_back_to_the_champion_on_record(registry: Registry, tmp_path: Path, harm: str) -> None:
    stage = deployed(tmp_path / "prod")
    assert follow(stage)
    first = registry.aliases["champion"]
    stage.run("sales", day(51))
    assert follow(stage)
    assert leads_to(registry, "champion") == champion_of(stage)
    assert registry.aliases["champion"] != first
    if harm == "version deleted":
        registry.delete(registry.aliases["champion"])
    elif harm == "alias deleted":
        registry.aliases.clear()
    else:
        registry.aliases["champion"] = first
    assert follow(stage)
    assert leads_to(registry, "champion") == champion_of(stage)
    assert len(registry.versions) == 2


def test_alias_that_is_gone_is_left_to_those_whose_it_was(registry: Registry, tmp_path: Path) -> None:
    stages = [deployed(tmp_path / name, seed) for seed, name in enumerate(("prod", "staging", "trial"))]
    aliases = ["champion", *(own_name("champion", stage.store.identity()) for stage in stages[1:])]
    for _ in range(2):
        assert all(follow(stage) for stage in stages)
    registry.delete(registry.aliases["champion"])
    for stage in (*stages[1:], stages[0]):
        assert follow(stage)
    assert [leads_to(registry, alias) for alias in aliases] == [champion_of(stage) for stage in stages]
