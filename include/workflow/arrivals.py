"""Arrivals: which models a run is to look at because data arrived, and what failing results ask for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from include.data.sources.files import Files, LocalFiles
from include.data.sources.object_files import ObjectFiles
from include.data.sources.object_storage import Connect, client_from_environment
from include.data.sources.suite_results import MOST_BYTES, SuiteResults, read_results
from include.errors import NothingToDo, PermanentError, SourceUnavailable
from include.records.entries import Arrival
from include.workflow.deployment import Deployment, now
from include.workflow.failure_record import note_failure
from include.workflow.request import request_retrain
from include.workflow.run_parameters import LONGEST_REASON
from include.workflow.watched import ArrivalKind, Place, watched_places

BY = "data_arrival"
_NAMED = 5  # files in a reason


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What arrived, for the run that took it.

    Parameters
    ----------
    models : tuple of str
        Whom a check is to look at, by name.
    reason : str
        Why, in a sentence.
    problems : tuple of str
        Result files that could not be used, and why; they are on record as failures, too.
    """

    models: tuple[str, ...]
    reason: str
    problems: tuple[str, ...]


class _Found(NamedTuple):
    """A result file with failures, or one that cannot be used."""

    file: str
    since: datetime
    results: SuiteResults | None
    error: PermanentError | None


def take_arrivals(deployment: Deployment, run_id: str, *, storage: Connect = client_from_environment) -> Taken:
    """Take all arrivals that wait, and make requests of failing results; the same again for the same run.

    Parameters
    ----------
    run_id : str
        Of the run that takes them, each once.
    storage : callable
        Opens object storage by the name of a connection.

    Raises
    ------
    NothingToDo
        Where nothing waits, nobody watches those places any more, or all results passed.
    SourceUnavailable
        Where results cannot be read now.
    """
    places = {place.key: place for place in watched_places(deployment.models_dir, deployment.data_dir)}
    arrived = [found for found in deployment.store.arrivals.take(run_id, at=now()) if found.place in places]
    models, told, problems = dict[str, None](), list[str](), list[str]()
    for arrival in arrived:
        place = places[arrival.place]
        if place.kind == ArrivalKind.ROWS:
            models |= dict.fromkeys(place.models)
            told.append(_named(arrival, place))
            continue
        for found in _results(arrival, place, storage):
            asked, wrong = _ask(deployment, place.models, found, run_id)
            models |= dict.fromkeys(asked)
            told += [f"failures in {found.file}"] * bool(asked)
            problems += wrong
    if not models and not problems:
        raise NothingToDo("nothing has arrived that no run has taken, or all results passed")
    reason = f"arrived: {'; '.join(dict.fromkeys(told))}"
    return Taken(models=tuple(models), reason=_short(reason), problems=tuple(dict.fromkeys(problems)))


def _named(arrival: Arrival, place: Place) -> str:
    names = [Path(name).name for name in arrival.changed or ()]
    if not names or names == [Path(place.path).name]:
        return place.path
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more} in {place.path}"


def _results(arrival: Arrival, place: Place, storage: Connect) -> Iterator[_Found]:
    """The result files of an arrival that fail, or cannot be used; those that passed, or have gone, are left out."""
    files: Files = ObjectFiles(storage, place.connection) if "://" in place.path else LocalFiles()
    for file in _changed(arrival, place, files):
        try:
            with files.raw(file) as stream:
                results = read_results(stream.read(MOST_BYTES + 1), file)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise SourceUnavailable(f"{file}: cannot be read: {error.strerror or error}") from error
        except PermanentError as error:
            yield _Found(file, arrival.noted_at, None, error)
            continue
        if results.failing:
            yield _Found(file, arrival.noted_at, results, None)


def _changed(arrival: Arrival, place: Place, files: Files) -> Sequence[str]:
    if arrival.changed is not None:
        return arrival.changed
    try:
        return [str(file) for file in files.find(place.path, *place.endings)]
    except SourceUnavailable:
        return []


def _ask(deployment: Deployment, models: Sequence[str], found: _Found, run_id: str) -> tuple[list[str], list[str]]:
    """Ask for a retrain of each model; the models with a request, and what hinders the others."""
    asked, wrong = list[str](), list[str]()
    for name in models:
        try:
            if found.error is not None or found.results is None:
                raise found.error or PermanentError(found.file)
            _request(deployment, name, found.file, found.results, found.since)
            asked.append(name)
        except PermanentError as error:
            note_failure(deployment, name, run_id, "choose", error, by=BY)
            wrong.append(str(error))
    return asked, wrong


def _request(deployment: Deployment, model_name: str, file: str, results: SuiteResults, since: datetime) -> None:
    """Ask once for the same failing cases: while a request waits, and when the task that asks is tried again."""
    cases = "\n".join([file, *results.failing]).encode("utf-8", "replace")
    key = f"red_team {hashlib.sha256(cases).hexdigest()[:32]}"
    asked = deployment.store.requests(model_name=model_name)
    if any(kept.request.key == key and kept.request.requested_at >= since for kept in asked):
        return
    failing = f"{len(results.failing)} of {max(results.cases, len(results.failing))} cases fail in {file}: "
    request_retrain(
        deployment, model_name, _short(failing + ", ".join(results.failing)), by=BY, kind="red_team", key=key
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_REASON else f"{text[: LONGEST_REASON - 1]}…"


def conf_of(taken: Taken) -> Mapping[str, object]:
    """The parameters of the run that looks at those models."""
    return {"models": list(taken.models), "reason": taken.reason}
