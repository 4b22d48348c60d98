"""The note of a DAG run: what was decided about each model, in a line. Imports Airflow, inside functions only.

A task of Airflow 3 has no way to write a note: neither its own nor its run's. The scheduler has when a run is over, so
the plugin listens for that; each log task has left what its model came to as its return value, and each task that
decides about a batch what those came to that were left alone.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from include.interfaces.reports.escaping import one_line, shorten
from include.records.masking import mask

DAG_ID = "automatic_model_retraining"
CHOOSING_TASK, DECIDING_TASK, GATHERING_TASK = "registered_models", "check_retraining_decision", "models_to_act_on"
LOG_TASK = "log_retraining_completion"
LINES = "lines"  # key of the lines of models, by their names
LONGEST = 1000  # characters that Airflow's table has room for
AUTHOR = "automatic_model_retraining"  # of notes that are ours alone
RULE = "\n\n* * *\n\n"  # between ours, which the page of a run shows first, and what somebody wrote
NOTHING = "no model was looked at: a task before them failed"
NONE_DUE = "no model was to be looked at: none is due"
_UNTOLD = ("failed", "upstream_failed")
_MARKUP = str.maketrans({**{sign: f"\\{sign}" for sign in "\\`*[]<"}, "\x00": " "})

log = logging.getLogger(__name__)


def note_text(written: str, lines: Sequence[str]) -> str:
    """The note: what each model came to, and below it what somebody wrote.

    Parameters
    ----------
    written : str
        The note as it is; empty for none, or one of ours alone. What stands before a `RULE` is ours, and replaced.
    lines : sequence of str
        As `include.interfaces.reports.text.in_short` makes them; text from outside loses what Markdown would act on.

    Returns
    -------
    str
        At most 1,000 characters. Where they are too many the models that something happened to come first, and those
        that do not fit are counted.

    Examples
    --------
    >>> note_text("", ["iris: no: nothing changed", "demand: retrained, promoted v2"])
    'iris: no: nothing changed; demand: retrained, promoted v2'
    """
    people = shorten(written.partition(RULE)[2] or written, LONGEST // 2)
    room = LONGEST - (len(RULE) + len(people) if people else 0)
    ours = _fitting([one_line(mask(line)).translate(_MARKUP) for line in lines], room) if lines else NOTHING
    return f"{ours}{RULE}{people}" if people else ours


def _fitting(lines: Sequence[str], room: int) -> str:
    """The lines in one, as many as fit, and how many more there are."""
    if len(text := "; ".join(lines)) <= room:
        return text
    quiet_last = sorted(lines, key=lambda line: line.partition(": ")[2].startswith(("no:", "no,")))
    for count in range(min(len(lines) - 1, room), 0, -1):
        text = "; ".join(quiet_last[:count]) + f"; and {len(lines) - count} more"
        if len(text) <= room:
            return text
    return shorten(quiet_last[0], room)


def write_note(dag_run: Any) -> None:
    """Write the note of a run of our DAG that is over; whatever hinders that is a warning, never an error.

    The scheduler calls it inside its transaction, which nothing here may commit or break. `dag.test()` hands a run over
    that belongs to no transaction: then it is one of our own.
    """
    if dag_run.dag_id != DAG_ID:
        return
    try:
        from airflow.utils.session import create_session
        from sqlalchemy.orm import object_session

        if (session := object_session(dag_run)) is not None:
            _write(dag_run, session)
            return
        with create_session(scoped=False) as own:
            _write(own.get(type(dag_run), dag_run.id), own)
    except Exception as error:
        log.warning("run %s: its note could not be written: %s: %s", dag_run.run_id, type(error).__name__, error)


def _write(dag_run: Any, session: Any) -> None:
    savepoint = session.begin_nested()  # a query that fails ends no transaction but this
    try:
        lines, known = _lines(dag_run, session), dag_run.dag_run_note
    finally:
        savepoint.rollback()
    alone = known is None or (known.user_id == AUTHOR and RULE not in known.content)
    text = note_text("" if alone else known.content or "", lines)
    if known is None:
        dag_run.note = (text, AUTHOR)
    else:
        known.content = text


def _lines(dag_run: Any, session: Any) -> list[str]:
    """What each model of the run came to, in their order; one whose log task failed is told by its label."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    told: dict[str, str] = {}
    for each in _left(dag_run, session, DECIDING_TASK).values():
        told |= each[LINES]
    for each in _left(dag_run, session, GATHERING_TASK, LINES).values():
        told |= each
    lines = _left(dag_run, session, LOG_TASK)
    tasks = session.execute(
        select(TaskInstance.map_index, TaskInstance.rendered_map_index, TaskInstance.state)
        .where(TaskInstance.dag_id == dag_run.dag_id, TaskInstance.run_id == dag_run.run_id)
        .where(TaskInstance.task_id == LOG_TASK, TaskInstance.map_index >= 0)
        .order_by(TaskInstance.map_index)
    )
    for index, label, state in tasks:
        if isinstance(line := lines.get(index), str):
            told[line.partition(": ")[0]] = line
        elif state in _UNTOLD:
            told[label or str(index)] = f"{label or index}: failed: its red task says why"
    batches = _left(dag_run, session, CHOOSING_TASK).get(-1)
    first = [told.pop(name) for batch in batches or () for name in batch if name in told]
    return [*first, *told.values()] if batches != [] else [NONE_DUE]


def _left(dag_run: Any, session: Any, task_id: str, key: str | None = None) -> dict[int, Any]:
    """What the instances of a task have left, by map index."""
    from airflow.models.xcom import XCOM_RETURN_KEY, XComModel

    query = XComModel.get_many(
        run_id=dag_run.run_id, key=key or XCOM_RETURN_KEY, task_ids=task_id, dag_ids=dag_run.dag_id
    )
    return {row.map_index: XComModel.deserialize_value(row) for row in session.scalars(query)}
