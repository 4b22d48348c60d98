"""A simulated quarter: 360 six-hourly runs over twenty models, while all that can go wrong does.

    python -m benchmarks.soak [--runs 360] [--seed 0]    (--runs 40: a quick look)

The tasks of each run are taken by the functions that the DAG calls, on a real Postgres; the clock is moved from run to
run, and nothing waits. The models are quiet, seasonal, drifting, have broken days, late labels, a column that goes for
a week, a model file that is broken for a week, and one is trained by a script. Meanwhile the records go away, workers
are killed in the middle of a retrain, the disk is full, a run is taken twice at once, a run is cleared, a past date is
backfilled, and a champion's files are gone for a run.

Printed are what is lost or doubled, the false retrains of the models whose rows never change against their budget, and
connections, file descriptors, threads, temporary files and memory of this process over time, with what a run adds to
each table. The exit code is 1 where something is lost or doubled, the budget is exceeded, or something grows.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing.util
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import psycopg
from scipy import stats

from benchmarks import soak_faults as faults
from benchmarks.soak_models import REFERENCE_DAYS, START, UNCHANGED, Fleet, kind_of
from include import workflow
from include.records.entries import Run
from include.records.postgres import PostgresStore
from include.records.schema import migrate
from include.workflow.deployment import Deployment
from include.workflow.run_parameters import chosen_models
from tools.embedded_postgres import EmbeddedPostgres

EVERY = timedelta(hours=6)
MOST_GROWTH = 1.05  # of memory, last quarter of the runs against the second
SURPRISE = 0.01  # probability that so many false retrains or more come of the budget
MEASURED = ("data_drift", "concept_drift", "performance", "outliers", "prediction_drift", "gain")  # triggers on signals
LOST = {
    "decisions without an event, events without a decision":
        "SELECT count(*) FROM (SELECT * FROM retraining_decisions WHERE triggered) d FULL JOIN "
        "model_retraining_events e "
        "USING (model_name, run_id) WHERE d.run_id IS NULL OR e.id IS NULL",
    "events doubled": "SELECT count(*) - count(DISTINCT (model_name, run_id)) FROM model_retraining_events",
    "decisions doubled": "SELECT count(*) - count(DISTINCT (model_name, run_id)) FROM retraining_decisions",
    "events left open": "SELECT count(*) FROM model_retraining_events WHERE status IN ('decided', 'executing')",
    "candidates left": "SELECT count(*) FROM model_version_management WHERE status = 'candidate'",
    "promotions not in the deployment history exactly once":
        "SELECT count(*) FROM (SELECT e.id FROM model_retraining_events e LEFT JOIN model_deployment_history h ON "
        "h.event_id = e.id GROUP BY e.id HAVING count(h.id) <> (e.status = 'promoted')::integer) x",
    "changes of champion that downstream was not told of once":
        "SELECT count(*) FROM (SELECT DISTINCT ON (model_name) id FROM model_deployment_history "
        "ORDER BY model_name, id DESC) h LEFT JOIN champion_announcements a ON a.change_id = h.id "
        "WHERE a.change_id IS NULL",
    "models without exactly one champion":
        "SELECT count(*) FROM (SELECT model_name FROM model_version_management GROUP BY 1 HAVING count(*) FILTER "
        "(WHERE status = 'champion') <> 1) x",
}  # fmt: skip


@dataclass
class Soak:
    """The quarter as it goes by, and what is measured of it."""

    server: EmbeddedPostgres
    fleet: Fleet
    rng: random.Random
    samples: list[dict[str, float]] = field(default_factory=list)
    sizes: list[dict[str, int]] = field(default_factory=list)

    @property
    def uri(self) -> str:
        """Of the records."""
        return self.server.uri("records")

    @property
    def artifacts(self) -> Path:
        """Where versions are kept."""
        return self.fleet.root / "artifacts"

    def go(self, runs: int) -> None:
        """Take the runs, with a fault in every fifth one."""
        clock = faults.Clock()
        clock.wind()
        faults.warm_up()
        for number in range(runs):
            clock.moment = START + timedelta(days=REFERENCE_DAYS) + EVERY * (number + 1)
            self.fleet.at(clock.moment)
            began = time.process_time()
            run = Run(run_id=f"scheduled__{clock.moment.isoformat()}", as_of=clock.moment)
            deployment = workflow.open_deployment()
            self.take(deployment, run, number)
            assert isinstance(deployment.store, PostgresStore)
            deployment.store.close()
            self.look(number, time.process_time() - began)

    def take(self, deployment: Deployment, run: Run, number: int) -> None:
        """One run, with the fault of that number."""
        names = chosen_models(self.fleet.root / "models", faults.PARAMETERS, {}, now=run.as_of)
        which = list(FAULTS)[number // 5 % len(FAULTS)] if number % 5 == 4 else ""
        if which:
            print(f"  run {number}: {which}", flush=True)
        with FAULTS[which](self, deployment, run) if which else _as_it_is():
            if which == "the same run twice at once":
                faults.take_twice(deployment, names, run)
            else:
                faults.take(deployment, names, run)

    def look(self, number: int, seconds: float) -> None:
        """Measure this process and the records after a run."""
        if number % 10 == 9:
            gc.collect()
        me = psutil.Process()
        with psycopg.connect(self.uri) as connection:
            sessions = _one(connection, "SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = 'records'")
            sizes = connection.execute(
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = "
                "'retraining'::regnamespace"
            ).fetchall()
        temporary = sum(1 for _ in Path(tempfile.gettempdir()).iterdir())
        self.samples.append({
            "MiB resident": me.memory_info().rss / 2**20, "file descriptors": me.num_fds(), "threads": me.num_threads(),
            "connections": sessions, "temporary files": temporary, "CPU s a run": seconds,
        })  # fmt: skip
        self.sizes.append({f"{name}": int(size) for name, size in sizes})
        if number % 20 == 19:
            print(f"run {number + 1}: " + ", ".join(f"{value:.5g} {what}" for what, value in self.samples[-1].items()),
                  flush=True)  # fmt: skip


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


@contextmanager
def _records_away(soak: Soak, deployment: Deployment, run: Run) -> Iterator[None]:
    faults.without_records(soak.server, lambda: list(workflow.analyze_batch(deployment, ["quiet_1"], run)))
    yield


@contextmanager
def _killed(soak: Soak, deployment: Deployment, run: Run) -> Iterator[None]:
    faults.kill(deployment, "drifting_1", _manual(run), soak.rng)
    yield


@contextmanager
def _disk_full(soak: Soak, deployment: Deployment, run: Run) -> Iterator[None]:
    faults.fill_disk(deployment, "drifting_2", _manual(run))
    yield


@contextmanager
def _cleared(soak: Soak, deployment: Deployment, run: Run) -> Iterator[None]:
    former = run.as_of - EVERY
    faults.take(
        deployment, ["quiet_2", "drifting_0", "script_0"], Run(run_id=f"scheduled__{former.isoformat()}", as_of=former)
    )
    yield


@contextmanager
def _backfilled(soak: Soak, deployment: Deployment, run: Run) -> Iterator[None]:
    faults.backfill(
        deployment, ["quiet_3", "seasonal_0", "broken_days_0"], faults.earlier(run, timedelta(days=4), "backfill")
    )
    yield


@contextmanager
def _champion_gone(soak: Soak, deployment: Deployment, run: Run) -> Iterator[None]:
    bring_back = faults.move_away(soak.artifacts, "quiet_4")
    yield
    bring_back()


FAULTS: dict[str, Any] = {
    "the records are away": _records_away, "a worker is killed": _killed, "the disk is full": _disk_full,
    "the same run twice at once": lambda *_: _as_it_is(), "a run is cleared": _cleared,
    "a past date is backfilled": _backfilled, "a champion's files are gone": _champion_gone,
}  # fmt: skip


def _manual(run: Run) -> Run:
    return Run(
        run_id=f"manual__{run.as_of.isoformat()}", as_of=run.as_of, force=True, reason="soak", requested_by="ada"
    )


def _one(connection: psycopg.Connection[Any], query: str, *values: object) -> int:
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return int(row[0])


def judge_records(soak: Soak, runs: int) -> list[str]:
    """What is lost or doubled, and whether false retrains are within the budget."""
    wrong = []
    with psycopg.connect(soak.uri) as connection:
        for what, query in LOST.items():
            found = _one(connection, query)
            print(f"{found:6d} {what}")
            wrong += [f"{found} {what}"] if found else []
        decided = _one(connection, "SELECT count(*) FROM retraining_decisions WHERE run_id LIKE 'scheduled__%%'")
        failed = _one(
            connection,
            "SELECT count(DISTINCT (model_name, run_id)) FROM retraining_failures f WHERE run_id LIKE 'scheduled__%%' "
            "AND NOT EXISTS (SELECT 1 FROM retraining_decisions d "
            "WHERE (d.model_name, d.run_id) = (f.model_name, f.run_id))",
        )
        expected = runs * len(soak.fleet.names)
        print(f"{decided} decisions and {failed} checks that failed on record, of {expected}")
        wrong += [] if decided + failed == expected else [f"{expected - decided - failed} checks are not on record"]
        print("failures:", connection.execute(
            "SELECT model_name, step, error_type, count(*) FROM retraining_failures GROUP BY 1, 2, 3 ORDER BY 4 DESC"
        ).fetchmany(12))  # fmt: skip
        events = connection.execute(
            "SELECT model_name, trigger_type, status, count(*) FROM model_retraining_events GROUP BY 1, 2, 3 "
            "ORDER BY 1, 2"
        ).fetchall()
    print("events:", *(f"  {name}: {kind} {status} {count}" for name, kind, status, count in events), sep="\n")
    false = sum(count for name, kind, _, count in events if kind_of(name) in UNCHANGED and kind in MEASURED)
    unchanged = [name for name in soak.fleet.names if kind_of(name) in UNCHANGED]
    budget = len(unchanged) * EVERY * runs / timedelta(days=90)
    most = int(stats.poisson.isf(SURPRISE, budget))
    print(f"{false} false retrains of {len(unchanged)} unchanged models; budget {budget:.1f}, at most {most}")
    return wrong + ([f"{false} false retrains"] if false > most else [])


def judge_growth(soak: Soak) -> list[str]:
    """What grew from the second to the last quarter of the runs."""
    quarter, wrong = len(soak.samples) // 4, []
    for what in soak.samples[0]:
        values = [sample[what] for sample in soak.samples]
        second, last = median(values[quarter : 2 * quarter]), median(values[-quarter:])
        print(f"{what:18s} second quarter {second:9.2f}, last {last:9.2f}, most {max(values):9.2f}")
        allowed = MOST_GROWTH * second if what in ("MiB resident", "CPU s a run") else second
        if last > allowed and what != "CPU s a run":
            wrong.append(f"{what} grows from {second:.2f} to {last:.2f}")
    middle, end = soak.sizes[len(soak.sizes) // 2], soak.sizes[-1]
    grown = sorted(((end[name] - middle.get(name, 0), name) for name in end), reverse=True)
    for size, name in grown[:8]:
        print(f"{name:32s} {size / (len(soak.sizes) / 2) / 1024:8.1f} KiB a run, {end[name] / 2**20:7.1f} MiB")
    return wrong


def main() -> int:
    """Set up, go, report, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=360, help="six hours apart, at least 8; 40 are a quick look")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "postgres") as server:
        folder = Path(name)
        for place in ("fleet", "tmp"):
            (folder / place).mkdir()
        multiprocessing.util.get_temp_dir()  # beside the folder: it goes with this process
        tempfile.tempdir = os.environ["TMPDIR"] = f"{folder / 'tmp'}"
        fleet = Fleet(folder / "fleet", days=options.runs // 4 + 1)
        fleet.write()
        server.create_databases("records")
        os.environ |= {
            "RETRAINING_MODELS_DIR": f"{fleet.root / 'models'}", "RETRAINING_DATA_DIR": f"{fleet.root / 'data'}",
            "RETRAINING_ARTIFACTS_DIR": f"{fleet.root / 'artifacts'}",
            "AIRFLOW_CONN_RETRAINING_DB": server.uri("records"),
        }  # fmt: skip
        with psycopg.connect(server.uri("records")) as connection:
            migrate(connection)
        soak = Soak(server, fleet, random.Random(options.seed))
        soak.go(options.runs)
        wrong = judge_records(soak, options.runs) + judge_growth(soak)
    print(f"{options.runs} runs in {time.monotonic() - began:.0f} s; {len(wrong)} things are wrong", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
