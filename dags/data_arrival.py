"""Has the models looked at whose data arrived.

A model file asks for it: `watch` in its `source`, or `red_team`. Each file, folder, glob or prefix that is so watched
is an asset with a watcher in the triggerer; when it has changed and is whole, this DAG starts a run of
`automatic_model_retraining` for the models that read it, and for no other. Failing cases of a result file become
requests of the kind `red_team` first.

**Writes** which run took which arrival (`data_arrivals`), requests, and a run of the other DAG. It removes nothing.

**A rerun is safe.** Each arrival is taken by one run; a cleared task finds what its run took, asks for nothing twice,
and the run that it starts has one name.

### When it fails
- `start_check`: Postgres, storage or the API server is down; it is tried again. Where nothing could be used, a result
  file is broken. *Skipped* is no failure: another run took it all, every result passed, or the run is there already.
- `fail_where_results_cannot_be_used`: the message names the result files and what is wrong with them. The check of the
  other models was started. Correct the file: writing it again is a new arrival.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import AssetAny, dag, task
from airflow.sdk.exceptions import AirflowFailException


@task(retries=0)
def fail_where_results_cannot_be_used(problems: list[str] | None) -> None:
    """The check of whoever is not concerned was started; the broken file must not be overlooked."""
    if problems:
        raise AirflowFailException("; ".join(problems))


def _schedule() -> Any:
    """Any of the watched places; without one the DAG has no schedule."""
    from include.interfaces.airflow.arrival import arrival_assets

    assets = arrival_assets()
    return AssetAny(*assets) if assets else None


@dag(
    schedule=_schedule(),
    start_date=datetime(2026, 1, 1),  # noqa: DTZ001  # Airflow reads it in its `default_timezone`, and the schedule, too
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=20)},
    doc_md=__doc__,
    tags=["machine-learning", "retraining"],
)
def data_arrival() -> None:
    """Take what arrived, start the check, and fail where something could not be used."""
    from include.interfaces.airflow.start_check import PROBLEMS, StartCheck

    start_check = StartCheck(task_id="start_check", trigger_dag_id="automatic_model_retraining")
    fail_where_results_cannot_be_used(start_check.output[PROBLEMS])


data_arrival()
