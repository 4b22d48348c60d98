"""The monitor of the monitor: what keeps models from being looked at, or nobody would notice otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from include.decision.decision import Severity
from include.errors import ConfigurationError
from include.records.entries import FailedStep, Failing, Health, Pause, Problem, ProblemKind, Waiting, Watched
from include.registry.model_files import list_model_files, name_of
from include.registry.spec import ModelSpec
from include.retraining.artifacts import ArtifactFolder
from include.workflow.deployment import Deployment, now, to_come
from include.workflow.failing import bring_in
from include.workflow.identity import CHOICE, why_moved, why_silent
from include.workflow.model_files import unchanged_spec, while_unchanged
from include.workflow.people import QUARTER
from include.workflow.renamed import all_files_gone
from include.workflow.report import REMEMBERED

MISSED = 2  # intervals without a check from which on a model counts as unchecked
MANY = 4  # runs that a step failed in from which on that is severe
DELAYS = 3  # times as long as labels take have recent rows to go back, before a lack of labels is told
HALVED = 0.5  # of the earlier share of labels: below it they have stopped
OVERDUE = timedelta(hours=1)  # what waits for so long after it was due, a notification or an arrival, is stuck
NAMED = 3  # places in one sentence
UNHEARD = timedelta(days=1)  # for so long one that was given up is told
UNKNOWN_INTERVAL = timedelta(hours=6)  # of a model whose file is gone or broken: how often the DAG runs
_GRAVE = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


@dataclass(frozen=True, kw_only=True)
class _Model:
    """A model file, read: its settings, or what is wrong with it; and when it was last written."""

    name: str
    spec: ModelSpec | None
    mistake: str
    written_at: datetime
    allowed: float | None = None  # false retrains a quarter

    @property
    def watched(self) -> bool:
        """Whether runs are to look at it."""
        return self.spec is None or self.spec.enabled

    @property
    def interval(self) -> timedelta:
        """How often it is to be looked at."""
        return UNKNOWN_INTERVAL if self.spec is None else self.spec.check_every


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is looked up of all models, for whoever has done so already.

    Parameters
    ----------
    watched : sequence of Watched
        The latest check of each model.
    pauses : mapping of str to Pause
        Of the models that are paused now.
    false_alarms : mapping of str to int
        Retrains of the last quarter that were marked as such.
    """

    watched: Sequence[Watched]
    pauses: Mapping[str, Pause]
    false_alarms: Mapping[str, int]


def health(
    deployment: Deployment, *, at: datetime | None = None, also: Iterable[Problem] = (), seen: Seen | None = None
) -> Health:
    """What is wrong with the monitor itself.

    Of paused and disabled models only a broken file is told, and a request that waits.

    Parameters
    ----------
    at : datetime, optional
        Now by default.
    also : iterable of Problem
        What only the caller can see, such as a scheduler that is away.
    seen : Seen, optional
        As of `at`, where the caller has looked it up already.

    Raises
    ------
    ConfigurationError
        When there is no folder of model files.
    """
    moment = at or now()
    bring_in(deployment.store, deployment.artifacts)
    files, watch = list_model_files(deployment.models_dir), deployment.store.watch
    models = {name_of(file): _read(file) for file in files}
    seen = seen or _seen(deployment, moment)
    pauses, watched = seen.pauses, {each.model_name: each for each in seen.watched}
    failing = watch.failing(since=moment - REMEMBERED, before=to_come(moment))
    asleep = {name for name, model in models.items() if not model.watched} | pauses.keys()
    broken = {each.model_name for each in failing if each.step is FailedStep.ANALYZE}
    found = [
        *(all_files_gone(deployment.store, deployment.models_dir) if not files else ()),
        *_broken_files(models.values()),
        *(_failing(each) for each in failing if each.model_name not in asleep and _keeps(each, models)),
        *_unchecked([m for m in models.values() if m.name not in asleep | broken], watched, moment),
        *(p for name in models.keys() - asleep if name in watched for p in _of_rows(models[name], watched[name])),
        *_waiting(watch.waiting(), models, pauses, moment),
        *_overdrawn(models, seen.false_alarms),
        *_untaken(deployment, moment),
        *_stuck(deployment, moment),
        *_moved(deployment),
        *also,
    ]
    order = sorted(found, key=lambda each: (_GRAVE.index(each.severity), each.subject, each.kind))
    return Health(at=moment, models=len(models), problems=tuple(order))


