"""Times what page, REST and command line look up, on a large Postgres, and shows how Postgres finds it.

python -m benchmarks.faces [--models 1000] [--checks 1000] [--signals 10] [--repeat 30] [--home FOLDER] [--plans]

A Postgres of its own with as many models, six-hourly checks of each and signals of each check; one check in ten fired,
one in fifty trained a version. Each use case is timed (p50, p95, processor time), and the plans of all queries that it
made are looked at: it is an error if one reads a whole table that grows, or if a p95 is above 300 ms. With `--home`
the server's folder is kept, and filled once.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg.types.json import Jsonb

from benchmarks.faces_fill import FEATURES, fill
from benchmarks.query_plans import whole_tables
from include.errors import RetrainingError
from include.interfaces.metrics.exposition import exposed
from include.records.entries import FleetQuery, HistoryQuery
from include.records.postgres import PostgresStore
from include.records.postgres.queries import query
from include.records.postgres.session import Session
from include.records.rows.columns import JSON_COLUMNS
from include.retraining.artifacts import ArtifactFolder
from include.workflow import (
    Deployment,
    audit,
    budget_spent,
    compare_versions,
    distribution_at,
    export_csv,
    failures,
    fleet,
    health,
    history,
    lineage,
    marks,
    model_view,
    mutes,
    pause_of,
    recommendations_of,
    report_of,
    scrape,
    statistics_of_system,
    what_if,
)
from tools.embedded_postgres import EmbeddedPostgres

ALLOWED_SECONDS = 0.3
LOSSY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "shared_buffers": "1GB",
         "max_wal_size": "8GB", "autovacuum": "off"}  # fmt: skip
MODEL_FILE = """task: regression
source: {{kind: csv, path: rows.csv}}
timestamp: at
target: sales
reference: {{start: 2025-01-01, end: 2025-03-01}}
metric: rmse
owner: team_{team}
policy:
  costs: {{training: 5, per_unit_of_loss: 0.01}}
