"""What is refused says the whole way out, and what a sign says is read or told."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.data.kinds.decimals import Said, told_of
from include.data.kinds.shares import plain_share, with_shares
from include.data.kinds.text_cells import plain_text
from include.data.kinds.times import read_times
from include.data.sources.read import Rows, read_both, read_rows
from include.errors import DataError
from include.registry.loader import load_model_file
from include.registry.time_format import TimeFormat
from tests.stage import REFERENCE_DAYS, START, Stage, day
from tests.test_one_coding import DAYS, GUESS, ROWS, SCORE, TRUTH

HOURS = pd.date_range("2026-01-01", periods=240, freq="h")
DATES = ["%d.%m.%y", "%d/%m/%y", "%d-%m-%Y", "%m/%d/%Y"]
CLOCKS = ["", " %H:%M", " %H:%M:%S", "T%H:%M", " %I:%M %p", " %I:%M:%S %p", "  %H:%M", " %H.%M", " %H:%M +0100"]


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("clock", CLOCKS)
def test_format_that_a_refusal_advises_reads_the_cells(date: str, clock: str) -> None:
    moments = HOURS[HOURS.day <= 12] if clock else pd.date_range("2026-01-01", "2026-12-01", freq="MS")
    cells = pd.Series(moments.strftime(date + clock), name="at")
    with pytest.raises(DataError, match=r"source\.timestamp\.format") as error:
        read_times(cells, TimeFormat(), "model m")
    formats = re.findall(r"'(%[^']*)'", str(error.value))
    assert formats
    true = moments.tz_localize("+01:00" if "+" in clock else "UTC")
    found = [read_times(cells, TimeFormat(format=each), "model m").values for each in formats]
    assert any(list(each) == list(true) for each in found) or date[:2] == "%m"


@pytest.mark.parametrize(
    ("form", "whole"),
    [("%d.%m.%y", "%d.%m.%y %H:%M"), ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"), ("%m/%d/%Y", "%m/%d/%Y %I:%M %p")],
)
def test_format_without_the_time_of_day_is_refused_with_the_whole_one(form: str, whole: str) -> None:
    with pytest.raises(DataError, match=f"write '{re.escape(whole)}'"):
        read_times(pd.Series(HOURS.strftime(whole)), TimeFormat(format=form), "model m")


def rows(folder: Path, kind: str, chances: list[Any], *, pair: bool = False) -> Rows:
    times, places = HOURS[: len(chances)].astype(str), range(len(chances))
    table = pd.DataFrame({"at": times, "x": places, "p": chances, "y": "a", "said": "b"})
    if kind == "csv":
        table.to_csv(folder / "d", index=False, sep=";")
    elif kind == "parquet":
        table.to_parquet(folder / "d")
    else:
        table.to_json(folder / "d", orient="records", lines=True)
    paths = {"reference_path": "d", "recent_path": "d"} if pair else {"path": "d"}
    timed = {} if pair else {"timestamp": "at", "reference": {"start": "2026-01-01", "end": "2026-01-05"}}
    fields = {"task": "classification", "source": {"kind": kind, **paths}, "target": "y", "metric": "log_loss",
              "prediction": "said", "probability": "p", "positive_class": "a", **timed}  # fmt: skip
    (folder / "m.yaml").write_text(json.dumps(fields))
    spec = load_model_file(folder / "m.yaml")
    return read_both(spec, folder)[1] if pair else read_rows(spec, folder, datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("pair", [True, False])
@pytest.mark.parametrize("kind", ["csv", "json_lines", "parquet"])
@pytest.mark.parametrize(
    "write", [lambda n: f"{n:.1%}", lambda n: f"{n:.1%}".replace(".", ","), lambda n: f"{100 * n:.1f} %",
              lambda n: f"{n:.3f}".replace(".", ","), lambda n: f"{n:.1%}" if n > 0.5 else f"{n:.3f}"]
)  # fmt: skip
def test_probability_is_read_by_its_sign(tmp_path: Path, kind: str, write: Any, pair: bool) -> None:
    true = np.round(np.linspace(0.0, 1.0, 101), 3)
    read = rows(tmp_path, kind, [write(n) for n in true], pair=pair)
    assert np.allclose(pd.to_numeric(read.table["p"]).to_numpy(), true)
    assert any("%" in write(n) for n in true) is any("are read as shares" in each for each in read.told)


@pytest.mark.parametrize("kind", ["csv", "json_lines", "parquet"])
def test_probabilities_that_are_numbers_are_as_they_were(tmp_path: Path, kind: str) -> None:
    read = rows(tmp_path, kind, [0.25, 0.5, None, 1.0])
    assert read.table["p"].dtype == float
    assert read.table["p"].isna().tolist() == [False, False, True, False]
    assert not any("shares" in each for each in read.told)


def test_column_that_is_no_probability_keeps_its_per_cent_as_they_were(tmp_path: Path) -> None:
    table, told = with_shares(pd.DataFrame({"p": ["12.5%", None, "unknown"], "q": ["12.5%"] * 3}), ["p"])
    assert (table["p"].tolist()[0], table["p"].isna()[1], table["p"][2]) == ("0.125", True, "unknown")
    assert (table["q"].tolist(), len(told)) == (["12.5%"] * 3, 1)


def scored(folder: Path, chances: Any) -> float:
    """The log loss of a classifier whose recorded probabilities are these."""
    folder.mkdir()
    table = pd.DataFrame({"at": pd.date_range(START, periods=ROWS, freq="h"), "x": SCORE, "p": GUESS.astype(int),
                          "y": TRUTH.astype(int), "chance": chances})  # fmt: skip
    stage = Stage(folder)
    stage.add("shop", table, task="classification", target="y", prediction="p", probability="chance",
              positive_class="1", metric="log_loss")  # fmt: skip
    stage.run("shop", day(REFERENCE_DAYS))
    analysis = stage.run("shop", day(DAYS)).analysis
    [found] = [each.value for each in analysis.measurements if each.metric == "log_loss"]
    return found


def test_per_cent_of_recorded_probabilities_are_scored_as_shares(tmp_path: Path) -> None:
    chances = np.where(GUESS, 0.8, 0.2)
    as_numbers, as_text = scored(tmp_path / "a", chances), scored(tmp_path / "b", [f"{n:.1%}" for n in chances])
    assert as_numbers == pytest.approx(as_text)


def test_per_cent_without_the_sign_are_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"between 0 and 1; the first is .*; if they are per cent, deliver .* 59\.4%"):
        scored(tmp_path / "percent", np.where(GUESS, 80.5, 20.5))
    with pytest.raises(DataError, match=r"in row \d+ of the window$"):
        scored(tmp_path / "logits", np.where(GUESS, 8.0, -8.0))


@pytest.mark.parametrize(("cells", "told"), [
    (["12.5%", "0.125"] * 40, "some numbers of r have a mark (%)"), (["$5", "7", "8.5"] * 40, "have a mark ($)"),
    (["12.5%", "3 €", "4"] * 40, "have a mark (% or €)"), (["12.5%"] * 80, ""), (["0.125"] * 80, ""),
    (["12.5%", "wool", "silk"] * 40, ""), (["A", "B"] * 40, ""), (["12.5%", None, "NA"] * 40, ""),
])  # fmt: skip
def test_numbers_with_and_without_a_mark_are_told(tmp_path: Path, cells: list[Any], told: str) -> None:
    table = pd.DataFrame({"r": cells, "y": range(len(cells))})
    said = plain_text([table.astype({"r": "str"}) if None not in cells else table], Said())[1].told
    table.to_csv(tmp_path / "d.csv", index=False)
    fields = {"task": "regression", "source": {"kind": "csv", "reference_path": "d.csv", "recent_path": "d.csv"},
              "target": "y", "metric": "rmse"}  # fmt: skip
    (tmp_path / "m.yaml").write_text(json.dumps(fields))
    read = read_both(load_model_file(tmp_path / "m.yaml"), tmp_path)[0].told
    for lines in (said, read):
        assert any(told in line for line in lines) if told else not any("mark" in line for line in lines)


def test_nothing_is_told_of_columns_without_marks() -> None:
    assert told_of({}, {}) == []


@given(st.floats(0.0, 1.0))
def test_share_is_the_same_with_and_without_the_sign(share: float) -> None:
    assert float(plain_share(f"{100.0 * share:.10f}%")) == pytest.approx(share, abs=1e-12)
    assert float(plain_share(f"{share:.12f}")) == pytest.approx(share, abs=1e-12)