def _seen(deployment: Deployment, at: datetime) -> Seen:
    watch = deployment.store.watch
    return Seen(
        watched=watch.watched(before=to_come(at)), pauses=deployment.store.people.pauses(),
        false_alarms=watch.false_alarms(since=at - QUARTER, until=at),
    )  # fmt: skip


@while_unchanged
def _read(file: Path) -> _Model:
    try:
        written_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        spec = unchanged_spec(file)
    except OSError as error:
        return _Model(name=name_of(file), spec=None, mistake=f"cannot be read: {error.strerror}", written_at=now())
    except ConfigurationError as error:
        return _Model(name=name_of(file), spec=None, mistake="; ".join(error.problems), written_at=written_at)
    allowed = spec.settings().false_retrains_per_quarter
    return _Model(name=name_of(file), spec=spec, mistake="", written_at=written_at, allowed=allowed)


def _broken_files(models: Iterable[_Model]) -> Iterator[Problem]:
    for model in models:
        if model.mistake:
            yield Problem(
                kind=ProblemKind.BROKEN_FILE, subject=model.name, since=model.written_at, severity=Severity.HIGH,
                told=f"its model file cannot be used: {model.mistake}",
                way_out="correct the file; `validate` says whether it is right",
            )  # fmt: skip


def _keeps(failing: Failing, models: Mapping[str, _Model]) -> bool:
    """Whether a step keeps failing, or cannot succeed.

    A file that is told as broken is not told again; a model that has no file any more is not looked at.
    """
    model = models.get(failing.model_name)
    if model is None and failing.model_name:
        return False
    if model is not None and model.mistake and failing.step is FailedStep.ANALYZE:
        return False
    return failing.lasts


def _failing(failing: Failing) -> Problem:
    runs = f"in {failing.runs} runs" if failing.runs > 1 else "in the last run"
    way_out = "correct what the error names" if failing.permanent else "see whether what it needs can be reached"
    return Problem(
        kind=ProblemKind.FAILING, subject=failing.model_name or "all models", since=failing.since,
        told=f"{failing.step} failed {runs}, last at {failing.last:%Y-%m-%d %H:%M} UTC: {failing.error}",
        way_out=f"{way_out}; then the next run tries again",
        severity=Severity.HIGH if failing.permanent or failing.runs >= MANY else Severity.MEDIUM,
    )  # fmt: skip


def _unchecked(models: Iterable[_Model], watched: Mapping[str, Watched], at: datetime) -> Iterator[Problem]:
    """Models without a check for twice their interval; of one that was never looked at since its file was written."""
    for model in models:
        seen = watched.get(model.name)
        since = model.written_at if seen is None else seen.checked_at
        if at - since > MISSED * model.interval:
            last = "it has never been looked at" if seen is None else f"last looked at {since:%Y-%m-%d %H:%M} UTC"
            yield Problem(
                kind=ProblemKind.UNCHECKED, subject=model.name, since=since, severity=Severity.HIGH,
                told=f"{last}, and should be every {_hours(model.interval)}",
                way_out="see that the DAG is not paused and that the scheduler runs; or start a run for this model",
            )  # fmt: skip


def _of_rows(model: _Model, seen: Watched) -> Iterator[Problem]:
    if seen.stale:
        yield Problem(
            kind=ProblemKind.STALE_SOURCE, subject=seen.model_name, since=seen.checked_at, told=seen.stale,
            way_out="see why the source delivers nothing; `max_age` in the model file says what is late",
            severity=Severity.MEDIUM,
        )  # fmt: skip
    elif seen.rows and _labels_due(model.spec, seen.reach) and _labels_stopped(seen):
        before = "" if seen.earlier_share is None else f"; 30 days before it was {seen.earlier_share:.0%}"
        yield Problem(
            kind=ProblemKind.LABELS_STOPPED, subject=seen.model_name, since=seen.labelled_at,
            told=f"{seen.share:.0%} of the recent {seen.rows} rows have labels{before}",
            way_out="see why labels do not arrive: without them harm cannot be seen",
            severity=Severity.MEDIUM,
        )  # fmt: skip


def _labels_due(spec: ModelSpec | None, reach: timedelta | None) -> bool:
    """Whether most recent rows are older than labels take, so that few labels tell something.

    Recent rows begin where those of the champion end: right after a promotion no label has to be there yet.
    """
    return spec is None or reach is None or reach >= min(DELAYS * spec.label_delay, spec.window)


