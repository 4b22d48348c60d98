"""Runs as they are found: settings of Airflow that change what a run is of, and runs that are taken once more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.airflow_home import AirflowHome
from tests.dags.test_automatic_model_retraining import Deployed
from tests.dags.test_rollback_and_assets import events
from tests.models import CHANGED

pytestmark = pytest.mark.airflow

MOMENTS = """
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
import pendulum
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable
from airflow.timetables.trigger import CronTriggerTimetable
from airflow.utils.types import DagRunType
from include.interfaces.airflow.outcomes import run_of

def of(run_type, info=None, **fields):
    known = {"run_id": "r", "run_type": run_type, "logical_date": None, "run_after": None, "data_interval_start": None,
             "data_interval_end": None}
    if info is not None:
        known |= {"logical_date": info.logical_date, "run_after": info.run_after,
                  "data_interval_start": info.data_interval.start, "data_interval_end": info.data_interval.end}
    return run_of(SimpleNamespace(**known | fields), {})

found = {}
for zone in ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"):
    for timetable in (CronTriggerTimetable, CronDataIntervalTimetable):
        made = timetable("0 */6 * * *", timezone=pendulum.timezone(zone))
        for first in (pendulum.datetime(2026, 3, 1), pendulum.datetime(2026, 3, 28, 20)):  # a clock is put forward
            last = None
            for _ in range(3):
                info = made.next_dagrun_info(
                    last_automated_data_interval=last, restriction=TimeRestriction(first, None, catchup=True))
                last = info.data_interval
                for run_type in (DagRunType.SCHEDULED, DagRunType.BACKFILL_JOB):
                    run = of(run_type, info)
                    assert run.as_of == info.run_after, (zone, timetable, info)
                    assert run.requested_by == run_type.value
asked = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
berlin = pendulum.datetime(2026, 3, 3, 10, 30, tz="Europe/Berlin")
made_up = DataInterval(berlin.subtract(hours=6), berlin)
for run_type in (DagRunType.MANUAL, DagRunType.OPERATOR_TRIGGERED):
    interval = {"data_interval_start": made_up.start, "data_interval_end": made_up.end}
    assert of(run_type, logical_date=berlin, run_after=berlin.add(hours=1), **interval).as_of == asked
    assert of(run_type, run_after=berlin).as_of == asked
assert of(DagRunType.ASSET_TRIGGERED, run_after=berlin).as_of == asked
assert of(DagRunType.BACKFILL_JOB, logical_date=berlin, run_after=berlin).as_of == asked
late = {"data_interval_start": berlin.subtract(hours=12), "data_interval_end": berlin.add(hours=2)}
assert of(DagRunType.SCHEDULED, logical_date=berlin, run_after=berlin, **late).as_of == asked
print("ALL RIGHT")
"""

RUN_ID = "nightly"
TAKEN_TWICE = """
import json, sys
from datetime import UTC, datetime
from airflow.dag_processing.dagbag import DagBag
from airflow.utils.session import create_session
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
DagRun.generate_run_id = staticmethod(lambda **_: sys.argv[1])  # one that is given again, as the scheduler does
bag = DagBag()
assert not bag.import_errors, bag.import_errors
for number in range(2):  # the second time the run is deleted and made once more
    run = bag.dags["automatic_model_retraining"].test(
        run_conf={"as_of": "2026-07-20T00:00:00Z"}, logical_date=datetime(2026, 7, 20, tzinfo=UTC))
    with create_session() as session:
        tasks = session.query(TaskInstance).filter_by(run_id=run.run_id, task_id="publish_champion").all()
        print("RUN", json.dumps([run.run_id, str(run.state), sorted(str(task.state) for task in tasks)]))
"""


def test_window_ends_when_the_run_is_due_whatever_timetable_and_time_zone_say(airflow_home: AirflowHome) -> None:
    assert "ALL RIGHT" in airflow_home.run_python(MOMENTS).stdout


@pytest.mark.sweep
def test_run_that_is_deleted_and_taken_again_tells_downstream_once(
    airflow_home: AirflowHome, records_uri: str, tmp_path: Path
) -> None:
    deployed = Deployed(airflow_home, records_uri, tmp_path, changed=CHANGED)
    settings = {**deployed.settings, "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS": "True"}
    said = airflow_home.run_python(TAKEN_TWICE, RUN_ID, records_uri=records_uri, settings=settings).stdout.splitlines()
    runs = [line for line in said if line.startswith("RUN")]
    assert len(runs) == 2
    assert runs[0] == runs[1]
    assert RUN_ID in runs[0]
    assert [event[0] for event in events(airflow_home, RUN_ID)] == ["champion_changed", "champion_quiet"]
    assert deployed.rows("SELECT count(*), count(DISTINCT model_name) FROM model_retraining_events") == [(2, 2)]
    assert deployed.rows("SELECT count(*) FROM model_deployment_history") == [(2,)]
