"""Text of others cannot act: in terminals and logs, in Markdown, nor end the block that it stands in."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.interfaces.reports.escaping import fence, in_markdown, one_line

ACTS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@given(st.text(alphabet=st.characters() | st.sampled_from("\x1b\x07\x9b\n\r\u2028\u202e\ud800")))
def test_nothing_in_a_line_drives_a_terminal_or_forges_another(text: str) -> None:
    assert not ACTS.search(one_line(text))


@given(st.characters(categories=["Cf", "Cc", "Cs", "Zl", "Zp"]) | st.sampled_from("\u034f\u115f\u3164\uffa0\U000e0100"))
def test_nothing_that_is_not_to_be_seen_hides_in_a_line(sign: str) -> None:
    if "\u0600" <= sign <= "\u08e2" or sign in "\U000110bd\U000110cd" or "\U00013430" <= sign <= "\U0001345f":
        return  # signs of Arabic, Kaithi and hieroglyphs that have a look
    assert sign not in one_line(f"a{sign}b").replace(" ", "")


@given(st.text(alphabet="`\n~ab #"))
def test_no_text_ends_the_block_that_it_stands_in(text: str) -> None:
    first, *_, last = fence(text).split("\n")
    assert first == last
    assert set(first) == {"`"}
    assert not [line for line in text.split("\n") if line.strip().startswith(first)]


@pytest.mark.parametrize(
    "text", ["![x](http://evil/x.png)", "a\n# Reviewed", "<img src=x>", "a | b", "[x]: http://evil", "```\nb", "**x**"]
)
def test_text_in_markdown_is_no_markup(text: str) -> None:
    told = in_markdown(text)
    assert "\n" not in told
    assert not re.search(r"(?<!\\)[`*\[\]|]|<", told)
