"""Where Airflow and the workflow meet: what a run was asked goes in, and errors come out as task outcomes.

This module and `include.assets` are the only ones in this package that import Airflow.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk.exceptions import AirflowFailException

from include.errors import ConfigurationError, PermanentError
from include.records.entries import Run
from include.records.postgres import PostgresStore
from include.retraining.artifacts import ArtifactFolder
from include.settings import Settings
from include.workflow import Deployment

CONNECTION = "retraining_db"


@contextmanager
def task_outcome() -> Iterator[Deployment]:
    """Run the body of a task: give it the deployment, and turn its errors into Airflow's reactions.

    A `PermanentError` fails the task at once, any other error lets it be retried. A crash in native code ends the
    process: while a DAG file is parsed a Python handler for SIGSEGV is installed, and under it a crashed task would
    hang for ever and still send heartbeats.
    """
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    try:
        yield deployment()
    except PermanentError as error:
        raise AirflowFailException(f"{type(error).__name__}: {error}") from error


def deployment() -> Deployment:
    """This deployment, with the records database behind the Airflow connection ``retraining_db``."""
    settings = Settings.from_environment()
    hook = PostgresHook(CONNECTION, log_sql=False)

    def connect() -> psycopg.Connection[Any]:
        connection = hook.get_conn()
        if not isinstance(connection, psycopg.Connection):  # the provider falls back to psycopg2 without SQLAlchemy 2
            raise ConfigurationError(CONNECTION, f"psycopg 3 is needed, the provider gave {type(connection)}")
        return connection

    return Deployment(
        store=PostgresStore(connect),
        models_dir=settings.models_dir,
        data_dir=settings.data_dir,
        artifacts=ArtifactFolder(settings.artifacts_dir),
    )


def run_of(dag_run: Any, params: Mapping[str, Any]) -> Run:
    """What this DAG run was asked to do.

    The recent window ends at the parameter ``as_of``, else at the logical date, else (manual runs have none) at the
    moment the run was asked for.
    """
    as_of = _moment(params["as_of"]) if params.get("as_of") else dag_run.logical_date or dag_run.run_after
    return Run(
        run_id=dag_run.run_id,
        as_of=as_of,
        reason=params.get("reason") or "",
        requested_by=getattr(dag_run, "triggering_user_name", None) or str(dag_run.run_type),
        force=bool(params.get("force")),
        dry_run=bool(params.get("dry_run")),
        preset=params.get("preset") or "",
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            "parameter as_of", f"found {text!r}; write a date and time, for example 2026-11-01T00:00:00Z"
        ) from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
