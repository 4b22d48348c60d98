"""Questions to people in Airflow's own database, as a waiting task of the DAG would have left them."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.airflow_home import AirflowHome

_ASK = """
import sys
from airflow.models.hitl import HITLDetail
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.sdk import timezone
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
run_id, model_name, dag_id, step = sys.argv[1:]
with create_session() as session:
    kept = SerializedDagModel.get(dag_id, session=session)
    run = kept.dag.create_dagrun(
        run_id=run_id, run_after=timezone.utcnow(), run_type=DagRunType.MANUAL, state=DagRunState.RUNNING,
        triggered_by=DagRunTriggeredByType.TEST, session=session,
    )
    task = next(task for task in kept.dag.tasks if task.task_id.endswith(step))
    waits = TaskInstance(task, dag_version_id=kept.dag_version_id, run_id=run_id, map_index=0)
    waits.state = TaskInstanceState.AWAITING_INPUT
    waits._rendered_map_index = model_name
    session.add(waits)
    session.flush()
    session.add(HITLDetail(ti_id=waits.id, options=["Approve", "Reject"], subject="Retrain?", params={}))
"""


def ask_person(home: AirflowHome, run_id: str, model_name: str) -> None:
    """Have a run ask whether a model is to be retrained."""
    from include.workflow.run import STEPS
    from tools.layout import DAG_ID

    home.run_python(_ASK, run_id, model_name, DAG_ID, STEPS["approve"])


def answer_of(metadata_uri: str, run_id: str) -> tuple[Any, ...]:
    """What was chosen, and who chose."""
    query = """SELECT h.chosen_options, h.responded_by ->> 'name' FROM hitl_detail h
               JOIN task_instance t ON t.id = h.ti_id WHERE t.run_id = %s"""
    with psycopg.connect(metadata_uri) as connection:
        [row] = connection.execute(query, (run_id,)).fetchall()
    return row