"""


@contextmanager
def records(home: Path, options: argparse.Namespace) -> Iterator[tuple[Deployment, str]]:
    """A deployment whose records are filled, and their address."""
    models = home / "models"
    models.mkdir(parents=True, exist_ok=True)
    for number in range(options.models):
        (models / f"model_{number}.yaml").write_text(MODEL_FILE.format(team=number % 20))
    with EmbeddedPostgres(home / "postgres", settings=LOSSY) as server:
        server.create_databases("records")
        uri = server.uri("records")
        began = time.monotonic()
        if fill(uri, models, models_number=options.models, checks=options.checks, signals=options.signals):
            print(f"filled in {time.monotonic() - began:.0f} s", flush=True)
        yield Deployment(
            store=PostgresStore(partial(psycopg.connect, uri), keep=True), models_dir=models, data_dir=home,
            artifacts=ArtifactFolder(home / "artifacts"), connect=partial(psycopg.connect, uri),
        ), uri  # fmt: skip


def cases(deployment: Deployment, options: argparse.Namespace) -> dict[str, Callable[[], object]]:
    """What is timed, by name; each call asks about another model."""
    names = models_of(options)
    now, pages = datetime.now(UTC), _cursors(deployment)

    def figures(days: int, model_name: str = "") -> object:
        return statistics_of_system(deployment, start=now - timedelta(days=days), end=now, model_name=model_name)

    def people_of(model_name: str) -> object:
        since = now - timedelta(days=90)
        return (
            pause_of(deployment, model_name), budget_spent(deployment, model_name),
            failures(deployment, model_name, since=since), deployment.store.champion_changes(model_name),
            marks(deployment, model_name, since=since, until=now),
        )  # fmt: skip

    return {
        "fleet": lambda: fleet(deployment),
        "fleet, second page": lambda: fleet(deployment, FleetQuery(cursor=pages["fleet"])),
        "fleet, search": lambda: fleet(deployment, FleetQuery(search="l_77", sort="nearness")),
        "fleet, owner, failing": lambda: fleet(deployment, FleetQuery(owner="team_7", health="failing")),
        "fleet, 200 rows": lambda: fleet(deployment, FleetQuery(limit=200, sort="checked")),
        "model": lambda: model_view(deployment, next(names)),
        "model, a year": lambda: model_view(deployment, next(names), start=now - timedelta(days=365)),
        "distribution": lambda: _none(distribution_at, deployment, next(names)),
        "decisions of all": lambda: history(deployment, HistoryQuery()),
        "decisions of all, deep": lambda: history(deployment, HistoryQuery(cursor=pages["deep"])),
        "decisions of all that fired": lambda: history(deployment, HistoryQuery(answer="fired")),
        "decisions of all, blocked": lambda: history(deployment, HistoryQuery(answer="blocked")),
        "decisions of a model": lambda: history(deployment, HistoryQuery(model_name=next(names))),
        "decisions of a model, quiet": lambda: history(
            deployment, HistoryQuery(model_name=next(names), answer="quiet", end=now - timedelta(days=60))
        ),
        "events of all": lambda: history(deployment, HistoryQuery(kind="events", limit=200)),
        "events of all, failed": lambda: history(deployment, HistoryQuery(kind="events", status="failed")),
        "events of a model": lambda: history(deployment, HistoryQuery(kind="events", model_name=next(names))),
        "what if": lambda: what_if(deployment, next(names), settings={"performance_threshold": 0.02}),
        "metrics": lambda: exposed(scrape(deployment)),
        "health": lambda: health(deployment),
        "statistics of all, 7 days": lambda: figures(7),
        "statistics of all, 90 days": lambda: figures(90),
        "statistics of a model, 90 days": lambda: figures(90, next(names)),
        "pause, budget, failures of a model": lambda: people_of(next(names)),
        "mutes": lambda: mutes(deployment),
        "lineage": lambda: lineage(deployment, next(names)),
        "two versions": lambda: compare_versions(deployment, next(names), 1, 2),
        "report": lambda: report_of(deployment, next(names), f"run-{options.checks}"),
        "recommendations": lambda: recommendations_of(deployment, next(names)),
        "audit of a model, 90 days": lambda: audit(deployment, now - timedelta(days=90), now, next(names)),
        "export, 1,000 lines of signals": lambda: _first(export_csv(deployment, "model_drift_monitoring")),
        "export, decisions of a model": lambda: sum(
            map(len, export_csv(deployment, "retraining_decisions", model_name=next(names)))
        ),
    }


def _cursors(deployment: Deployment) -> dict[str, str]:
    cursor = ""
    for _ in range(20):
        cursor = history(deployment, HistoryQuery(cursor=cursor, limit=200)).next_cursor
    return {"fleet": fleet(deployment).next_cursor, "deep": cursor}


def _none(use_case: Callable[..., object], deployment: Deployment, model_name: str) -> None:
    """A distribution that no check kept: the records are read all the same."""
    try:
        use_case(deployment, model_name, "run-10", FEATURES[0])
    except RetrainingError:
        return


def _first(lines: Iterator[str]) -> int:
    found = len(list(itertools.islice(lines, 1_000)))
    lines.close()  # type: ignore[attr-defined]  # a generator: its connection ends here
    return found


def timed(connection: psycopg.Connection[Any], case: Callable[[], object], repeat: int) -> tuple[float, float, float]:
    """Median and 95th percentile of the seconds that it takes, and the mean of its processor time, here and there.

    The latter is what it takes on a machine that has nothing else to do. One call before does not count.
    """
    case()
    seconds, before = [], _processor_seconds(connection)
    for _ in range(repeat):
        began = time.monotonic()
        case()
        seconds.append(time.monotonic() - began)
    spent = (_processor_seconds(connection) - before) / repeat
    return statistics.median(seconds), statistics.quantiles(seconds, n=20, method="inclusive")[-1], spent


def _processor_seconds(connection: psycopg.Connection[Any]) -> float:
    """Of this process and of the server's, those included that have ended: parallel workers, closed connections."""
    servers = connection.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = 'records' AND backend_type = 'client backend'"
    ).fetchall()
    connection.rollback()
    spent = sum(_of_process(pid) for (pid,) in servers)
    server = psutil.Process(connection.info.backend_pid).parent()
    assert server is not None
    return time.process_time() + spent + sum(server.cpu_times()[2:4])


