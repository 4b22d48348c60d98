"""What may go wrong while a version is in shadow: broken rows, late labels, deaths, decisions that come too late."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.decision.request import RequestKind
from include.decision.signals import Verdict
from include.records.entries import EventStatus, VersionStatus
from include.workflow.rollback import roll_back
from include.workflow.steps.complete import log_completion
from include.workflow.steps.execute import execute
from tests.shadows import CHANGE, LINEAR, STORES, TRAINED, begin, champion, done, looked, make_stage, run, statuses
from tests.stage import Stage, day, sales


@pytest.fixture(params=STORES)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """A stage whose model has a first version; later its world turns over."""
    return make_stage(request, tmp_path)


def test_rollback_between_the_last_decision_and_its_execution_leaves_nothing_to_publish(stage: Stage) -> None:
    begin(stage)
    run(stage, TRAINED + 2)
    run(stage, TRAINED + 4)
    stage.add("sales", training=LINEAR, gate={"shadow": 1}, probation={"checks": 0, "former": 0})
    table = sales(90, change=CHANGE)
    table.loc[(TRAINED + 4) * 24 :] = sales(90).loc[(TRAINED + 4) * 24 :]
    stage.write("sales", table)
    run(stage, TRAINED + 10, force=True)
    last = run(stage, TRAINED + 12, executed=False)
    assert last.decision.trigger_type == "shadow"
    roll_back(stage.deployment, "sales", 1, requested_by="ada", reason="complaints")
    event = execute(stage.deployment, done(last).id)
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
    assert statuses(stage) == [VersionStatus.CHAMPION, VersionStatus.HELD]
    kept = stage.store.versions("sales")[1]
    assert kept.artifact_path
    assert kept.baseline is not None
    assert stage.store.last_retrained_at("sales", until=day(999)) == day(TRAINED)  # nothing was trained at the end
    assert done(run(stage, TRAINED + 3, force=True)).version == 3


def test_artifact_that_is_gone_is_rejected_at_the_end(stage: Stage) -> None:
    begin(stage)
    shadow = stage.store.shadow("sales")
    assert shadow is not None
    (stage.root / "made" / shadow.artifact_path / "model.skops").unlink()
    assert looked(run(stage, TRAINED + 3)).verdict is Verdict.NO_DATA
    event = done(run(stage, TRAINED + 4))
    assert (event.status, "v2 does not answer" in event.outcome) == (EventStatus.REJECTED, True)


def test_end_whose_event_failed_comes_again_and_its_repetition_changes_nothing(stage: Stage) -> None:
    begin(stage)
    run(stage, TRAINED + 2)
    last = run(stage, TRAINED + 4, executed=False)
    with stage.store.claim(done(last).id, at=day(TRAINED + 4)) as claim:
        assert claim.take_shadow().version == 2  # and its process dies
    log_completion(stage.deployment, "sales", last.analysis.run)
    assert stage.store.event(done(last).id).status is EventStatus.FAILED
    assert stage.store.shadow("sales") is not None
    again = run(stage, TRAINED + 5)
    assert looked(again).detail["check"] == 2.0
    assert done(again).status is EventStatus.PROMOTED
    assert execute(stage.deployment, done(again).id) == done(again)
    assert len(stage.store.champion_changes("sales")) == 2


def test_retrain_decided_before_the_shadow_began_is_not_trained_and_its_request_comes_back(stage: Stage) -> None:
    stage.store.add_request("sales", RequestKind.MANUAL, "new prices", "ada", at=day(TRAINED))
    early = run(stage, TRAINED - 0.5, executed=False)
    begin(stage)
    event = execute(stage.deployment, done(early).id)
    assert (event.status, event.error_type, event.version) == (EventStatus.FAILED, "InShadow", None)
    waiting = [kept for kept in stage.store.requests(model_name="sales") if kept.consumed is None]
    assert [kept.request.tries for kept in waiting] == [2]


def test_shadow_switched_off_meanwhile_ends_at_the_next_check(stage: Stage) -> None:
    begin(stage)
    stage.add("sales", training=LINEAR)
    step = run(stage, TRAINED + 4)
    assert done(step).status is EventStatus.PROMOTED
    assert looked(step).detail["checks"] == 1.0
