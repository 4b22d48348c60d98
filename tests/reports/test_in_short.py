"""What a model came to in one line, as the note of a run has it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from include.decision.decision import Decision, Severity
from include.interfaces.reports.text import LONGEST_SHORT, in_short
from include.records.entries import ChampionChange, ChangeKind, Event, EventStatus, Run

AT = datetime(2026, 11, 1, tzinfo=UTC)


def decision(**given: Any) -> Decision:
    usual: dict[str, Any] = {
        "triggered": False, "trigger_type": "", "reason": "nothing changed", "severity": Severity.LOW,
        "confidence": 0.0, "root_cause": "", "blocked_by": (), "recommendation": "", "triggers": (),
    }  # fmt: skip
    return Decision(**{**usual, **given})


def event(status: EventStatus, trigger: str = "performance", **given: Any) -> tuple[Decision, Event]:
    decided = decision(triggered=True, trigger_type=trigger, reason="rmse worse by 12 %")
    run = Run(run_id="r", as_of=AT)
    return decided, Event(
        id=1, model_name="demand", run=run, status=status, decision=decided, triggered_at=AT, **given
    )  # fmt: skip


ROLLED_BACK = ChampionChange(
    id=1, model_name="demand", kind=ChangeKind.ROLLBACK, from_version=3, to_version=2, deployed_at=AT,
    reason="too slow", deployed_by="ada", run_id="r",
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ((decision(), None), "no: nothing changed"),
        ((decision(blocked_by=("cooling down", "broken")), None), "no, blocked: cooling down"),
        (event(EventStatus.PROMOTED, version=2), "retrained, promoted v2"),
        (event(EventStatus.HELD, version=2, outcome="not proven better"), "retrained, v2 held: not proven better"),
        (event(EventStatus.REJECTED, version=2, outcome="worse"), "retrained, v2 rejected: worse"),
        (event(EventStatus.HELD, outcome="not approved: nobody answered in time"),
         "yes, held: not approved: nobody answered in time"),
        (event(EventStatus.PROMOTED, trigger="shadow", version=4), "judged the shadow, promoted v4"),
        (event(EventStatus.FAILED, error_type="TrainingError", error="deep"), "yes, failed: TrainingError: deep"),
        (event(EventStatus.EXECUTING), "yes, executing"),
        (event(EventStatus.DRY_RUN), "yes: rmse worse by 12 % (dry run: nothing was executed)"),
        (None, "failed: there is no decision, the red task says why"),
    ],
)  # fmt: skip
def test_line_says_yes_or_no_and_what_came_of_it(found: tuple[Decision, Event | None] | None, told: str) -> None:
    assert in_short("demand", found) == f"demand: {told}"


def test_rollback_is_told_alone_and_beside_a_decision() -> None:
    assert in_short("demand", None, ROLLED_BACK) == f"demand: {ROLLED_BACK.sentence}"
    assert in_short("demand", (decision(), None), ROLLED_BACK) == f"demand: no: nothing changed, {ROLLED_BACK.sentence}"


@pytest.mark.parametrize("error", ["a\nb\r\n\tc", "x" * 5000])
def test_line_is_one_and_short(error: str) -> None:
    line = in_short("demand", event(EventStatus.FAILED, error=error))
    assert len(line) <= LONGEST_SHORT
    assert "\n" not in line
