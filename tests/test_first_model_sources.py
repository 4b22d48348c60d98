"""init and validate of rows in a database, and in object storage."""

from __future__ import annotations

import uuid
from pathlib import Path

import psycopg
import pytest

from include.cli.__main__ import main
from include.registry.loader import load_model_file
from include.registry.source import FileSource, SqlSource
from tests.object_server import BUCKET, ObjectServer
from tests.test_first_model import rentals


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETRAINING_MODELS_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def shop(database_uri: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A connection to a database with a table of rentals."""
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", database_uri)
    table = rentals()
    with psycopg.connect(database_uri) as connection:
        connection.execute(
            "CREATE TABLE rented (observed_at timestamptz, temperature float, wind float, weather text, rentals float)"
        )
        with connection.cursor().copy("COPY rented FROM STDIN") as copy:
            for row in table.itertuples(index=False):
                copy.write_row((str(row[0]) + "Z", *row[1:]))
    return "shop_db"


def test_table_of_a_database_becomes_a_query_with_the_bounds_of_a_check(
    shop: str, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--sql", shop, "--table", "rented", "--target", "rentals"]) == 0
    source = load_model_file(models / "rented.yaml").source
    assert isinstance(source, SqlSource)
    assert source.query.endswith('WHERE "observed_at" >= %(start)s AND "observed_at" < %(end)s')
    capsys.readouterr()
    assert main(["validate", "rented"]) == 0
    assert "2,400" in capsys.readouterr().out


def test_query_is_kept_as_it_is(shop: str, models: Path) -> None:
    query = "SELECT observed_at, temperature, rentals FROM rented WHERE temperature > 0"
    assert main(["init", "--sql", shop, "--query", query, "--target", "rentals", "--name", "warm"]) == 0
    source = load_model_file(models / "warm.yaml").source
    assert isinstance(source, SqlSource)
    assert source.query == query


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--table", "rented; DROP TABLE rented"], "--table"),
        (["--table", "nowhere"], "cannot be answered"),
        (["--query", "SELECT * FROM rented WHERE weather LIKE 'r%'"], "per cent sign"),
        (["--query", "SELECT * FROM rented LIMIT 0"], "selects no rows"),
        ([], "--table TABLE or --query"),
    ],
)
def test_query_that_cannot_be_is_named_with_its_flag(
    shop: str, models: Path, capsys: pytest.CaptureFixture[str], flags: list[str], words: str
) -> None:
    assert main(["init", "--sql", shop, *flags, "--target", "rentals"]) == 2
    assert words in capsys.readouterr().err
    assert not list(models.glob("*.yaml"))


@pytest.mark.parametrize(
    ("keys", "given", "kind"),
    [
        (["rentals.csv"], "rentals.csv", "csv"),
        (["rentals"], "rentals", "parquet"),
        (["a.parquet", "b/c.parquet", "_SUCCESS"], "", "parquet"),
        (["a.jsonl", "b.jsonl"], "", "json_lines"),
        (["a.jsonl", "b.jsonl"], "/*", "json_lines"),
        (["a.csv", "notes.md"], "", "csv"),
    ],
)
def test_objects_in_storage_are_read_by_their_connection(
    object_server: ObjectServer, models: Path, capsys: pytest.CaptureFixture[str], keys: list[str], given: str,
    kind: str,
) -> None:  # fmt: skip
    folder = f"rows-{uuid.uuid4().hex}"
    rows = rentals()
    written = {
        "csv": rows.to_csv(index=False),
        "json_lines": rows.to_json(orient="records", lines=True, date_format="iso"),
    }
    body = rows.to_parquet() if kind == "parquet" else written[kind].encode()
    for key in keys:
        there = b"" if key == "_SUCCESS" else body
        object_server.bucket.client.put_object(Bucket=BUCKET, Key=f"{folder}/{key}", Body=there)
    address = f"s3://{BUCKET}/{folder}/{given}".replace("//*", "/*").rstrip("/")
    said = ["--data", address, "--connection", "shop_s3", "--target", "rentals", "--name", "rentals"]
    assert main(["init", *said]) == 0
    source = load_model_file(models / "rentals.yaml").source
    assert isinstance(source, FileSource)
    assert (source.kind, source.path, source.connection) == (kind, address, "shop_s3")
    capsys.readouterr()
    assert main(["validate", "rentals"]) == 0
    assert "2,400" in capsys.readouterr().out
