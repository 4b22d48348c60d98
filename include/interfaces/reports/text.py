"""Decisions and events as text for logs and terminals, and as small dicts for XCom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.decision.decision import Decision
from include.decision.signals import SignalKind
from include.interfaces.reports.escaping import fence, in_markdown, one_line, shorten
from include.records.entries import Analysis, ChampionChange, Event, EventStatus
from include.records.masking import mask
from include.workflow.approve import Question

RULE = "═" * 60
LONGEST_SHORT = 200  # characters of what one model came to, in a line


def answer(decision: Decision) -> str:
    """The decision in a word or two."""
    if decision.triggered:
        return "retrain"
    return "no retrain: blocked" if decision.blocked_by else "no retrain"


def banner(decision: Decision) -> str:
    """The decision, to be seen at a glance."""
    answer = "YES" if decision.triggered else "NO"
    lines = [
        RULE,
        f"RETRAINING DECISION: {answer}",
        RULE,
        f"Reason: {one_line(decision.reason)}",
        f"Severity: {decision.severity}",
        f"Confidence: {_confidence(decision)}",
    ]
    if decision.root_cause:
        lines.append(f"Root cause: {one_line(decision.root_cause)}")
    lines += [f"Blocked by: {one_line(block)}" for block in decision.blocked_by]
    lines += [f"Recommendation: {one_line(decision.recommendation)}", RULE]
    return "\n".join(lines)


def next_step(decision: Decision, event: Event | None) -> tuple[str, str]:
    """What the decision recommends to do, or, once that was tried, what came of it; each with its heading."""
    if event is not None and event.status.closed and event.status is not EventStatus.DRY_RUN:
        return "What came of it", f"{event.status}: {event.outcome or event.error}"
    return "What to do", decision.recommendation


def _confidence(decision: Decision) -> str:
    measured = any(trigger.fired and trigger.p_value is not None for trigger in decision.triggers)
    if decision.triggered and not measured and not decision.confidence:
        return "not known (bare metrics, no rows behind them)"
    return f"{decision.confidence:.2%}"


def subject_of(asked: Question) -> str:
    """The question to a person, as a headline."""
    event = asked.event
    what = f"Publish {asked.shadow} of" if asked.shadow else "Retrain"
    return f"{what} {event.model_name}? ({asked.severity}: {event.trigger_type})"


def body_of(asked: Question) -> str:
    """What the question is about, in Markdown."""
    event = asked.event
    champion = "no champion yet" if event.champion_version is None else f"v{event.champion_version} is champion"
    return (
        f"{fence(mask(banner(event.decision)))}\nEvent {event.id} of run {in_markdown(event.run.run_id)}; {champion}. "
        "The gate decides about the challenger in any case."
    )


def of_analysis(analysis: Analysis) -> dict[str, Any]:
    """What the next task and the UI need of an analysis: its key and a few counts."""
    return {
        "model_name": analysis.model_name,
        "run_id": analysis.run.run_id,
        "rows": analysis.rows,
        "labelled_rows": analysis.labelled_rows,
        "signals": len(analysis.signals),
        "changed": [f"{s.kind}:{s.feature or s.statistic}" for s in analysis.signals if s.changed][:20],
    }


def of_event(event: Event) -> dict[str, Any]:
    """What the UI needs of an executed event."""
    return {
        "event_id": event.id,
        "status": str(event.status),
        "version": event.version,
        "outcome": one_line(mask(event.outcome)),
    }


def of_change(change: ChampionChange) -> dict[str, Any]:
    """What the UI needs of a change of champion."""
    return {"kind": str(change.kind), "version": change.to_version, "reason": one_line(mask(change.reason))}


def of_model(
    model_name: str, found: tuple[Decision, Event | None] | None, rollback: ChampionChange | None = None, why: str = ""
) -> str:
    """What came of one model in one run, in a few lines; `why` says why there is no decision."""
    if found is None and rollback is not None:
        return f"{model_name}: {one_line(rollback.sentence)} (by {one_line(rollback.deployed_by)})"
    if found is None:
        return f"{model_name}: no decision on record; {one_line(why) or 'the analysis failed, its task log says why'}"
    decision, event = found
    lines = [
        f"{model_name}: {'retrain' if decision.triggered else 'no retrain'} "
        f"(severity {decision.severity}, confidence {decision.confidence:.1%})",
        f"  reason      {one_line(decision.reason)}",
    ]
    lines += [f"  blocked by  {one_line(block)}" for block in decision.blocked_by]
    if decision.root_cause:
        lines.append(f"  root cause  {one_line(decision.root_cause)}")
    if event is not None:
        lines += _event_lines(event)
    if rollback is not None:
        lines.append(f"  champion    {one_line(rollback.sentence)}")
    return "\n".join(lines)


def in_short(
    model_name: str, found: tuple[Decision, Event | None] | None, rollback: ChampionChange | None = None, why: str = ""
) -> str:
    """What came of one model in one run, in one line of at most `LONGEST_SHORT` characters; see `of_model`."""
    told = [] if found is None else [_came_to(*found)]
    if rollback is not None:
        told.append(rollback.sentence)
    nothing = why or "failed: there is no decision, the red task says why"
    line = f"{model_name}: {', '.join(told) or nothing}"
    return shorten(one_line(" ".join(mask(line).split())), LONGEST_SHORT)


def _came_to(decision: Decision, event: Event | None) -> str:
    if event is None:
        return f"no, blocked: {decision.blocked_by[0]}" if decision.blocked_by else f"no: {decision.reason}"
    version = "" if event.version is None else f"v{event.version} "
    did = "judged the shadow" if event.trigger_type == SignalKind.SHADOW else "retrained"
    if event.status is EventStatus.PROMOTED:
        return f"{did}, promoted {version}".rstrip()
    if event.status in (EventStatus.HELD, EventStatus.REJECTED):
        return f"{did if version else 'yes'}, {version}{event.status}: {event.outcome}"
    if event.status is EventStatus.DRY_RUN:
        return f"yes: {decision.reason} (dry run: nothing was executed)"
    why = event.outcome or ": ".join(filter(None, (event.error_type, event.error)))
    return f"yes, {event.status}: {why}" if why else f"yes, {event.status}"


def _event_lines(event: Event) -> list[str]:
    lines = [f"  outcome     {event.status}: {one_line(event.outcome or event.error)}"]
    if event.version is not None:
        champion = f"v{event.champion_version}" if event.champion_version is not None else "none"
        lines.append(f"  versions    champion {champion}, challenger v{event.version}")
    if event.scores:
        lines.append(f"  metrics     {_before_and_after(event.champion_scores, event.scores)}")
    return lines


def _before_and_after(before: Mapping[str, float], after: Mapping[str, float]) -> str:
    """For each metric: champion → challenger on the same held-out rows."""
    return ", ".join(
        f"{name} {before[name]:.4g} → {value:.4g}" if name in before else f"{name} {value:.4g}"
        for name, value in after.items()
    )


def event_row(event: Event) -> str:
    """One event as a line of a table."""
    version = f"v{event.version}" if event.version is not None else "-"
    return (
        f"  #{event.id}  {event.triggered_at:%Y-%m-%d %H:%M:%S}  {event.model_name:16s} {event.trigger_type:14s} "
        f"{event.decision.severity:8s} {event.status:10s} {version:4s} {one_line(event.outcome or event.error)}"
    )
