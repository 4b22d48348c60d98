"""A version that passed the gate in shadow: its checks, who waits for it, and how it ends; on a real Postgres."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.decision.request import RequestKind
from include.decision.signals import SignalKind, Verdict
from include.errors import ConfigurationError
from include.interfaces.reports.text import subject_of
from include.records.entries import ChangeKind, EventStatus, VersionStatus
from include.workflow.approve import hold, question
from include.workflow.rollback import roll_back
from include.workflow.steps.execute import execute
from tests.shadows import CHANGE, LINEAR, STORES, TRAINED, begin, champion, done, looked, make_stage, run, statuses
from tests.stage import REFERENCE_DAYS, Stage, day, sales


@pytest.fixture(params=STORES)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """A stage whose model has a first version; later its world turns over."""
    return make_stage(request, tmp_path)


def test_better_challenger_is_promoted_after_exactly_the_checks_asked_for_and_nothing_is_trained_again(
    stage: Stage,
) -> None:
    held = done(begin(stage))
    assert held.status is EventStatus.HELD
    assert held.details.shadow.checks == 2
    assert held.details.shadow.beside == 1
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
    assert now.details.training_duration == shadow.details.training_duration  # what its training took stays
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
    assert now.details.untrained_rows == 4 * 24  # the held-out rows were trained on
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


def test_decision_while_a_version_is_in_shadow_says_so_and_not_that_the_gate_turned_it_down(stage: Stage) -> None:
    stage.add("sales", training=LINEAR, gate={"shadow": 3}, policy={"cooldown": "0d", "when": "performance"})
    step = run(stage, TRAINED, force=True)
    assert done(step).outcome.startswith("in shadow for 3 checks")
    waits = run(stage, TRAINED + 2).decision  # the champion beside it is as bad as before
    assert not waits.triggered
    assert waits.reason.startswith("version 2 is in shadow, check 1 of 3; ")
    assert "turned down" not in str(waits)
    assert waits.recommendation == "Wait: version 2 is in shadow, check 1 of 3."
    assert waits.blocked_by == ("version 2 is in shadow, check 1 of 3",)


def test_quiet_check_beside_a_shadow_says_so_too(stage: Stage) -> None:
    stage.add("sales", training=LINEAR, gate={"shadow": 3}, policy={"when": {"model_age": "90d"}})
    run(stage, TRAINED, force=True)
    quiet = run(stage, TRAINED + 2).decision
    assert (quiet.triggered, quiet.blocked_by) == (False, ())
    assert quiet.reason.startswith("version 2 is in shadow, check 1 of 3; ")
    assert quiet.recommendation == "Wait: version 2 is in shadow, check 1 of 3."


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
    waiting = run(stage, TRAINED + 12, executed=False)
    assert looked(waiting).detail["check"] == 1.0
    roll_back(stage.deployment, "sales", 1, requested_by="ada", reason="complaints")
    assert statuses(stage) == [VersionStatus.CHAMPION, VersionStatus.ROLLED_BACK, VersionStatus.HELD]
    ended = stage.store.versions("sales")[-1].details.shadow
    assert (ended.ended, ended.ended_by) == ("its shadow ended because v1 became champion", "ada")
    free = run(stage, TRAINED + 14, force=True)
    assert [s for s in free.analysis.signals if s.kind is SignalKind.SHADOW] == []
    assert done(free).version == 4


def test_limits_floors_and_guards_hold_at_the_end_as_at_the_gate(stage: Stage) -> None:
    begin(stage)
    run(stage, TRAINED + 2)
    stage.add("sales", training=LINEAR, gate={"shadow": 2, "max_size_mib": 0.0001})
    event = done(run(stage, TRAINED + 4))
    assert (event.status, "MiB" in event.outcome) == (EventStatus.REJECTED, True)


def test_first_version_has_no_shadow_and_neither_has_a_challenger_that_did_not_pass(stage: Stage) -> None:
    assert champion(stage).shadow_checks is None
    assert done(run(stage, REFERENCE_DAYS + 4, force=True)).status in (EventStatus.HELD, EventStatus.REJECTED)
    assert stage.store.shadow("sales") is None


def test_person_is_asked_before_the_training_and_before_the_publication_and_a_no_rejects_the_version(
    stage: Stage,
) -> None:
    approval = {"severities": ["MEDIUM"], "within": "2h"}
    stage.add("sales", training=LINEAR, gate={"shadow": 1}, approval=approval)
    step = run(stage, TRAINED, force=True, executed=False)
    severity = str(step.decision.severity)
    stage.add("sales", training=LINEAR, gate={"shadow": 1}, approval={**approval, "severities": [severity]})
    assert question(stage.deployment, done(step).id) is not None
    execute(stage.deployment, done(step).id)
    last = run(stage, TRAINED + 4, executed=False)
    asked = question(stage.deployment, done(last).id)
    assert asked is not None
    assert subject_of(asked) == f"Publish v2 of sales? ({severity}: shadow)"
    held = hold(stage.deployment, done(last).id, "ada")
    assert (held.status, held.version, held.outcome) == (EventStatus.HELD, 2, "not approved: rejected by ada")
    assert statuses(stage) == [VersionStatus.CHAMPION, VersionStatus.HELD]
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
