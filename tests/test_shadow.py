"""A version that passed the gate in shadow: its checks, who waits for it, and how it ends; on a real Postgres."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from include import workflow
from include.approval import hold, question
from include.errors import ConfigurationError
from include.records.entries import ChangeKind, Event, EventStatus, Run, Version, VersionStatus
from include.records.memory import MemoryStore
from include.records.postgres import PostgresStore
from include.rollback import roll_back, roll_back_in_run
from include.signals import Signal, SignalKind, Verdict
from include.triggers.request import RequestKind
from tests.stage import REFERENCE_DAYS, Stage, Step, day, sales

CHANGE = 35  # the world turns over
TRAINED = CHANGE + 6
LINEAR = {"estimator": "linear", "rows": "latest"}


@pytest.fixture(params=["memory", "postgres"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """A stage whose model has a first version; later its world turns over."""
    if request.param == "memory":
        store: Any = MemoryStore()
    else:
        uri = request.getfixturevalue("records_uri")
        store = PostgresStore(partial(psycopg.connect, uri), poll_seconds=0.05)
    stage = Stage(tmp_path, store)
    stage.add("sales", sales(90, change=CHANGE), training=LINEAR, gate={"shadow": 2}, policy={"cooldown": "1d"})
    run(stage, REFERENCE_DAYS)
    return stage


def run(stage: Stage, at_day: float, *, execute: bool = True, **asked: Any) -> Step:
    """The steps of a run, with the one that rolls back."""
    asked_for = Run(run_id=f"run-{at_day}-{len(asked)}", as_of=day(at_day), reason="because", **asked)
    analysis = workflow.analyze(stage.deployment, "sales", asked_for)
    decision, event = workflow.decide(stage.deployment, "sales", asked_for)
    roll_back_in_run(stage.deployment, "sales", asked_for)
    if event is not None and execute and not asked_for.dry_run:
        event = workflow.execute(stage.deployment, event.id)
        workflow.log_completion(stage.deployment, "sales", asked_for)
    return Step(analysis, decision, event)


def looked(step: Step) -> Signal:
    [signal] = [signal for signal in step.analysis.signals if signal.kind is SignalKind.SHADOW]
    return signal


def champion(stage: Stage) -> Version:
    found = stage.store.champion("sales")
    assert found is not None
    return found


def statuses(stage: Stage) -> list[VersionStatus]:
    return [version.status for version in stage.store.versions("sales")]


def done(step: Step) -> Event:
    assert step.event is not None
    return step.event


def begin(stage: Stage) -> Step:
    """A retrain whose challenger is truly better, and goes into shadow."""
    step = run(stage, TRAINED, force=True)
    assert done(step).outcome.startswith("in shadow for 2 checks: proven better")
    assert statuses(stage) == [VersionStatus.CHAMPION, VersionStatus.CANDIDATE]
    return step


def test_better_challenger_is_promoted_after_exactly_the_checks_asked_for_and_nothing_is_trained_again(
    stage: Stage,
) -> None:
    held = done(begin(stage))
    assert held.status is EventStatus.HELD
    assert held.details["shadow"]["checks"] == 2
    assert held.details["shadow"]["beside"] == 1
    shadow = stage.store.shadow("sales")
    assert shadow is not None
    assert (shadow.version, shadow.shadow_checks, shadow.in_shadow) == (2, 2, True)
    assert stage.store.reference("sales", 2) is not None

    first = run(stage, TRAINED + 2)
    assert looked(first).verdict is Verdict.INCONCLUSIVE
    assert looked(first).reason.startswith("version 2 is in shadow, check 1 of 2: rmse ")
    assert (first.event, champion(stage).version) == (None, 1)

    last = run(stage, TRAINED + 4)
    assert (looked(last).verdict, looked(last).detail["check"]) == (Verdict.CHANGED, 2.0)
    assert (last.decision.trigger_type, last.decision.reason[:40]) == (
        "shadow", "shadow: version 2 is in shadow, check 2 "
    )  # fmt: skip
    event, now = done(last), champion(stage)
    assert (event.status, event.version, event.champion_version) == (EventStatus.PROMOTED, 2, 1)
    assert event.outcome.startswith("after its shadow: proven better")
    assert (now.version, now.artifact_sha256, now.event_id) == (2, shadow.artifact_sha256, held.id)
    assert statuses(stage) == [VersionStatus.RETIRED, VersionStatus.CHAMPION]
    change = stage.store.champion_changes("sales")[-1]
    assert (change.kind, change.from_version, change.to_version, change.event_id) == (
        ChangeKind.PROMOTION, 1, 2, event.id
    )  # fmt: skip
    assert now.details["training_duration"] == shadow.details["training_duration"]  # what its training took stays
    assert stage.store.shadow("sales") is None


def test_published_version_was_accepted_on_the_rows_of_its_shadow_and_is_on_probation_by_later_ones(
    stage: Stage,
) -> None:
    begin(stage)
    shadow = stage.store.shadow("sales")
    assert shadow is not None
    assert shadow.baseline is not None
    run(stage, TRAINED + 2)
    run(stage, TRAINED + 4)
    now = champion(stage)
    assert now.baseline is not None
    assert shadow.data_until is not None
    assert now.data_until is not None
    assert now.baseline.rows == 4 * 24
    assert shadow.data_until < now.data_until < day(TRAINED + 4)
    assert now.details["untrained_rows"] == 4 * 24  # the held-out rows were trained on
    reference, before = stage.store.reference("sales", 2), stage.store.reference("sales", 1)
    assert reference is not None
    assert before is not None
    assert set(reference.profile.columns) == set(before.profile.columns)
    later = run(stage, TRAINED + 8)
    found = [signal for signal in later.analysis.signals if signal.kind is SignalKind.PROBATION]
    assert [signal.verdict for signal in found] == [Verdict.STABLE]
    assert found[0].detail["predecessor"] == 1.0


def test_lucky_challenger_is_not_promoted(stage: Stage) -> None:
    begin(stage)
    table = sales(90, change=CHANGE)
    back = sales(90)  # the world turns back as soon as the challenger is in shadow
    table.loc[TRAINED * 24 :] = back.loc[TRAINED * 24 :]
    stage.write("sales", table)
    run(stage, TRAINED + 2)
    last = run(stage, TRAINED + 4)
    assert looked(last).verdict is Verdict.STABLE
    assert done(last).status is EventStatus.REJECTED
    assert "proven worse" in done(last).outcome
    assert statuses(stage) == [VersionStatus.CHAMPION, VersionStatus.REJECTED]
    assert stage.store.shadow("sales") is None
    assert done(run(stage, TRAINED + 6, force=True)).version == 3  # retrains are free again


def test_no_other_retrain_begins_meanwhile_and_a_request_waits_until_the_shadow_is_over(stage: Stage) -> None:
    begin(stage)
    asked, _ = stage.store.add_request("sales", RequestKind.MANUAL, "new prices", "ada", at=day(TRAINED))
    blocked = run(stage, TRAINED + 2)
    assert not blocked.decision.triggered
    assert blocked.decision.trigger_type == "manual"
    assert "version 2 is in shadow, check 1 of 2" in blocked.decision.blocked_by
    last = run(stage, TRAINED + 4)
    assert done(last).status is EventStatus.PROMOTED
    [kept] = stage.store.requests(model_name="sales")
    assert kept.consumed is None
    after = run(stage, TRAINED + 9)
    assert (after.decision.trigger_type, done(after).version) == ("manual", 3)
    [kept] = stage.store.requests(model_name="sales")
    assert (kept.request, kept.consumed is not None) == (asked, True)


def test_champion_changed_by_hand_ends_the_shadow_on_record(stage: Stage) -> None:
    begin(stage)
    run(stage, TRAINED + 2)
    run(stage, TRAINED + 4)  # v2 is champion
    table = sales(90, change=CHANGE)
    table.loc[(TRAINED + 4) * 24 :] = sales(90).loc[(TRAINED + 4) * 24 :]
    stage.write("sales", table)
    stage.add("sales", training=LINEAR, gate={"shadow": 2}, probation={"checks": 0, "former": 0})
    assert done(run(stage, TRAINED + 10, force=True)).outcome.startswith("in shadow")
    waiting = run(stage, TRAINED + 12, execute=False)
    assert looked(waiting).detail["check"] == 1.0
    roll_back(stage.deployment, "sales", 1, requested_by="ada", reason="complaints")
    assert statuses(stage) == [VersionStatus.CHAMPION, VersionStatus.ROLLED_BACK, VersionStatus.REJECTED]
    ended = stage.store.versions("sales")[-1].details["shadow"]
    assert (ended["ended"], ended["ended_by"]) == ("its shadow ended because v1 became champion", "ada")
    free = run(stage, TRAINED + 14, force=True)
    assert [s for s in free.analysis.signals if s.kind is SignalKind.SHADOW] == []
    assert done(free).version == 4


def test_rollback_between_the_last_decision_and_its_execution_leaves_nothing_to_publish(stage: Stage) -> None:
    begin(stage)
    run(stage, TRAINED + 2)
    run(stage, TRAINED + 4)
    stage.add("sales", training=LINEAR, gate={"shadow": 1}, probation={"checks": 0, "former": 0})
    table = sales(90, change=CHANGE)
    table.loc[(TRAINED + 4) * 24 :] = sales(90).loc[(TRAINED + 4) * 24 :]
    stage.write("sales", table)
    run(stage, TRAINED + 10, force=True)
    last = run(stage, TRAINED + 12, execute=False)
    assert last.decision.trigger_type == "shadow"
    roll_back(stage.deployment, "sales", 1, requested_by="ada", reason="complaints")
    event = workflow.execute(stage.deployment, done(last).id)
    assert event.status is EventStatus.HELD
    assert "no version is in shadow any more" in event.outcome
    assert champion(stage).version == 1


def test_checks_of_broken_rows_dry_runs_and_past_dates_do_not_count(stage: Stage) -> None:
    begin(stage)
    dry = run(stage, TRAINED + 1, dry_run=True)
    assert (looked(dry).detail["check"], looked(dry).detail["counted"]) == (1.0, 0.0)
    past = run(stage, TRAINED - 1)
    assert looked(past).detail["check"] == 0.0
    good = sales(90, change=CHANGE)
    table = good.copy()
    table.loc[TRAINED * 24 :, "price"] = None
    stage.write("sales", table)
    broken = run(stage, TRAINED + 2, force=True)
    assert (looked(broken).detail["check"], looked(broken).verdict) == (0.0, Verdict.INCONCLUSIVE)
    assert not broken.decision.triggered
    stage.write("sales", good)
    for kept in stage.store.quarantines("sales"):
        stage.store.lift_quarantine(kept.id, "ada", "mended", at=day(TRAINED + 3))
    assert looked(run(stage, TRAINED + 3)).detail["check"] == 1.0
    assert done(run(stage, TRAINED + 4)).status is EventStatus.PROMOTED


def test_too_few_labels_at_the_end_hold_it_and_retrains_are_free_again(stage: Stage) -> None:
    begin(stage)
    run(stage, TRAINED + 0.25)
    last = run(stage, TRAINED + 0.5)
    assert looked(last).verdict is Verdict.INCONCLUSIVE
    event = done(last)
    assert event.status is EventStatus.HELD
    assert "12 labelled rows arrived while it was in shadow, 50 needed" in event.outcome
    assert statuses(stage) == [VersionStatus.CHAMPION, VersionStatus.REJECTED]
    kept = stage.store.versions("sales")[1]
    assert kept.artifact_path
    assert kept.baseline is not None
    assert stage.store.last_retrained_at("sales") == day(TRAINED)  # nothing was trained at the end
    assert done(run(stage, TRAINED + 3, force=True)).version == 3


def test_artifact_that_is_gone_is_rejected_at_the_end(stage: Stage) -> None:
    begin(stage)
    shadow = stage.store.shadow("sales")
    assert shadow is not None
    (stage.root / "made" / shadow.artifact_path / "model.skops").unlink()
    assert looked(run(stage, TRAINED + 3)).verdict is Verdict.NO_DATA
    event = done(run(stage, TRAINED + 4))
    assert (event.status, "v2 does not answer" in event.outcome) == (EventStatus.REJECTED, True)


def test_limits_floors_and_guards_hold_at_the_end_as_at_the_gate(stage: Stage) -> None:
    begin(stage)
    run(stage, TRAINED + 2)
    stage.add("sales", training=LINEAR, gate={"shadow": 2, "max_size_mib": 0.0001})
    event = done(run(stage, TRAINED + 4))
    assert (event.status, "MiB" in event.outcome) == (EventStatus.REJECTED, True)


def test_end_whose_event_failed_comes_again_and_its_repetition_changes_nothing(stage: Stage) -> None:
    begin(stage)
    run(stage, TRAINED + 2)
    last = run(stage, TRAINED + 4, execute=False)
    with stage.store.claim(done(last).id, at=day(TRAINED + 4)) as claim:
        assert claim.take_shadow().version == 2  # and its process dies
    workflow.log_completion(stage.deployment, "sales", last.analysis.run)
    assert stage.store.event(done(last).id).status is EventStatus.FAILED
    assert stage.store.shadow("sales") is not None
    again = run(stage, TRAINED + 5)
    assert looked(again).detail["check"] == 2.0
    assert done(again).status is EventStatus.PROMOTED
    assert workflow.execute(stage.deployment, done(again).id) == done(again)
    assert len(stage.store.champion_changes("sales")) == 2


def test_retrain_decided_before_the_shadow_began_is_not_trained_and_its_request_comes_back(stage: Stage) -> None:
    stage.store.add_request("sales", RequestKind.MANUAL, "new prices", "ada", at=day(TRAINED))
    early = run(stage, TRAINED - 0.5, execute=False)
    begin(stage)
    event = workflow.execute(stage.deployment, done(early).id)
    assert (event.status, event.error_type, event.version) == (EventStatus.FAILED, "InShadow", None)
    waiting = [kept for kept in stage.store.requests(model_name="sales") if kept.consumed is None]
    assert [kept.request.tries for kept in waiting] == [2]


def test_shadow_switched_off_meanwhile_ends_at_the_next_check(stage: Stage) -> None:
    begin(stage)
    stage.add("sales", training=LINEAR)
    step = run(stage, TRAINED + 4)
    assert done(step).status is EventStatus.PROMOTED
    assert looked(step).detail["checks"] == 1.0


def test_first_version_has_no_shadow_and_neither_has_a_challenger_that_did_not_pass(stage: Stage) -> None:
    assert champion(stage).shadow_checks is None
    assert done(run(stage, REFERENCE_DAYS + 4, force=True)).status in (EventStatus.HELD, EventStatus.REJECTED)
    assert stage.store.shadow("sales") is None


def test_person_is_asked_before_the_training_and_before_the_publication_and_a_no_rejects_the_version(
    stage: Stage,
) -> None:
    approval = {"severities": ["MEDIUM"], "within": "2h"}
    stage.add("sales", training=LINEAR, gate={"shadow": 1}, approval=approval)
    step = run(stage, TRAINED, force=True, execute=False)
    severity = str(step.decision.severity)
    stage.add("sales", training=LINEAR, gate={"shadow": 1}, approval={**approval, "severities": [severity]})
    assert question(stage.deployment, done(step).id) is not None
    workflow.execute(stage.deployment, done(step).id)
    last = run(stage, TRAINED + 4, execute=False)
    asked = question(stage.deployment, done(last).id)
    assert asked is not None
    assert asked.subject == f"Publish v2 of sales? ({severity}: shadow)"
    held = hold(stage.deployment, done(last).id, "ada")
    assert (held.status, held.version, held.outcome) == (EventStatus.HELD, 2, "not approved: rejected by ada")
    assert statuses(stage) == [VersionStatus.CHAMPION, VersionStatus.REJECTED]
    assert stage.store.versions("sales")[1].artifact_path


def test_model_without_timestamps_cannot_have_a_shadow(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    pair = {"kind": "csv", "reference_path": "a.csv", "recent_path": "b.csv"}
    stage.add("sales", source=pair, timestamp=None, reference=None, gate={"shadow": 2})
    with pytest.raises(ConfigurationError, match=r"gate.shadow: .* leave it out"):
        stage.deployment.spec("sales")


@pytest.mark.parametrize("wrong", [-1, 1001, 1.5, "two"])
def test_wrong_number_of_checks_is_named(tmp_path: Path, wrong: object) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", gate={"shadow": wrong})
    with pytest.raises(ConfigurationError, match=r"gate\.shadow"):
        stage.deployment.spec("sales")
