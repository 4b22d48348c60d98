"""One API server for all tests of the REST API: a model with two versions and a quarantine, four people."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from include.records.postgres import PostgresStore
from tests.airflow_home import AirflowHome
from tests.forced import force_promotion
from tests.records.examples import own_records
from tests.stage import REFERENCE_DAYS, Stage, day, rows_from, sales
from tests.waiting import wait_until
from tools.embedded_postgres import EmbeddedPostgres
from tools.layout import PROJECT_ROOT
from tools.ports import free_port

ROLES = ("viewer", "user", "op", "admin")
API = "/retraining/api/v1"
MODEL = "sales"
SECONDS = 300.0


@dataclass(frozen=True)
class Served:
    """A server that answers, and who may ask it what.

    Parameters
    ----------
    url : str
    routes, pages, scraped : sequence of mapping
        Of the REST API, of the page, and of the metrics; as `tests.api.inside.described` tells them.
    records_uri, metadata_uri : str
        Of both databases.
    tokens : mapping of str to str
        By role, each also the name of somebody who has it.
    """

    url: str
    routes: list[dict[str, Any]]
    records_uri: str
    metadata_uri: str
    tokens: dict[str, str] = field(default_factory=dict)
    pages: list[dict[str, Any]] = field(default_factory=list)
    scraped: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, path: str, caller: str = "op", *, headers: Mapping[str, str] | None = None,
            **sent: Any) -> httpx.Response:  # fmt: skip
        """Send a request as somebody; "" is nobody. A path without a leading ``/retraining`` is one of the API."""
        address = self.url + (path if path.startswith("/retraining") else API + path)
        token = self.tokens.get(caller, caller)
        known = {"Authorization": f"Bearer {token}"} if token else {}
        with httpx.Client(trust_env=False, timeout=60.0) as client:
            return client.request(method, address, headers={**known, **(headers or {})}, **sent)

    def record(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the records."""
        with psycopg.connect(self.records_uri, options="-c search_path=retraining") as connection:
            return connection.execute(query.encode(), values).fetchall()

    def log(self, event: str) -> list[tuple[Any, ...]]:
        """Owner, DAG and extra of the entries of that name in Airflow's audit log."""
        query = "SELECT owner, dag_id, extra FROM log WHERE event = %s ORDER BY id"
        with psycopg.connect(self.metadata_uri) as connection:
            return connection.execute(query, (event,)).fetchall()


def fill(stage: Stage) -> None:
    """Two versions, of which the second was promoted without merit, and a third run whose rows are broken."""
    table = sales(90, change=35)
    stage.add(MODEL, table)
    stage.add("other", sales(40), policy={"preset": "conservative"})
    stage.run(MODEL, day(REFERENCE_DAYS), run_id="first")
    force_promotion(stage.deployment, MODEL, day(41), shuffled=False)
    broken = table.copy()
    broken.loc[rows_from(48), "price"] = None
    stage.write(MODEL, broken)
    stage.run(MODEL, day(55), run_id="broken", reason="<script>alert(1)</script>")


def serve(
    home: AirflowHome, records_uri: str, stage: Stage, folder: Path, settings: Mapping[str, str] | None = None,
    python: str = sys.executable,
) -> Iterator[Served]:  # fmt: skip
    """A server on these records and model files, until the generator is closed."""
    port, told, passwords = free_port(), folder / "routes.json", folder / "passwords.json"
    passwords.write_text(json.dumps({role: f"{role}-secret" for role in ROLES}))
    ours = {
        "RETRAINING_MODELS_DIR": str(stage.models), "RETRAINING_DATA_DIR": str(stage.data),
        "RETRAINING_ARTIFACTS_DIR": str(stage.root / "made"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{role}:{role}" for role in ROLES),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}/", **(settings or {}),
    }  # fmt: skip
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python, "-m", "tests.api.inside", str(port), str(told)], cwd=PROJECT_ROOT,
            env=home.environment(records_uri, ours), stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url) or process.poll() is not None, SECONDS)
        assert process.poll() is None, log.read_text()[-8000:]
        known = json.loads(told.read_text())
        pages = [each for each in known if each["path"].startswith("/page/")]
        scraped = [each for each in known if each["path"] == "/metrics"]
        routes = [each for each in known if each not in (*pages, *scraped)]
        yield Served(url, routes, records_uri, home.metadata_uri, pages=pages, scraped=scraped)
    finally:
        process.terminate()
        process.wait(30)


def answers(url: str) -> bool:
    """Whether a server answers there."""
    try:
        return httpx.get(f"{url}/api/v2/version", trust_env=False, timeout=10.0).status_code == 200
    except httpx.TransportError:
        return False


def token(url: str, name: str) -> str:
    """A token of somebody, as docs/rest-api.md says to get one."""
    sent = {"username": name, "password": f"{name}-secret"}
    answer = httpx.post(f"{url}/auth/token", json=sent, trust_env=False, timeout=60.0)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["access_token"])


@pytest.fixture(scope="session")
def served(
    postgres: EmbeddedPostgres, airflow_home: AirflowHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The server that all tests of the API share."""
    folder = tmp_path_factory.mktemp("api")
    with own_records(postgres) as uri:
        stage = Stage(folder, PostgresStore(partial(psycopg.connect, uri), keep=True))  # type: ignore[arg-type]
        fill(stage)
        for found in serve(airflow_home, uri, stage, folder):
            found.tokens.update({role: token(found.url, role) for role in ROLES})
            yield found
