"""JSON as the records keep it: nothing is lost, and Postgres can read all of it."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.records.json_values import clean_json, exact_json, read_exact, read_json, write_json
from tests.records.examples import NOW, hostile_reference, make_outcome, open_event, postgres_store

TEXT = st.text(st.one_of(st.characters(), st.sampled_from('\x00\ud800\udfff\u241b\\u0123456789abcdef"')))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)


@settings(deadline=None, max_examples=300)
@given(VALUES)
def test_whatever_is_written_is_read(value: Any) -> None:
    text = write_json(value)
    assert read_json(text) == value
    text.encode("ascii")
    json.dumps(json.loads(text), ensure_ascii=False).encode()  # nothing left that UTF-8 cannot hold
    assert "\x00" not in json.dumps(json.loads(text), ensure_ascii=False)
    assert chr(0) not in "".join(_texts(json.loads(text)))


@settings(deadline=None)
@given(VALUES)
def test_what_is_held_against_rows_again_is_as_it_was(value: Any) -> None:
    kept = exact_json(value)
    assert read_exact(json.loads(json.dumps(kept))) == json.loads(json.dumps(value))
    assert not {"\x00", "\ud800"} & set("".join(_texts(kept)))


NAMES = st.sampled_from(["password=a", "password=b", "password=*** (2)", "token: a", "x"])


@given(st.dictionaries(NAMES, st.integers()))
def test_no_value_is_lost_though_a_blot_makes_names_alike(value: dict[str, int]) -> None:
    assert sorted(clean_json(value).values()) == sorted(value.values())


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.items() for part in item for text in _texts(part)]
    return [text for item in value for text in _texts(item)] if isinstance(value, list) else []


def test_json_of_before_reads_as_it_did() -> None:
    assert read_json('{"a": ["b", 1.5, null, "\\u0000"]}') == {"a": ["b", 1.5, None, "\x00"]}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_number_that_is_not_finite_is_no_json(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json({"a": value})


def test_two_names_that_look_alike_when_written_stay_two() -> None:
    names = {"\x00": 1, "\u241b0000": 2, "\u241b241b0000": 3}
    assert read_json(write_json(names)) == names
    assert len(json.loads(write_json(names))) == 3


def test_postgres_can_read_every_profile(records_uri: str) -> None:
    made = postgres_store(records_uri)
    with made.claim(open_event(made).id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        claim.finish(make_outcome(reference=hostile_reference()), at=NOW)
    with psycopg.connect(records_uri) as connection:
        [(text, names)] = connection.execute(
            "SELECT profile::jsonb #>> '{}', (SELECT array_agg(key) FROM json_each_text("
            "profile -> 'profile' -> 'columns')) FROM reference_profiles"
        ).fetchall()
        assert "city" in text
        assert len(names) == 2
        with pytest.raises(psycopg.DataError):
            connection.execute("""UPDATE reference_profiles SET profile = '{"a": "\\u0000"}'""")
