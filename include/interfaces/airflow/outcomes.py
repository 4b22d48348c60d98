"""Where Airflow and the workflow meet: the parameters of a run go in, and errors come out as task outcomes.

Only the modules of this folder import Airflow.
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

from include.data.sources.environment import WebConnection, web_address
from include.errors import NothingToDo, PermanentError
from include.interfaces.airflow.connections import connections
from include.interfaces.mlflow.follow import follow
from include.interfaces.mlflow.settings import MlflowSettings
from include.records.entries import Analysis, Run
from include.workflow import run_parameters
from include.workflow.deployment import Deployment, open_deployment
from include.workflow.idle_threads import let_idle_threads_sleep

log = logging.getLogger(__name__)


@contextmanager
def task_outcome() -> Iterator[Deployment]:
    """Run the body of a task: give it the deployment, and turn its errors into Airflow's reactions.

    `NothingToDo` skips the task, a `PermanentError` fails it at once, any other error lets it be retried. A crash in
    native code ends the process: while a DAG file is parsed a Python handler for SIGSEGV is installed, and under it a
    crashed task would hang for ever and still send heartbeats.
    """
    let_idle_threads_sleep()
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    try:
        yield airflow_deployment()
    except NothingToDo as nothing:
        raise AirflowSkipException(str(nothing)) from nothing
    except PermanentError as error:
        raise AirflowFailException(f"{type(error).__name__}: {error}") from error


def airflow_deployment() -> Deployment:
    """This deployment, with what Airflow's connections lead to."""
    return open_deployment(connections())


def tell(text: str) -> None:
    """Write `text` to the task's log, a record a line.

    What a task prints may end up in the folded group "Post Execute" of its log, because standard output is read beside
    the task; and a record of several lines is shown as one.
    """
    for line in text.splitlines():
        log.info("%s", line)


def warn(deployment: Deployment, analysis: Analysis) -> None:
    """Write to the task's log what somebody should know of this check, whatever is decided."""
    from include.workflow.provable import notes_of  # loads scipy

    for note in notes_of(deployment, analysis):
        log.warning("%s: %s", analysis.model_name, note)


def tell_mlflow(deployment: Deployment, model_name: str, run: Run) -> None:
    """Have MLflow follow the record of a model, where a server is set; whatever goes wrong is a warning.

    A dry run has changed nothing that it could follow.
    """
    if run.dry_run:
        return
    spec = partial(deployment.spec, model_name)
    settings = partial(MlflowSettings.from_environment, find=_web_connection)
    follow(settings, deployment.store, deployment.artifacts, model_name, spec)


def _web_connection(name: str) -> WebConnection:
    """An Airflow connection to a server on the web, wherever Airflow keeps it."""
    found = Connection.get(name)
    uri = web_address(found.conn_type, found.schema, found.host or "", found.port)
    return WebConnection(uri=uri, login=found.login or "", password=found.password or "")


def chosen_models(
    deployment: Deployment, params: Mapping[str, Any], conf: Mapping[str, Any] | None = None
) -> list[str]:
    """Names of the models that this DAG run looks at; see `include.workflow.run_parameters.chosen_models`."""
    return run_parameters.chosen_models(deployment.models_dir, params, conf, now=datetime.now(UTC))


def run_of(dag_run: Any, params: Mapping[str, Any]) -> Run:
    """What this DAG run is to do.

    The recent window ends at the parameter ``as_of``, else at the logical date, else (manual runs have none) at the
    moment the run was triggered. Raises as `include.workflow.run_parameters.RunParameters`.
    """
    now = datetime.now(UTC)
    return run_parameters.RunParameters.of(params, now=now).run(
        dag_run.run_id, at=dag_run.logical_date or dag_run.run_after, now=now,
        by=getattr(dag_run, "triggering_user_name", None) or str(dag_run.run_type),
    )  # fmt: skip


def check_of(dag_run: Any, params: Mapping[str, Any]) -> Run:
    """The same for a step that only a run takes which checks; `NothingToDo` in one that rolls back."""
    run_parameters.RunParameters.of(params, now=datetime.now(UTC)).require_check()
    return run_of(dag_run, params)
