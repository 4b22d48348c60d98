"""The tasks that check batches of models, and find out which models go on in tasks of their own."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowSkipException

from include import workflow
from include.errors import ConfigurationError, NothingToDo
from include.interfaces.airflow.outcomes import tell, tell_mlflow, warn
from include.interfaces.airflow.run_notes import LINES
from include.interfaces.reports import text
from include.records.entries import Run
from include.records.inert import inert
from include.records.masking import mask
from include.workflow.batch import Settled
from include.workflow.deployment import Deployment

MOST_AT_ONCE = 1000  # models with tasks of their own in a run, or `max_map_length`, if that is less

log = logging.getLogger(__name__)


def choose(deployment: Deployment, names: Sequence[str], params: Mapping[str, Any]) -> list[list[str]]:
    """The batches of the models of a run; a `ConfigurationError` for more than can be rolled back at once."""
    if params["rollback_to"] and len(names) > (most := _most_at_once()):
        raise ConfigurationError("parameter models", f"{len(names)} models; name {most} at most to roll back")
    return workflow.batches_of(names)


def analyze(deployment: Deployment, names: Sequence[str], run: Run, *, before: int) -> list[dict[str, Any]]:
    """Look at a batch; what the UI needs of each analysis.

    Raises
    ------
    NothingToDo
        Where nothing is to be done for any of the models.
    """
    came_to, nothing = [], []
    for looked in workflow.analyze_batch(deployment, names, run, before=before):
        if looked.analysis is not None:
            warn(deployment, looked.analysis)
            came_to.append(text.of_analysis(looked.analysis))
        else:
            log.warning("%s: %s", looked.model_name, inert(mask(looked.why)))
            nothing.append(looked)
    if nothing and not came_to and not before and all(looked.nothing for looked in nothing):
        raise NothingToDo("; ".join(looked.why for looked in nothing))
    return came_to


def decide(deployment: Deployment, names: Sequence[str], run: Run) -> dict[str, Any]:
    """Decide about a batch, and have done with the models that no more is to be done for."""
    return _told(deployment, _bannered(workflow.decide_batch(deployment, names, run), several=len(names) > 1), run)


def go_on(
    deployment: Deployment, batches: Sequence[Sequence[str]] | None, decided: Any, run: Run, rollback_to: str
) -> tuple[list[str], dict[str, str]]:
    """The models that need tasks of their own, and what those came to that no task of theirs or of a batch tells.

    Parameters
    ----------
    batches : sequence of sequence of str, or None
        All models of the run; None where they could not be found out.
    decided : sequence of mapping, mapping or None
        What the tasks that decide about batches have told, as Airflow passes it on: of one task by itself. Of tasks
        that failed or were skipped there is nothing.
    """
    if batches is None:
        raise AirflowSkipException("it is not known which models there are")
    names = [name for batch in batches for name in batch]
    if rollback_to:
        return names, {}
    told = [each for each in (decided if isinstance(decided, Sequence) else [decided]) if each]
    known = {name for each in told for name in each["models"]}
    rest = [name for name in names if name not in known]
    alone = [batch[0] for batch in batches if len(batch) == 1]
    told.append(_told(deployment, workflow.settle_rest(deployment, rest, run, alone), run))
    wanted = {name for each in told for name in each["goes_on"]}
    going_on = [name for name in names if name in wanted]
    lines, most = dict(told[-1][LINES]), _most_at_once()
    for name in going_on[most:]:
        lines[name] = f"{name}: put off to the next run: this one goes on with {most} models already"
        log.warning("%s", lines[name])
    return going_on[:most], lines


def _most_at_once() -> int:
    return min(MOST_AT_ONCE, int(conf.getint("core", "max_map_length")))


def _bannered(settled: Iterable[Settled], *, several: bool) -> Iterator[Settled]:
    for each in settled:
        if each.found is not None:
            banner = text.banner(each.found[0])
            tell(f"{each.model_name}:\n{banner}" if several else banner)
        yield each


def _told(deployment: Deployment, settled: Iterable[Settled], run: Run) -> dict[str, Any]:
    """What others need of this: the models, those that go on, and for the note of the run what the others came to."""
    models, goes_on, lines, follows = [], [], {}, True
    for each in settled:
        models.append(each.model_name)
        if each.goes_on:
            goes_on.append(each.model_name)
            continue
        lines[each.model_name] = text.in_short(each.model_name, each.found, None, each.why)
        follows = follows and tell_mlflow(deployment, each.model_name, run)
    return {"models": models, "goes_on": goes_on, LINES: lines}
