"""Notify: write down what people are to be told since the last time, each thing once; nothing is sent here."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from include.decision.policy.durations import format_duration
from include.errors import ConfigurationError
from include.records.entries import EventStatus, News, Notification, Phase, Problem, Told
from include.registry.functions import import_function
from include.registry.model_files import model_names
from include.registry.notify_usual import VARIABLE, read_notify
from include.registry.notifying import Notify, at_least
from include.registry.spec import ModelSpec
from include.workflow.approve import question
from include.workflow.deployment import Deployment, now, to_come
from include.workflow.monitor import health
from include.workflow.news import (
    Item,
    broken_feeds,
    changes_of_episodes,
    ended,
    happenings,
    lost_trainings,
    problems_told,
    question_told,
)

REMEMBERED = timedelta(days=2)  # what happened before is no news any more
_OF_TRAININGS = frozenset({News.FAILED})


def notify(
    deployment: Deployment, *, run_id: str = "", at: datetime | None = None, also: Iterable[Problem] = ()
) -> Sequence[Notification]:
    """Write what there is to tell into the outbox; a run that is repeated writes nothing twice.

    What is told is read from the records, whoever made it: a run, a command, a person. So nothing is lost when the run
    that should have told it died: the next one does.

    Parameters
    ----------
    run_id : str
        The run at whose end this is done, for what has no run of its own.
    at : datetime, optional
        Now by default. What happened more than two days before is no news any more.
    also : iterable of Problem
        What only the caller can see, such as a scheduler that is away.

    Returns
    -------
    sequence of Notification
        Those that are new.

    Raises
    ------
    ConfigurationError
        When there is no folder of model files, or when ``RETRAINING_NOTIFY`` cannot be read.
    """
    moment, outbox = at or now(), deployment.store.outbox
    usual = usual_settings()
    events = outbox.ended(since=moment - REMEMBERED)
    told = happenings(events, outbox.changes(since=moment - REMEMBERED))
    open_episodes = outbox.open()
    active, unknown = _conditions(deployment, open_episodes, lost_trainings(events), moment, also)
    begun, over = changes_of_episodes(open_episodes, active, unknown)
    seen = f"since {moment.isoformat()}"
    settings = _Settings(deployment, usual)
    written = partial(_written, settings=settings, at=moment, batch=str(uuid.uuid4()), run_id=run_id)
    return outbox.add([
        *(each for item in told if (each := written(item, Phase.TOLD)) is not None),
        *(each for item in begun if (each := written(item, Phase.BEGUN, episode=seen)) is not None),
        *(each for begin in over if (each := written(ended(begin), Phase.OVER, wanted=True)) is not None),
    ])  # fmt: skip


def notify_question(deployment: Deployment, event_id: int) -> Sequence[Notification]:
    """Write that a retrain waits for approval; nothing where none is needed, or where that was written already."""
    asked = question(deployment, event_id)
    if asked is None:
        return []
    item = question_told(asked.event, asked.event.decision.severity, format_duration(asked.within))
    settings = _Settings(deployment, usual_settings())
    wanted = _written(item, Phase.BEGUN, settings=settings, at=now(), batch=str(uuid.uuid4()))
    return [] if wanted is None else deployment.store.outbox.add([wanted])


def notifications(
    deployment: Deployment, model_name: str = "", *, before: int | None = None, most: int = 100
) -> Sequence[Told]:
    """The latest notifications with the tries to deliver them, newest first.

    Parameters
    ----------
    model_name : str
        Of all models, and of what is about none, where empty.
    before : int, optional
        Only those with a smaller id: the next page.
    """
    return deployment.store.outbox.find(model_name=model_name or None, before=before, most=most)


def callback(model_name: str, place: str) -> Callable[..., Any]:
    """The function ``module:function`` of the owner's that is told of a model; a `ConfigurationError` for none."""
    return import_function(model_name, "notify.callbacks", place)


def usual_settings(environment: Mapping[str, str] | None = None) -> Notify:
    """Who is told what where a model file does not say: what ``RETRAINING_NOTIFY`` holds."""
    env = os.environ if environment is None else environment
    return read_notify(env.get(VARIABLE, ""))


def _conditions(
    deployment: Deployment, open_episodes: Sequence[Notification], lost: Mapping[str, Item | None], at: datetime,
    also: Iterable[Problem],
) -> tuple[list[Item], set[tuple[str, str, str]]]:  # fmt: skip
    """What is the case now, and the topics of which nobody has looked."""
    store = deployment.store
    failed = {name: item for name, item in lost.items() if item is not None}
    failed_before = {each.model_name for each in open_episodes if each.kind in _OF_TRAININGS}
    last_runs = {each.model_name: each.run_id for each in store.watch.watched(before=to_come(at))}
    found = health(deployment, at=at, also=also).problems
    failing = failed.keys() | (failed_before - lost.keys())
    active = [
        *failed.values(),
        *broken_feeds(store.quarantines(), last_runs),
        *problems_told(found, model_names(deployment.models_dir), failing),
    ]
    unknown = {each.topic for each in open_episodes if each.kind in _OF_TRAININGS and each.model_name not in lost}
    waiting = {each.topic for each in open_episodes if each.kind == News.APPROVAL and _waits(deployment, each)}
    return active, unknown | waiting


def _waits(deployment: Deployment, asked: Notification) -> bool:
    """Whether a question about an event is open still."""
    return deployment.store.event(asked.facts["event_id"]).status is EventStatus.DECIDED


class _Settings:
    """Who is told what about each model; read once a model."""

    def __init__(self, deployment: Deployment, usual: Notify) -> None:
        self._deployment, self._usual = deployment, usual
        self._known: dict[str, tuple[Notify, str]] = {"": (usual, "")}

    def of(self, model_name: str) -> tuple[Notify, str]:
        """Settings and owner of a model; a file that cannot be read, or is gone, says nothing."""
        if model_name not in self._known:
            spec = self._spec(model_name)
            mine = (self._usual, "") if spec is None else (spec.notify.over(self._usual), spec.owner)
            self._known[model_name] = mine
        return self._known[model_name]

    def _spec(self, model_name: str) -> ModelSpec | None:
        try:
            return self._deployment.spec(model_name)
        except ConfigurationError:  # told by health
            return None


def _written(
    item: Item, phase: Phase, *, settings: _Settings, at: datetime, batch: str, run_id: str = "", episode: str = "",
    wanted: bool = False,
) -> Notification | None:  # fmt: skip
    """The notification of an item; None where nobody wants to be told, unless it is `wanted` in any case."""
    mine, owner = settings.of(item.model_name)
    if not wanted and not mine.wants(item.kind, item.severity):
        return None
    quiet = None if mine.quiet is None else mine.quiet.until(at)
    loud = mine.quiet is not None and at_least(item.severity, mine.quiet.unless)
    routing = {
        "services": list(mine.services), "callbacks": list(mine.callbacks), "title": mine.title, "text": mine.text,
    }  # fmt: skip
    return Notification(
        model_name=item.model_name, subject=item.subject, kind=item.kind, episode=episode or item.episode, phase=phase,
        severity=item.severity, owner=owner, run_id=item.run_id or run_id, batch=batch, headline=item.headline,
        facts=item.facts, routing=routing, written_at=at, due_at=at if quiet is None or loud else quiet,
    )  # fmt: skip
