"""What an update and retention cost those who work with the records meanwhile.

``python -m benchmarks.retention [--signals 10_000_000]`` fills records with signals of 12 months, then applies four
migrations (a column with a default, an index of all signals, a constraint, and its check of every row) and removes the
oldest months, while a writer saves checks and a reader reads histories. Told are the seconds, and the longest time
that one of the two waited for a lock, as the server says it. Both are then repeated, and have to find nothing to do.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import psycopg

from include import workflow
from include.decision.decision import Decision, Severity
from include.decision.signals import Signal, SignalKind, Verdict
from include.records.entries import Analysis, Run
from include.records.entries.retention import KEPT_BY_MONTH
from include.records.migration_files import SCHEMA_FILES
from include.records.postgres import PostgresStore
from include.records.schema import migrate
from include.retraining.artifacts import ArtifactFolder
from include.workflow.deployment import Deployment
from tools.embedded_postgres import EmbeddedPostgres
from tools.layout import PROJECT_ROOT

LATER = PROJECT_ROOT / "tests" / "records" / "later"
MODELS, SIGNALS_A_RUN, MONTHS, KEPT = 100, 50, 12, 3
SECONDS, LOCK_SECONDS = 60.0, 1.0

FILL = """
SET session_replication_role = replica;
SET synchronous_commit = off;
CREATE TEMP TABLE many AS
SELECT format('model_%s', n %% {models}) AS model_name, format('run-%s', n) AS run_id,
       date_trunc('month', now(), 'UTC') - n * (interval '{months} months' / {runs}) + interval '1 month' AS as_of
FROM generate_series(1, {runs}) n;
DELETE FROM many WHERE as_of >= now();
SELECT prepare_month(at) FROM (SELECT DISTINCT date_trunc('month', as_of, 'UTC') AS at FROM many) months;
INSERT INTO retraining_runs (model_name, run_id, as_of, requested_by, window_end, rows, labelled_rows, analyzed_at)
SELECT model_name, run_id, as_of, 'schedule', as_of, 1000, 1000, as_of FROM many;
INSERT INTO retraining_analyses (model_name, run_id, as_of) SELECT model_name, run_id, as_of FROM many;
INSERT INTO retraining_decisions (model_name, run_id, triggered, trigger_type, severity, confidence, reason, root_cause,
    blocked_by, recommendation, triggers, decided_at)
SELECT model_name, run_id, false, '', 'LOW', 0, 'nothing changed', '', '[]', '', '[]', as_of FROM many;
INSERT INTO model_drift_monitoring (model_name, run_id, as_of, kind, feature, statistic, verdict, value, p_value,
    reason, measured_at)
SELECT model_name, run_id, as_of, 'data_drift', format('column_%s', s), 'ks',
       CASE WHEN s = 1 THEN 'changed' ELSE 'stable' END, 0.1, 0.5, 'ks is 0.1', as_of
