"""Whatever is in a model file is that file's mistake, found in bounded time and memory, and hides no other model."""

from __future__ import annotations

import os
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.errors import ConfigurationError
from include.registry.loader import load_model, load_model_file, models_to_check
from include.registry.spec import RESERVED, ModelSpec
from include.registry.yaml_text import MOST_BYTES
from include.workflow.batches import label_of
from tests.sweeps import each_nth

GOOD = """task: regression
source: {kind: sample, name: demand}
timestamp: observed_at
target: demand
reference: {start: 2026-01-01, end: 2026-02-01}
metric: rmse
"""
_LAUGHS = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
FILES: dict[str, str] = {
    "a date that ends after the calendar": GOOD.replace("2026-02-01", "9999-12-31T23:59:59-05:00"),
    "a date that begins before it": GOOD.replace("2026-01-01", "0001-01-01T00:00:00+05:00"),
    "a date as text beyond it": GOOD.replace("2026-02-01", "'9999-12-31T23:59:59-05:00'"),
    "a bound beyond it": GOOD + "range: {x: [null, 9999-12-31T23:59:59-05:00]}\n",
    "a list for a type": GOOD + "model_type: [lstm]\ntraining: {strategy: model_type}\n",
    "a mapping for a type": GOOD + "model_type: {a: b}\ntraining: {strategy: model_type}\n",
    "a list for a metric": GOOD.replace("rmse", "[rmse]"),
    "a list for a kind": GOOD.replace("kind: sample", "kind: [sample]"),
    "a list for a task": GOOD.replace("task: regression", "task: [regression]"),
    "a number for every section": GOOD + "gate: 3\npolicy: 3\nprobation: 3\napproval: 3\ntraining: 3\n",
    "a list for every mapping": GOOD + "performance: [a]\ncolumns: [a]\nrange: [a]\nmeasures: [a]\nclasses: [a]\n",
    "keys that are no text": "? [a, b]\n: 1\n" + GOOD + "1: 2\nnull: 3\n",
    "a tag that names another type": GOOD + "description: !!timestamp soon\n",
    "a truth value that is none": GOOD + "enabled: !!bool perhaps\n",
    "a number of nothing": GOOD + "minimum_rows: !!int ''\n",
    "a Python object": GOOD + "description: !!python/object/apply:os.system [ls]\n",
    "billions of laughs": "a0: &a0 ha\n" + _LAUGHS + GOOD,
    "a billion of columns": "x: &a0 [a, b]\n" + _LAUGHS + GOOD + "features: *a11\n",
    "an alias of itself": GOOD + "tags: &a [*a]\n",
    "a key that is an alias of itself": GOOD + "tags: &a {? *a : 1}\n",
    "merges of merges": "a0: &a0 {k: 1}\n"
    + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)) + GOOD,
    "lists in lists": GOOD + "tags: " + "[" * 20_000 + "]" * 20_000 + "\n",
    "mappings in mappings": GOOD + "policy: " + "{a: " * 500 + "1" + "}" * 500 + "\n",
    "triggers in triggers": GOOD + "policy: {when: " + "{any: [" * 2_000 + "]}" * 2_000 + "}\n",
    "a number of many digits": GOOD + f"minimum_rows: {'9' * 20_000}\n",
    "a number to the base of 60": GOOD + f"minimum_rows: 1{':1' * 20_000}\n",
    "a number in hexadecimal": GOOD + f"minimum_rows: 0x{'f' * 20_000}\n",
    "an infinite number": GOOD + "minimum_rows: .inf\n",
    "thousands of unknown fields": GOOD + "".join(f"targe{n}: 1\n" for n in range(8_000)),
    "thousands of equal features": GOOD + f"features: [{'a,' * 40_000}]\n",
    "thousands of wrong tags": GOOD + f"tags: [{'[],' * 20_000}]\n",
    "a file as long as a book": GOOD + "# " + "x" * MOST_BYTES + "\n",
    "nothing": "",
    "two documents": GOOD + "---\n" + GOOD,
    "a set, whose order is another one each time": GOOD + "features: !!set {a, b, c}\n",
    "bytes": GOOD + "training: {hyperparameters: {key: !!binary /w==}}\n",
    "pairs": GOOD + "training: {hyperparameters: {grid: !!pairs [a: 1, a: 2]}}\n",
    "a path that a template left empty": GOOD.replace("{kind: sample, name: demand}", "{kind: csv, path: ''}"),
    "a word that ends before it ends": GOOD + 'training: {script: {command: [train, "a\\0b"]}}\n',
    "half of a character": GOOD + 'training: {script: {command: [train], predict_command: [a, "\\ud800"]}}\n',
    "lists in a line": GOOD + "tags:\n" + "- " * 100_000 + "a\n",
    "no text": "\x00\x01",
}  # fmt: skip


