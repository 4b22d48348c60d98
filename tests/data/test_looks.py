"""Names that look the same are the same: in categories, slices and classes, for new versions and those of before."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.data.kinds.conform import conform
from include.data.kinds.find import find_kinds
from include.data.tables import read_tables
from include.records.postgres import PostgresStore
from include.registry.kinds import ColumnKind, Kind
from include.scoring.classes import ClassCoding, form_of
from include.scoring.slices import SliceRule
from include.scoring.spelling import plain_name
from tests.data.written_pairs import read_pair
from tests.test_rows_as_they_come import ROWS, Shop

CITIES = np.random.default_rng(5).choice(["New York", "Zürich", "Genève centre", "Boston"], len(ROWS))
OTHERWISE = {
    "no-break": lambda name: name.replace(" ", "\u00a0"), "narrow": lambda name: name.replace(" ", "\u202f"),
    "two blanks": lambda name: name.replace(" ", "  "), "tab": lambda name: name.replace(" ", "\t"),
    "ideographic": lambda name: name.replace(" ", "\u3000"), "NFD": partial(unicodedata.normalize, "NFD"),
    "no width": lambda name: name[:2] + "\u200b" + name[2:], "around": lambda name: f"\u00a0{name} ",
    "mark": lambda name: "\ufeff" + name,
}  # fmt: skip


@pytest.mark.parametrize("how", OTHERWISE)
@pytest.mark.parametrize("first", [True, False], ids=["reference", "recent"])
def test_other_look_of_a_name_orders_no_retrain(tmp_path: Path, how: str, first: bool) -> None:
    changed = [OTHERWISE[how](name) if (place < 720) is first else name for place, name in enumerate(CITIES)]
    shop = Shop(tmp_path, slices=["city"])
    analysis, decision, _ = shop.both(ROWS.assign(city=changed))
    assert not [each for each in analysis.signals if each.changed]
    assert not decision.triggered


@pytest.mark.parametrize("kind", ["csv", "json_lines", "parquet"])
@pytest.mark.parametrize("how", ["no-break", "NFD", "two blanks"])
def test_every_reader_gives_names_as_they_look(tmp_path: Path, kind: str, how: str) -> None:
    tables = [
        pd.DataFrame({"city": cells, "y": np.arange(float(len(CITIES)))}).astype(
            {"city": "category"} if kind == "parquet" else {}
        )
        for cells in ([OTHERWISE[how](city) for city in CITIES], CITIES)
    ]
    before, after = read_pair(tmp_path, kind, *tables)
    assert list(before.table["city"].astype(str)) == list(after.table["city"].astype(str)) == list(CITIES)


def test_names_that_look_otherwise_stay_what_they_are_and_are_not_copied() -> None:
    names = ["north", "North", "NORTH", "St. Gallen", "St Gallen", "ﬁ", "fi", "a-b", "a\u2013b", "Ünal", "Unal"]
    table = pd.DataFrame({"r": pd.Series(names * 10)})
    kinds = find_kinds(table, {})
    assert conform(table, kinds) is table


def test_keys_and_classes_stay_as_they_are_spelled_and_sentences_too() -> None:
    cells = pd.DataFrame({"r": ["a  b", "a b", "c\u00a0d"] * 20})
    assert conform(cells, find_kinds(cells, {}, labels=["r"])) is cells
    lines = pd.DataFrame({"r": [f"this  is line {n} of many" for n in range(200)]})
    kinds = find_kinds(lines, {})
    assert kinds["r"].kind is Kind.TEXT
    assert conform(lines, kinds) is lines


def test_order_is_found_by_how_its_names_look() -> None:
    kind = ColumnKind(kind=Kind.ORDINAL, order=("very low", "middling"), declared=True)
    table = pd.DataFrame({"r": ["very\u00a0low", "middling", "very  low", "high"]})
    assert conform(table, {"r": kind})["r"].tolist() == [0.0, 1.0, 0.0, "high"]


@pytest.mark.parametrize("how", OTHERWISE)
def test_class_is_known_by_how_it_looks_and_keeps_the_name_that_the_champion_knows(how: str) -> None:
    other = OTHERWISE[how]("Genève centre")
    assert ClassCoding.of(labels=[other]).name("Genève centre") == "Genève centre" == form_of(other)
    old = ClassCoding.of(known=[other, "Boston"])
    assert [old.name(each) for each in ("Genève centre", other, "Boston", "Basel")] == [other, other, "Boston", "Basel"]


@pytest.mark.parametrize("how", OTHERWISE)
def test_slices_of_before_are_found_by_how_they_look(how: str) -> None:
    rule = SliceRule.cut(np.array([OTHERWISE[how](city) for city in CITIES], dtype=object))
    assert (rule.assign(np.array([*CITIES, None], dtype=object))[:-1] >= 0).all()


@pytest.mark.parametrize("later", ["as known", "as they look"])
def test_champion_of_before_goes_on_getting_the_spelling_that_it_knows(
    tmp_path: Path, records_uri: str, later: str
) -> None:
    cities = ["New\u00a0York" if city == "New York" else unicodedata.normalize("NFD", city) for city in CITIES]
    effect = pd.Series(CITIES).map({"New York": 9.0, "Zürich": -9.0, "Genève centre": 0.0, "Boston": 4.0})
    rows = ROWS.assign(city=cities, y=ROWS["y"] + effect)
    shop = Shop(tmp_path, slices=["city"])
    rows.to_csv(shop.file, index=False)

    def as_before(*given: Any, **asked: Any) -> Any:
        """The rows as they were read when names were not brought together: each as it is spelled."""
        tables = read_tables(*given, **asked)
        spelled = dict(zip(CITIES, cities, strict=True))
        kinds = {name: replace(kind, spellings=()) for name, kind in tables.kinds.items()}
        told = {
            name: table.assign(city=table["city"].map(spelled))
            for name in ("reference", "recent", "history") if (table := getattr(tables, name)) is not None
        }  # fmt: skip
        return replace(tables, kinds=kinds, **told)

    store = PostgresStore(partial(psycopg.connect, records_uri))
    shop.place = replace(shop.place, store=store, read=as_before)
    shop.run("2026-01-31")
    reference = store.reference("m", 1)
    assert reference is not None
    assert set(reference.kinds["city"].spellings or ()) == set(cities)
    shop.place = replace(shop.place, read=read_tables)
    if later == "as they look":
        rows.assign(city=[*cities[:720], *CITIES[720:]]).to_csv(shop.file, index=False)
    analysis, decision, _ = shop.run("2026-02-10")
    assert not decision.triggered
    assert not [each for each in analysis.signals if each.changed]
    [rmse] = [each.value for each in analysis.measurements if each.metric == "rmse"]
    assert rmse < 1.0


@given(st.text(max_size=12))
def test_plain_name_is_its_own_plain_name(name: str) -> None:
    plain = plain_name(name)
    assert plain_name(plain) == plain == plain.strip()
    assert plain_name(name.replace(" ", "\u00a0")) == plain
    assert plain_name(unicodedata.normalize("NFD", name)) == plain
