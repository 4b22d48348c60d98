"""The DAG of data arrival and its watchers in an Airflow, without a triggerer."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from tests.airflow_home import AirflowHome
from tests.object_server import BUCKET, ObjectServer
from tests.sweeps import first_of

pytestmark = pytest.mark.airflow

MODEL = """
task: regression
source: {kind: csv, path: %s, watch: {settle: 1s, every: 1s}}
timestamp: at
target: sales
reference: {end: 2026-01-31}
metric: rmse
"""
DESCRIBE = """
import json, os, time
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
from airflow.serialization.encoders import encode_trigger
from airflow.triggers.base import BaseEventTrigger
def seen():
    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    dag = bag.dags["data_arrival"]
    assets = list(dag.schedule.objects)
    triggers = [encode_trigger(each.trigger) for asset in assets for each in asset.watchers]
    ids = [BaseEventTrigger.hash(each["classpath"], each["kwargs"]) for each in triggers]
    return dict(errors=bag.import_errors, names=[(a.name, a.uri) for a in assets], ids=ids,
                written=json.dumps(DagSerialization.to_dict(dag), default=str))
first, second = seen(), seen()
print("SEEN", json.dumps({**first, "stable": first == second}))
"""
WATCH = """
import asyncio, sys, time, json
from pathlib import Path
from airflow.serialization.encoders import encode_trigger
from pydoc import locate
from include.interfaces.airflow.arrival import arrival_assets
async def go(change):
    [asset] = arrival_assets()
    found = encode_trigger(asset.watchers[0].trigger)
    trigger = locate(found["classpath"])(**found["kwargs"])
    events, told = trigger.run(), []
    async def listen():
        async for event in events:
            told.append(event.payload)
    listening, most = asyncio.create_task(listen()), 0.0
    for step in range(120):
        began = time.monotonic()
        await asyncio.sleep(0.1)
        if step > 60:
            most = max(most, time.monotonic() - began)
        if step == 60:
            change()
        if told and step > 100:
            break
    listening.cancel()
    print("TOLD", json.dumps([told, most]))
def change():
    if sys.argv[1].startswith("s3://"):
        from include.interfaces.airflow.connections import object_storage_client
        object_storage_client("").put_object(Bucket="shop", Key="in/a.csv", Body=b"x")
    else:
        Path(sys.argv[1]).write_text("x")
asyncio.run(go(change))
"""


def settings(folder: Path, *paths: str) -> dict[str, str]:
    """Model files that watch these paths, and where they are."""
    models = folder / "models"
    models.mkdir(exist_ok=True)
    for number, path in enumerate(paths):
        (models / f"m{number}.yaml").write_text(MODEL % json.dumps(path))
    return {"RETRAINING_MODELS_DIR": f"{models}", "RETRAINING_DATA_DIR": f"{folder}"}


def test_each_place_is_an_asset_with_a_trigger_of_its_own_which_is_the_same_at_each_parse(
    airflow_home: AirflowHome, tmp_path: Path
) -> None:
    paths = ["a.csv", "a.csv", "b b.csv", "Größe/*.csv", "s3://shop/in", "x" * 2000, "x" * 2001, "50%.csv"]
    lines = airflow_home.run_python(DESCRIBE, settings=settings(tmp_path, *paths)).stdout.splitlines()
    seen = json.loads(next(line for line in lines if line.startswith("SEEN")).removeprefix("SEEN "))
    assert seen["errors"] == {}
    assert seen["stable"]
    names, uris = zip(*seen["names"], strict=True)
    assert len(set(names)) == len(set(uris)) == len(set(seen["ids"])) == len(paths) - 1
    assert all(name.isascii() and len(name) <= 1500 for name in names)


def test_without_a_place_the_dag_has_no_schedule_and_is_no_error(airflow_home: AirflowHome, tmp_path: Path) -> None:
    code = DESCRIBE.partition("def seen")[0] + (
        'bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])\n'
        'print("SEEN", bag.import_errors, bag.dags["data_arrival"].schedule)\n'
    )
    gone = {"RETRAINING_MODELS_DIR": f"{tmp_path / 'gone'}"}
    for where in (settings(tmp_path), gone):
        assert "SEEN {} None" in airflow_home.run_python(code, settings=where).stdout


@pytest.mark.parametrize("stored", first_of([True, False], 1))
def test_the_trigger_tells_of_a_change_once_and_blocks_no_other(
    airflow_home: AirflowHome, records_uri: str, tmp_path: Path, object_server: ObjectServer, stored: bool
) -> None:
    path = f"s3://{BUCKET}/in" if stored else f"{tmp_path / 'a.csv'}"
    held = settings(tmp_path, path) | {"AIRFLOW_CONN_AWS_DEFAULT": object_server.connection}
    lines = airflow_home.run_python(WATCH, path, records_uri=records_uri, settings=held).stdout.splitlines()
    told, most = json.loads(next(line for line in lines if line.startswith("TOLD")).removeprefix("TOLD "))
    assert [each["place"] for each in told] == [f"rows {path}"]
    assert most < 5.0, "the loop stood still"
    with psycopg.connect(records_uri) as connection:
        kept = connection.execute("SELECT ordinal, starts, run_id FROM data_arrivals ORDER BY id").fetchall()
    assert kept == [(1, False, None), (2, True, None)]
