"""Times every view of the page, every route of the REST API that reads, and the metrics, as a browser gets them.

    python -m benchmarks.faces_http [--models 1000] [--checks 1000] [--signals 10] [--repeat 20] [--home FOLDER]

Airflow's own API server with the plugin in it, on the records of `benchmarks.faces`; one caller, each call about
another model. It is an error if the answer is not the expected one, if a p95 is above 300 ms, or if there is a route
that reads and is not timed. With `--home` both benchmarks share the records, which are filled once.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from benchmarks.faces import ALLOWED_SECONDS, arguments, closed, models_of, records
from benchmarks.faces_fill import FEATURES
from include.interfaces.metrics.router import TOKEN
from tests.airflow_home import AirflowHome
from tests.api.conftest import API, Served, serve, token
from tests.stage import Stage
from tools.embedded_postgres import EmbeddedPostgres

CALLER, SCRAPES = "viewer", "scrapes-for-the-benchmark"
PAGE, METRICS = "/retraining/page", "/retraining/metrics"
NOT_TIMED = ("/files/", "/files-of-theme/", "/page/")  # nothing of the records is read for these
#: A route of which there is nothing to tell in these records, and what it answers instead.
WITHOUT = {"/distribution": 404}


def views(now: datetime, checks: int) -> Mapping[str, str]:
    """Addresses of the page by name; ``{model}`` stands for a model."""
    run = f"run-{checks}"
    return {
        "fleet": "fleet", "fleet, search": "fleet?search=l_77&sort=nearness",
        "fleet, owner, failing": "fleet?owner=team_7&health=failing", "model": "model?model={model}",
        "model, a year": "model?model={model}&days=365", "decision": "decision?model={model}",
        "decision of a run": f"decision?model={{model}}&run_id={run}", "what if": "what-if?model={model}",
        "what if, moved": "what-if?model={model}&performance_threshold=0.02", "history": "history",
        "history, fired": "history?model={model}&answer=fired", "history, failed": "history?kind=events&status=failed",
        "versions": "versions?model={model}&first=v1&second=v2", "health": "health", "doctor": "doctor",
        "statistics": "statistics?days=90", "statistics of a model": "statistics?model={model}",
        "export": f"export.csv?table=retraining_decisions&model={{model}}&start={now - timedelta(days=90):%Y-%m-%d}",
    }  # fmt: skip


def queries(now: datetime, checks: int) -> Mapping[str, Mapping[str, str]]:
    """What routes of the REST API need besides their path, by how the path ends."""
    period = {"start": (now - timedelta(days=90)).isoformat(), "end": now.isoformat(), "model_name": "{model}"}
    marked = {"since": period["start"], "until": period["end"]}
    return {
        "/distribution": {"run_id": f"run-{checks}", "feature": FEATURES[0]}, "/audit": period, "/statistics": period,
        "/marks": marked, "/compare": {"version1": "v1", "version2": "v2"},
        "/export/{table}": {"model_name": "{model}", "start": period["start"]},
    }  # fmt: skip


def addresses(served: Served, now: datetime, checks: int) -> Iterator[tuple[str, str, int]]:
    """Name, address and expected status of all that is timed."""
    for name, address in views(now, checks).items():
        yield f"page: {name}", f"{PAGE}/{address}", 200
    known, wanted = {f"/page/{address.partition('?')[0]}" for address in views(now, checks).values()}, served.pages
    for path in sorted({each["path"] for each in wanted} - known):
        assert path.startswith(tuple(f"/page{each}" for each in NOT_TIMED)) or path == "/page/", f"{path} is not timed"
    for each in served.routes:
        path = each["path"].removeprefix("/api/v1")
        if "GET" not in each["methods"] or path == "/openapi.json":
            continue
        given = next((values for end, values in queries(now, checks).items() if path.endswith(end)), {})
        filled = path.replace("{model_name}", "{model}").replace("{event_id}", "1").replace(
            "{table}", "retraining_decisions"
        )  # fmt: skip
        sent = "&".join(f"{name}={value}" for name, value in given.items()).replace("+", "%2B")
        status = next((status for end, status in WITHOUT.items() if path.endswith(end)), 200)
        yield f"GET {path}", f"{API}{filled}{'?' * bool(sent)}{sent}", status
    yield "metrics", METRICS, 200


def timed(client: httpx.Client, address: str, names: Iterator[str], repeat: int) -> tuple[list[float], set[int]]:
    """Seconds of each call but the first, and the statuses of all."""
    seconds, statuses = list[float](), set[int]()
    for _ in range(repeat + 1):
        began = time.monotonic()
        answer = client.get(address.replace("{model}", next(names)))
        seconds.append(time.monotonic() - began)
        statuses.add(answer.status_code)
    return seconds[1:], statuses


def measured(served: Served, options: argparse.Namespace) -> Iterator[str]:
    """Time them all and say what is wrong."""
    names = models_of(options)
    bearer = {"Authorization": f"Bearer {token(served.url, CALLER)}"}
    with httpx.Client(base_url=served.url, trust_env=False, timeout=120.0, headers=bearer) as client:
        for name, address, status in addresses(served, datetime.now(UTC), options.checks):
            client.headers["Authorization"] = f"Bearer {SCRAPES}" if name == "metrics" else bearer["Authorization"]
            seconds, statuses = timed(client, address, names, options.repeat)
            half, most = statistics.median(seconds), statistics.quantiles(seconds, n=20, method="inclusive")[-1]
            print(f"{name:<44} p50 {1e3 * half:7.1f} ms   p95 {1e3 * most:7.1f} ms", flush=True)
            if statuses != {status}:
                yield f"{name}: {sorted(statuses)} instead of {status}"
            if most > ALLOWED_SECONDS:
                yield f"{name}: p95 {most:.3f} s"


def main() -> int:
    """Fill, serve, time."""
    options = arguments(__doc__, repeat=20).parse_args()
    wrong: list[str] = []
    with (
        tempfile.TemporaryDirectory() as name,
        records(kept := options.home or Path(name) / "home", options) as (_, uri),
        EmbeddedPostgres(Path(name) / "airflow_postgres") as postgres,
    ):  # fmt: skip
        home = AirflowHome(Path(name) / "airflow", postgres)
        home.prepare()
        home.close()
        for served in serve(home, uri, Stage(kept), Path(name), {TOKEN: SCRAPES}):
            wrong += measured(served, options)
    return closed(wrong)


if __name__ == "__main__":
    sys.exit(main())
