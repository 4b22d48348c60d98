"""What a terminal shows: no table is wider than it, and no character in it acts."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.cli.terminal import WIDE_OPEN, cell, columns_of, shorten, table
from include.records.inert import inert

TEXT = st.text(st.characters(), max_size=60)
ROWS = st.integers(1, 8).flatmap(lambda n: st.lists(st.lists(TEXT, min_size=n, max_size=n), min_size=1, max_size=6))


@given(ROWS, st.integers(1, 200))
def test_table_fits_and_shows_every_row(rows: list[list[str]], room: int) -> None:
    lines = list(table(rows[0], rows[1:], room))
    assert len(lines) == len(rows) or " ".join(lines[len(rows) :]).startswith("(")
    assert all(columns_of(line) <= room for line in lines)
    assert all(unicodedata.category(letter) not in ("Cc", "Cs") for line in lines for letter in line)


@given(TEXT)
def test_json_with_acting_characters_written_out_is_the_same_document(text: str) -> None:
    written = inert(json.dumps({"text": text}, ensure_ascii=False), in_json=True)
    assert json.loads(written) == {"text": text}
    assert all(unicodedata.category(letter) not in ("Cc", "Cs") for letter in written)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"), ("\x9b2J", "\\x9b2J"), ("a\rb", "a\\rb"), ("\u202eabc", "\\u202eabc"),
        ("one\ntwo", "one\\ntwo"), ("\u200bzero", "\\u200bzero"), ("\U000e0041", "\\U000e0041"), ("", "-"), (None, "-"),
        ("\u2066x", "\\u2066x"), ("naïve 表", "naïve 表"),
    ],
)  # fmt: skip
def test_cell_is_one_line_that_does_nothing(text: str | None, shown: str) -> None:
    assert cell(text) == shown


def test_wide_letters_take_two_columns_and_marks_none() -> None:
    assert columns_of("表表") == 4
    assert columns_of("e\u0301") == 1
    assert shorten("表表表", 5) == "表表…"


def test_narrow_columns_keep_their_text_while_wide_ones_give() -> None:
    lines = list(table(("model", "why"), [("iris", "w" * 100)], 40))
    assert lines[1].startswith("iris ")
    assert columns_of(lines[1]) == 40


HEAD = ("model", "checked", "rows", "nearest", "why")
ROW = ("iris", "2026-11-30 05:30", 10000, "data_drift", "nothing changed beyond chance, as far as anybody can tell")


@pytest.mark.parametrize("room", range(1, 130))
def test_what_is_too_narrow_for_a_column_leaves_it_out_whole_and_says_so(room: int) -> None:
    head, row, *below = table(HEAD, [ROW], room)
    assert max(map(columns_of, (head, row, *below))) <= room
    shown = head.split()
    assert shown[:1] == ["model"] or room < 8
    if room >= 30:
        for name, value in zip(HEAD[:-1], ROW[:-1], strict=True):
            assert (name in shown) == (str(value) in row)
        assert "why" in shown
        left_out = [name for name in HEAD if name not in shown]
        assert bool(below) == bool(left_out)
        assert all(name in " ".join(below) for name in left_out)


def test_a_column_that_holds_nothing_is_the_first_to_go() -> None:
    lines = list(table(("model", "by", "settings"), [("a" * 18, "b" * 18, None)], 40))
    assert lines == ["model               by", f"{'a' * 18}  {'b' * 18}", *lines[2:]]
    assert "too narrow for settings" in lines[2]


def test_a_program_is_given_every_column() -> None:
    assert list(table(HEAD, [ROW], WIDE_OPEN)) == ["  ".join(map(str, ROW))]