@pytest.mark.parametrize("name", each_nth(FILES, 2))
def test_one_bad_file_is_its_own_mistake_within_seconds_and_hides_no_other(tmp_path: Path, name: str) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(FILES[name])
    began = time.process_time()
    assert list(models_to_check(tmp_path, [])) == ["bad", "good"]
    with pytest.raises(ConfigurationError) as caught:
        load_model(tmp_path, "bad")
    assert time.process_time() - began < 20
    assert "bad.yaml" in str(caught.value)
    assert len(str(caught.value)) < 20_000


def test_a_bomb_takes_little_memory(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(FILES["a billion of columns"])
    tracemalloc.start()
    list(models_to_check(tmp_path, []))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 << 20


def test_a_name_that_is_said_twice_by_an_alias_is_fine(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD + "features: &inputs [price, hour]\nslices: *inputs\n")
    assert load_model(tmp_path, "good").slices == ["price", "hour"]


def test_fields_that_are_merged_in_give_way_to_those_beside_them_and_none_is_given_twice(tmp_path: Path) -> None:
    file = tmp_path / "good.yaml"
    shared = GOOD.replace("reference: {start: 2026-01-01, ", "reference: {<<: {start: 2026-01-01, end: 2025-01-01}, ")
    file.write_text(shared)
    assert load_model(tmp_path, "good") == load_model_file(file)
    assert load_model(tmp_path, "good").reference.end.year == 2026  # type: ignore[union-attr]  # it has one
    deep = "gate: {floors: &deep {<<: &most {rmse: 9}, rmse: 8}}\nperformance: {<<: *deep, mae: 7, rmse: 1}\n"
    file.write_text((GOOD + deep).replace("metric: rmse", "metric: r2"))
    assert load_model(tmp_path, "good").performance == {"rmse": 1.0, "mae": 7.0}
    assert load_model(tmp_path, "good").gate.floors == {"rmse": 8.0}
    file.write_text(shared.replace("metric: rmse", "metric: rmse\nmetric: mae"))
    with pytest.raises(ConfigurationError, match="given twice: metric"):
        load_model(tmp_path, "good")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "bad.yaml")
    (tmp_path / "good.yaml").write_text(GOOD)
    assert list(models_to_check(tmp_path, [])) == ["bad", "good"]
    with pytest.raises(ConfigurationError, match=r"bad\.yaml: cannot be read"):
        load_model(tmp_path, "bad")


@pytest.mark.parametrize("name", [b"gr\xf6sse", b"\xff\xfe", "größe".encode(), b"a\nb", b"x" * 250, b"{{ 1 }}"])
def test_a_file_of_any_name_hides_no_other_and_is_told_to_be_renamed(tmp_path: Path, name: bytes) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name + b".yaml")).write_text(GOOD)
    [bad] = models_to_check(tmp_path, []).keys() - {"good"}
    assert bad == name.decode(errors="backslashreplace")
    with pytest.raises(ConfigurationError, match="rename the file") as caught:
        load_model(tmp_path, bad)
    assert str(caught.value).encode(), "nothing can take it: JSON, Postgres, a terminal"
    assert len(label_of([bad, *(f"m{number}" for number in range(24))])) <= 250, "Airflow takes no more"


def test_what_no_field_foresaw_is_a_mistake_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(ModelSpec, "in_environment", fails)
    (tmp_path / "bad.yaml").write_text(GOOD)
    assert list(models_to_check(tmp_path, [])) == ["bad"]
    with pytest.raises(ConfigurationError, match="ZeroDivisionError: by nothing"):
        load_model(tmp_path, "bad")


