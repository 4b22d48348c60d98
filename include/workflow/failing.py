"""Failures of steps go on record, from the steps themselves, so that every face that takes one records them.

What failed may be the records database itself. Then the failure waits in a file on this machine, and the next step here
that reaches the records, or whoever asks about failures, brings it in. Nothing in here raises: the error of the step is
what its caller has to see.
"""

from __future__ import annotations

import inspect
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from include.errors import NothingToDo, TransientError
from include.records.entries import FailedStep, Failure
from include.records.json_values import clean_text
from include.records.masking import mask
from include.records.store import Store
from include.retraining.artifacts import ArtifactFolder, Artifacts
from include.workflow.settings import Settings

WAITING = ".failures"  # no model has a name that begins with a dot
UNREADABLE = ".unreadable"
LONGEST = 2000  # characters of an error that are kept
PASSING = (TransientError, OSError)  # by themselves or with the place that cannot be reached

Given = ParamSpec("Given")
Result = TypeVar("Result")

log = logging.getLogger(__name__)


def on_record(step: FailedStep) -> Callable[[Callable[Given, Result]], Callable[Given, Result]]:
    """Let a step of a run write down that it failed, and fail as it did.

    The step is given a deployment; and a model's name and a run, or the id of an event. `NothingToDo` is no failure,
    and neither is somebody's Ctrl-C.
    """

    def noting(take: Callable[Given, Result]) -> Callable[Given, Result]:
        signature = inspect.signature(take)

        @wraps(take)
        def taken(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            try:
                return take(*args, **kwargs)
            except (NothingToDo, KeyboardInterrupt):
                raise
            except BaseException as error:
                _note(signature.bind(*args, **kwargs).arguments, step, error)
                raise

        return taken

    return noting


def failure_of(
    model_name: str, run_id: str, step: FailedStep, error: BaseException, *, at: datetime | None = None, by: str = ""
) -> Failure:
    """A failure with an id of its own.

    Passwords in what it says are blotted out. Permanent is what trying again cannot help: neither a `TransientError`
    nor what the system refuses.
    """
    told = clean_text(" ".join(str(error).split())) or "(no message)"
    return Failure(
        failure_id=str(uuid.uuid4()), model_name=model_name, run_id=run_id, step=step, error_type=type(error).__name__,
        error=told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…", permanent=_permanent(error),
        at=at or datetime.now(UTC), by=by,
    )  # fmt: skip


def keep(store: Store, artifacts: Artifacts, failure: Failure) -> None:
    """Write a failure down, or let it wait on this machine for the records to be reached; it never raises."""
    try:
        store.failures.add(failure)
        return
    except Exception as trouble:
        log.warning("%s: %s; it waits for the records: %s", failure.model_name, failure.sentence, mask(str(trouble)))
    try:
        folder = waiting_folder(artifacts)
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{failure.failure_id}"
        draft.write_text(json.dumps(asdict(failure) | {"at": failure.at.isoformat()}), encoding="utf-8")
        draft.replace(folder / f"{failure.failure_id}.json")
    except Exception as trouble:
        log.error("%s: %s; it could not be kept: %s", failure.model_name, failure.sentence, mask(str(trouble)))


def bring_in(store: Store, artifacts: Artifacts) -> None:
    """Write down the failures that wait on this machine, each once; it never raises."""
    for file in sorted(waiting_folder(artifacts).glob("*.json")):
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            failure = Failure(**{**told, "step": FailedStep(told["step"]), "at": datetime.fromisoformat(told["at"])})
        except FileNotFoundError:  # another process has brought it in
            continue
        except (OSError, ValueError, TypeError, KeyError) as trouble:
            log.error("%s: no failure that can be read, put aside: %s", file, trouble)
            _moved_away(file, file.with_suffix(UNREADABLE))
            continue
        try:
            store.failures.add(failure)
        except Exception as trouble:
            if not _refused(trouble):  # the records are away: for the others, too
                log.warning("%s: waits on for the records: %s", file, mask(str(trouble)))
                return
            log.error("%s: taken by no records, put aside: %s", file, mask(str(trouble)))
            _moved_away(file, file.with_suffix(UNREADABLE))
            continue
        _moved_away(file)


def _moved_away(file: Path, place: Path | None = None) -> None:
    """Rename or remove what waited; where this process may not, as on a disk mounted for reading, it stays."""
    try:
        file.unlink(missing_ok=True) if place is None else file.replace(place)
    except OSError as trouble:
        log.warning("%s: stays there: %s", file, trouble.strerror)


def waiting_folder(artifacts: Artifacts) -> Path:
    """Where failures wait on this machine while the records cannot be reached."""
    root = artifacts.root if isinstance(artifacts, ArtifactFolder) else Settings.from_environment().artifacts_dir
    return root / WAITING


def _note(given: Mapping[str, Any], step: FailedStep, error: BaseException) -> None:
    """Write down that a step failed that was given this."""
    try:
        deployment = given["deployment"]
        model_name, run_id, by = _about(deployment.store, given)
        keep(deployment.store, deployment.artifacts, failure_of(model_name, run_id, step, error, by=by))
    except Exception as trouble:
        log.error(
            "%s failed (%s: %s), which could not be kept: %s",
            step,
            type(error).__name__,
            mask(str(error)),
            mask(str(trouble)),
        )


def _about(store: Store, given: Mapping[str, Any]) -> tuple[str, str, str]:
    """Model, run and who started it, as far as they are known."""
    if (run := given.get("run")) is not None:
        return given["model_name"], run.run_id, run.requested_by
    try:
        event = store.event(given["event_id"])
    except Exception as trouble:
        log.warning("event %s: its model is not known: %s", given["event_id"], trouble)
        return "", "", ""
    return event.model_name, event.run.run_id, event.run.requested_by


def _permanent(error: BaseException) -> bool:
    """Whether trying again cannot help, as far as the error says so."""
    return isinstance(error, Exception) and not isinstance(error, PASSING) and not _of_database(error)


def _refused(error: BaseException) -> bool:
    """Whether such values are taken from nobody, whenever it is."""
    import psycopg

    refused = isinstance(error, ValueError | TypeError | psycopg.DataError | psycopg.IntegrityError)
    return refused and not isinstance(error, psycopg.errors.UniqueViolation)  # a number that a move has left behind


def _of_database(error: BaseException) -> bool:
    """Whether a database could not be reached, or would not do it now."""
    import psycopg

    return isinstance(error, psycopg.OperationalError)
