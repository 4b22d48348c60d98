"""What people are told: what goes into the outbox, once, and how it is delivered; the services are fakes here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include import workflow
from include.decision.decision import Severity
from include.errors import ConfigurationError
from include.records.entries import (
    ChangeKind,
    DeliveryStatus,
    Event,
    EventStatus,
    Notification,
    Phase,
    Problem,
    ProblemKind,
    Settled,
)
from include.workflow.delivery import BACKOFF, MOST_TRIES, Delivered, Service
from include.workflow.deployment import now
from tests.records.examples import make_analysis, make_decision, make_outcome
from tests.stage import Stage, sales

HOUR = timedelta(hours=1)
AWAY = Problem(
    kind=ProblemKind.AWAY, subject="scheduler", since=None, told="it does not answer", way_out="start it",
    severity=Severity.CRITICAL,
)  # fmt: skip


@dataclass
class Post:
    """A courier that keeps what it is given; services that are down say so."""

    names: Sequence[str] = ("ops",)
    down: set[str] = field(default_factory=set)
    sent: list[tuple[str, list[str], str]] = field(default_factory=list)
    incidents: bool = False

    def services(self, notification: Notification) -> Sequence[Service]:
        tags = notification.routing["services"]
        names = [each for each in self.names if not tags or each in tags]
        return [Service(name=each, address=f"fake://{each}", incidents=self.incidents) for each in names]

    def send(self, service: Service, notifications: Sequence[Notification], incident: str, *, resolve: bool) -> str:
        if service.name in self.down:
            return "error 500"
        about = [f"{each.subject} {each.kind} {each.phase}" for each in notifications]
        self.sent.append((service.name, about, f"{'resolve ' if resolve else ''}{incident}".strip()))
        return ""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.add("sales", sales(2))
    return stage


def end(stage: Stage, run_id: str, status: EventStatus, *, name: str = "sales", at: datetime | None = None) -> Event:
    """A retrain that ended so, a moment ago."""
    at, store = at or now(), stage.store
    champion = store.champion(name)
    analysis = make_analysis(
        run_id, name, as_of=at, champion_version=None if champion is None else champion.version, signals=(),
    )  # fmt: skip
    _, event = store.save_decision(analysis, make_decision(), at=at)
    assert event is not None
    with store.claim(event.id, at=at) as claim:
        claim.begin_version(at=at)
        changes = {"error_type": "TrainingError", "reason": "no rows"} if status is EventStatus.FAILED else {}
        return claim.finish(make_outcome(status, **changes), at=at)


def told(stage: Stage, **asked: Any) -> list[str]:
    written = workflow.notify(stage.deployment, **asked)
    return [f"{each.subject} {each.kind} {each.phase}" for each in written]


def carry(stage: Stage, post: Post, *, at: datetime | None = None) -> Delivered:
    return workflow.deliver(stage.deployment, post, at=at)


def settled(stage: Stage) -> list[Settled | None]:
    return [each.notification.settled for each in workflow.notifications(stage.deployment)]


@pytest.mark.parametrize(("status", "expected"), [
    (EventStatus.PROMOTED, "sales promoted told"), (EventStatus.HELD, "sales held told"),
    (EventStatus.REJECTED, "sales rejected told"), (EventStatus.FAILED, "sales failed begun"),
])  # fmt: skip
def test_each_end_of_a_retrain_is_told_once_however_often_the_run_is_repeated(
    stage: Stage, status: EventStatus, expected: str
) -> None:
    end(stage, "run-1", status)
    assert told(stage) == [expected]
    assert told(stage) == []
    assert told(stage, run_id="run-1") == []


def test_retrains_that_fail_in_a_row_are_one_episode_and_its_end_is_told(stage: Stage) -> None:
    end(stage, "run-1", EventStatus.FAILED)
    assert told(stage) == ["sales failed begun"]
    end(stage, "run-2", EventStatus.FAILED)
    assert told(stage) == []
    end(stage, "run-3", EventStatus.PROMOTED)
    assert told(stage) == ["sales promoted told", "sales failed over"]
    end(stage, "run-4", EventStatus.FAILED)
    assert told(stage) == ["sales failed begun"]


def test_failure_that_nobody_has_looked_at_again_is_not_called_over(stage: Stage) -> None:
    end(stage, "run-1", EventStatus.FAILED)
    told(stage)
    assert not [each for each in told(stage, at=now() + HOUR) if "failed" in each]
    assert not [each for each in told(stage, at=now() + timedelta(days=3)) if "failed over" in each]


def test_challengers_turned_down_by_one_champion_are_told_once(stage: Stage) -> None:
    end(stage, "run-1", EventStatus.PROMOTED)
    for number in (2, 3, 4):
        end(stage, f"run-{number}", EventStatus.HELD)
    assert told(stage) == ["sales promoted told", "sales held told"]
    end(stage, "run-5", EventStatus.PROMOTED)
    end(stage, "run-6", EventStatus.HELD)
    assert told(stage) == ["sales promoted told", "sales held told"]


def test_rollback_by_hand_is_told_with_who_and_why(stage: Stage) -> None:
    for number in (1, 2):
        end(stage, f"run-{number}", EventStatus.PROMOTED)
    told(stage)
    stage.store.roll_back(
        "sales", from_version=2, to_version=1, kind=ChangeKind.ROLLBACK, requested_by="ada", reason="too slow",
        at=now(), key="k",
    )  # fmt: skip
    assert told(stage) == ["sales rolled_back told"]
    [latest] = workflow.notifications(stage.deployment, "sales", most=1)
    assert latest.notification.facts["by"] == "ada"
    assert "too slow" in latest.notification.headline


def test_dry_run_is_not_told(stage: Stage) -> None:
    analysis = make_analysis("dry", "sales", as_of=now(), dry_run=True)
    stage.store.save_decision(analysis, make_decision(), at=now())
    assert told(stage) == []


def test_what_happened_long_ago_is_no_news(stage: Stage) -> None:
    end(stage, "run-1", EventStatus.PROMOTED, at=now() - timedelta(days=3))
    assert told(stage) == []


def test_problem_of_the_monitor_is_told_when_it_comes_and_when_it_goes(stage: Stage) -> None:
    (stage.models / "broken.yaml").write_text("task: [")
    assert told(stage, also=[AWAY]) == ["scheduler away begun", "broken broken_file begun"]
    assert told(stage, also=[AWAY]) == []
    (stage.models / "broken.yaml").unlink()
    assert sorted(told(stage)) == ["broken broken_file over", "scheduler away over"]
    assert told(stage, also=[AWAY]) == ["scheduler away begun"]


def test_model_file_says_what_is_told_and_to_whom(stage: Stage) -> None:
    stage.add("sales", owner="ada", notify={"services": "pager", "least": "MEDIUM", "outcomes": ["promoted", "failed"]})
    end(stage, "run-1", EventStatus.PROMOTED)  # LOW
    end(stage, "run-2", EventStatus.REJECTED)  # not wanted
    assert told(stage) == []
    end(stage, "run-3", EventStatus.FAILED)
    assert told(stage) == ["sales failed begun"]
    post = Post(names=("ops", "pager"))
    carry(stage, post)
    assert post.sent == [("pager", ["sales failed begun"], "")]
    assert workflow.notifications(stage.deployment)[0].notification.owner == "ada"


def test_what_the_model_file_leaves_open_is_as_the_environment_says(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRAINING_NOTIFY", "{least: MEDIUM, services: [ops]}")
    stage.add("sales", notify={"services": ["pager"]})
    end(stage, "run-1", EventStatus.PROMOTED)
    assert told(stage) == []
    end(stage, "run-2", EventStatus.FAILED)
    told(stage)
    assert workflow.notifications(stage.deployment)[0].notification.routing["services"] == ["pager"]
    monkeypatch.setenv("RETRAINING_NOTIFY", "{leest: MEDIUM}")
    with pytest.raises(ConfigurationError, match="RETRAINING_NOTIFY"):
        told(stage)


def test_message_is_sent_once_to_each_service(stage: Stage) -> None:
    end(stage, "run-1", EventStatus.PROMOTED)
    told(stage)
    post = Post(names=("ops", "mail"))
    found = carry(stage, post)
    assert (found.sent, found.failed, found.waiting) == (2, 0, 0)
    assert carry(stage, post).sent == 0
    assert [name for name, _, _ in post.sent] == ["ops", "mail"]
    assert settled(stage) == [Settled.DELIVERED]


def test_service_that_fails_is_tried_again_ever_more_rarely_and_given_up(stage: Stage) -> None:
    end(stage, "run-1", EventStatus.PROMOTED)
    told(stage)
    post, at = Post(names=("ops", "mail"), down={"ops"}), now()
    found = carry(stage, post, at=at)
    assert (found.sent, found.failed, found.waiting, found.errors) == (1, 1, 1, ["ops (fake://ops): error 500"])
    assert carry(stage, post, at=at + BACKOFF[0] / 2).failed == 0
    for wait in BACKOFF:
        at += wait + timedelta(minutes=1)
        found = carry(stage, post, at=at)
        assert found.failed == 1
    assert (found.waiting, settled(stage)) == (0, [Settled.IN_PART])
    [kept] = workflow.notifications(stage.deployment)
    tries = [each for each in kept.deliveries if each.service == "ops"]
    assert [each.attempt for each in tries] == list(range(1, MOST_TRIES + 1))
    assert {each.error for each in tries} == {"error 500"}
    assert len(post.sent) == 1


def test_service_that_has_come_back_gets_what_it_missed(stage: Stage) -> None:
    end(stage, "run-1", EventStatus.FAILED)
    told(stage)
    post = Post(down={"ops"})
    carry(stage, post)
    post.down.clear()
    assert carry(stage, post, at=now() + HOUR).sent == 1
    [kept] = workflow.notifications(stage.deployment)
    assert [each.status for each in kept.deliveries] == [DeliveryStatus.FAILED, DeliveryStatus.SENT]


def test_service_that_fails_is_not_asked_for_each_message(stage: Stage) -> None:
    for number in range(1, 4):
        stage.add(f"m{number}", None)
        end(stage, f"run-{number}", EventStatus.PROMOTED, name=f"m{number}")
    told(stage)
    assert carry(stage, Post(down={"ops"})).failed == 1


def test_beyond_five_models_there_is_one_message(stage: Stage) -> None:
    post = Post()
    for number in range(5):
        end(stage, f"run-{number}", EventStatus.PROMOTED, name=f"m{number}")
    told(stage)
    carry(stage, post)
    assert [len(about) for _, about, _ in post.sent] == [1] * 5
    for number in range(6):
        end(stage, f"run-1{number}", EventStatus.PROMOTED, name=f"m{number}")
    told(stage)
    carry(stage, post)
    assert [len(about) for _, about, _ in post.sent] == [1] * 5 + [6]
    assert set(settled(stage)) == {Settled.DELIVERED}


def test_nobody_is_told_in_quiet_hours_but_of_what_is_severe(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    here = now()
    start, over = here - HOUR, here + HOUR
    quiet = f"{{start: '{start:%H:%M}', end: '{over:%H:%M}'}}"
    monkeypatch.setenv("RETRAINING_NOTIFY", f"quiet: {quiet}")
    end(stage, "run-1", EventStatus.FAILED)
    told(stage, at=here, also=[AWAY])
    post = Post()
    carry(stage, post, at=here)
    assert post.sent == [("ops", ["scheduler away begun"], "")]
    carry(stage, post, at=over)
    assert [about for _, about, _ in post.sent[1:]] == [["sales failed begun"]]


def test_muted_model_is_told_after_the_mute_where_the_episode_lasts(stage: Stage) -> None:
    workflow.mute(stage.deployment, "sales", until=now() + HOUR, by="ada", reason="known")
    end(stage, "run-1", EventStatus.PROMOTED)
    end(stage, "run-2", EventStatus.FAILED)
    told(stage)
    post = Post()
    carry(stage, post)
    assert (post.sent, sorted(map(str, settled(stage)))) == ([], ["None", "muted"])
    carry(stage, post, at=now() + 2 * HOUR)
    assert [about for _, about, _ in post.sent] == [["sales failed begun"]]


def test_mute_of_another_model_changes_nothing(stage: Stage) -> None:
    stage.add("iris")
    workflow.mute(stage.deployment, "iris", until=now() + HOUR, by="ada", reason="known")
    end(stage, "run-1", EventStatus.PROMOTED)
    told(stage)
    assert carry(stage, Post()).sent == 1


def test_episode_that_was_over_before_anybody_knew_is_not_told(stage: Stage) -> None:
    end(stage, "run-1", EventStatus.FAILED)
    told(stage)
    end(stage, "run-2", EventStatus.HELD)
    told(stage)
    post = Post()
    carry(stage, post)
    assert [about for _, about, _ in post.sent] == [["sales held told"]]
    assert sorted(map(str, settled(stage))) == ["delivered", "passed", "passed"]


def test_end_of_an_episode_goes_to_those_who_know_of_it(stage: Stage) -> None:
    end(stage, "run-1", EventStatus.FAILED)
    told(stage)
    post = Post(names=("ops", "mail"), down={"mail"})
    carry(stage, post)
    end(stage, "run-2", EventStatus.HELD)
    told(stage)
    post.down.clear()
    carry(stage, post, at=now() + timedelta(seconds=1))
    assert ("ops", ["sales failed over"], "") in post.sent
    assert ("mail", ["sales failed over"], "") not in post.sent


def test_incident_is_resolved_under_the_key_that_began_it(stage: Stage) -> None:
    end(stage, "run-1", EventStatus.FAILED)
    told(stage)
    post = Post(incidents=True)
    carry(stage, post)
    end(stage, "run-2", EventStatus.PROMOTED)
    told(stage)
    carry(stage, post)
    key = post.sent[0][2]
    assert key.startswith("retraining/sales/failed/")
    assert key.endswith(f"@{stage.store.identity().partition('-')[0]}")  # others may have an event of that number
    assert post.sent[-1] == ("ops", ["sales failed over"], f"resolve {key}")


def test_incident_of_a_digest_is_resolved_when_the_last_of_its_episodes_is_over(stage: Stage) -> None:
    names = [f"m{number}" for number in range(6)]
    for name in names:
        end(stage, f"run {name}", EventStatus.FAILED, name=name)
    told(stage)
    post = Post(incidents=True)
    carry(stage, post)
    [(_, about, key)] = post.sent
    assert (len(about), key.startswith("retraining/digest/")) == (6, True)
    for name in names[:5]:
        end(stage, f"again {name}", EventStatus.HELD, name=name)
    told(stage)
    carry(stage, post)
    assert not [each for each in post.sent if each[2].startswith("resolve")]
    end(stage, "again m5", EventStatus.HELD, name="m5")
    told(stage)
    carry(stage, post)
    assert [each[2] for each in post.sent if each[2].startswith("resolve")] == [f"resolve {key}"]


def test_what_no_service_wants_is_settled(stage: Stage) -> None:
    end(stage, "run-1", EventStatus.PROMOTED)
    told(stage)
    assert carry(stage, Post(names=())).waiting == 0
    assert settled(stage) == [Settled.NOBODY]


def test_time_that_runs_out_leaves_the_rest_for_the_next_time(stage: Stage) -> None:
    end(stage, "run-1", EventStatus.PROMOTED)
    told(stage)
    found = workflow.deliver(stage.deployment, Post(), seconds=-1.0)
    assert (found.sent, found.waiting) == (0, 1)
    assert carry(stage, Post()).sent == 1


def test_service_that_fails_is_on_record_as_a_failure_of_that_step_and_no_model_fails_by_it(stage: Stage) -> None:
    end(stage, "run-1", EventStatus.PROMOTED)
    told(stage, run_id="run-2")
    workflow.deliver(stage.deployment, Post(names=("ops", "mail"), down={"ops"}), run_id="run-2")
    [failure] = workflow.failures(stage.deployment, run_id="run-2")
    assert failure.sentence == "notify failed: DeliveryPutOff: ops (fake://ops): error 500"
    assert (failure.model_name, failure.permanent) == ("", False)
    assert workflow.why_nothing(stage.deployment, "sales", "run-2") == ""
    assert ProblemKind.FAILING not in {each.kind for each in workflow.health(stage.deployment).problems}
    carry(stage, Post(names=("ops", "mail")), at=now() + HOUR)
    assert len(workflow.failures(stage.deployment)) == 1


def test_outbox_that_is_stuck_is_a_problem_of_the_monitor(stage: Stage) -> None:
    end(stage, "run-1", EventStatus.FAILED)
    told(stage)
    carry(stage, Post(down={"ops"}))
    kinds = {each.kind for each in workflow.health(stage.deployment, at=now() + 2 * HOUR).problems}
    assert ProblemKind.OUTBOX_STUCK in kinds
    carry(stage, Post(), at=now() + HOUR)
    kinds = {each.kind for each in workflow.health(stage.deployment, at=now() + 2 * HOUR).problems}
    assert ProblemKind.OUTBOX_STUCK not in kinds


def test_retrain_that_waits_for_approval_is_told_and_over_once_it_is_answered(stage: Stage) -> None:
    stage.add("sales", approval={"severities": ["HIGH"]})
    _, event = stage.store.save_decision(make_analysis("run-1", "sales", as_of=now()), make_decision(), at=now())
    assert event is not None
    [asked] = workflow.notify_question(stage.deployment, event.id)
    assert (asked.kind, asked.phase, asked.severity) == ("approval", Phase.BEGUN, Severity.HIGH)
    assert workflow.notify_question(stage.deployment, event.id) == []
    assert told(stage) == []
    workflow.hold(stage.deployment, event.id, "ada")
    assert told(stage) == ["sales held told", "sales approval over"]
