"""Rows that several files of a folder hold are told, with the way out; none is left out unasked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.data.sources.overlaps import ENOUGH, told_overlap
from include.data.sources.read import read_rows
from include.data.sources.whole_files import read_whole
from include.registry.dialect import Dialect
from include.registry.spec import ModelSpec

RNG = np.random.default_rng(3)


def rows(count: int, start: int = 0) -> pd.DataFrame:
    at = pd.date_range("2026-01-01", periods=count, freq="h") + pd.Timedelta(hours=start)
    return pd.DataFrame({"at": at, "x": RNG.normal(size=count), "shop": RNG.choice(["a", "b"], count)})


def written(folder: Path, kind: str, *tables: pd.DataFrame) -> str:
    for place, table in enumerate(tables):
        if kind == "csv":
            table.to_csv(folder / f"{place}.csv", index=False)
        else:
            table.to_parquet(folder / f"{place}.parquet", index=False)
    return " ".join(read_whole(folder, kind, Dialect()).told)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_an_export_again_in_the_next_one_is_told(kind: str, tmp_path: Path) -> None:
    whole = rows(1_000)
    told = written(tmp_path, kind, whole[:900], whole[100:])
    assert f"800 rows are in more than one file, such as 0.{kind} and 1.{kind}" in told
    assert "`key:`" in told


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_of_rows_of_their_own_are_not_told(kind: str, tmp_path: Path) -> None:
    assert "more than one file" not in written(tmp_path, kind, rows(500), rows(500, 500), rows(499, 1_000))
    whole = rows(1_000)
    assert "more than one file" not in written(tmp_path, kind, whole[:501], whole[500:])  # the boundary in both


def test_alike_rows_of_one_file_are_not_told(tmp_path: Path) -> None:
    whole = rows(400)
    assert "more than one file" not in written(tmp_path, "csv", pd.concat([whole] * 3), rows(400, 400))


def test_columns_in_another_order_do_not_hide_it(tmp_path: Path) -> None:
    whole = rows(300)
    assert "250 rows are in" in written(tmp_path, "csv", whole[:275], whole[25:][["shop", "x", "at"]])


def test_of_many_rows_a_part_is_looked_at() -> None:
    whole = rows(ENOUGH)
    table = pd.concat([whole, whole[ENOUGH // 2 :]], ignore_index=True)
    told = told_overlap(table, [("a.csv", ENOUGH), ("b.csv", ENOUGH // 2)], "at")
    assert told.startswith("about ")
    assert abs(int(told.split()[1].replace(",", "")) - ENOUGH // 2) < 0.02 * ENOUGH


@pytest.mark.parametrize("key", [None, ["at", "shop"]])
def test_a_model_with_a_key_is_not_told(key: list[str] | None, tmp_path: Path) -> None:
    whole = rows(300)
    written(tmp_path, "csv", whole[:275], whole[25:])
    spec = ModelSpec(
        name="m", task="regression", metric="rmse", source={"kind": "csv", "path": "."}, target="x", timestamp="at",
        reference={"end": "2026-01-05T00:00:00Z"}, window="7d", **({"key": key} if key else {}),
    )  # fmt: skip
    told = " ".join(read_rows(spec, tmp_path, datetime(2026, 3, 1, tzinfo=UTC)).told)
    assert ("250 rows are in more than one file" in told) == (key is None)
