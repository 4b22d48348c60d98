"""A source that stalls ends in an error that is worth another try."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from include.data.sources.read import read_rows
from include.data.sources.time_limit import within
from include.errors import DataError, SourceUnavailable
from include.records.entries import Run
from include.registry.spec import ModelSpec
from include.workflow.steps.analyze import analyze
from tests.records.examples import NOW
from tests.retraining.models import spec_of
from tests.stage import Stage, day, sales

SHORT, LONG = timedelta(seconds=0.1), timedelta(minutes=5)


def timed(**source: Any) -> ModelSpec:
    return spec_of(
        source=source, timestamp="at", target="sales", reference={"start": "2026-01-01", "end": "2026-01-31"},
        window="10d",
    )  # fmt: skip


def test_work_that_does_not_end_is_a_source_that_is_not_there() -> None:
    stalled = threading.Event()
    with pytest.raises(SourceUnavailable, match=r"model sales: sql:shop: not read after .* field timeout"):
        within(SHORT, "model sales: sql:shop", stalled.wait)
    stalled.set()


def test_what_the_work_returns_or_raises_is_passed_on() -> None:
    def refuse() -> None:
        raise DataError("line 3")

    def times_out() -> None:
        raise TimeoutError("of the driver")

    assert within(LONG, "here", lambda: 7) == 7
    with pytest.raises(DataError, match="line 3"):
        within(LONG, "here", refuse)
    with pytest.raises(TimeoutError, match="of the driver"):
        within(LONG, "here", times_out)


@pytest.mark.parametrize(
    "query", ["SELECT rows.* FROM rows, pg_sleep(60)", "SELECT rows.* FROM rows WHERE pg_sleep(0.1) IS NOT NULL",
              "SELECT * FROM locked"],
)  # fmt: skip
def test_query_that_sleeps_drips_or_waits_for_a_lock_ends(
    database_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", database_uri)
    with psycopg.connect(database_uri) as holder:
        holder.execute("CREATE TABLE rows AS SELECT now() + n * interval '1 h' AS at, n AS x, n AS sales "
                       "FROM generate_series(1, 1000) n; CREATE TABLE locked AS SELECT * FROM rows")  # fmt: skip
        holder.commit()
        holder.execute("LOCK TABLE locked")
        spec = timed(kind="sql", connection="shop", query=query).model_copy(update={"timeout": timedelta(seconds=0.5)})
        with pytest.raises(SourceUnavailable, match="sql:shop: not read after"):
            read_rows(spec, tmp_path, datetime(2100, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("kind", ["csv", "parquet", "json_lines"])
def test_pipe_that_nobody_writes_to_is_no_file(tmp_path: Path, kind: str) -> None:
    os.mkfifo(tmp_path / "rows")
    spec = timed(kind=kind, path="rows")
    with pytest.raises(SourceUnavailable, match="no such file"):
        read_rows(spec, tmp_path, NOW)


@pytest.mark.parametrize("field", ["measures", "probes"])
def test_function_of_ones_own_that_does_not_end_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    (tmp_path / f"endless_{field}.py").write_text("import time\n\ndef wait(*_):\n    time.sleep(60)\n")
    monkeypatch.syspath_prepend(tmp_path)
    stage = Stage(tmp_path)
    stage.add("sales", sales(40), **{field: {"odd": f"endless_{field}:wait"}})
    deployment = stage.deployment
    spec = deployment.spec("sales").model_copy(update={"timeout": timedelta(seconds=1)})
    monkeypatch.setattr(type(deployment), "spec", lambda *_: spec)
    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match=rf"field {field}\.odd: endless_{field}:wait: not read after"):
        analyze(deployment, "sales", Run(run_id="r", as_of=day(40)))
    assert time.monotonic() - began < 30
