"""Truth values in any spelling are the same; names of other things stay what they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.data.kinds.conform import conform
from include.data.kinds.find import find_kinds
from include.data.profile import profile_table
from include.data.profile.cells import to_names
from include.data.reference.profiles import ReferenceProfiles
from include.registry.kinds import Kind
from include.scoring.spelling import PAIRS, truth_names, truth_pair
from tests.data.written_pairs import read_pair
from tests.test_rows_as_they_come import ROWS, Shop, signals

RNG = np.random.default_rng(8)
TRUTH = RNG.random(400) < 0.3
SPELLINGS: dict[str, tuple[Any, Any]] = {
    "bool": (True, False), "true": ("true", "false"), "TRUE": ("TRUE", "FALSE"), "t": ("t", "f"), "T": ("T", "F"),
    "yes": ("yes", "no"), "Yes": ("Yes", "No"), "Y": ("Y", "N"), "y": ("y", "n"), "1": ("1", "0"), "one": (1, 0),
    "1.0": (1.0, 0.0), "on": ("on", "off"), "WAHR": ("WAHR", "FALSCH"), "ja": ("ja", "nein"),
}  # fmt: skip


def spelled(how: str, truth: Any = TRUTH) -> pd.Series[Any]:
    true, false = SPELLINGS[how]
    return pd.Series([true if each else false for each in truth], name="r")


def as_known(reference: pd.Series[Any], recent: pd.Series[Any], **asked: Any) -> tuple[list[Any], list[Any]]:
    """Both columns as names, the cells of the second as the kinds of the first have them."""
    kinds = find_kinds(reference.to_frame(), asked.pop("declared", {}), **asked)
    both = [conform(each.to_frame(), kinds)["r"] for each in (reference, recent)]
    if kinds["r"].kind is Kind.NUMBER:
        return both[0].astype(float).tolist(), both[1].astype(float).tolist()
    return to_names(both[0]).tolist(), to_names(both[1]).tolist()


@pytest.mark.parametrize("first", SPELLINGS)
@pytest.mark.parametrize("later", SPELLINGS)
def test_any_spelling_is_read_as_the_reference_has_it(first: str, later: str) -> None:
    reference, recent = as_known(spelled(first), spelled(later))
    assert recent == reference


@pytest.mark.parametrize("first", SPELLINGS)
@pytest.mark.parametrize("later", SPELLINGS)
def test_it_does_not_matter_that_true_is_rare_or_not_there(first: str, later: str) -> None:
    one_letter = {"t", "T", "Y", "y"}
    if {first, later} <= one_letter and SPELLINGS[first][0].lower() != SPELLINGS[later][0].lower():
        return  # F beside Y and N may be a third value
    nobody = np.zeros(100, dtype=bool)
    reference, recent = as_known(spelled(first), spelled(later, nobody))
    assert set(recent) == {reference[int(np.flatnonzero(~TRUTH)[0])]}


@pytest.mark.parametrize(
    "names",
    [("Y", "N", "T"), ("Y", "N", "?!"), ("f", "m"), ("no", "se", "dk"), ("t", "n"), ("yes", "no", "maybe"), ("Y",),
     ("A", "B"), ("on", "off", "standby"), ("1", "2"), ("T", "F", "W")],
)  # fmt: skip
def test_column_with_a_third_value_or_half_a_pair_holds_names(names: tuple[str, ...]) -> None:
    cells = pd.Series(RNG.choice(names, 400), name="r")
    kinds = find_kinds(cells.to_frame(), {})
    assert kinds["r"].kind is not Kind.BOOLEAN
    assert kinds["r"].truths is None
    later = pd.Series(["yes", "no", "t", "f", "1", *names], name="r")
    assert conform(later.to_frame(), kinds)["r"].tolist() == later.tolist()


def test_third_value_that_comes_later_is_unknown_and_no_truth() -> None:
    reference, recent = as_known(spelled("Y"), pd.Series(["Y", "N", "T", "N", "maybe"], name="r"))
    assert set(reference) == {"Y", "N"}
    assert recent == ["Y", "N", "T", "N", "maybe"]


def test_cells_that_are_in_order_are_shared_and_empty_ones_stay_empty() -> None:
    table = pd.DataFrame({"r": pd.Series(["Y", "N", None] * 50)})
    kinds = find_kinds(table, {})
    assert conform(table, kinds)["r"] is table["r"] or conform(table, kinds)["r"].equals(table["r"])
    later = conform(pd.DataFrame({"r": ["yes", None, "no", ""]}), kinds)["r"]
    assert later.isna().tolist() == [False, True, False, True]


def test_numbers_that_are_more_than_one_and_zero_are_none() -> None:
    kinds = find_kinds(pd.DataFrame({"r": [0, 1, 2] * 50}), {})
    assert kinds["r"].truths is None
    assert conform(pd.DataFrame({"r": ["Y", "N"]}), kinds)["r"].tolist() == ["Y", "N"]


def test_spelling_of_labels_is_left_to_their_own_rule() -> None:
    kinds = find_kinds(spelled("Y").to_frame(), {}, labels=["r"])
    assert kinds["r"].kind is Kind.CATEGORY
    assert conform(spelled("yes").to_frame(), kinds)["r"].tolist() == spelled("yes").tolist()


@pytest.mark.parametrize("first", ["Y", "yes", "one", "true", "t"])
@pytest.mark.parametrize("later", ["yes", "1", "bool", "t", "TRUE"])
def test_champion_of_before_goes_on_with_the_spelling_that_it_knows(first: str, later: str) -> None:
    table = spelled(first).to_frame()
    kinds = find_kinds(table, {})
    reference = ReferenceProfiles(profile=profile_table(conform(table, kinds), ["r"], kinds=kinds), inputs=("r",),
                                  kinds=kinds)  # fmt: skip
    stored = json.loads(json.dumps(reference.to_json()))
    assert ReferenceProfiles.from_json(stored).kinds == kinds
    old = stored["kinds"]["r"]
    del old["truths"]
    old["kind"] = "category" if first in ("Y", "yes", "t") else old["kind"]
    known = ReferenceProfiles.from_json(stored).kinds
    before, after = (conform(spelled(each).to_frame(), known)["r"] for each in (first, later))
    if first == "one":
        assert before.astype(float).tolist() == after.astype(float).tolist()
    else:
        assert to_names(before).tolist() == to_names(after).tolist()


@pytest.mark.parametrize("kind", ["csv", "json_lines", "parquet"])
@pytest.mark.parametrize(("first", "later"), [("yes", "one"), ("true", "t"), ("Y", "Yes"), ("bool", "Y"), ("one", "Y"),
                                              ("1.0", "bool")])  # fmt: skip
def test_every_reader_brings_them_together(tmp_path: Path, kind: str, first: str, later: str) -> None:
    tables = [pd.DataFrame({"r": spelled(how), "y": np.arange(400.0)}) for how in (first, later)]
    before, after = read_pair(tmp_path, kind, *tables)
    if before.kinds["r"].kind is Kind.NUMBER:
        assert before.table["r"].astype(float).tolist() == after.table["r"].astype(float).tolist()
    else:
        assert to_names(before.table["r"]).tolist() == to_names(after.table["r"]).tolist()


@pytest.mark.parametrize(("first", "later"), [("yes", "one"), ("Y", "Yes"), ("true", "t"), ("one", "Y")])
def test_other_spelling_in_newer_rows_orders_no_retrain_and_blocks_none(tmp_path: Path, first: str, later: str) -> None:
    truth = RNG.random(len(ROWS)) < 0.3
    cells = [SPELLINGS[first if place < 720 else later][0 if each else 1] for place, each in enumerate(truth)]
    analysis, decision, _ = Shop(tmp_path).both(ROWS.assign(r=pd.Series(cells, dtype=object)))
    assert not decision.triggered
    assert not decision.blocked_by
    assert not signals(analysis, "type_change")
    assert not [each for each in analysis.signals if each.changed]


NAMES = st.lists(st.sampled_from([*{word for pair in PAIRS for word in pair}, "Y", "maybe", "", "2"]), max_size=8)


@given(NAMES, st.sampled_from(PAIRS))
def test_names_are_read_as_one_of_the_two_or_left_as_they_are(names: list[str], pair: tuple[str, str]) -> None:
    found = truth_names(names, pair)
    assert set(found.values()) <= set(pair)
    assert {name: name for name in names if name in pair}.items() <= found.items()
    again = truth_names(found.values(), pair)
    assert all(again[name] == name for name in again)


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 9), max_size=5))
def test_pair_that_is_found_is_spelled_as_in_the_column(cells: dict[str, int]) -> None:
    pair = truth_pair(cells)
    assert pair is None or set(pair) <= set(cells)
