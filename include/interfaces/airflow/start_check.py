"""Starts the check of the models whose data arrived. Imports Airflow, as `assets` does."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk.exceptions import AirflowFailException

PROBLEMS = "problems"  # key of what is passed on about result files that cannot be used


class StartCheck(TriggerDagRunOperator):  # type: ignore[misc]  # the provider has no types
    """Takes all that arrived, and starts one run for the models concerned; skipped when nothing waits.

    One task and not two: each start of a task is seconds between the last write and the run.
    """

    def __init__(self, *, trigger_dag_id: str, **kwargs: Any) -> None:
        super().__init__(
            trigger_dag_id=trigger_dag_id, trigger_run_id="arrival__{{ run_id }}", logical_date=None,
            skip_when_already_exists=True, **kwargs,
        )  # fmt: skip

    def execute(self, context: Any) -> None:
        """Take, tell, and start."""
        from include import workflow
        from include.interfaces.airflow.connections import object_storage_client
        from include.interfaces.airflow.outcomes import task_outcome, tell

        with task_outcome() as deployment:
            taken = workflow.take_arrivals(deployment, context["dag_run"].run_id, storage=object_storage_client)
            tell("\n".join([taken.reason, *taken.problems]))
        if not taken.models:
            raise AirflowFailException("; ".join(taken.problems))
        context["ti"].xcom_push(key=PROBLEMS, value=list(taken.problems))
        self.conf = dict(workflow.conf_of(taken))
        super().execute(context)
