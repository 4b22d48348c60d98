from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from include.data.sources.environment import aws_connection
from include.records.entries import Event
from include.retraining.artifacts.bucket import open_artifacts
from tests.airflow_home import AirflowHome
from tests.object_server import SECRET, ObjectServer
from tests.records.examples import postgres_store
from tests.stage import FIELDS, REFERENCE_DAYS, day, sales

pytestmark = pytest.mark.airflow
CHANGE = 45
QUERY = "select * from sales where at >= %(start)s and at < %(end)s"
CONNECTIONS = {
    "uri": "aws://keeper:s%23cr%2Ft@/?region_name=eu-west-1&endpoint_url=http%3A%2F%2Flocalhost%3A9000",
    "in_query": "aws:///?aws_access_key_id=keeper&aws_secret_access_key=s%23cr%2Ft&aws_session_token=for%20now",
    "extra": "aws://keeper:secret@/?__extra__=%7B%22endpoint_url%22%3A%20%22http%3A%2F%2Flocalhost%22%7D",
    "as_json": json.dumps(
        {"conn_type": "aws", "login": "a", "password": "b", "extra": {"region_name": "eu-west-1", "verify": False}}
    ),
    "as_text": json.dumps({"conn_type": "aws", "login": "a", "password": "b", "extra": '{"endpoint_url": "http://x"}'}),
}
SAME = """
import json, sys
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
answers = {}
for name in sys.argv[1].split(","):
    hook = S3Hook(aws_conn_id=name)
    keys, client = hook.get_credentials(), hook.get_conn()
    answers[name] = [keys.access_key, keys.secret_key, keys.token, client.meta.endpoint_url, client.meta.region_name,
                     client._endpoint.http_session._verify]
print("ANSWER", json.dumps(answers))
"""
MISSING = """
from include.interfaces.airflow.connections import databases, object_storage_client
from include.errors import RetrainingError
database = databases()
for connect, name in ((object_storage_client, "gone"), (object_storage_client, "shop_db"), (database, "gone"),
                      (database, "shop_s3"), (database, "shop_db")):
    try:
        connect(name)
    except RetrainingError as error:
        print("TOLD", type(error).__name__, error)
"""
ADD = """
import sys
from airflow.models.connection import Connection
from airflow.utils.session import create_session
with create_session() as session:
    session.add(Connection(conn_id=sys.argv[1], uri=sys.argv[2]))
"""


def seen(event: Event) -> tuple[object, ...]:
    return event.status, dict(event.scores), dict(event.champion_scores), event.details.training_data_hash


def everything(uri: str) -> str:
    """Every row of every table of the records, as text."""
    with psycopg.connect(uri) as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
        ).fetchall()
        rows = [connection.execute(f"SELECT to_jsonb(t)::text FROM {name} t").fetchall() for (name,) in names]  # type: ignore[arg-type]
    return str(rows)


@pytest.mark.sweep
def test_run_with_rows_and_versions_in_a_bucket_comes_to_what_one_on_a_query_does(
    airflow_home: AirflowHome, object_server: ObjectServer, records_uri: str, database_uri: str, tmp_path: Path
) -> None:
    rows = sales(CHANGE + 10, change=CHANGE)
    with psycopg.connect(database_uri) as connection:
        connection.execute(
            "create table sales (at timestamptz, temperature float8, price float8, region text, sales float8)"
        )
        with connection.cursor().copy("copy sales from stdin (format csv)") as copy:
            copy.write(rows.to_csv(index=False, header=False))
    for name, part in (("1", rows[:800]), ("2", rows[800:])):
        object_server.bucket.put(f"sales/{name}.csv", part.to_csv(index=False).encode())
    sources = {
        "stored": {"kind": "csv", "path": "s3://shop/sales", "connection": "shop_s3"},
        "queried": {"kind": "sql", "connection": "shop_db", "query": QUERY},
    }
    models = tmp_path / "models"
    models.mkdir()
    for name, source in sources.items():
        (models / f"{name}.yaml").write_text(json.dumps({**FIELDS, "source": source}))
    settings = {
        "RETRAINING_MODELS_DIR": str(models), "RETRAINING_ARTIFACTS_DIR": str(tmp_path / "unused"),
        "RETRAINING_ARTIFACTS": "s3://shop_s3@shop/made", "AIRFLOW_CONN_SHOP_S3": object_server.connection,
    }  # fmt: skip
    airflow_home.run_python(ADD, "shop_db", database_uri)  # in Airflow's own database, as its page would add it
    for at in (day(REFERENCE_DAYS), day(CHANGE + 6)):
        run = airflow_home.run_dag({"as_of": at.isoformat()}, records_uri=records_uri, settings=settings)
        assert run.state == "success"
    store = postgres_store(records_uri)
    told = {name: [seen(event) for event in reversed(store.events(model_name=name))] for name in sources}
    assert [status for status, *_ in told["stored"]] == ["promoted", "promoted"]
    assert told["stored"] == told["queried"]
    dump = everything(records_uri)
    assert "s3://shop/sales" in dump
    artifacts = open_artifacts(Path("unused"), settings["RETRAINING_ARTIFACTS"])
    assert str(artifacts.published("stored")).startswith("v2-")
    assert not (tmp_path / "unused").exists()
    assert object_server.bucket.below("made/reports/stored/")
    logs = [file.read_text() for file in airflow_home.layout.task_logs.rglob("*.log")]
    assert SECRET not in f"{dump}{logs}"


def test_connections_are_read_as_the_provider_reads_them(airflow_home: AirflowHome) -> None:
    held = {f"AIRFLOW_CONN_{name.upper()}": text for name, text in CONNECTIONS.items()}
    lines = airflow_home.run_python(SAME, ",".join(CONNECTIONS), settings=held).stdout.splitlines()
    answers = json.loads(next(line for line in lines if line.startswith("ANSWER")).removeprefix("ANSWER"))
    for name in CONNECTIONS:
        found = aws_connection(name, held)
        assert found is not None
        access, secret, token, endpoint, region, verify = answers[name]
        keys = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        assert [found.session.get(key) for key in keys] == [access, secret, token]
        assert found.endpoint_url in (endpoint, None)
        assert found.session.get("region_name") in (region, None)
        assert (found.verify is False) is (verify is False)


def test_connection_that_airflow_does_not_have_or_cannot_use_is_told(airflow_home: AirflowHome) -> None:
    secret = SECRET.replace("#", "%23").replace("/", "%2F")
    held = {
        "AIRFLOW_CONN_SHOP_DB": f"postgresql://keeper:{secret}@localhost:1/db",
        "AIRFLOW_CONN_SHOP_S3": CONNECTIONS["uri"],
    }
    told = [line for line in airflow_home.run_python(MISSING, settings=held).stdout.splitlines() if "TOLD" in line]
    assert len(told) == 5
    for line in (told[0], told[2]):
        assert "connection gone: Airflow has none of that name; add it, or set AIRFLOW_CONN_GONE" in line
    assert "ConfigurationError connection shop_db: is of the type postgres; aws is needed" in told[1]
    assert "ConfigurationError connection shop_s3: is of the type aws; postgres is needed" in told[3]
    assert "SourceUnavailable connection 'shop_db': connection failed" in told[4]
    assert "port 1 failed" in told[4]
    assert SECRET not in "".join(told)
