"""What there is to tell people: pure rules from what is on record to news, and what of it is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from include.decision.decision import Severity
from include.records.entries import (
    ChampionChange,
    ChangeKind,
    Event,
    EventStatus,
    News,
    Notification,
    Problem,
    ProblemKind,
    Quarantine,
)

LOST = (EventStatus.FAILED, EventStatus.ABANDONED)
LONGEST = 600  # characters of a headline
MOST_COLUMNS = 5  # named in one headline


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing to tell; the fields as in `include.records.entries.Notification`."""

    model_name: str
    subject: str
    kind: str
    episode: str
    severity: Severity
    headline: str
    run_id: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def topic(self) -> tuple[str, str, str]:
        """As `Notification.topic`."""
        return self.model_name, self.subject, self.kind


def happenings(events: Iterable[Event], changes: Iterable[ChampionChange]) -> list[Item]:
    """What happened and is told once: promotions, verdicts against a challenger, champions brought back.

    Verdicts against challengers of one champion are one thing, however many were trained in vain.
    """
    told = [_of_event(event) for event in events if event.status not in LOST]
    return [each for each in told if each is not None] + [
        _item(
            change.model_name, News.ROLLED_BACK, f"change {change.id}",
            Severity.MEDIUM if change.kind is ChangeKind.ROLLBACK else Severity.HIGH, change.sentence, change.run_id,
            outcome=str(change.kind), version=f"v{change.to_version}", by=change.deployed_by,
            champion="" if change.from_version is None else f"v{change.from_version}",
        )
        for change in changes
        if change.kind is not ChangeKind.PROMOTION
    ]  # fmt: skip


def lost_trainings(events: Iterable[Event]) -> Mapping[str, Item | None]:
    """By model, of those whose events these are: the retraining that failed, None where the last one did not."""
    last = {event.model_name: event for event in events}
    return {name: _lost(event) if event.status in LOST else None for name, event in last.items()}


def broken_feeds(quarantines: Iterable[Quarantine], last_runs: Mapping[str, str]) -> list[Item]:
    """Models whose last check found columns broken, one item however many columns.

    Parameters
    ----------
    last_runs : mapping of str to str
        The last run that checked each model.
    """
    broken: dict[str, list[Quarantine]] = {}
    for each in quarantines:
        if each.lifted is None and last_runs.get(each.model_name) == each.last_run_id:
            broken.setdefault(each.model_name, []).append(each)
    return [_broken(name, found) for name, found in sorted(broken.items())]


def problems_told(problems: Iterable[Problem], models: Iterable[str], failing: Iterable[str]) -> list[Item]:
    """What is wrong with the monitor itself.

    Parameters
    ----------
    models : iterable of str
        Names of models: other subjects are about none.
    failing : iterable of str
        Models of which a failed retraining is told already.
    """
    known, told_already = set(models), set(failing)
    items: dict[tuple[str, str, str], Item] = {}
    for each in problems:
        if each.kind is ProblemKind.FAILING and each.subject in told_already:
            continue
        since = "" if each.since is None else each.since.isoformat(timespec="minutes")
        item = _item(each.subject, each.kind, "", each.severity, each.told, way_out=each.way_out, since=since)
        if each.subject not in known:
            item = Item(**{**vars(item), "model_name": ""})
        first = items.setdefault(item.topic, item)
        if first is not item:  # of two steps that keep failing the first, which is the more severe, tells for both
            more = [*first.facts.get("more", []), item.headline]
            items[item.topic] = Item(**{**vars(first), "facts": {**first.facts, "more": more}})
    return list(items.values())


