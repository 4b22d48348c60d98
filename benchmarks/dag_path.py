"""What `analyze` and `decide` cost as the DAG's tasks call them: peak memory by rows, processor of quiet checks.

    python -m benchmarks.dag_path [--rows 100000 2000000] [--sources csv parquet sql] [--quiet 10000]

A Postgres of its own holds the records (and the rows of the source `sql`), `open_deployment` opens the deployment, and
the champion is a gradient boosting model of 20 columns, two of them text, with labels for all rows. Memory: each size
and source from a fresh process that checks once. Quiet: checks one after the other in one process, a run each, of a
regression and of a classifier of two classes; what the first one costs (imports, the champion is loaded) and the median
of the following. Rows are made a million at a time and removed after their check. The exit code is 1 when a peak is
above 700 MiB or grows by 10 % or more with rows, or a following check of the regression takes more than 0.15 s.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import yaml

from tools.embedded_postgres import EmbeddedPostgres

PROJECT_ROOT = Path(__file__).resolve().parent.parent
COLUMNS, REFERENCE_ROWS, CHUNK = 20, 20_000, 1_000_000
BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
WINDOW = timedelta(days=7)
QUIET = ("regression", "classification")  # tasks of which quiet checks are measured
MOST_MIB, MOST_GROWTH, MOST_SECONDS = 700.0, 1.10, 0.15
PROFILE = "DAG_PATH_PROFILE"  # an order of cProfile, such as cumulative: the following checks are looked into
LOSSY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_wal_size": "8GB"}
NAMES = pa.array(["red", "green", "blue", "white"])


def chunks(rows: int, task: str) -> Iterator[pa.Table]:
    """The reference's rows, then `rows` recent ones of the same world, in time order."""
    spans = [(BEGIN, END, REFERENCE_ROWS), *((END, END + WINDOW, rows),)]
    for number, (start, end, count) in enumerate(spans):
        step = (end - start) / timedelta(microseconds=1) / count
        for first in range(0, count, CHUNK):
            made = _table(np.random.default_rng([number, first]), start, step, first, min(CHUNK, count - first))
            if task == "classification":
                rises = pa.array(np.where(made["y"].to_numpy() > 0.0, "rises", "falls"))
                made = made.set_column(made.column_names.index("y"), "y", rises)
            yield made


def _table(rng: np.random.Generator, start: datetime, step: float, first: int, rows: int) -> pa.Table:
    offsets = ((first + np.arange(rows)) * step).astype("timedelta64[us]")
    made = {"at": pa.array(np.datetime64(start.replace(tzinfo=None), "us") + offsets)}
    numbers = {f"x{number}": rng.normal(size=rows) for number in range(COLUMNS - 2)}
    made |= {name: pa.array(values) for name, values in numbers.items()}
    for number in (COLUMNS - 2, COLUMNS - 1):
        codes = pa.array(rng.integers(0, len(NAMES), rows).astype(np.int32))
        made[f"x{number}"] = pa.DictionaryArray.from_arrays(codes, NAMES).cast(pa.string())
    target = 3.0 * numbers["x0"] + numbers["x1"] * numbers["x2"] + rng.normal(size=rows)
    return pa.table({**made, "y": pa.array(target)})


def write(source: str, folder: Path, rows: int, uri: str, task: str = "regression") -> None:
    """The rows as that source's, a chunk at a time."""
    if source == "parquet":
        writer = None
        for chunk in chunks(rows, task):
            writer = writer or pq.ParquetWriter(folder / "rows.parquet", chunk.schema)
            writer.write_table(chunk, row_group_size=131_072)
        assert writer is not None
        writer.close()
    elif source == "csv":
        with (folder / "rows.csv").open("wb") as file:
            for number, chunk in enumerate(chunks(rows, task)):
                pa_csv.write_csv(chunk, file, pa_csv.WriteOptions(include_header=number == 0, quoting_style="none"))
    else:
        _copy(rows, uri)


def _copy(rows: int, uri: str) -> None:
    columns = ", ".join(f"x{n} {'text' if n >= COLUMNS - 2 else 'double precision'}" for n in range(COLUMNS))
    with psycopg.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS rows")
        cursor.execute(f"CREATE UNLOGGED TABLE rows (at timestamp, {columns}, y double precision)".encode())
        for chunk in chunks(rows, "regression"):
            written = pa.BufferOutputStream()
            pa_csv.write_csv(chunk, written, pa_csv.WriteOptions(include_header=False, quoting_style="none"))
            with cursor.copy("COPY rows FROM STDIN WITH (FORMAT csv)") as copy:
                copy.write(written.getvalue())


def model_file(source: str, task: str = "regression") -> str:
    """The model, in YAML."""
    places = {
        "csv": {"kind": "csv", "path": "rows.csv"}, "parquet": {"kind": "parquet", "path": "rows.parquet"},
        "sql": {"kind": "sql", "connection": "rows_db",
                "query": "SELECT * FROM rows WHERE at >= %(start)s AND at < %(end)s ORDER BY at"},
    }  # fmt: skip
    return yaml.safe_dump({
        "task": task, "source": places[source], "timestamp": "at", "target": "y",
        "metric": "rmse" if task == "regression" else "log_loss",
        "reference": {"start": BEGIN.date(), "end": END.date()}, "window": "7d",
        "training": {"estimator": "gradient_boosting"},
    })  # fmt: skip