FROM many, generate_series(1, {signals}) s;
"""
WAITING = """
    SELECT max(extract(epoch FROM clock_timestamp() - l.waitstart))
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE NOT l.granted AND a.application_name IN ('the writer', 'the reader')
"""


@dataclass
class Beside:
    """What those who work with the records meanwhile went through, in seconds.

    Parameters
    ----------
    waited : float
        Longest wait for a lock that the server had on record, looked at every 10 ms.
    took : dict of str to list of float
        Each call of the writer and of the reader, processor time of a busy machine counted in.
    """

    waited: float = 0.0
    took: dict[str, list[float]] = field(default_factory=dict)
    problems: list[Exception] = field(default_factory=list)


def fill(uri: str, signals: int) -> None:
    """Make the tables, and fill them."""
    with psycopg.connect(uri) as connection:
        migrate(connection, SCHEMA_FILES, PROJECT_ROOT / "none")
    runs = max(signals // SIGNALS_A_RUN, MONTHS)
    text = FILL.replace("%%", "%").format(models=MODELS, months=MONTHS, runs=runs, signals=SIGNALS_A_RUN)
    with psycopg.connect(uri, options="-c search_path=retraining", autocommit=True) as connection:
        connection.execute(text.encode())
        connection.execute("ANALYZE")


def check(store: PostgresStore, number: int) -> None:
    """Save a check, as a run does."""
    at = datetime.now(UTC)
    signal = Signal(kind=SignalKind.DATA_DRIFT, statistic="ks", verdict=Verdict.STABLE, reason="", feature="column_1")
    analysis = Analysis(
        model_name=f"model_{number % MODELS}", run=Run(run_id=f"beside-{number}", as_of=at), window_start=None,
        window_end=at, rows=10, labelled_rows=10, champion_version=None, signals=(signal,),
    )  # fmt: skip
    decision = Decision(
        triggered=False, trigger_type="", severity=Severity.LOW, confidence=0.0, reason="nothing changed",
        root_cause="", blocked_by=(), recommendation="", triggers=(),
    )  # fmt: skip
    store.save_decision(analysis, decision, at=at)


def read(store: PostgresStore, number: int) -> None:
    """Read the history of a model, as a report does."""
    store.history(f"model_{number % MODELS}", until=datetime.now(UTC) + timedelta(days=1), most=100)


@contextmanager
def beside(uri: str) -> Iterator[Beside]:
    """A writer, a reader, and who looks whether they wait, as long as the block runs."""
    found, over = Beside(), threading.Event()

    def work(name: str, act: Callable[[PostgresStore, int], None]) -> None:
        store = PostgresStore(partial(psycopg.connect, uri, application_name=f"the {name}"), keep=True)
        number, took = 0, found.took.setdefault(name, [])
        while not over.is_set():
            number, begun = number + 1, time.perf_counter()
            try:
                act(store, number)
            except Exception as error:
                found.problems.append(error)
            took.append(time.perf_counter() - begun)
            time.sleep(0.02)
        store.close()

    def look() -> None:
        with psycopg.connect(uri, autocommit=True) as connection:
            while not over.is_set():
                row = connection.execute(WAITING).fetchone()
                found.waited = max(found.waited, float((row and row[0]) or 0.0))
                time.sleep(0.01)

    threads = [threading.Thread(target=work, args=each) for each in (("writer", check), ("reader", read))]
    threads.append(threading.Thread(target=look))
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        over.set()
        for thread in threads:
            thread.join()


def measure(uri: str, folder: Path) -> bool:
    """Migrate and remove months, twice each; tell whether all was as it is to be."""
    connect = partial(psycopg.connect, uri)
    deployment = Deployment(
        store=PostgresStore(connect),
        models_dir=folder,
        data_dir=folder,
        artifacts=ArtifactFolder(folder),
        connect=connect,
    )

    def update() -> int:
        with connect() as connection:
            return len(migrate(connection, SCHEMA_FILES, LATER))

    def remove() -> int:
        keep = dict.fromkeys(KEPT_BY_MONTH, KEPT)
        return len(workflow.retain(deployment, by="benchmark", keep=keep).dropped)

    right, total = True, 0.0
    for name, act in (("migrations", update), ("retention", remove)):
        with beside(uri) as found:
            begun = time.perf_counter()
            number = act()
            seconds = time.perf_counter() - begun
        again = act()
        longest = ", ".join(f"{who} {max(took):.2f} s of {len(took)}" for who, took in found.took.items())
        print(
            f"{name}: {number} done in {seconds:.1f} s; longest wait for a lock {found.waited:.3f} s; longest call: "
            f"{longest}; errors {len(found.problems)}; again: {again} done", flush=True,
        )  # fmt: skip
        total += seconds
        right = right and number > 0 and again == 0 and not found.problems and found.waited <= LOCK_SECONDS
    print(f"together {total:.1f} s (at most {SECONDS:.0f})")
    return right and total <= SECONDS


def main() -> int:
    """Fill, measure, and say whether the figures are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signals", type=int, default=10_000_000, help="how many (default: %(default)s)")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as name,  # a disk, where /tmp may be memory
        EmbeddedPostgres(Path(name) / "postgres") as server,
    ):
        server.create_databases("records")
        uri, begun = server.uri("records"), time.perf_counter()
        fill(uri, options.signals)
        with psycopg.connect(uri) as connection:
            row = connection.execute(
                "SELECT count(*), pg_size_pretty(pg_database_size(current_database()))"
                " FROM retraining.model_drift_monitoring"
            ).fetchone()
        count, size = row or (0, "")
        print(f"{count:,} signals, {size}, filled in {time.perf_counter() - begun:.0f} s", flush=True)
        right = measure(uri, Path(name))
    print("RIGHT" if right else "WRONG")
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
