"""Numbers that switch a limit off, and bare words that YAML makes something else of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from include.errors import ConfigurationError
from include.registry.loader import load_model_file
from include.registry.spec import ModelSpec

BASE = """
task: regression
source: {kind: csv, path: d.csv}
timestamp: at
target: y
metric: rmse
reference: {start: 2026-01-01, end: 2026-06-01}
"""


def numbers(section: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where a model file may hold a floating point number, alone or by name."""
    for name, field in section.model_fields.items():
        yield from _inside(field.annotation, (*path, name))


def _inside(kind: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if kind is float:
        yield path
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from numbers(kind, path) if path[-1] not in ("environments", "source") else ()
    elif get_origin(kind) is dict:
        yield from _inside(get_args(kind)[1], (*path, "psi" if "drift_thresholds" in path else "rmse"))
    elif get_origin(kind) not in (list, tuple):
        for part in get_args(kind):
            yield from _inside(part, path)


PLACES = sorted(set(numbers(ModelSpec)) - {("training", "hyperparameters", "rmse")})


def refused(folder: Path, text: str) -> str:
    file = folder / "m.yaml"
    file.write_text(BASE + text)
    with pytest.raises(ConfigurationError) as error:
        load_model_file(file)
    return str(error.value)


@pytest.mark.parametrize("value", [".inf", "-.inf", ".nan", "1e999"])
@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_number_that_is_not_finite_is_refused_in_every_field(
    tmp_path: Path, place: tuple[str, ...], value: str
) -> None:
    text = value if value != "1e999" else "1.0e+999"
    for name in reversed(place):
        text = f"{{{name}: {text}}}"
    said = refused(tmp_path, text[1:-1])
    assert "finite number" in said
    assert place[0] in said


def test_all_numbers_of_policy_and_gate_are_among_these() -> None:
    assert {("policy", "performance_threshold"), ("gate", "floors", "rmse"), ("gate", "minimum_gain")} <= set(PLACES)
    assert len(PLACES) >= 15


@pytest.mark.parametrize("tree", ["{probe: {name: size_mib, above: .inf}}", "{performance: {threshold: .nan}}"])
def test_number_that_is_not_finite_is_refused_in_a_tree_of_triggers(tmp_path: Path, tree: str) -> None:
    assert "policy.when" in refused(tmp_path, f"policy: {{when: {tree}}}")


@pytest.mark.parametrize(("word", "part"), [("no", "'no'"), ("on", "quote it"), ("true", "quote it"),
                                            ("null", "'null'"), ("~", "'null'"), (".nan", "'nan'")])  # fmt: skip
def test_bare_word_that_is_to_stand_for_an_empty_cell_is_refused_with_what_to_write(
    tmp_path: Path, word: str, part: str
) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(BASE.replace("path: d.csv", f"path: d.csv, missing: [{word}]"))
    with pytest.raises(ConfigurationError, match=r"field source.csv.missing.0: .*quote it") as error:
        load_model_file(file)
    assert part in str(error.value)


@pytest.mark.parametrize("field", ["slices: [no]", "key: [on]", "features: [yes]", "columns: {size: [no, maybe]}",
                                   "weight: no", "range: {no: [0, 1]}"])  # fmt: skip
def test_bare_truth_value_in_place_of_a_name_is_told_to_be_quoted(tmp_path: Path, field: str) -> None:
    assert "quote it" in refused(tmp_path, field)


def test_what_people_write_for_an_empty_cell_is_taken_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(BASE.replace("path: d.csv", "path: d.csv, missing: [-999, 'no', 0, 9999-12-31, unknown, 1.5]"))
    assert load_model_file(file).source.missing == yaml.safe_load("[-999, 'no', 0, 9999-12-31, unknown, 1.5]")
