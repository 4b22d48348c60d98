"""What Airflow loads from the plugins folder. Imported in every Airflow process: kept light.

Airflow puts ``dags/``, ``config/`` and ``plugins/`` on the import path, but not the folder that holds them, where
``include/`` lies. This plugin adds it, so that a deployment need not set ``PYTHONPATH``.
"""

from __future__ import annotations

import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

PROJECT_ROOT = str(Path(__file__).resolve().parent.parent)
if PROJECT_ROOT not in sys.path:
    sys.path.append(PROJECT_ROOT)


class RunNotes:
    """Has the note of a run that is over say what was decided; the scheduler calls it, for every DAG."""

    @hookimpl
    def on_dag_run_success(self, dag_run: Any) -> None:
        """Write the note."""
        _write_note(dag_run)

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any) -> None:
        """Write the note."""
        _write_note(dag_run)


def _write_note(dag_run: Any) -> None:
    from include.interfaces.airflow.run_notes import write_note

    write_note(dag_run)


class RetrainingPlugin(AirflowPlugin):
    """Registers this package with Airflow."""

    name = "retraining"

    @cached_property  # read by the API server alone: no other process loads the app
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The REST API, which guards itself: Airflow guards no app that it mounts."""
        from include.interfaces.api.app import PREFIX, TITLE, create_app

        return [{"app": create_app(), "url_prefix": PREFIX, "name": TITLE}]

    # Addresses without a leading slash: they are below Airflow's own path, whatever that is.
    external_views = [  # noqa: RUF012  # as Airflow has it
        {"name": "Model retraining", "href": "retraining/page/fleet", "destination": "nav", "category": "browse",
         "url_route": "retraining"},
        {"name": "Models", "href": "retraining/page/fleet?dag_id={DAG_ID}", "destination": "dag",
         "url_route": "retraining-models"},
    ]  # fmt: skip

    listeners = [RunNotes()]  # noqa: RUF012  # as Airflow has it