def _labels_stopped(seen: Watched) -> bool:
    halved = seen.earlier_share is not None and seen.share < HALVED * seen.earlier_share
    return halved or (not seen.labelled_rows and seen.labelled_at is not None)


def _waiting(
    waiting: Iterable[Waiting], models: Mapping[str, _Model], pauses: Mapping[str, Pause], at: datetime
) -> Iterator[Problem]:
    """Requests that wait for more than two intervals, or that nobody is going to consume."""
    for each in waiting:
        model, pause = models.get(each.model_name), pauses.get(each.model_name)
        interval = UNKNOWN_INTERVAL if model is None else model.interval
        why, way_out = "no run has taken them up", "read the last decision about the model: it says what blocks"
        if model is None:
            why = "there is no model file of that name any more"
            way_out = f"bring {each.model_name}.yaml back, or ask for a retrain of the model that goes on in its place"
        elif pause is not None:
            why, way_out = f"the model is {pause.sentence}", "resume it"
        elif not model.watched:
            why, way_out = "the model is not enabled: only a run that names it looks at it", "enable it, or name it"
        elif at - each.since <= MISSED * interval:
            continue
        many = "a request waits" if each.requests == 1 else f"{each.requests} requests wait"
        yield Problem(
            kind=ProblemKind.REQUEST_WAITS, subject=each.model_name, since=each.since, severity=Severity.LOW,
            told=f"{many} since {each.since:%Y-%m-%d %H:%M} UTC: {why}", way_out=way_out,
        )  # fmt: skip


def _overdrawn(models: Mapping[str, _Model], false_alarms: Mapping[str, int]) -> Iterator[Problem]:
    """Models of which more retrains were marked as false alarms than their budget allows."""
    for name, count in sorted(false_alarms.items()):
        allowed = models[name].allowed if name in models else None
        if allowed is not None and count > allowed:
            yield Problem(
                kind=ProblemKind.BUDGET_OVERDRAWN, subject=name, since=None, severity=Severity.LOW,
                told=f"retrains of 90 days that were marked as false alarms: {count}; its budget allows {allowed:g}",
                way_out="see `recommend`: raise the threshold of the trigger that called for them, or the budget",
            )  # fmt: skip


def _untaken(deployment: Deployment, at: datetime) -> Iterator[Problem]:
    """Data that arrived, and that no run looks at."""
    found = deployment.store.arrivals.untaken(noted_before=at - OVERDUE)
    if found:
        since, places = min(found.values()), [place.partition(" ")[2] for place in found]
        more = f" and {len(places) - NAMED} more places" if len(places) > NAMED else ""
        yield Problem(
            kind=ProblemKind.ARRIVAL_WAITS, subject="data arrival", since=since, severity=Severity.MEDIUM,
            told=f"no run has taken what arrived since {since:%Y-%m-%d %H:%M} UTC at {', '.join(places[:NAMED])}{more}",
            way_out="see that the DAG data_arrival is not paused, and that scheduler and triggerer run",
        )  # fmt: skip


def _stuck(deployment: Deployment, at: datetime) -> Iterator[Problem]:
    """Notifications that nobody gets."""
    found = deployment.store.outbox.stuck(due_before=at - OVERDUE, since=at - UNHEARD, at=at)
    if found is not None:
        counted = {"not delivered yet": found.waiting, "given up": found.given_up}
        yield Problem(
            kind=ProblemKind.OUTBOX_STUCK, subject="notifications", since=found.since, severity=Severity.HIGH,
            told=", ".join(f"{what}: {many}" for what, many in counted.items() if many),
            way_out="see what the tries to deliver them say, and correct the service's address in the connection",
        )  # fmt: skip


def _moved(deployment: Deployment) -> Iterator[Problem]:
    """Records that write nothing outside until somebody has said what they are.

    Whether object storage knows more than they do is told by the steps that fail: to look takes long where it is away.
    """
    store, artifacts = deployment.store, deployment.artifacts
    here = isinstance(artifacts, ArtifactFolder)
    if why := why_silent(store, artifacts) if here else store.home.guarded and why_moved(store):
        yield Problem(
            kind=ProblemKind.MOVED, subject="the records database", since=None, severity=Severity.CRITICAL,
            told=f"{why}; nothing is trained, published or told until somebody says which it is", way_out=CHOICE,
        )  # fmt: skip


def _hours(interval: timedelta) -> str:
    hours = interval / timedelta(hours=1)
    return f"{hours:g} h" if hours < 48 else f"{hours / 24:g} days"
