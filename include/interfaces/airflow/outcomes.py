"""Where Airflow and the workflow meet: the parameters of a run go in, and errors come out as task outcomes.

Only the modules of this folder import Airflow.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from include.errors import ConfigurationError, ModelPaused, PermanentError
from include.interfaces.airflow.connections import connections
from include.interfaces.mlflow.follow import follow
from include.interfaces.mlflow.settings import MlflowSettings
from include.records.entries import Analysis, Run
from include.registry.loader import names_to_check
from include.workflow.deployment import Deployment, open_deployment
from include.workflow.idle_threads import let_idle_threads_sleep
from include.workflow.run_parameters import check_parameters, requested_time, version_number

log = logging.getLogger(__name__)


@contextmanager
def task_outcome() -> Iterator[Deployment]:
    """Run the body of a task: give it the deployment, and turn its errors into Airflow's reactions.

    A `PermanentError` fails the task at once, a paused model skips it, any other error lets it be retried. A crash in
    native code ends the process: while a DAG file is parsed a Python handler for SIGSEGV is installed, and under it a
    crashed task would hang for ever and still send heartbeats.
    """
    let_idle_threads_sleep()
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    try:
        yield _airflow_deployment()
    except ModelPaused as error:
        raise AirflowSkipException(str(error)) from error
    except PermanentError as error:
        raise AirflowFailException(f"{type(error).__name__}: {error}") from error


def _airflow_deployment() -> Deployment:
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


def tell_mlflow(deployment: Deployment, model_name: str) -> None:
    """Have MLflow follow the record of a model, where a server is set; whatever goes wrong is a warning."""
    spec = partial(deployment.spec, model_name)
    follow(_mlflow_settings, deployment.store, deployment.artifacts, model_name, spec)


def _mlflow_settings() -> MlflowSettings | None:
    """From the Airflow connection that ``RETRAINING_MLFLOW_CONNECTION`` names, else from MLflow's own variables."""
    name = os.environ.get("RETRAINING_MLFLOW_CONNECTION")
    if not name:
        return MlflowSettings.from_environment()
    found = Connection.get(name)
    scheme = "https" if "https" in (found.schema, found.conn_type) else "http"
    port = f":{found.port}" if found.port else ""
    told = {
        "MLFLOW_TRACKING_URI": f"{scheme}://{found.host}{port}",
        "MLFLOW_TRACKING_USERNAME": found.login or "",
        "MLFLOW_TRACKING_PASSWORD": found.password or "",
    }
    return MlflowSettings.from_environment({**os.environ, **told})


def chosen_models(
    deployment: Deployment, params: Mapping[str, Any], conf: Mapping[str, Any] | None = None, known: Iterable[str] = ()
) -> list[str]:
    """Names of the models that this DAG run looks at; a rollback has to name them.

    Parameters
    ----------
    params : mapping
        Airflow's: the defaults, overridden by `conf`.
    conf : mapping, optional
        What was given with the run.
    known : iterable of str
        Names of the DAG's parameters; `conf` may hold no other.

    Raises
    ------
    ConfigurationError
        For an unknown parameter or model, a rollback of every model at once, or a time to look at that has not come
        yet.
    RollbackRefused
        For a version that cannot be read.
    """
    check_parameters(conf, params, known)
    if as_of := params.get("as_of"):
        requested_time(as_of, now=datetime.now(UTC))
    names = params.get("models") or []
    if to := params.get("rollback_to") or "":
        version_number(to)
        if not names:
            raise ConfigurationError("parameter models", "empty; name the models that are to be rolled back")
    return names_to_check(deployment.models_dir, names)


def run_of(dag_run: Any, params: Mapping[str, Any]) -> Run:
    """What this DAG run is to do.

    The recent window ends at the parameter ``as_of``, else at the logical date, else (manual runs have none) at the
    moment the run was triggered.

    Raises
    ------
    ConfigurationError
        For a time that cannot be read, or has not come yet.
    """
    as_of = params.get("as_of") or dag_run.logical_date or dag_run.run_after
    return Run(
        run_id=dag_run.run_id,
        as_of=requested_time(as_of, now=datetime.now(UTC)),
        reason=params.get("reason") or "",
        requested_by=getattr(dag_run, "triggering_user_name", None) or str(dag_run.run_type),
        force=bool(params.get("force")),
        dry_run=bool(params.get("dry_run")),
        preset=params.get("preset") or "",
    )
