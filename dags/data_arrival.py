"""Has the models looked at whose data arrived.

A model file asks for it: `watch` in its `source`, or `red_team`. Each file, folder, glob or prefix that is so watched
is an asset with a watcher in the triggerer; when it has changed and is whole, this DAG starts a run of
`automatic_model_retraining` for the models that read it, and for no other. Failing cases of a result file become
requests of the kind `red_team` first.

**Writes** which run took which arrival (`data_arrivals`), requests, and a run of the other DAG. It removes nothing.

**A rerun is safe.** Each arrival is taken by one run; a cleared task finds what its run took, asks for nothing twice,
and the run that it starts has one name.

### When it fails
- `take_arrivals`: Postgres is down, or storage; it is tried again. Where nothing could be used, a result file is
  broken. *Skipped* is no failure: another run took it all, or every result passed.
- `start_check`: the API server is down; clear it. *Skipped* is no failure: the run is there already.
- `fail_where_results_cannot_be_used`: the message names the result files and what is wrong with them. The check of the
  other models was started. Correct the file: writing it again is a new arrival.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import AssetAny, dag, task
from airflow.sdk.exceptions import AirflowFailException


@task(multiple_outputs=True)
def take_arrivals(dag_run: Any = None) -> dict[str, Any]:
    from include import workflow
    from include.interfaces.airflow.connections import object_storage_client
    from include.interfaces.airflow.outcomes import task_outcome, tell

    with task_outcome() as deployment:
        taken = workflow.take_arrivals(deployment, dag_run.run_id, storage=object_storage_client)
        tell("\n".join([taken.reason, *taken.problems]))
        if not taken.models:
            raise AirflowFailException("; ".join(taken.problems))
        return {"conf": workflow.conf_of(taken), "problems": list(taken.problems)}


@task(retries=0)
def fail_where_results_cannot_be_used(problems: list[str]) -> None:
    """The check of whoever is not concerned was started; the broken file must not go unseen."""
    if problems:
        raise AirflowFailException("; ".join(problems))


def _schedule() -> Any:
    """Any of the watched places; without one the DAG has no schedule."""
    from include.interfaces.airflow.arrival import arrival_assets

    assets = arrival_assets()
    return AssetAny(*assets) if assets else None


@dag(
    schedule=_schedule(),
    start_date=datetime(2026, 1, 1),  # noqa: DTZ001  # Airflow reads it as UTC
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=20)},
    doc_md=__doc__,
    tags=["machine-learning", "retraining"],
)
def data_arrival() -> None:
    """Take what arrived, start the check, and fail where something could not be used."""
    taken = take_arrivals()
    start_check = TriggerDagRunOperator(
        task_id="start_check",
        trigger_dag_id="automatic_model_retraining",
        trigger_run_id="arrival__{{ run_id }}",
        conf=taken["conf"],
        logical_date=None,
        skip_when_already_exists=True,
    )
    start_check >> fail_where_results_cannot_be_used(taken["problems"])


data_arrival()
