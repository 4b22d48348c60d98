"""Where Airflow and the workflow meet: the parameters of a run go in, and errors come out as task outcomes.

But for the authorization of the REST API only the modules of this folder import Airflow.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from airflow.sdk.log import mask_secret

from include.data.sources.environment import WebConnection, web_address
from include.errors import NothingToDo, PermanentError
from include.interfaces.airflow.connections import connections
from include.interfaces.mlflow.follow import follow
from include.interfaces.mlflow.settings import MlflowSettings
from include.interfaces.reports.escaping import inert_line, one_line
from include.records.entries import BY_SCHEDULE, Analysis, Run
from include.records.masking import known_secrets, mask, remember
from include.workflow import run_parameters
from include.workflow.deployment import Deployment, open_deployment
from include.workflow.due import choose_models
from include.workflow.log_lines import clean_line, without_secrets
from include.workflow.threads import let_idle_threads_sleep

log = logging.getLogger(__name__)


@contextmanager
def task_outcome() -> Iterator[Deployment]:
    """Run the body of a task: give it the deployment, and turn its errors into Airflow's reactions.

    `NothingToDo` skips the task, a `PermanentError` fails it at once, any other error lets it be retried. A crash in
    native code ends the process: while a DAG file is parsed a Python handler for SIGSEGV is installed, and under it a
    crashed task would hang for ever and still send heartbeats. Airflow is told the secrets of this process, so that it
    blots them out of the task's log, tracebacks included; what is one by its form only is blotted out of the errors.
    """
    for secret in known_secrets():
        mask_secret(secret)
    let_idle_threads_sleep()
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    try:
        yield airflow_deployment()
    except NothingToDo as nothing:
        raise AirflowSkipException(clean_line(str(nothing))) from without_secrets(nothing)
    except PermanentError as error:
        raise AirflowFailException(clean_line(f"{type(error).__name__}: {error}")) from without_secrets(error)
    except Exception as error:
        without_secrets(error)
        raise


def airflow_deployment() -> Deployment:
    """This deployment, with what Airflow's connections lead to."""
    return open_deployment(connections())


def tell(text: str) -> None:
    """Write `text` to the task's log, a record a line.

    What a task prints may end up in the folded group "Post Execute" of its log, because standard output is read beside
    the task; and a record of several lines is shown as one.
    """
    for line in mask(text).split("\n"):
        log.info("%s", inert_line(line))


def warn(deployment: Deployment, analysis: Analysis) -> None:
    """Write to the task's log what somebody should know of this check, whatever is decided."""
    from include.workflow.provable import notes_of  # loads scipy

    for note in notes_of(deployment, analysis):
        log.warning("%s: %s", analysis.model_name, one_line(mask(note)))


def tell_mlflow(deployment: Deployment, model_name: str, run: Run) -> bool:
    """Have MLflow follow the record of a model, where a server is set; whatever goes wrong is a warning, and False.

    A dry run has changed nothing that it could follow.
    """
    if run.dry_run:
        return True
    spec = partial(deployment.spec, model_name)
    settings = partial(MlflowSettings.from_environment, find=_web_connection)
    return follow(settings, deployment.store, deployment.artifacts, model_name, spec)


def _web_connection(name: str) -> WebConnection:
    """An Airflow connection to a server on the web, wherever Airflow keeps it."""
    found = Connection.get(name)
    remember(found.password)
    uri = web_address(found.conn_type, found.schema, found.host or "", found.port)
    return WebConnection(uri=uri, login=found.login or "", password=found.password or "")


def chosen_models(deployment: Deployment, params: Mapping[str, Any], dag_run: Any) -> list[str]:
    """Names of the models that this DAG run looks at; see `include.workflow.due.choose_models`."""
    scheduled_at = window_end(dag_run) if _type_of(dag_run) in BY_SCHEDULE else None
    found = choose_models(deployment, params, dag_run.conf, now=datetime.now(UTC), scheduled_at=scheduled_at)
    tell(f"models: {len(found.names)}; not due by their check_every: {found.later}")
    return found.names


def run_of(dag_run: Any, params: Mapping[str, Any]) -> Run:
    """What this DAG run is to do.

    The recent window ends at the parameter ``as_of``, else where `window_end` says. Raises as
    `include.workflow.run_parameters.RunParameters`.
    """
    now = datetime.now(UTC)
    return run_parameters.RunParameters.of(params, now=now).run(
        dag_run.run_id, at=window_end(dag_run), now=now,
        by=getattr(dag_run, "triggering_user_name", None) or _type_of(dag_run),
    )  # fmt: skip


def window_end(dag_run: Any) -> datetime:
    """The time that a DAG run is of.

    A run by schedule or backfill is of the end of its data interval: with ``[scheduler] create_cron_data_intervals``
    its logical date is the start. A run that somebody or something triggered is of its logical date, since Airflow
    makes up an interval for it; without one, of the moment it was triggered.
    """
    interval_end = getattr(dag_run, "data_interval_end", None)
    if interval_end is not None and _type_of(dag_run) in BY_SCHEDULE:
        end: datetime = min(interval_end, dag_run.run_after)
        return end
    moment: datetime = dag_run.logical_date or dag_run.run_after
    return moment


def _type_of(dag_run: Any) -> str:
    """How the run came about, such as ``scheduled``: an enumeration's text would name its class."""
    return str(getattr(dag_run.run_type, "value", dag_run.run_type))


def check_of(dag_run: Any, params: Mapping[str, Any]) -> Run:
    """The same for a step that only a run takes which checks; `NothingToDo` in one that rolls back."""
    run_parameters.RunParameters.of(params, now=datetime.now(UTC)).require_check()
    return run_of(dag_run, params)
