"""Labels of a class that the champion does not know, through the steps of a run: still to come, recoded, or new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.errors import DataError
from tests.stage import REFERENCE_DAYS, START, Stage, Step, day
from tests.sweeps import each_nth

DAYS = REFERENCE_DAYS + 10
ROWS = DAYS * 24
RNG = np.random.default_rng(1)
SCORE = RNG.normal(size=ROWS)
WON = SCORE + 0.5 * RNG.normal(size=ROWS) > 0.0
NAMES = np.where(WON, "won", "lost").astype(object)
PLACES = np.arange(ROWS)


def checked(folder: Path, labels: Any, **fields: Any) -> Step:
    table = pd.DataFrame({"at": pd.date_range(START, periods=ROWS, freq="h"), "x": SCORE, "y": labels})
    stage = Stage(folder)
    stage.add("shop", table, task="classification", target="y", metric="accuracy", **fields)
    stage.run("shop", day(REFERENCE_DAYS))
    return stage.run("shop", day(DAYS))


def newest(rows: int, name: str) -> Any:
    return np.where(ROWS - rows <= PLACES, name, NAMES)


@pytest.mark.parametrize("name", ["pending", "open", "unknown", "-1", "9"])
@pytest.mark.parametrize("rows", each_nth([6, 24, 119, 120, 239], 2))
def test_a_class_that_fills_the_newest_rows_counts_as_not_arrived(tmp_path: Path, rows: int, name: str) -> None:
    step = checked(tmp_path, newest(rows, name))
    assert step.analysis.labelled_rows == 240 - rows
    assert not step.decision.triggered
    [said] = [each.reason for each in step.analysis.signals if "not arrived" in each.reason]
    assert f"{rows} labels ('y') are '{name}', no class that is known" in said
    assert f"write `missing: [{name}]` in `source`" in said


def test_it_is_a_class_where_the_model_file_names_it(tmp_path: Path) -> None:
    step = checked(tmp_path, newest(19, "open"), classes={"open": []})
    assert step.analysis.labelled_rows == 240
    assert any(each.statistic == "unknown_classes" for each in step.analysis.signals)


def test_it_is_empty_where_the_model_file_says_so(tmp_path: Path) -> None:
    source = {"kind": "csv", "path": "shop.csv", "missing": ["open"]}
    step = checked(tmp_path, newest(60, "open"), source=source)
    assert step.analysis.labelled_rows == 180
    assert not any("'open'" in each.reason for each in step.analysis.signals)


def test_pending_is_none_wherever_it_stands(tmp_path: Path) -> None:
    waiting = RNG.random(ROWS) < np.exp(-(ROWS - PLACES) / 48.0)
    step = checked(tmp_path, np.where(waiting, "Pending", NAMES))
    assert step.analysis.labelled_rows == 240 - waiting[-240:].sum()
    assert not step.decision.triggered


@pytest.mark.parametrize("newest", [True, False])
def test_pending_is_none_for_a_first_version_either_unless_it_is_there_all_along(tmp_path: Path, newest: bool) -> None:
    first = REFERENCE_DAYS * 24
    those = (first > PLACES) & (first - 60 <= PLACES) if newest else PLACES % 9 == 0
    table = pd.DataFrame({
        "at": pd.date_range(START, periods=ROWS, freq="h"), "x": SCORE, "y": np.where(those, "pending", NAMES)
    })  # fmt: skip
    stage = Stage(tmp_path)
    stage.add("shop", table, task="classification", target="y", metric="accuracy")
    event = stage.run("shop", day(REFERENCE_DAYS)).event
    assert event is not None
    [version] = stage.store.versions("shop")
    assert version.details.dropped_rows["unlabelled"] == (60 if newest else 0)
    if not newest:
        assert stage.run("shop", day(DAYS)).analysis.labelled_rows == 240


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_a_new_class_among_the_others_is_told_and_learnt(tmp_path: Path, share: float) -> None:
    new = (PLACES >= ROWS - 200) & (np.random.default_rng(3).random(ROWS) < share)
    step = checked(tmp_path, np.where(new, "lease", NAMES))
    assert step.analysis.labelled_rows == 240
    assert [each.changed for each in step.analysis.signals if each.statistic == "unknown_classes"] == [True]


CODES = WON.astype(int)
THIRDS = np.digitize(SCORE, [-0.43, 0.43])
RECODED = {
    "0 and 1 to 1 and 2": (CODES, CODES + 1, "'0' is not among the newest .* there is '2'"),
    "1 and 2 to 0 and 1": (CODES + 1, CODES, "'2' is not among the newest .* there is '0'"),
    "one spelled otherwise": (NAMES, np.where(WON, "won", "no"), "'lost' is not among the newest .* there is 'no'"),
    "three, one renamed": (
        THIRDS, np.array(["0", "1", "zwei"])[THIRDS], "'2' is not among the newest .* there is 'zwei'"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", RECODED)
@pytest.mark.parametrize("rows", [60, 200])
def test_a_class_in_the_place_of_another_is_refused(tmp_path: Path, kind: str, rows: int) -> None:
    old, new, words = RECODED[kind]
    labels = np.where(ROWS - rows <= PLACES, np.asarray(new).astype(str), np.asarray(old).astype(str))
    with pytest.raises(DataError, match=f"model shop: field target: {words}.*correct the column, or say in `classes`"):
        checked(tmp_path, labels)


def test_it_is_compared_where_the_model_file_says_what_it_is(tmp_path: Path) -> None:
    labels = np.where(PLACES >= ROWS - 100, np.where(WON, "won", "no"), NAMES)
    for name, classes in (("same", {"lost": ["no"]}), ("own", {"no": []})):
        (tmp_path / name).mkdir()
        step = checked(tmp_path / name, labels, classes=classes)
        told = [each.statistic for each in step.analysis.signals if each.statistic == "unknown_classes"]
        assert told == (["unknown_classes"] if name == "own" else [])
