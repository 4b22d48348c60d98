"""Broken files through init, validate, check and execute: named, with what to do, and nothing raw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.cli.__main__ import main
from tests.sweeps import each_nth

ROWS = 400


def good() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"at": pd.date_range("2026-01-01", periods=ROWS, freq="6h"), "x": rng.normal(size=ROWS)})
    return table.assign(z=rng.normal(size=ROWS), target=3.0 * table["x"] + rng.normal(0.0, 0.3, ROWS))


def text() -> str:
    return good().to_csv(index=False)


def rows(change: Callable[[int, str], str]) -> str:
    first, *others = text().splitlines()
    return "\n".join([first, *(change(number, line) for number, line in enumerate(others))]) + "\n"


def column(place: int, value: str) -> str:
    """The file with one column the same in each row."""

    def change(_: int, line: str) -> str:
        cells = line.split(",")
        cells[place] = value
        return ",".join(cells)

    return rows(change)


#: What is in the file, and words of the error that init, validate, check and execute end with; empty: they answer.
BROKEN: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "it is empty"),
    "blank": ("\n\n \n", "empty"),
    "names only": (text().splitlines()[0] + "\n", "no rows"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "this is a picture and no CSV file"),
    "archive": (b"PK\x03\x04" + bytes(500), "this is a ZIP archive or a spreadsheet"),
    "parquet by another name": (b"PAR1" + bytes(200), "Parquet"),
    "bytes": (bytes(range(256)) * 8, "holds a byte 0"),
    "a byte 0": (text().replace("2026-01-03", "2026\0-01-03", 1), "line 10 holds a byte 0"),
    "two bytes a letter": (text().encode("utf-16-le"), "utf-16-le"),
    "a name twice": (text().replace("at,x,z", "at,x,x", 1), "column 'x' is there twice"),
    "delimiters mixed": (rows(lambda n, line: line if n % 2 else line.replace(",", ";")), "cells"),
    "a short row": (rows(lambda n, line: "1,2" if n == 298 else line), "line 300 has 2 cells, the first one 4"),
    "quote not closed": (rows(lambda n, line: '"' + line if n == 100 else line), "cells"),
}
#: The same of files that can be read, and cannot be learnt from: init and validate refuse them, check answers.
USELESS: dict[str, tuple[str, str]] = {
    "target empty": (column(3, ""), "label"),
    "target constant": (column(3, "1.5"), "1.5"),
    "one class": (column(3, "yes"), "yes"),
    "time unreadable": (column(0, "noon"), "noon|--time"),
    "time ambiguous": (rows(lambda n, line: f"0{n % 9 + 1}/0{n % 8 + 1}/2026,{line[20:]}"), "day or the month"),
    "one moment": (column(0, "2026-01-01"), "one moment|reference.end"),
    "no target": ("\n".join(line.rsplit(",", 1)[0] for line in text().splitlines()) + "\n", "--target|'target'"),
    "three rows": ("\n".join(text().splitlines()[:4]) + "\n", "rows|reference.end"),
    "nothing but names": (rows(lambda n, line: f"{line.split(',')[0]},a{n},b{n},{line.split(',')[3]}"), "column"),
}  # fmt: skip
MODEL = """task: {task}
source: {{kind: csv, path: broken.csv}}
timestamp: at
target: target
reference: {{start: 2026-01-01, end: 2026-03-01}}
window: 14d
minimum_rows: 20
metric: {metric}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETRAINING_MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("RETRAINING_DATA_DIR", str(tmp_path))
    good().to_csv(tmp_path / "good.csv", index=False)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """All that was printed, without the lines of progress."""
    found = capsys.readouterr()
    return " ".join(f"{found.out} {found.err}".split())


def commands(folder: Path) -> list[list[str]]:
    good, broken = str(folder / "good.csv"), str(folder / "broken.csv")
    pair = ["--reference-data", broken, "--recent-data", good]
    return [
        ["init", "--data", broken, "--out", str(folder / "made.yaml")],
        ["validate", "broken"],
        ["check", "--reference-data", good, "--recent-data", broken],
        ["check", *pair],
        ["execute", *pair, "--force", "--output", str(folder / "made")],
    ]