def _of_process(pid: int) -> float:
    """Of one process; of one that has just ended its parent knows."""
    try:
        return sum(psutil.Process(pid).cpu_times()[:2])
    except psutil.NoSuchProcess:
        return 0.0


@contextmanager
def asked() -> Iterator[list[tuple[str, Mapping[str, Any]]]]:
    """The queries that are made meanwhile, with their values."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    rows = Session.rows

    def noted(self: Session, name: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        found.append((name, parameters))
        return rows(self, name, parameters)

    Session.rows = noted  # type: ignore[method-assign]  # for the time of one call
    try:
        yield found
    finally:
        Session.rows = rows  # type: ignore[method-assign]


def plans(connection: psycopg.Connection[Any], case: Callable[[], object], *, show: bool) -> Iterator[str]:
    """What the queries of a use case read from end to end, if anything."""
    with asked() as queries:
        case()
    for name, values in {name: values for name, values in queries if name != "begin_reading"}.items():
        given = {key: Jsonb(value) if key in JSON_COLUMNS else value for key, value in values.items()}
        row = connection.execute(b"EXPLAIN (FORMAT JSON) " + query(name), given).fetchone()
        assert row is not None
        if show:
            for (line,) in connection.execute(b"EXPLAIN (ANALYZE, BUFFERS) " + query(name), given):
                print(f"      {line}")
        found = sorted(set(whole_tables(row[0][0]["Plan"])))
        print(f"    {name:<28} {'reads all of ' + ', '.join(found) if found else 'by index'}")
        if found:
            yield f"{name} reads all of {', '.join(found)}"


def arguments(text: str | None, repeat: int) -> argparse.ArgumentParser:
    """What may be said of the records to both benchmarks on them."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=1_000)
    parser.add_argument("--checks", type=int, default=1_000, help="of each model")
    parser.add_argument("--signals", type=int, default=10, help="of each check")
    parser.add_argument("--repeat", type=int, default=repeat)
    parser.add_argument("--home", type=Path, default=None, help="keep the server here")
    return parser


def models_of(options: argparse.Namespace) -> Iterator[str]:
    """Names of models without end, so that each call asks about another one."""
    return (f"model_{number}" for number in itertools.cycle(range(0, options.models, max(options.models // 97, 1))))


def closed(wrong: list[str]) -> int:
    """Print what is wrong; the exit code."""
    print(f"load of the machine meanwhile {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{len(wrong)} things are wrong")
    print("\n".join(wrong))
    return 1 if wrong else 0


def main() -> int:
    """Fill, time, explain."""
    parser = arguments(__doc__, repeat=30)
    parser.add_argument("--only", default="", help="use cases whose name begins so")
    parser.add_argument("--plans", action="store_true", help="print whole plans")
    options = parser.parse_args()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder, records(options.home or Path(folder), options) as (deployment, _):
        store = deployment.store
        assert isinstance(store, PostgresStore)
        with store.connect() as connection:
            for name, case in cases(deployment, options).items():
                if not name.startswith(options.only):
                    continue
                half, most, spent = timed(connection, case, options.repeat)
                times = f"p50 {1e3 * half:7.1f} ms   p95 {1e3 * most:7.1f} ms   processor {1e3 * spent:7.1f} ms"
                print(f"{name:<34} {times}", flush=True)
                wrong += [f"{name}: {each}" for each in plans(connection, case, show=options.plans)]
                wrong += [f"{name}: p95 {most:.3f} s"] if most > ALLOWED_SECONDS else []
    return closed(wrong)


if __name__ == "__main__":
    sys.exit(main())