def changes_of_episodes(
    open_episodes: Sequence[Notification], active: Iterable[Item], unknown: Iterable[tuple[str, str, str]] = ()
) -> tuple[list[Item], list[Notification]]:
    """Which episodes begin, and which are over.

    Parameters
    ----------
    open_episodes : sequence of Notification
        The begins of those that are not over.
    active : iterable of Item
        What is the case now.
    unknown : iterable of topic
        Of which nobody has looked: they stay as they are.
    """
    now_active = {item.topic: item for item in active}
    known = {each.topic for each in open_episodes}
    begun = [item for topic, item in now_active.items() if topic not in known]
    left_alone = set(unknown)
    over = [each for each in open_episodes if each.topic not in now_active and each.topic not in left_alone]
    return begun, over


def ended(begin: Notification) -> Item:
    """What is told when an episode is over."""
    return Item(
        model_name=begin.model_name, subject=begin.subject, kind=begin.kind, episode=begin.episode,
        severity=begin.severity, headline=shorten(f"over: {begin.headline}"), run_id=begin.run_id,
        facts={**begin.facts, "began": begin.written_at.isoformat(timespec="minutes")},
    )  # fmt: skip


def question_told(event: Event, severity: Severity, within: str) -> Item:
    """A retrain that waits for somebody's answer."""
    return _item(
        event.model_name, News.APPROVAL, f"event {event.id}", severity,
        f"a retrain waits for approval; no answer within {within} is a no: {event.decision.reason}", event.run.run_id,
        event_id=event.id, trigger_type=event.trigger_type,
    )  # fmt: skip


def shorten(text: str) -> str:
    """`text` in one line, not longer than a headline may be."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _of_event(event: Event) -> Item | None:
    champion = "" if event.champion_version is None else f"v{event.champion_version}"
    if event.status is EventStatus.PROMOTED:
        headline = f"v{event.version} is champion: {event.outcome}"
        return _event_item(event, News.PROMOTED, f"event {event.id}", Severity.LOW, headline)
    against = f"against {champion or 'none'}"
    if event.status is EventStatus.HELD:
        return _event_item(event, News.HELD, against, Severity.LOW, f"{champion or 'nothing'} stays: {event.outcome}")
    if event.status is EventStatus.REJECTED:
        headline = f"v{event.version} was turned down: {event.outcome}"
        return _event_item(event, News.REJECTED, against, Severity.MEDIUM, headline)
    return None


def _lost(event: Event) -> Item:
    why = f"{event.error_type}: {event.error}" if event.error else event.outcome or event.error_type
    return _event_item(event, News.FAILED, f"event {event.id}", Severity.HIGH, f"retraining failed: {why}", error=why)


def _event_item(event: Event, kind: News, episode: str, severity: Severity, headline: str, **facts: Any) -> Item:
    return _item(
        event.model_name, kind, episode, severity, headline, event.run.run_id, event_id=event.id,
        outcome=str(event.status), reason=event.decision.reason, trigger_type=event.trigger_type,
        version="" if event.version is None else f"v{event.version}",
        champion="" if event.champion_version is None else f"v{event.champion_version}",
        scores=dict(event.scores), champion_scores=dict(event.champion_scores),
        duration=event.details.training_duration or 0.0, **facts,
    )  # fmt: skip


def _broken(name: str, found: Sequence[Quarantine]) -> Item:
    columns = list(dict.fromkeys(each.fault.feature for each in found))
    shown = ", ".join(columns[:MOST_COLUMNS])
    more = f" and {len(columns) - MOST_COLUMNS} more" if len(columns) > MOST_COLUMNS else ""
    many = "a column is" if len(columns) == 1 else f"{len(columns)} columns are"
    first = min(found, key=lambda each: each.id)
    return _item(
        name, News.QUARANTINED, f"quarantine {first.id}", Severity.HIGH,
        f"{many} broken, and the rows are not trained on: {shown}{more}", first.run_id, columns=columns,
    )  # fmt: skip


def _item(
    subject: str, kind: str, episode: str, severity: Severity, headline: str, run_id: str = "", **facts: Any
) -> Item:
    return Item(
        model_name=subject, subject=subject, kind=str(kind), episode=episode, severity=severity,
        headline=shorten(headline) or str(kind), run_id=run_id, facts=facts,
    )  # fmt: skip
