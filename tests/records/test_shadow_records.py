"""What analysts and auditors read of a version that was in shadow: views, lineage, audit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from include.interfaces.reports.lineage_text import tree, version_json
from include.records.entries import Audit, Event, EventStatus, Run, VersionHistory
from include.records.postgres.audit import read_audit
from include.records.postgres.lineage import read_lineage
from include.workflow.report import report_of
from include.workflow.rollback import roll_back
from tests.contracts.test_store_shadows import into_shadow
from tests.records.examples import HOUR, execute, postgres_store
from tests.stage import REFERENCE_DAYS, Stage, day, sales

CHANGE = 35
TRAINED = CHANGE + 6


@pytest.fixture
def stage(records_uri: str, tmp_path: Any) -> Stage:
    """A model with a version in shadow for two checks, of which one has been made."""
    stage = Stage(tmp_path, postgres_store(records_uri))  # type: ignore[arg-type]  # either store will do
    stage.add("sales", sales(60, change=CHANGE), training={"estimator": "linear", "rows": "latest"}, gate={"shadow": 2})
    stage.run("sales", day(REFERENCE_DAYS))
    stage.run("sales", day(TRAINED), force=True, reason="because")
    stage.run("sales", day(TRAINED + 2))
    return stage


def ended(stage: Stage) -> Event:
    event = stage.run("sales", day(TRAINED + 4)).event
    assert event is not None
    assert event.status is EventStatus.PROMOTED
    return event


def rows(uri: str, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(uri, row_factory=dict_row) as connection:
        return connection.execute(query.encode()).fetchall()


def second(uri: str) -> VersionHistory:
    return read_lineage(lambda: psycopg.connect(uri), "sales").versions[1]


def audit(uri: str) -> Audit:
    now = datetime.now(UTC)
    return read_audit(lambda: psycopg.connect(uri), now - HOUR, now + HOUR)


def test_view_shows_what_is_in_shadow_now(stage: Stage, records_uri: str) -> None:
    [found] = rows(records_uri, "SELECT * FROM model_shadows")
    assert (found["version"], found["champion_version"], found["checks"], found["checks_made"]) == (2, 1, 2, 1)
    ended(stage)
    assert rows(records_uri, "SELECT * FROM model_shadows") == []


def test_lineage_tells_of_the_shadow_and_of_both_verdicts(stage: Stage, records_uri: str) -> None:
    before = second(records_uri)
    assert before.outcome.startswith("in shadow for 2 checks")
    assert any("candidate" in line and "in shadow" in line for line in tree(read_lineage(
        lambda: psycopg.connect(records_uri), "sales")))  # fmt: skip
    event, version = ended(stage), second(records_uri)
    assert [entry["status"] for entry in version.deployments] == ["shadow", "production"]
    assert version.outcome == event.outcome
    assert len(version.reign) == 1
    gates = [entry for entry in version.performance if entry["source"] == "gate"]
    assert [entry["run_id"] for entry in gates] == [f"run__{day(TRAINED).isoformat()}", event.run.run_id]
    assert gates[1]["rows"] == 4 * 24
    assert version_json(version)["metrics"] == pytest.approx(gates[1]["metrics"])
    [lineage] = rows(records_uri, "SELECT deployed_at, deployed_by FROM model_lineage WHERE version = 2")
    assert lineage["deployed_at"] is not None


def test_audit_has_each_check_the_promotion_and_no_gap_in_its_data(stage: Stage, records_uri: str) -> None:
    event, found = ended(stage), audit(records_uri)
    looks = [entry for entry in found.entries if entry.action == "shadow_look"]
    assert [(look.version, look.other_version, look.outcome) for look in looks] == [
        (2, 1, "check 1 of 2"), (2, 1, "check 2 of 2")
    ]  # fmt: skip
    promoted = [entry for entry in found.entries if entry.action == "promoted"][-1]
    assert (promoted.event_id, promoted.version, len(promoted.data_hash)) == (event.id, 2, 64)
    assert {gap.kind for gap in found.gaps} == {"not_announced"}
    assert len({(entry.source, entry.source_id, entry.action) for entry in found.entries}) == len(found.entries)


def test_audit_says_who_ended_a_shadow_by_changing_the_champion(stage: Stage, records_uri: str) -> None:
    ended(stage)
    table = sales(60, change=CHANGE)
    table.loc[(TRAINED + 4) * 24 :] = sales(60).loc[(TRAINED + 4) * 24 :]
    stage.write("sales", table)
    training = {"estimator": "linear", "rows": "latest"}
    stage.add("sales", training=training, gate={"shadow": 2}, probation={"checks": 0, "former": 0})
    stage.run("sales", day(TRAINED + 10), force=True, reason="because")
    assert stage.store.shadow("sales") is not None
    roll_back(stage.deployment, "sales", 1, requested_by="ada", reason="complaints")
    [end] = [entry for entry in audit(records_uri).entries if entry.action == "shadow_ended"]
    assert (end.who, end.why, end.version, end.outcome) == (
        "ada", "its shadow ended because v1 became champion", 3, "held"
    )  # fmt: skip
    assert read_lineage(lambda: psycopg.connect(records_uri), "sales").versions[2].outcome == end.why


def test_report_shows_how_far_the_shadow_is_and_what_it_blocks(stage: Stage) -> None:
    run = Run(run_id="asked", as_of=day(TRAINED + 3), force=True, reason="because", dry_run=True)
    stage.run("sales", run.as_of, run_id=run.run_id, force=True, reason="because", dry_run=True)
    decision = report_of(stage.deployment, "sales", run.run_id).to_json()["decision"]
    leaf = next(each for each in decision["triggers"] if each["trigger"] == "shadow")
    assert (leaf["value"], leaf["threshold"], leaf["distance"]) == (2.0, 2.0, 0.0)
    earlier = stage.store.decision("sales", f"run__{day(TRAINED + 2).isoformat()}")
    assert earlier is not None
    assert [(each.value, each.distance) for each in earlier[0].triggers if each.trigger == "shadow"] == [(1.0, 1.0)]


def test_second_version_in_shadow_is_refused_by_the_database_itself(records_uri: str) -> None:
    store = postgres_store(records_uri)
    execute(store, "run-1")
    into_shadow(store)
    with pytest.raises(psycopg.errors.UniqueViolation, match="one_shadow_per_model"):
        into_shadow(store, "run-3")
