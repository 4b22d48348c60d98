"""One run of the DAG over many models, through a real scheduler with LocalExecutor: wall, processor, mapped tasks.

    python -m benchmarks.many_models [--models 100] [--rows 10000] [--columns 20] [--firing 5] [--imports]

One champion (gradient boosting) is made; the records and files of the others are copies of it under other names. All
but the models that fire read the same Parquet file, in whose recent rows nothing changed; in the other one the target
turns. Processor time is that of all processes of Airflow and Postgres, from the trigger to the end of the run, and of
those that it began. The exit code is 1 where a model was not decided, another number fired, the run failed, or a task
was mapped more than 200 times.

`--imports` prints what else a process loads to check one of these models, the slowest first.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import psycopg
from psycopg import sql

from include import workflow
from include.records.entries import Run
from include.records.postgres import PostgresStore
from include.records.schema import migrate
from include.retraining.artifacts import ArtifactFolder
from include.workflow.deployment import Deployment
from tools.local_stack import LocalStack

MODEL = """
task: regression
source: {{kind: parquet, path: {rows}.parquet}}
timestamp: at
target: target
reference: {{end: 2026-05-01}}
window: 28d
metric: rmse
"""
BEGIN, ACCEPTED = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
WINDOW = timedelta(days=28)
FIRST = "made"
MOST_MAPPED = 200
COPIED = ("model_retraining_events", "model_version_management", "reference_profiles", "model_deployment_history")
IMPORTS = """
import sys
from datetime import datetime, UTC
from include import workflow
from include.records.entries import Run
run = Run(run_id="imports", as_of=datetime.fromisoformat(sys.argv[1]))
names = sys.argv[2:]
deployment = workflow.open_deployment()
list(workflow.analyze_batch(deployment, names, run)), list(workflow.decide_batch(deployment, names, run))
"""


def rows(recent: int, columns: int, *, turned: bool) -> pd.DataFrame:
    """`recent` rows in the window and as many for each 28 days before it; features of every kind of distribution."""
    rng = np.random.default_rng(5)
    step = WINDOW / recent
    count = int((ACCEPTED + WINDOW - BEGIN) / step)
    at = pd.date_range(BEGIN, periods=count, freq=step)
    table = pd.DataFrame({f"f{number:02d}": rng.normal(size=count).round(6) for number in range(columns)}, index=at)
    table["f00"] = rng.choice(["north", "south", "west"], count)
    sign = np.where(turned & (at >= pd.Timestamp(ACCEPTED + WINDOW / 4)), -1.0, 1.0)
    table["target"] = sign * (3.0 * table["f01"] + 2.0 * table["f02"]) + rng.normal(size=count)
    return table.rename_axis("at").reset_index()


def write(folder: Path, options: argparse.Namespace) -> tuple[Path, list[str]]:
    """Rows and model files; the folder of the files, and the models' names, those that fire last."""
    models = folder / "models"
    models.mkdir()
    for name, turned in (("still", False), ("turned", True)):
        rows(options.rows, options.columns, turned=turned).to_parquet(folder / f"{name}.parquet", index=False)
    names = [f"model_{number:05d}" for number in range(options.models)]
    for number, name in enumerate(names):
        fires = number >= options.models - options.firing
        (models / f"{name}.yaml").write_text(MODEL.format(rows="turned" if fires else "still"))
    return models, names


def make_first(deployment: Deployment, name: str) -> None:
    """The champion that the others are copies of."""
    run = Run(run_id=FIRST, as_of=ACCEPTED)
    workflow.analyze(deployment, name, run)
    event = workflow.decide(deployment, name, run)[1]
    assert event is not None
    print(f"{name}: {workflow.execute(deployment, event.id).status}", flush=True)
    workflow.publish(deployment, name, run)


def copy(uri: str, artifacts: Path, names: list[str]) -> None:
    """Champions under the other names, on record and on disk (hard links)."""
    first, others = names[0], names[1:]
    [version] = [path for path in (artifacts / first).iterdir() if path.name.startswith("v")]
    for name in others:
        made = artifacts / name / version.name
        for file in (path for path in version.rglob("*") if path.is_file()):
            target = made / file.relative_to(version)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, target)
        (artifacts / name / "champion").symlink_to(version.name)
    with psycopg.connect(uri) as connection:
        connection.execute("SET session_replication_role = replica")
        for table in COPIED:
            copy_rows(connection, table, first, others)
        connection.execute(
            "INSERT INTO champion_announcements SELECT id, %s, deployed_at FROM model_deployment_history "
            "ON CONFLICT DO NOTHING", (FIRST,),
        )  # fmt: skip


