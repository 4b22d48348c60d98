"""Who may log in to the databases that docker-compose.yaml makes."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from include.records.schema import migrate
from tests.records.examples import execute, postgres_store
from tests.records.test_roles import read_all
from tools.embedded_postgres import EmbeddedPostgres
from tools.layout import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "docs" / "deploying"
LOGINS = ("owner", "writer", "reader", "scraper")
PASSWORDS = {f"RETRAINING_{name.upper()}_PASSWORD": f"secret-of-{name}" for name in LOGINS}


def run_file(server: EmbeddedPostgres, text: str, environment: dict[str, str]) -> None:
    """What the image does with a file of its initdb folder."""
    psql = f"{server.location.binaries / 'psql'}"
    command = [psql, "--quiet", "--no-psqlrc", "--dbname", server.uri(), "--file", "-"]
    subprocess.run(command, input=text, env=dict(os.environ) | environment, text=True, check=True, capture_output=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server on which both files were run, Airflow's under another name: `airflow` is the superuser here."""
    made = EmbeddedPostgres(tmp_path_factory.mktemp("compose"), settings={"fsync": "off"})
    made.start()
    run_file(made, (FOLDER / "records-roles.sql").read_text(encoding="utf-8"), PASSWORDS)
    text = re.sub(r"\bairflow\b", "scheduler", (FOLDER / "airflow-roles.sql").read_text(encoding="utf-8"))
    run_file(made, text, {"AIRFLOW_DB_PASSWORD": "it's secret"})
    yield made
    made.remove()


def address(server: EmbeddedPostgres, user: str) -> str:
    return make_conninfo(server.uri("retraining"), user=user, password=f"secret-of-{user}")


@pytest.mark.parametrize("name", ["airflow-roles.sql", "records-roles.sql"])
def test_no_login_is_given_more_than_it_needs_nor_a_password_that_is_written_down(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8").split("\\set", 1)[1]
    assert not re.search(r"\bSUPERUSER|CREATEROLE|CREATEDB|BYPASSRLS|REPLICATION\b", text)
    passwords = re.findall(r"LOGIN PASSWORD (\S+)", text)
    assert passwords
    assert all(re.fullmatch(r":'\w+'", password) for password in (each.rstrip(";") for each in passwords))


@pytest.mark.sweep
def test_owner_migrates_writer_works_reader_reads_and_scraper_sees_numbers_only(server: EmbeddedPostgres) -> None:
    with psycopg.connect(address(server, "owner")) as connection:
        migrate(connection)
    execute(postgres_store(address(server, "writer")), "run-1")
    read_all(address(server, "reader"))
    refused = psycopg.errors.InsufficientPrivilege
    with psycopg.connect(address(server, "scraper"), autocommit=True) as connection:
        assert connection.execute("SELECT count(model_name) FROM model_retraining_events").fetchone()
        with pytest.raises(refused):
            connection.execute("SELECT * FROM model_retraining_events")
    for user in ("writer", "reader"):
        with psycopg.connect(address(server, user), autocommit=True) as connection, pytest.raises(refused):
            connection.execute("DROP TABLE canary_shares")


@pytest.mark.sweep
def test_nobody_but_the_servers_own_user_is_a_superuser_or_enters_anothers_database(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.uri(), autocommit=True) as connection:
        mighty = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND "
            "(rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication)"
        ).fetchall()
        assert mighty == [("airflow",)]
    other = make_conninfo(server.uri("scheduler"), user="writer", password="secret-of-writer")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(other)
    own = make_conninfo(server.uri("scheduler"), user="scheduler", password="it's secret")
    with psycopg.connect(own) as connection:
        connection.execute("CREATE TABLE dag (id int)")
