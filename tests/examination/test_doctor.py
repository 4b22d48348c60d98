"""Every dead end that the doctor knows, made on purpose: it is named, and the way out that is named works."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from include import workflow
from include.data.sources.object_storage import client_from_environment
from include.decision.decision import Severity
from include.decision.request import RequestKind
from include.records.entries import Run
from include.records.memory import MemoryStore
from include.retraining.artifacts import ArtifactFolder
from include.retraining.artifacts.bucket import open_artifacts
from include.workflow.deployment import Deployment
from include.workflow.examination.catalogue import CHECKS
from include.workflow.examination.subject import Subject
from include.workflow.identity import adopt_records
from tests.examination.dead_ends import DEAD_ENDS, migrated, newer_version, of_others, owner_unreadable
from tests.examination.house import AIRFLOW, IN_ORDER, House, run_model
from tests.object_server import ObjectServer
from tests.records.examples import NOW
from tests.stage import day
from tools.embedded_postgres import EmbeddedPostgres


def first_of_each_check() -> Iterator[Any]:
    """The dead ends; all but the first that a check finds are a sweep."""
    seen = set[str]()
    for case in DEAD_ENDS:
        yield pytest.param(*case, marks=[pytest.mark.sweep] if case[0] in seen else [])
        seen.add(case[0])


@pytest.mark.parametrize(("check", "told", "make", "mend"), list(first_of_each_check()))
def test_every_dead_end_is_named_and_its_way_out_works(
    house: House, monkeypatch: pytest.MonkeyPatch, check: str, told: str, make: Callable[..., None],
    mend: Callable[..., None],
) -> None:  # fmt: skip
    assert house.found() == []
    make(house, monkeypatch)
    mine = [each for name, each in house.found() if name == check]
    assert any(told in f"{each.told} {each.way_out}" for each in mine), house.examined()
    assert all(each.way_out and each.subject for each in mine)
    mend(house, monkeypatch)
    assert [each for name, each in house.found() if name == check] == []


def test_every_check_of_the_catalogue_is_among_the_dead_ends() -> None:
    assert {check for check, *_ in DEAD_ENDS} | IN_ORDER == {*CHECKS, "reached"}  # which is looked at before them


@pytest.mark.parametrize("make", [of_others, owner_unreadable])
def test_nobody_is_told_to_remove_versions_that_may_be_others(
    house: House, monkeypatch: pytest.MonkeyPatch, make: Callable[..., None]
) -> None:
    newer_version(house, monkeypatch)
    assert any("remove them" in each.way_out for _, each in house.found())
    make(house, monkeypatch)
    assert not any("remove them" in each.way_out for _, each in house.found())
    told = {each.check: each.not_looked_at for each in house.examined().checks}
    assert "not said to be those of these records" in told["ages"][0]


@pytest.mark.parametrize("name", ["$(touch x)", "a b", "`x`", "a;b", "it's"])
def test_command_that_is_to_be_copied_does_nothing_else_whatever_a_file_is_called(house: House, name: str) -> None:
    (house.root / "models" / f"{name}.yaml").write_text("x")
    [told] = [each.way_out for check, each in house.found() if check == "model files"]
    assert shlex.split(told.partition("; ")[2])[:5] == ["python", "-m", "include.cli", "validate", name]


def test_database_that_is_away_is_a_finding_and_the_rest_is_looked_at_all_the_same(house: House) -> None:
    house.uri = "postgresql://nobody@127.0.0.1:1/none"
    found = {each.check: each for each in house.examined().checks}
    [away] = found["reached"].findings
    assert away.severity is Severity.CRITICAL
    assert found["schema"].not_looked_at == ("the records database cannot be reached",)
    assert found["model files"].seen == ("1 of 1 model files can be read",)


def test_what_is_not_seen_is_told_and_never_taken_for_well(house: House) -> None:
    house.surroundings = None
    found = {each.check: each for each in house.examined().checks}
    assert "not inside Airflow" in found["airflow"].not_looked_at[0]
    found = {each.check: each for each in workflow.examine(house.deployment, seconds=-1.0).checks}
    for check in ("model files", "champions", "libraries", "ages"):
        assert "no time" in found[check].not_looked_at[0]


def test_time_is_up_after_the_champion_that_took_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = Subject(house.deployment, NOW, seconds=0.05)
    vars(subject)["champions"] = subject.champions * 3
    monkeypatch.setattr("include.workflow.examination.artifacts._why_unusable", lambda *_: time.sleep(0.1) or "")
    [left, seen] = CHECKS["champions"](subject)
    assert "2 of 3 champions' files: no time" in left.why
    assert seen.told.startswith("1 champions")


def test_records_in_memory_are_not_looked_at(tmp_path: Path) -> None:
    deployment = Deployment(
        store=MemoryStore(), models_dir=tmp_path, data_dir=tmp_path, artifacts=ArtifactFolder(tmp_path)
    )
    found = {each.check: each for each in workflow.examine(deployment, at=NOW).checks}
    assert "in memory" in found["server"].not_looked_at[0]
    assert "there is no model file" in found["model files"].findings[0].told


def test_superuser_is_named(house: House) -> None:
    found = {each.check: each for each in house.examined().checks}
    assert "superuser" in found["rights"].findings[0].told


@pytest.mark.sweep
def test_files_in_object_storage_are_looked_at_too(house: House, object_server: ObjectServer) -> None:
    stored = open_artifacts(house.root, "s3://shop/made", client_from_environment)
    deployment = replace(house.deployment, artifacts=stored)

    def found() -> list[str]:
        checks = workflow.examine(deployment, surroundings=AIRFLOW).checks
        return [each.told for c in checks if c.check in ("champions", "ages") for each in c.findings]

    assert "manifest.json is missing" in found()[0]
    for file in house.champion.iterdir():
        object_server.bucket.put(f"made/sales/{house.champion.name}/{file.name}", file.read_bytes())
    assert found() == []
    object_server.bucket.put("made/sales/v9-abcdef123456/manifest.json", b"{}")
    assert "the next version is v10" in found()[0]
    object_server.bucket.remove(f"made/sales/{house.champion.name}/model.skops")
    assert "model.skops is missing" in found()[0]


@pytest.mark.sweep
def test_guide_after_a_restore_leads_through(house: House, postgres: EmbeddedPostgres) -> None:
    """An older dump beside newer artifacts: noticed, adopted, the newer version named, its number not given again."""
    programs, name = postgres.location.binaries, house.uri.rpartition("/")[2]
    run_model(house.deployment, "run-0", day(31))
    workflow.publish(house.deployment, "sales", Run(run_id="run-0", as_of=day(31)))
    dump = subprocess.run([f"{programs / 'pg_dump'}", house.uri], check=True, capture_output=True).stdout
    newer = house.deployment
    workflow.run_model(newer, "sales", Run(run_id="run-2", as_of=day(40), force=True, reason="a newer version"))
    made = [version.label for version in newer.store.versions("sales")]
    assert made == ["v1", "v2"]
    with psycopg.connect(house.admin, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    restore = [f"{programs / 'psql'}", "--quiet", "--no-psqlrc", "--dbname", house.uri]
    subprocess.run(restore, check=True, capture_output=True, input=dump)
    migrated(house, pytest.MonkeyPatch())
    found = dict(house.found())
    assert "copied, restored or moved" in found["identity"].told
    assert "the next version is v3" in found["ages"].told
    assert "identity adopt" in found["identity"].way_out
    adopt_records(house.deployment, by="ada")
    assert [name for name, _ in house.found()] == ["ages"]
    restored = house.deployment
    workflow.run_model(restored, "sales", Run(run_id="run-3", as_of=day(40), force=True, reason="once more"))
    workflow.publish(restored, "sales", Run(run_id="run-3", as_of=day(40)))
    assert [version.label for version in restored.store.versions("sales")] == ["v1", "v3"]
    [newest] = [name for name in restored.artifacts.versions("sales") if name.startswith("v2-")]
    shutil.rmtree(house.root / "made" / "sales" / newest)
    assert house.found() == []


@pytest.mark.sweep
def test_champion_that_is_gone_is_replaced_by_a_version_that_is_requested(house: House) -> None:
    shutil.rmtree(house.champion)
    [(_, finding)] = [(name, each) for name, each in house.found() if name == "champions"]
    assert "cli request sales" in finding.way_out
    deployment = house.deployment
    deployment.store.add_request("sales", RequestKind.MANUAL, "its champion is gone", "ada", at=datetime.now(UTC))
    run_model(deployment, "run-2", day(40))
    assert [each for name, each in house.found() if name == "champions"] == []
    champion = deployment.store.champion("sales")
    assert champion is not None
    assert champion.version == 2