def copy_rows(connection: psycopg.Connection, table: str, first: str, others: list[str]) -> None:
    """The rows of a model under other names, with numbers of their own."""
    columns = [name for (name,) in connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'retraining' AND table_name = %s "
        "AND is_generated = 'NEVER'", (table,),
    )]  # fmt: skip
    made = {
        "model_name": "other.name", "id": "t.id + other.number", "event_id": "t.event_id + other.number",
        "retraining_id": "gen_random_uuid()",
        "artifact_path": "replace(t.artifact_path, %(first)s, other.name)",
    }  # fmt: skip
    chosen = [sql.SQL(made[name]) if name in made else sql.Identifier("t", name) for name in columns]
    text = sql.SQL(
        "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {chosen} FROM {table} t, "
        "unnest(%(others)s::text[]) WITH ORDINALITY AS other (name, number) WHERE t.model_name = %(first)s"
    ).format(
        table=sql.Identifier(table), chosen=sql.SQL(", ").join(chosen),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
    )  # fmt: skip
    connection.execute(text, {"first": first, "others": others})
    if "id" in columns:
        sequence = sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT max(id) FROM {}))")
        connection.execute(sequence.format(sql.Literal(table), sql.Identifier(table)))


def processor(stack: LocalStack) -> Counter[str]:
    """Seconds of processor time that each component has taken so far, with all that it began."""
    roots = {name: component.pid() for name, component in stack.components.items()} | {"postgres": stack.postgres.pid()}
    spent = Counter[str]()
    for name, pid in roots.items():
        for process in [] if pid is None else [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            try:
                spent[name] += sum(process.cpu_times()[:4])  # type: ignore[assignment]  # a Counter also counts seconds
            except psutil.NoSuchProcess:  # its time is among that of its parent's children
                continue
    return spent


def told(stack: LocalStack, run: str, options: argparse.Namespace, wall: float, spent: Counter[str]) -> list[str]:
    """Print what the run took and came to; what is wrong with it."""
    mapped = Counter(task.task_id for task in stack.task_states(run) if task.map_index >= 0)
    with psycopg.connect(stack.records_uri) as connection:
        row = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE triggered) FROM retraining_decisions WHERE run_id = %s", (run,)
        ).fetchone()
    assert row is not None
    decided, fired = row
    for name, seconds in spent.most_common():
        print(f"  {name:<14} {seconds:8.1f} s of processor")
    total = spent.total()
    print(f"{options.models} models, {decided} decided, {fired} fired: wall {wall:.0f} s, processor {total:.0f} s, "
          f"{total / options.models:.2f} s a model; load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")  # fmt: skip
    print("mapped instances:", ", ".join(f"{task} {count}" for task, count in sorted(mapped.items())))
    wrong = [f"{task} is mapped {count} times" for task, count in mapped.items() if count > MOST_MAPPED]
    if decided != options.models:
        wrong.append(f"{decided} models decided")
    if fired != options.firing:
        wrong.append(f"{fired} models fired")
    return wrong


def print_imports(environment: dict[str, str], names: list[str]) -> None:
    """What a process loads that checks one quiet model."""
    command = [sys.executable, "-X", "importtime", "-c", IMPORTS, (ACCEPTED + WINDOW).isoformat(), *names[:1]]
    done = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, check=True)
    lines = [line.removeprefix("import time:").split("|") for line in done.stderr.splitlines() if line.count("|") == 2]
    times = sorted(((int(total), name.strip()) for _, total, name in lines if total.strip().isdigit()), reverse=True)
    for total, name in times[:40]:
        print(f"  {total / 1e6:6.2f} s  {name}")


def main() -> int:
    """Fill, trigger, wait, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--rows", type=int, default=10_000, help="recent ones of each model")
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--firing", type=int, default=5)
    parser.add_argument("--imports", action="store_true", help="print what a check imports instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        models, names = write(folder, options)
        settings = {"RETRAINING_DATA_DIR": place}
        with LocalStack(folder / "home", models_dir=models, settings=settings) as stack:
            artifacts = stack.layout.artifacts
            with psycopg.connect(stack.records_uri) as connection:
                migrate(connection)
            store = PostgresStore(partial(psycopg.connect, stack.records_uri))
            make_first(
                Deployment(store=store, models_dir=models, data_dir=folder, artifacts=ArtifactFolder(artifacts)),
                names[0],
            )
            copy(stack.records_uri, artifacts, names)
            if options.imports:
                print_imports(stack.environment(), names)
                return 0
            before, began = processor(stack), time.monotonic()
            run = stack.trigger({"as_of": (ACCEPTED + WINDOW).isoformat()})
            state = stack.wait(run)
            wall, spent = time.monotonic() - began, processor(stack) - before
            wrong = told(stack, run, options, wall, spent)
            wrong += [] if state == "success" else [f"the run: {state}: {stack.failures(run)[:3]}"]
    print(f"{len(wrong)} things are wrong", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