@pytest.mark.parametrize("wanted", [[], ["demand"], ["demand", "demand", "good"]])
def test_two_files_of_one_name_are_one_model_that_is_refused_by_both_names(tmp_path: Path, wanted: list[str]) -> None:
    for name in ("demand.yaml", "demand.yml", "good.yml"):
        (tmp_path / name).write_text(GOOD)
    assert list(models_to_check(tmp_path, wanted)).count("demand") == 1
    for file in ("demand.yaml", "demand.yml"):
        with pytest.raises(ConfigurationError, match=r"demand\.yaml and demand\.yml|demand\.yml and demand\.yaml"):
            load_model_file(tmp_path / file)
    assert load_model(tmp_path, "good").name == "good"


@pytest.mark.parametrize("ending", ["YAML", "YML", "Yaml", "Yml"])
def test_endings_in_capitals_are_those_of_model_files(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"demand.{ending}").write_text(GOOD)
    assert list(models_to_check(tmp_path, [])) == ["demand"]
    assert load_model(tmp_path, "demand").name == "demand"
    (tmp_path / "demand.yaml").write_text(GOOD)
    for file in ("demand.yaml", f"demand.{ending}"):
        with pytest.raises(ConfigurationError, match="are both of the model demand"):
            load_model_file(tmp_path / file)


@pytest.mark.parametrize("name", [*RESERVED, "demand.yaml", "demand.yml"])
def test_a_name_that_means_something_else_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.yaml").write_text(GOOD)
    with pytest.raises(ConfigurationError, match=r"field name: found .* it is reserved"):
        load_model(tmp_path, name)
    assert list(models_to_check(tmp_path, [])) == [name]


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.datetimes().map(str)
_VALUES = st.recursive(_LEAVES, lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part))


@given(st.sampled_from(sorted(ModelSpec.model_fields)), _VALUES)
@settings(max_examples=100, deadline=None)
def test_any_value_of_any_field_is_taken_or_refused(
    tmp_path_factory: pytest.TempPathFactory, field: str, value: object
) -> None:
    import yaml

    fields = yaml.safe_load(GOOD) | {field: value}
    file = tmp_path_factory.mktemp("models") / "any.yaml"
    file.write_text(yaml.safe_dump(fields, allow_unicode=False))
    assert _understood(file)


def _understood(file: Path) -> bool:
    """Whether the file is taken, or refused by somebody who foresaw what it holds."""
    try:
        return load_model_file(file).name == "any"
    except ConfigurationError as error:
        return "cannot be understood" not in str(error)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (GOOD.replace("2026-02-01", "2026-02-30"), r"'2026-02-30' is none of its type.*line 5, column"),
        (GOOD + "window: 2026-01-01T00:00:00+25:00\n", r"line 7, column 9"),
        (GOOD + "minimum_rows: !!int many\n", r"'many' is none of its type.*line 7"),
        ((GOOD + "description: Z\u00fcrich\n").encode("cp1252"), "line 7 is not UTF-8; save the model file as UTF-8"),
        (GOOD.encode("utf-16"), "line 1 is not UTF-8; save"),
    ],
)
def test_a_mistake_of_a_value_is_told_with_its_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    (tmp_path / "bad.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigurationError, match=rf"(?s)bad\.yaml.*{said}"):
        load_model(tmp_path, "bad")


def test_a_mark_that_windows_writes_before_text_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_bytes(GOOD.encode("utf-8-sig"))
    assert load_model(tmp_path, "good").name == "good"


@pytest.mark.parametrize(
    "fields",
    [
        "source: {kind: sql, connection: 'postgresql://me:hunter2@h/db', query: select 1}\n",
        "source: {kind: csv, path: a.csv, connection: 'AK:hunter2'}\n", "notify: {services: ['slack://hunter2/x']}\n",
        "training: {script: {command: [a], environment: ['API_KEY=hunter2']}}\n",
        "source: {kind: csv, path: 's3://AK:hunter2@bucket/x.csv'}\n",
    ],
)  # fmt: skip
def test_what_may_be_a_secret_is_not_repeated(tmp_path: Path, fields: str) -> None:
    kept = GOOD.replace("source: {kind: sample, name: demand}\n", "") if "source" in fields else GOOD
    (tmp_path / "bad.yaml").write_text(kept + fields)
    with pytest.raises(ConfigurationError) as caught:
        load_model(tmp_path, "bad")
    assert "hunter2" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="whoever may do everything may read every folder")
def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0)
    with pytest.raises(ConfigurationError, match=r"RETRAINING_MODELS_DIR.*cannot be read.*let this user read it"):
        models_to_check(tmp_path, [])