def write(folder: Path, content: str | bytes, *, classes: bool = False) -> None:
    broken = folder / "broken.csv"
    broken.write_bytes(content if isinstance(content, bytes) else content.encode())
    names = {"task": "classification", "metric": "accuracy"} if classes else {"task": "regression", "metric": "rmse"}
    (folder / "broken.yaml").write_text(MODEL.format(**names))


@pytest.mark.parametrize("case", BROKEN)
def test_file_that_cannot_be_read_is_named_with_what_is_wrong_by_every_command(
    folder: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    content, words = BROKEN[case]
    write(folder, content)
    for command in commands(folder):
        assert main(command) == 2
        message = said(capsys)
        assert "broken.csv" in message
        if not (case in ("blank", "names only") and command[0] == "validate"):
            assert words in message


@pytest.mark.parametrize("case", each_nth(USELESS, 2))
def test_file_that_cannot_be_learnt_from_is_refused_by_name_and_check_answers(
    folder: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    content, words = USELESS[case]
    write(folder, content, classes=case == "one class")
    for command in commands(folder):
        code = main(command)
        message = said(capsys)
        if command[0] in ("init", "validate"):
            assert code == 2
            assert any(word in message for word in words.split("|"))
        else:
            assert code == 2 or "RETRAINING DECISION" in message


def test_file_that_nobody_may_read_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow as pa

    def refused(*_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied", str(folder / "broken.csv"))

    write(folder, text())
    monkeypatch.setattr(pa, "input_stream", refused)
    for command in (commands(folder)[0], commands(folder)[1], commands(folder)[3]):
        assert main(command) == 2
        assert "Permission denied" in said(capsys)


def test_folder_without_tables_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, "")
    (folder / "broken.csv").unlink()
    (folder / "broken.csv").mkdir()
    for command in commands(folder):
        assert main(command) == 2
        assert "broken.csv" in said(capsys)


def test_tables_without_a_common_column_are_no_unchanged_tables(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, text().replace("at,x,z,target", "a,b,c,d", 1))
    assert main(commands(folder)[2]) == 2
    assert "shares no column" in said(capsys)


def test_words_among_numbers_are_told_and_their_column_is_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, moved in (("good", 0.0), ("broken", 5.0)):
        rows = good().drop(columns="at").assign(x=lambda rows, moved=moved: rows["x"] + moved)
        cells = rows["x"].map("{:.3f}".format).where(rows.index % 9 != 0, "ERR")
        rows.assign(x=cells).to_csv(tmp_path / f"{name}.csv", index=False)
    assert main(commands(tmp_path)[2]) == 0
    told = said(capsys)
    assert "Found: x: cells such as 'ERR' among its numbers" in told
    assert "x: mean_shift" in told


@pytest.mark.parametrize(
    "written",
    [
        lambda rows: rows.to_csv(index=False, sep=" "), lambda rows: rows.to_string(index=False),
        lambda rows: "Report of May\n\n" + rows.to_csv(index=False, sep=";"),
        lambda rows: "<x>\n" + "\n".join(f"<row x='{x}'/>" for x in rows["x"]) + "\n",
    ],
    ids=["blanks", "a fixed width", "a title", "a markup"],
)  # fmt: skip
def test_file_whose_cells_nothing_separates_is_no_unchanged_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: Callable[[pd.DataFrame], str]
) -> None:
    for name, moved in (("good", 0.0), ("broken", 5.0)):
        rows = good().drop(columns="at")
        (tmp_path / f"{name}.csv").write_text(written(rows.assign(x=rows["x"] + moved)))
    assert main(commands(tmp_path)[2]) == 2
    told = said(capsys)
    assert "--reference-data" in told
    assert "no column can be compared" in told
    assert "between cells" in told
