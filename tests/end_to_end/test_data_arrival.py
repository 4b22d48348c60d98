"""Data arrive while Airflow is up, in bursts, by halves, and while the triggerer is dead."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
import pytest

from tests.models import PROJECT_ROOT
from tests.stage import FIELDS, sales
from tests.waiting import wait_until
from tools.layout import DAG_ID
from tools.local_stack import LocalStack
from tools.stack import ALL_COMPONENTS

pytestmark = [pytest.mark.end_to_end, pytest.mark.sweep]

WITHIN = 30.0  # seconds from the last write to the run
QUIET = 20.0  # seconds in which a second run would have come
RUNS = "SELECT run_id, conf, queued_at FROM dag_run WHERE dag_id = %s AND run_id LIKE 'arrival__%%' ORDER BY id"


class Arena:
    """A running Airflow, and the files that two models read."""

    def __init__(self, stack: LocalStack, folder: Path) -> None:
        self.stack, self.csv, self.parquet = stack, folder / "sales.csv", folder / "table.parquet"
        self.latencies: list[float] = []

    def metadata(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.stack.metadata_uri) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def runs(self) -> list[tuple[object, ...]]:
        return self.metadata(RUNS, DAG_ID)

    def records(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.stack.records_uri) as connection:
            return connection.execute(query.encode()).fetchall()

    def expect(self, number: int, models: list[str], *, within: float = WITHIN) -> None:
        """Wait for the run of that number, and see that no other comes after it."""
        written = datetime.now(UTC)
        wait_until(lambda: len(self.runs()) >= number, seconds=max(within, 180.0))
        _, conf, queued = self.runs()[number - 1]
        assert isinstance(queued, datetime)
        self.latencies.append((queued - written).total_seconds())
        assert self.latencies[-1] <= within
        assert (json.loads(conf) if isinstance(conf, str) else conf)["models"] == models  # type: ignore[index]
        time.sleep(QUIET)
        assert len(self.runs()) == number

    def warm_up(self) -> None:
        """Have a run that finds nothing: the first task after the start of an API server takes its time."""
        self.stack.api.request("POST", "/dags/data_arrival/dagRuns", {"dag_run_id": "first", "logical_date": None})
        query = "SELECT state FROM task_instance WHERE run_id = 'first' AND task_id = 'start_check'"
        wait_until(lambda: self.metadata(query) == [("skipped",)], seconds=240)

    def kill_triggerer(self) -> None:
        pid = self.stack.components["triggerer"].pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.stack.components["triggerer"].pid() is None)


def prepare(tmp_path: Path) -> tuple[Path, Path, Path]:
    """The folders of model files, of DAG files without a timetable, and of rows."""
    models, dags, data = tmp_path / "models", tmp_path / "dags", tmp_path / "data"
    for folder in (models, dags, data):
        folder.mkdir()
    for name, kind, path in (("sales", "csv", "sales.csv"), ("table", "parquet", "table.parquet")):
        fields = {**FIELDS, "source": {"kind": kind, "path": path, "watch": True}}
        (models / f"{name}.yaml").write_text(json.dumps(fields))
    (models / "alone.yaml").write_text(json.dumps({**FIELDS, "source": {"kind": "csv", "path": "sales.csv"}}))
    for file in (PROJECT_ROOT / "dags").glob("*.py"):
        (dags / file.name).write_text(file.read_text().replace('schedule="0 */6 * * *"', "schedule=None"))
    sales(45).to_csv(data / "sales.csv", index=False)
    sales(45).to_parquet(data / "table.parquet")
    return models, dags, data


def test_whatever_arrives_starts_one_run_in_time_for_whom_it_concerns_and_nothing_is_missed(tmp_path: Path) -> None:
    models, dags, data = prepare(tmp_path)
    settings = {"RETRAINING_DATA_DIR": f"{data}"}
    with LocalStack(
        tmp_path / "home", models_dir=models, dags_dir=dags, schedule=True, components=ALL_COMPONENTS, settings=settings
    ) as stack:
        arena = Arena(stack, data)
        wait_until(lambda: arena.records("SELECT count(*) FROM retraining.data_arrivals") == [(2,)], seconds=240)
        triggers = arena.metadata("SELECT id, classpath FROM trigger ORDER BY id")
        assert arena.runs() == []
        arena.warm_up()

        arena.csv.write_text(sales(46).to_csv(index=False))
        arena.expect(1, ["sales"])

        for number in range(10):
            arena.csv.write_text(sales(47).head(24 * 46 + number).to_csv(index=False))
            time.sleep(0.5)
        arena.expect(2, ["sales"])

        whole = tmp_path / "whole"
        pd.DataFrame({**sales(46), "noise": np.arange(46 * 24.0)}).drop(columns="noise").to_parquet(whole)
        arena.parquet.write_bytes(whole.read_bytes()[:-100])
        time.sleep(WITHIN)
        assert len(arena.runs()) == 2
        arena.parquet.write_bytes(whole.read_bytes())
        arena.expect(3, ["table"])

        arena.kill_triggerer()
        arena.csv.write_text(sales(48).to_csv(index=False))
        time.sleep(5)
        stack.start_component("triggerer")
        arena.expect(4, ["sales"], within=120.0)  # Airflow gives a dead triggerer's work to another after 30 s

        arena.kill_triggerer()
        stack.start_component("triggerer")
        time.sleep(75)
        assert len(arena.runs()) == 4
        assert arena.metadata("SELECT id, classpath FROM trigger ORDER BY id") == triggers, "stable over parses"
        assert arena.records("SELECT count(*), count(run_id) FROM retraining.data_arrivals WHERE starts") == [(4, 4)]
        print("seconds from the last write to the run:", [round(each, 1) for each in arena.latencies])
