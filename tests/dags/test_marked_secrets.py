"""Marked secrets: whole retrains with one in every place, then everything that was written is searched for them."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tests.airflow_home import AirflowHome
from tests.dags.test_object_storage import ADD
from tests.integrations.mlflow_server import running
from tests.marks import TELLER, Marks, files_below, rows_of
from tests.notifications.receivers import web_receiver
from tests.object_server import ObjectServer
from tests.stage import FIELDS, REFERENCE_DAYS, day, sales
from tools.embedded_postgres import EmbeddedPostgres

pytestmark = [pytest.mark.airflow, pytest.mark.sweep]

CHANGE = 45
QUERY = "select * from sales where at >= %(start)s and at < %(end)s"
TRAINER = Path("tests/retraining/trainers/scripts/least_squares.py").resolve()


@pytest.fixture
def marks() -> Marks:
    return Marks()


def marked_user(server: EmbeddedPostgres, uri: str, name: str, password: str) -> str:
    """The same address, for a user with that password; gone with the server."""
    with psycopg.connect(server.uri(), autocommit=True) as connection:
        role = sql.Identifier(name)
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))
        connection.execute(sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}").format(role, sql.Literal(password)))
    parts = conninfo_to_dict(uri)
    return f"postgresql://{name}:{quote(password, safe='')}@{parts['host']}:{parts['port']}/{parts['dbname']}"


def sources(server: ObjectServer, uri: str) -> None:
    """The rows, in a bucket and in a database."""
    rows = sales(CHANGE + 10, change=CHANGE)
    server.bucket.put("sales/all.csv", rows.to_csv(index=False).encode())
    with psycopg.connect(uri) as connection:
        connection.execute(
            "create table sales (at timestamptz, temperature float8, price float8, region text, sales float8)"
        )
        with connection.cursor().copy("copy sales from stdin (format csv)") as copy:
            copy.write(rows.to_csv(index=False, header=False))


def model_files(folder: Path, python: str) -> Path:
    """A model on a bucket, one on a query, one with a script, and those of which each step fails aloud."""
    teller = folder / "teller.py"
    teller.write_text(TELLER)
    stored = {"kind": "csv", "path": "s3://shop/sales", "connection": "shop_s3"}
    passed = ["SHOP_LICENCE", "SHOP_TOKEN", "AIRFLOW_CONN_SHOP_S3", "AIRFLOW_CONN_RETRAINING_DB"]
    script = {"command": [python, str(TRAINER)], "predict_command": [python, str(TRAINER)], "environment": passed}
    queried = {"kind": "sql", "connection": "market_db", "query": QUERY}
    texts: dict[str, Mapping[str, Any]] = {
        "stored": {"source": stored},
        "queried": {"source": queried},
        "scripted": {"source": stored, "training": {"script": script, "hyperparameters": {}}},
        "telling": {"source": stored, "training": {"script": {**script, "command": [python, str(teller)]},
                                                   "hyperparameters": {}}},
        "refused": {"source": {**queried, "connection": "wrong_db"}},
        "gone": {"source": {**stored, "path": "s3://gone/sales", "connection": "gone_s3"}},
    }  # fmt: skip
    models = folder / "models"
    models.mkdir()
    for name, text in texts.items():
        (models / f"{name}.yaml").write_text(json.dumps({**FIELDS, **text}))
    return models


def test_no_secret_is_found_outside_of_its_home(
    airflow_home: AirflowHome, postgres: EmbeddedPostgres, object_server: ObjectServer, database_uri: str,
    records_uri: str, tmp_path: Path, marks: Marks,
) -> None:  # fmt: skip
    sources(object_server, database_uri)
    records = marked_user(postgres, records_uri, "marked_owner", marks.secret("records"))
    shop = marked_user(postgres, database_uri, "marked_shop", marks.secret("rows"))
    wrong = shop.replace("marked_shop:", "marked_owner:")
    s3 = json.loads(object_server.connection) | {"password": marks.secret("bucket")}
    s3["extra"] |= {"aws_session_token": marks.secret("session")}
    home = tmp_path / "mlflow"
    with web_receiver() as web, running(home) as mlflow:
        notify = f"json://teller:{quote(marks.secret('notify'), safe='')}@127.0.0.1:{web.port}/ok"
        settings = {
            "RETRAINING_MODELS_DIR": str(model_files(tmp_path, sys.executable)),
            "RETRAINING_ARTIFACTS_DIR": str(tmp_path / "made"),
            "RETRAINING_LOG_FILE": str(tmp_path / "logs" / "retraining.log"), "RETRAINING_NOTIFY_ALLOW": "127.0.0.1",
            "RETRAINING_METRICS_TOKEN": marks.secret("metrics"), "RETRAINING_API_TOKEN": marks.secret("api"),
            "SHOP_LICENCE": marks.secret("licence"), "SHOP_TOKEN": marks.secret("token"),
            "AIRFLOW_CONN_SHOP_S3": json.dumps(s3), "AIRFLOW_CONN_WRONG_DB": wrong,
            "AIRFLOW_CONN_GONE_S3":
                f"aws://k:{quote(marks.secret('gone'), safe='')}@/?endpoint_url=http%3A%2F%2F127.0.0.1%3A9",
            "AIRFLOW_CONN_RETRAINING_NOTIFY": json.dumps(
                {"conn_type": "apprise", "extra": {"config": [{"path": notify, "tag": "ops"}]}}),
            "MLFLOW_TRACKING_URI": mlflow.uri, "MLFLOW_TRACKING_USERNAME": "me",
            "MLFLOW_TRACKING_PASSWORD": marks.secret("mlflow"),
        }  # fmt: skip
        airflow_home.run_python(ADD, "market_db", shop)
        said = list[str]()
        names = ["stored", "queried", "scripted", "telling", "refused", "gone"]
        for at, models in ((day(REFERENCE_DAYS), names), (day(CHANGE + 6), ["stored"])):
            conf = {"as_of": at.isoformat(), "models": models}
            run = airflow_home.run_dag(conf, records_uri=records, settings=settings)
            said += [(airflow_home.layout.home / f"{name}.txt").read_text() for name in ("stdout", "stderr")]
            said.append(airflow_home.note(run.run_id))
        bodies = [f"{at} {body}" for at, _, body in web.got]
    with psycopg.connect(records) as connection:
        statuses = connection.execute("SELECT model_name, status FROM model_retraining_events").fetchall()
        failed = {name for (name,) in connection.execute("SELECT model_name FROM retraining_failures").fetchall()}
    promoted = {(name, "promoted") for name in ("stored", "queried", "scripted")}
    assert promoted | {("telling", "failed")} <= set(statuses)
    assert {"telling", "refused", "gone"} <= failed
    assert bodies
    written = [
        *rows_of(records, "retraining"), *rows_of(airflow_home.metadata_uri, "public"),
        *files_below(tmp_path / "made", tmp_path / "logs", home, airflow_home.layout.task_logs),
        *(("output", text.encode()) for text in [*said, *bodies]),
    ]  # fmt: skip
    assert len(written) > 500
    assert marks.leaks(written) == []


def test_search_finds_a_secret_in_every_way_in_which_it_may_be_written(marks: Marks) -> None:
    secret = marks.secret("here")
    for told in (
        secret, quote(secret), quote(quote(secret, safe=""), safe=""), repr(secret), json.dumps(json.dumps(secret)),
        base64.b64encode(secret.encode()).decode(), base64.b64encode(f"me:{secret}".encode()).decode(),
        base64.urlsafe_b64encode(f"x{secret}".encode()).decode(), secret.encode().hex(),
    ):  # fmt: skip
        assert marks.found_in(f"a text with {told} in it".encode()) == {"here"}, told
    assert marks.found_in(b"nothing") == set()
