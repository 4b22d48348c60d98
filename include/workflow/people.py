"""People: pause and resume a model, mute, annotate, mark a decision; and how much of the budget such marks have spent.

Whoever says something gives a name and a reason, which are kept on record; a `DataError` without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from include.errors import ConfigurationError, DataError, ModelPaused, NotOnRecord, did_you_mean
from include.records.entries import Annotation, Budget, Mark, MarkVerdict, Mute, Pause
from include.registry.model_files import model_names
from include.workflow.deployment import Deployment, now

QUARTER = timedelta(days=90)


def pause_model(deployment: Deployment, model_name: str, *, by: str, reason: str) -> Pause:
    """Let runs leave a model alone until it is resumed.

    A run that looks at it already ends as it would have, but for a training that has not begun: that is given up, and
    its requests wait again. Nothing else is stopped: it can be rolled back, and its files follow the champion.

    Raises
    ------
    NotOnRecord
        For a model that has no file and of which nothing is on record.
    DataError
        Where it is paused already.
    """
    check_model(deployment, model_name)
    return deployment.store.people.set_pause(model_name, paused=True, by=by, reason=reason, at=now())


def resume_model(deployment: Deployment, model_name: str, *, by: str, reason: str) -> Pause:
    """Let the next run look at a paused model again; a `DataError` where it is not paused."""
    check_model(deployment, model_name)
    return deployment.store.people.set_pause(model_name, paused=False, by=by, reason=reason, at=now())


def pause_of(deployment: Deployment, model_name: str) -> Pause | None:
    """The pause that holds a model: while there is one, a request to it waits. None while it is not paused."""
    return deployment.store.people.pause(model_name)


def check_not_paused(deployment: Deployment, model_name: str) -> None:
    """Do nothing for a model that a run may look at.

    Raises
    ------
    ModelPaused
        Says who paused it, since when and why.
    """
    pause = pause_of(deployment, model_name)
    if pause is not None:
        raise ModelPaused(f"model {model_name}: {pause.sentence}; it is left alone until somebody resumes it")


def mute(deployment: Deployment, model_name: str, *, until: datetime, by: str, reason: str) -> Mute:
    """Tell nobody of a model until then, or with an empty name of any; it is looked at and retrained as ever.

    Raises
    ------
    NotOnRecord
        For a model that is not known.
    DataError
        Where `until` is not later than now, or has no time zone.
    """
    if model_name:
        check_model(deployment, model_name)
    return deployment.store.people.add_mute(model_name, until=until, by=by, reason=reason, at=now())


def unmute(deployment: Deployment, mute_id: int, *, by: str, reason: str) -> Mute:
    """End a mute before its time; `NotOnRecord` for one that is unknown, or over."""
    return deployment.store.people.lift_mute(mute_id, by=by, reason=reason, at=now())


def mutes(deployment: Deployment) -> Sequence[Mute]:
    """The mutes that hold now, oldest first."""
    return deployment.store.people.mutes(at=now())


def annotate(deployment: Deployment, model_name: str, *, at: datetime, text: str, by: str) -> Annotation:
    """Write down a remark about a moment, also one to come, in the life of a model that is known."""
    check_model(deployment, model_name)
    return deployment.store.people.add_annotation(model_name, about=at, text=text, by=by, at=now())


def annotations_of(deployment: Deployment, model_name: str) -> Sequence[Annotation]:
    """The remarks about a model, in order of the moments that they are about; `NotOnRecord` for an unknown model."""
    check_model(deployment, model_name)
    return deployment.store.people.annotations(model_name)


def mark_decision(deployment: Deployment, model_name: str, run_id: str, *, verdict: str, by: str, reason: str) -> Mark:
    """Say of a decision in hindsight that it was a false alarm, or right; the last word counts.

    Parameters
    ----------
    verdict : {"false_alarm", "right"}

    Raises
    ------
    NotOnRecord
        Where that run has decided nothing about that model.
    DataError
        For another verdict, and for a decision called a false alarm that called for nothing.
    """
    allowed = [str(each) for each in MarkVerdict]
    if verdict not in allowed:
        near = did_you_mean(verdict, allowed)
        raise DataError(f"verdict: found {verdict!r}{near}; allowed: {', '.join(allowed)}")
    found = deployment.store.decision(model_name, run_id)
    if found is None:
        raise NotOnRecord(f"model {model_name}: run {run_id} has decided nothing about it that could be marked")
    alarm = found[0].triggered or found[0].blocked_by
    if verdict == MarkVerdict.FALSE_ALARM and not alarm:
        raise DataError(
            f"model {model_name}: run {run_id} called for no retrain, so there was no alarm; it can be marked as right"
        )
    told = deployment.store.people.add_mark
    return told(model_name, run_id, MarkVerdict(verdict), by=by, reason=reason, at=now())


def marks(deployment: Deployment, model_name: str = "", *, since: datetime, until: datetime) -> Sequence[Mark]:
    """The last mark of each marked decision made from `since` on and before `until`; of all models without a name."""
    return deployment.store.people.marks(model_name or None, since=since, until=until)


def budget_spent(deployment: Deployment, model_name: str, *, at: datetime | None = None) -> Budget:
    """How many of the false retrains that a model's policy allows in a quarter were marked in the last 90 days.

    Parameters
    ----------
    at : datetime, optional
        End of the 90 days; now by default.
    """
    end = at or now()
    marked = deployment.store.people.marks(model_name, since=end - QUARTER, until=end)
    allowed = deployment.spec(model_name).settings().false_retrains_per_quarter
    return budget_of(model_name, allowed, marked, at=end)


def budget_of(model_name: str, allowed: float, marks: Sequence[Mark], *, at: datetime) -> Budget:
    """The budget of the 90 days before `at`, as the marks of their decisions have spent it."""
    spent = sum(mark.spends for mark in marks)
    return Budget(model_name=model_name, allowed=allowed, marked=spent, since=at - QUARTER)


def check_model(deployment: Deployment, model_name: str) -> None:
    """Do nothing for a model that has a file or is on record; `NotOnRecord` says which name may have been meant."""
    known = model_names(deployment.models_dir)
    if model_name in known:
        with suppress(ConfigurationError):  # a bad file keeps nobody from pausing its model
            deployment.spec(model_name)  # the keys of its script are masked in what is written about it
    elif not deployment.store.people.knows(model_name):
        raise NotOnRecord(
            f"model {model_name}: nothing is on record of it, and {deployment.models_dir} has no file of that name"
            f"{did_you_mean(model_name, known)}"
        )
