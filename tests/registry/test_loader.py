from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from include.decision.policy.presets import PRESETS
from include.errors import ConfigurationError
from include.registry.loader import config_hash, load_model, load_model_file, models_to_check
from include.registry.model_files import list_model_files
from include.registry.source import SOURCES

TIMED = """
task: regression
source: {kind: csv, path: sales.csv}
timestamp: at
target: sales
reference: {start: 2026-01-01, end: 2026-02-01}
metric: rmse
"""
PAIR = """
task: classification
source: {kind: csv, reference_path: old.csv, recent_path: new.csv}
target: species
metric: accuracy
"""

MISTAKES = {
    "broken YAML": ("task: [regression\n", ["not valid YAML", "line 1"]),
    "a tab": ("task: regression\n\ttarget: x\n", ["not valid YAML", "line 2"]),
    "a Jinja template": ("task: {{ task }}\n", ["not valid YAML"]),
    "an empty file": ("", ["holds fields and their values", "found NoneType"]),
    "a list": ("- task\n", ["holds fields and their values", "found list"]),
    "a word": ("regression\n", ["holds fields and their values", "found str"]),
    "an encoding of bytes": (TIMED.replace("csv, p", "csv, encoding: rot13, p"), ["csv.encoding", "cp1252"]),
    "a separator that is no ASCII": (TIMED.replace("csv, p", "csv, delimiter: €, p"), ["csv.delimiter", "ASCII"]),
    "a quote that is no ASCII": (TIMED.replace("csv, p", "csv, quote: «, p"), ["csv.quote", "ASCII"]),
    "a path with NUL": (TIMED.replace("sales.csv", '"sa\\0les.csv"'), ["csv.path", "NUL"]),
    "a path that is too long": (TIMED.replace("sales.csv", f"{'s' * 256}.csv"), ["csv.path", "255 bytes"]),
    "an unknown field": (TIMED + "windw: 28d\n", ["unknown field windw", "did you mean 'window'", "allowed: desc"]),
    "an unknown field without a likeness": (TIMED + "zzz: 1\n", ["unknown field zzz", "allowed: description"]),
    "a field that is a number": (TIMED + "1: x\n", ["field 1"]),
    "an unknown nested field": (TIMED + "gate: {levl: 0.1}\n", ["gate.levl", "did you mean 'level'", "holdout_share"]),
    "an unknown policy field": (TIMED + "policy: {cooldwn: 3d}\n", ["policy.cooldwn", "did you mean 'cooldown'"]),
    "an unknown fixed statistic": (TIMED + "policy: {drift_thresholds: {pis: 0.2}}\n", ["drift_thresholds", "'psi'"]),
    "a fixed threshold of none": (TIMED + "policy: {drift_thresholds: {psi: 0}}\n", ["drift_thresholds.psi", "0"]),
    "a measure without a module": (TIMED + "measures: {m: brightness}\n", ["field measures.m", "'brightness'"]),
    "an unknown source field": (TIMED.replace("path:", "pth:"), ["pth", "did you mean 'path'", "recent_path"]),
    "a missing field": (TIMED.replace("target: sales\n", ""), ["field target is missing"]),
    "several missing fields": ("task: regression\n", ["source is missing", "target is missing", "metric is missing"]),
    "a wrong type": (TIMED + "minimum_rows: many\n", ["field minimum_rows", "found 'many'", "valid integer"]),
    "a wrong nested type": (TIMED + "gate: {level: high}\n", ["field gate.level", "found 'high'", "valid number"]),
    "a number out of range": (TIMED + "minimum_rows: 3\n", ["field minimum_rows", "found 3", "equal to 10"]),
    "a level out of range": (TIMED + "gate: {level: 0.7}\n", ["field gate.level", "found 0.7", "less than 0.5"]),
    "a section without content": (TIMED + "gate:\n", ["field gate", "found None"]),
    "an unknown task": (TIMED.replace("regression", "ranking"), ["field task", "'ranking'", "'classification'"]),
    "an unknown metric": (TIMED.replace("rmse", "rsme"), ["field metric", "'rsme'", "known: rmse, mae, r2, mape"]),
    "a metric of the other task": (TIMED.replace("rmse", "accuracy"), ["metric", "'accuracy'", "rmse, mae, r2"]),
    "an unknown metric in floors": (TIMED + "gate: {floors: {rsme: 3}}\n", ["gate.floors", "'rsme'", "known: rmse"]),
    "an unknown kind of source": (TIMED.replace("kind: csv", "kind: excel"), ["source.kind", "'excel'", "parquet"]),
    "a source without a kind": (TIMED.replace("kind: csv, ", ""), ["source.kind is missing", *SOURCES]),
    "a source that is a path": (TIMED.replace("{kind: csv, path: sales.csv}", "a.csv"), ["field source", "'a.csv'"]),
    "a source without a path": (TIMED.replace(", path: sales.csv", ""), ["field source", "`path`", "`recent_path`"]),
    "a source with a path and a pair": (PAIR.replace("csv, ref", "csv, path: a.csv, ref"), ["source", "`path`"]),
    "a source with half a pair": (PAIR.replace(", recent_path: new.csv", ""), ["field source", "`recent_path`"]),
    "an unknown sample": (
        TIMED.replace("kind: csv, path: sales.csv", "kind: sample, name: wine"), ["source", "'wine'", "'iris'"]
    ),
    "a bad duration": (TIMED + "window: 4 weeks\n", ["field window", "found '4 weeks'", "for example 28d"]),
    "a duration without a unit": (TIMED + "window: 28\n", ["field window", "found 28", "for example 28d"]),
    "a negative duration": (TIMED + "label_delay: -3d\n", ["field label_delay", "found '-3d'"]),
    "a duration without end": (TIMED + "window: 99999999999w\n", ["field window", "99999999999w"]),
    "an impossible date": (TIMED.replace("2026-02-01", "2026-02-30"), ["day is out of range"]),
    "a date that is none": (TIMED.replace("2026-02-01", "soon"), ["field reference.end", "found 'soon'"]),
    "a year for a date": (TIMED.replace("2026-01-01", "2026"), ["field reference.start", "found 2026"]),
    "a reference that ends first": (TIMED.replace("2026-01-01", "2027-01-01"), ["reference", "start", "end"]),
    "one table without a timestamp": (TIMED.replace("timestamp: at\n", ""), ["`timestamp`", "`reference`"]),
    "one table without a reference": (
        TIMED.replace("reference: {start: 2026-01-01, end: 2026-02-01}\n", ""), ["`timestamp`", "`reference`"]
    ),
    "a pair with a timestamp": (PAIR + "timestamp: at\n", ["pair", "no use for `timestamp`"]),
    "a feature that is the target": (TIMED + "features: [price, sales]\n", ["features", "target", "sales"]),
    "a feature that is the timestamp": (TIMED + "features: [price, at]\n", ["features", "timestamp", "at"]),
    "a feature that comes twice": (TIMED + "features: [hour, hour]\n", ["field features", "once", "twice: hour"]),
    "a slice that comes twice": (TIMED + "slices: [shop, shop]\n", ["field slices", "once", "twice: shop"]),
    "a target that is the timestamp": (TIMED.replace("target: sales", "target: at"), ["timestamp: 'at'", "the target"]),
    "a prediction that is the target": (TIMED + "prediction: sales\n", ["prediction: 'sales'", "the target already"]),
    "labels that come after the window": (
        TIMED + "label_delay: 4w\nwindow: 28d\n", ["label_delay", "shorter than `window`", "found 4w"]
    ),
    "a horizon of nothing": (TIMED + "policy: {horizon: 0d}\n", ["field policy.horizon", "found '0d'", "28d"]),
    "no features": (TIMED + "features: []\n", ["field features", "at least 1"]),
    "a name": (TIMED + "name: sales\n", ["field name", "the file's name is the model's name"]),
    "a key that comes twice": (TIMED + "metric: mae\n", ["metric"]),
    "an unknown preset": (TIMED + "policy: {preset: brave}\n", ["policy.preset", "'brave'", "'aggressive'"]),
    "an unknown estimator": (TIMED + "training: {estimator: xgb}\n", ["training.estimator", "'xgb'", "'linear'"]),
}  # fmt: skip