def child(source: str, checks: int) -> None:
    """Train the first version (no checks), or take `checks` runs; the processor seconds of each, and the peak."""
    from include.records.entries import Run
    from include.workflow import analyze, decide, open_deployment, run_model

    if not checks:
        run_model(open_deployment(), source, Run(run_id="first", as_of=END))
        return
    seconds, fired, profiler = [], False, cProfile.Profile()
    for number in range(checks):
        if number and os.environ.get(PROFILE):
            profiler.enable()
        began = time.process_time()
        deployment = open_deployment()
        run = Run(run_id=f"check-{time.time_ns()}", as_of=END + WINDOW)
        analyze(deployment, source, run)
        _, event = decide(deployment, source, run)
        seconds.append(time.process_time() - began)
        profiler.disable()
        fired |= event is not None
    if os.environ.get(PROFILE):
        pstats.Stats(profiler, stream=sys.stderr).sort_stats(os.environ[PROFILE]).print_stats(70)
    peak = highest_mib()
    print("RESULT", peak, statistics.median(seconds[1:]) if checks > 1 else seconds[0], seconds[0], int(fired))


def highest_mib() -> float:
    """Most memory that this process has held; what `getrusage` says is that of its parent, where that held more."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def measure(source: str, checks: int, environment: dict[str, str]) -> tuple[float, ...]:
    """Peak in MiB, processor seconds of a following and of the first check, and 1 if one fired; of a fresh process."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.dag_path", "--child", source, "--checks", str(checks)],
        env={**os.environ, **environment}, cwd=PROJECT_ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    return tuple(map(float, found[0].split()[1:])) if found else ()


def by_rows(source: str, sizes: list[int], folder: Path, uri: str, environment: dict[str, str]) -> bool:
    """Measure one source; whether its memory is flat enough."""
    peaks: list[float] = []
    for rows in sizes:
        write(source, folder, rows, uri)
        if not peaks:
            measure(source, 0, environment)
        began = time.monotonic()
        peak, _, seconds, fired = measure(source, 1, environment)
        wall = time.monotonic() - began
        peaks.append(peak)
        print(f"{source:8s} {rows:11,d} rows: peak {peak:5.0f} MiB, {seconds:7.2f} CPU s, {wall:6.1f} s"
              f"{', fired' if fired else ''}", flush=True)  # fmt: skip
    for file in folder.glob("rows.*"):
        file.unlink()
    print(f"{source:8s} peak grows by {max(peaks) / peaks[0] - 1:.1%}", flush=True)
    return max(peaks) / peaks[0] < MOST_GROWTH and max(peaks) <= MOST_MIB


def quiet(task: str, rows: int, folder: Path, uri: str, environment: dict[str, str]) -> bool:
    """Measure checks one after the other; whether the following are cheap enough."""
    write("parquet", folder, rows, uri, task)
    measure("parquet", 0, environment)
    peak, following, first, fired = measure("parquet", 11, environment)
    print(f"{task}, checks of {rows:,} rows: first {first:.2f} CPU s, following {following:.3f} CPU s (median of 10), "
          f"peak {peak:.0f} MiB{', fired' if fired else ''}", flush=True)  # fmt: skip
    return following <= MOST_SECONDS or task != "regression"


def main() -> int:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 2_000_000])
    parser.add_argument("--sources", nargs="*", default=["csv", "parquet", "sql"])
    parser.add_argument("--quiet", type=int, default=10_000)
    parser.add_argument("--child", default="", help=argparse.SUPPRESS)
    parser.add_argument("--checks", type=int, default=0, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        child(chosen.child, chosen.checks)
        return 0
    good = []
    with tempfile.TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "postgres", settings=LOSSY) as server:
        folder = Path(name) / "data"
        folder.mkdir()
        for part in (*(QUIET if chosen.quiet else ()), *chosen.sources):
            models, records = Path(name) / f"models_{part}", f"records_{part}"
            models.mkdir()
            source, task = ("parquet", part) if part in QUIET else (part, "regression")
            (models / f"{source}.yaml").write_text(model_file(source, task))
            server.create_databases(records)
            environment = {
                "RETRAINING_MODELS_DIR": str(models), "RETRAINING_DATA_DIR": str(folder),
                "RETRAINING_ARTIFACTS_DIR": str(Path(name) / f"artifacts_{part}"),
                "AIRFLOW_CONN_RETRAINING_DB": server.uri(records), "AIRFLOW_CONN_ROWS_DB": server.uri(records),
            }  # fmt: skip
            subprocess.run([sys.executable, "-m", "include.cli", "migrate"], env={**os.environ, **environment},
                           cwd=PROJECT_ROOT, check=True, stdout=subprocess.DEVNULL)  # fmt: skip
            if part in QUIET:
                good.append(quiet(task, chosen.quiet, folder, server.uri(records), environment))
            else:
                good.append(by_rows(part, chosen.rows, folder, server.uri(records), environment))
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
