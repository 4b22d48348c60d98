from __future__ import annotations

import pytest

from include.interfaces.airflow.run_notes import LONGEST, NOTHING, RULE, note_text

NO, YES = "iris: no: nothing changed", "demand: retrained, promoted v2"


def test_note_keeps_the_order_of_the_models() -> None:
    assert note_text("", [NO, YES]) == f"{NO}; {YES}"


def test_what_somebody_wrote_is_kept_below_and_ours_is_replaced_when_the_run_ends_again() -> None:
    first = note_text("asked for by the board", [NO])
    assert first == f"{NO}{RULE}asked for by the board"
    assert note_text(first, [YES]) == f"{YES}{RULE}asked for by the board"


def test_run_without_a_model_says_so() -> None:
    assert note_text("", []) == NOTHING


@pytest.mark.parametrize("count", [2, 12, 40, 1000])
@pytest.mark.parametrize("written", ["", "why", "w" * 400, "w" * 1000])
def test_note_has_room_in_airflows_table_and_tells_first_what_happened(count: int, written: str) -> None:
    lines = [f"model_{number}: no: nothing changed beyond chance" for number in range(count)]
    text = note_text(written, [*lines, YES])
    assert len(text) <= LONGEST
    assert YES in text
    told = text.partition(RULE)[0]
    assert told.count("model_") + int(told.rpartition("and ")[2].partition(" ")[0] if " more" in told else 0) == count


@pytest.mark.parametrize("line", ["m: failed: " + "x" * 3000, "m: failed: " + "[" * 990, "m: failed: \x00"])
@pytest.mark.parametrize("written", ["", "why", "w" * 1000])
def test_one_line_that_is_too_long_or_holds_what_a_database_refuses_still_fits(line: str, written: str) -> None:
    text = note_text(written, [line])
    assert len(text) <= LONGEST
    assert "\x00" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [("[here](http://x)", r"\[here\](http://x)"), ("![i](x)", r"!\[i\](x)"), ("`code`", r"\`code\`"),
     ("<img src=x>", r"\<img src=x>"), ("**bold**", r"\*\*bold\*\*"), ("a\\[b", r"a\\\[b")],
)  # fmt: skip
def test_text_from_outside_is_no_markup_on_the_page_of_the_run(text: str, shown: str) -> None:
    assert note_text("", [f"demand: failed: {text}"]) == f"demand: failed: {shown}"