def model_file(folder: Path, text: str, name: str = "model") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("text", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_answered_with_file_field_found_and_allowed(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    path = model_file(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        load_model_file(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert not [part for part in expected if part not in message], message
    assert "errors.pydantic.dev" not in message


def test_all_mistakes_of_a_file_are_listed_at_once(tmp_path: Path) -> None:
    path = model_file(tmp_path, TIMED + "windw: 3d\nminimum_rows: 1\ngate: {levl: 1}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_model_file(path)
    assert len(caught.value.problems) == 3


def test_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_bytes(b"description: \xff\xfe\n")
    with pytest.raises(ConfigurationError, match=r"model\.yaml: line 1 is not UTF-8; save"):
        load_model_file(path)


def test_name_that_would_be_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"Sales 1\.yaml.*name"):
        load_model_file(model_file(tmp_path, TIMED, "Sales 1"))


@pytest.mark.parametrize("text", [TIMED, PAIR])
def test_smallest_model_files_are_enough(tmp_path: Path, text: str) -> None:
    spec = load_model_file(model_file(tmp_path, text, "sales"))
    assert spec.name == "sales"
    assert spec.enabled
    assert spec.settings() == PRESETS["balanced"]


def test_times_without_a_zone_are_utc_and_others_are_converted(tmp_path: Path) -> None:
    text = TIMED.replace("2026-01-01", "2026-01-01T00:00:00").replace("2026-02-01", "2026-02-01T02:00:00+02:00")
    reference = load_model_file(model_file(tmp_path, text)).reference
    assert reference is not None
    assert (reference.start, reference.end) == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


def test_own_policy_settings_go_before_a_preset_and_a_runs_preset_before_the_files(tmp_path: Path) -> None:
    text = TIMED + "policy: {preset: conservative, cooldown: 3d}\n"
    spec = load_model_file(model_file(tmp_path, text))
    assert spec.settings() == PRESETS["conservative"].replace(cooldown=timedelta(days=3))
    assert spec.settings("aggressive") == PRESETS["aggressive"].replace(cooldown=timedelta(days=3))


def test_budget_of_false_retrains_becomes_levels_and_a_level_of_ones_own_goes_before_it(tmp_path: Path) -> None:
    short = TIMED + "window: 6h\n"
    twice = load_model_file(model_file(tmp_path, short + "policy: {false_retrains_per_quarter: 2}\n")).settings()
    assert twice.performance_level == twice.drift_level == pytest.approx(2 / 360 / 2)
    own = load_model_file(model_file(tmp_path, short + "policy: {drift_level: 0.05}\n")).settings()
    assert (own.performance_level, own.drift_level) == (pytest.approx(1 / 360 / 2), 0.05)


def test_fixed_thresholds_and_measures_are_read(tmp_path: Path) -> None:
    extra = "policy: {drift_thresholds: {psi: 0.25, p_value: 0.01}}\nmeasures: {brightness: 'shop.photos:brightness'}\n"
    spec = load_model_file(model_file(tmp_path, TIMED + extra))
    assert spec.settings().drift_thresholds == {"psi": 0.25, "p_value": 0.01}
    assert spec.settings(preset="aggressive").drift_thresholds == {"psi": 0.25, "p_value": 0.01}
    assert spec.measures == {"brightness": "shop.photos:brightness"}
    assert load_model_file(model_file(tmp_path, TIMED)).settings().drift_thresholds == {}


def test_hash_is_of_the_settings_not_of_the_text(tmp_path: Path) -> None:
    spec = load_model_file(model_file(tmp_path, TIMED))
    assert config_hash(load_model_file(model_file(tmp_path, "# why\n" + TIMED + "window: 4w\n"))) == config_hash(spec)
    assert config_hash(load_model_file(model_file(tmp_path, TIMED + "window: 27d\n"))) != config_hash(spec)


def test_unknown_model_is_answered_with_those_that_are_known(tmp_path: Path) -> None:
    model_file(tmp_path, TIMED, "sales")
    for ask in (lambda: load_model(tmp_path, "sale"), lambda: list(models_to_check(tmp_path, ["sale"]))):
        with pytest.raises(ConfigurationError, match=r"no model 'sale'; did you mean 'sales'\?; known: sales"):
            ask()


def test_missing_folder_is_named_with_its_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"RETRAINING_MODELS_DIR.*nowhere is not a folder"):
        list_model_files(tmp_path / "nowhere")


def test_disabled_models_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    model_file(tmp_path, TIMED, "a")
    model_file(tmp_path, TIMED + "enabled: false\n", "b")
    assert list(models_to_check(tmp_path, [])) == ["a"]
    assert list(models_to_check(tmp_path, ["b", "a", "b"])) == ["b", "a"]


def test_models_come_by_priority_and_then_as_asked_for(tmp_path: Path) -> None:
    for name, priority in {"a": 0, "b": 5, "c": -1, "d": 5}.items():
        model_file(tmp_path, TIMED + f"priority: {priority}\n", name)
    model_file(tmp_path, "nonsense", "broken")
    assert list(models_to_check(tmp_path, [])) == ["b", "d", "a", "broken", "c"]
    assert list(models_to_check(tmp_path, ["c", "a", "d", "b"])) == ["d", "b", "a", "c"]


@pytest.mark.parametrize("text", [text for text, _ in MISTAKES.values()], ids=MISTAKES.keys())
def test_file_with_a_mistake_is_checked_so_that_its_error_shows(tmp_path: Path, text: str) -> None:
    model_file(tmp_path, TIMED, "healthy")
    model_file(tmp_path, text, "sick")
    assert list(models_to_check(tmp_path, [])) == ["healthy", "sick"]
