"""init, validate and explain: from rows as they are to a model that can run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.cli.__main__ import main
from include.registry.loader import load_model_file
from include.registry.spec import ModelSpec


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment of its own: models and data in a temporary folder."""
    for name, variable in (("models", "RETRAINING_MODELS_DIR"), ("data", "RETRAINING_DATA_DIR")):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / name))
    monkeypatch.setenv("COLUMNS", "200")  # so that no cell of a table is broken
    return tmp_path


def rentals(rows: int = 2400) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({
        "observed_at": pd.date_range("2025-01-01", periods=rows, freq="6h"), "temperature": rng.normal(15, 8, rows),
        "wind": rng.gamma(2.0, 2.0, rows), "weather": rng.choice(["clear", "rain", "snow"], rows),
    })  # fmt: skip
    rain = table["weather"].eq("rain")
    table["rentals"] = 100.0 + 3.0 * table["temperature"] - 20.0 * rain + rng.normal(0, 4, rows)
    return table


def init(*arguments: object) -> int:
    return main(["init", *map(str, arguments)])


def made(folders: Path, name: str) -> ModelSpec:
    return load_model_file(folders / "models" / f"{name}.yaml")


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


def written(folders: Path, table: pd.DataFrame, **how: Any) -> Path:
    path = folders / "data" / "rentals.csv"
    table.to_csv(path, index=False, **how)
    return path


def test_init_writes_a_file_that_validate_finds_nothing_wrong_with(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init("--data", written(folders, rentals()), "--target", "rentals") == 0
    spec = made(folders, "rentals")
    assert (spec.task, spec.metric, spec.timestamp) == ("regression", "rmse", "observed_at")
    assert spec.features == ["temperature", "wind", "weather"]
    assert spec.source.place == "rentals.csv"  # from the folder of data
    assert "temperature number feature numbers" in told(capsys)
    assert main(["validate", "rentals"]) == 0
    said = told(capsys)
    for words in ("2,400", "100% labelled", "proven better than a constant", "rentals can run", "A check took"):
        assert words in said


@pytest.mark.parametrize(
    "how",
    [{"sep": ";", "decimal": ","}, {"sep": "\t"}, {"encoding": "utf-16"}, {"date_format": "%d.%m.%Y %H:%M"}],
    ids=["european", "tabs", "utf-16", "german dates"],
)
def test_file_of_another_country_gives_the_same_model(folders: Path, how: dict[str, Any]) -> None:
    assert init("--data", written(folders, rentals(), **how), "--target", "rentals") == 0
    spec = made(folders, "rentals")
    assert spec.features == ["temperature", "wind", "weather"]
    assert spec.reference is not None
    assert f"{spec.reference.start:%Y-%m-%d}" == "2025-01-01"


def test_date_and_time_of_day_in_two_columns_are_joined(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = rentals()
    when = table.pop("observed_at")
    table.insert(0, "Date", when.dt.strftime("%d/%m/%Y"))
    table.insert(1, "Time", when.dt.strftime("%H.%M.%S"))
    assert init("--data", written(folders, table, sep=";", decimal=","), "--target", "rentals") == 0
    spec = made(folders, "rentals")
    assert spec.source.timestamp.columns == ["Date", "Time"]
    assert not {"Date", "Time"} & set(spec.features or ())
    capsys.readouterr()
    assert main(["validate", "rentals"]) == 0


def test_hour_that_is_joined_to_a_date_stays_an_input(folders: Path) -> None:
    table = rentals()
    when = table.pop("observed_at")
    table = table.assign(day=when.dt.strftime("%Y-%m-%d"), hour=when.dt.hour)
    assert init("--data", written(folders, table), "--target", "rentals") == 0
    spec = made(folders, "rentals")
    assert spec.source.timestamp.columns == ["day", "hour"]
    assert "hour" in (spec.features or ())


def test_identifiers_text_and_row_numbers_are_told_and_left_out(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = rentals()
    rng = np.random.default_rng(1)
    table.insert(0, "row", range(len(table)))
    table["customer"] = [f"c{number}" for number in rng.integers(0, 10**9, len(table))]
    table["note"] = [f"this is note number {number}" for number in range(len(table))]
    table["zip"] = rng.choice(["01234", "08001"], len(table))
    assert init("--data", written(folders, table), "--target", "rentals") == 0
    spec = made(folders, "rentals")
    assert spec.features == ["temperature", "wind", "weather", "zip"]
    assert {name: spec.columns[name] for name in ("row", "customer", "note")} == {
        "row": "calendar", "customer": "identifier", "note": "text"
    }  # fmt: skip
    assert "left out: it numbers the rows" in told(capsys)


def test_classes_have_their_metric_and_a_rare_one_another(folders: Path) -> None:
    table = rentals()
    busy = table.pop("rentals") > 175.0
    for name, bound, metric in (("even", table["temperature"] > 15.0, "accuracy"), ("rare", busy, "auc")):
        table.assign(label=np.where(bound, "yes", "no")).to_csv(folders / f"{name}.csv", index=False)
        assert init("--data", folders / f"{name}.csv") == 0
        spec = made(folders, name)
        assert (spec.task, spec.metric, spec.target, spec.positive_class) == ("classification", metric, "label", "yes")


def test_labels_that_are_late_are_seen(folders: Path) -> None:
    table = rentals()
    table.loc[len(table) - 12 :, "rentals"] = np.nan
    assert init("--data", written(folders, table), "--target", "rentals") == 0
    assert made(folders, "rentals").label_delay.days == 3


def test_recorded_predictions_are_found_by_their_name_and_are_no_input(folders: Path) -> None:
    table = rentals()
    table["prediction"] = table["rentals"] + 1.0
    assert init("--data", written(folders, table), "--target", "rentals") == 0
    spec = made(folders, "rentals")
    assert spec.prediction == "prediction"
    assert "prediction" not in (spec.features or ())


def test_rows_without_times_make_a_pair(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = rentals().drop(columns="observed_at")
    for name, part in (("before", table[:1500]), ("after", table[1500:])):
        part.to_csv(folders / f"{name}.csv", index=False)
    assert init("--data", folders / "before.csv", "--recent-data", folders / "after.csv", "--target", "rentals") == 0
    spec = made(folders, "before")
    assert not spec.source.timed
    capsys.readouterr()
    assert main(["validate", "before"]) == 0


def test_parquet_is_read_by_what_it_is_and_not_by_its_name(folders: Path) -> None:
    rentals().to_parquet(folders / "rentals.dat")
    assert init("--data", folders / "rentals.dat", "--target", "rentals", "--name", "shop") == 0
    assert made(folders, "shop").source.kind == "parquet"


def test_columns_of_lists_are_told_and_left_out_and_are_no_target(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = rentals().assign(parts=[[1, 2]] * 2400, day=lambda t: t["observed_at"].dt.date)
    table.to_parquet(folders / "nested.parquet")
    assert init("--data", folders / "nested.parquet", "--target", "rentals", "--time", "observed_at") == 0
    assert "parts" not in (made(folders, "nested").features or ())
    assert "nothing to learn from (nested)" in told(capsys)
    assert init("--data", folders / "nested.parquet", "--target", "parts", "--time", "day") == 2
    assert "its cells are lists" in capsys.readouterr().err


def test_what_cannot_be_known_is_named_with_its_flags_all_at_once(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(folders, rentals().drop(columns="observed_at"))
    assert init("--data", path) == 2
    said = capsys.readouterr().err
    for words in ("--target COLUMN", "--time COLUMN", "--recent-data FILE", "temperature, wind, weather, rentals"):
        assert words in said
    assert not list((folders / "models").iterdir())


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--target", "rental"], "--target: no column 'rental'; did you mean 'rentals'?"),
        (["--target", "rentals", "--time", "when"], "--time: no column 'when'"),
        (["--target", "rentals", "--metric", "rmsee"], "--metric: unknown metric 'rmsee'"),
        (["--target", "rentals", "--metric", "accuracy"], "is not for regression"),
        (["--target", "rentals", "--name", "My Model"], "field name"),
        (["--target", "rentals", "--timezone", "Mars/Base"], "no time zone 'Mars/Base'"),
        (["--target", "weather", "--task", "regression"], "labels are no numbers, such as"),
        (["--target", "rentals", "--positive-class", "x", "--task", "regression"], "--positive-class"),
        (["--target", "rentals", "--time", "rentals"], "--time"),
    ],
)
def test_flag_that_makes_no_sense_is_answered_with_what_would(
    folders: Path, capsys: pytest.CaptureFixture[str], flags: list[str], words: str
) -> None:
    assert init("--data", written(folders, rentals()), *flags) == 2
    assert words in capsys.readouterr().err
    assert not list((folders / "models").iterdir())


def test_model_file_is_never_written_over_unasked(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(folders, rentals())
    (folders / "models" / "rentals.yml").write_text("mine")
    assert init("--data", path, "--target", "rentals") == 2
    assert "--force" in capsys.readouterr().err
    assert (folders / "models" / "rentals.yml").read_text() == "mine"
    assert init("--data", path, "--target", "rentals", "--name", "other") == 0


def test_names_that_yaml_would_misread_are_kept(folders: Path) -> None:
    odd = {"temperature": "no", "wind": "a: b # c", "weather": "1"}
    table = rentals().rename(columns=odd)
    assert init("--data", written(folders, table), "--target", "rentals") == 0
    assert made(folders, "rentals").features == ["no", "a: b # c", "1"]


def test_one_row_of_1970_does_not_stretch_the_reference(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = rentals()
    table.loc[5, "observed_at"] = pd.Timestamp("1970-01-01")
    assert init("--data", written(folders, table), "--target", "rentals") == 0
    reference = made(folders, "rentals").reference
    assert reference is not None
    assert reference.start is not None
    assert reference.start.year == 2025
    assert "1 rows far outside" in told(capsys)


def test_answers_are_asked_for_on_a_terminal(
    folders: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["no such", "rentals", ""])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda *_: next(answers))
    assert init("--data", written(folders, rentals())) == 0
    assert "Which column is to be predicted?" in capsys.readouterr().out
    assert made(folders, "rentals").target == "rentals"


def test_validate_says_what_is_wrong_with_which_field_and_what_to_do(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init("--data", written(folders, rentals()), "--target", "rentals") == 0
    file = folders / "models" / "rentals.yaml"
    text = file.read_text()
    window = next(line for line in text.splitlines() if line.startswith("window:"))
    capsys.readouterr()
    for line, code, words in (
        ("window: 1h", 1, "WARNING window: 1h is shorter than check_every, 6h: 83% of the rows are never looked at"),
        ("window: 2d", 1, "WARNING minimum_rows: a check sees some 8 rows"),
        ("windo: 2d", 2, "unknown field windo"),
        ("window: soon", 2, "ERROR window:"),
    ):
        file.write_text(text.replace(window, line))
        assert main(["validate", "rentals"]) == code
        assert words in told(capsys)


def test_validate_of_a_model_that_learns_nothing_warns(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = rentals()
    table["rentals"] = np.random.default_rng(5).normal(size=len(table))
    assert init("--data", written(folders, table), "--target", "rentals") == 0
    capsys.readouterr()
    assert main(["validate", "rentals"]) == 1
    assert "WARNING gate: a first version would not go into production" in told(capsys)


def test_file_is_looked_for_here_and_then_in_the_folder_of_data(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(folders, rentals())
    monkeypatch.chdir(folders)
    assert init("--data", "rentals.csv", "--target", "rentals") == 0
    assert made(folders, "rentals").source.place == "rentals.csv"
    rentals(1200).to_csv(folders / "rentals.csv", index=False)
    assert init("--data", "rentals.csv", "--target", "rentals", "--force") == 0
    assert made(folders, "rentals").source.place == str(folders / "rentals.csv")


def test_sum_that_is_the_target_is_told_and_left_out_when_asked(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = rentals()
    table["members"] = (0.7 * table["rentals"] + np.random.default_rng(1).normal(0, 5, len(table))).round()
    table["guests"] = table["rentals"] - table["members"]
    path = written(folders, table)
    assert init("--data", path, "--target", "rentals") == 0
    assert "LOOK: members + guests is rentals." in (said := told(capsys))
    assert "--without members guests" in said
    assert main(["validate", "rentals"]) == 1
    assert "WARNING features: members + guests is rentals: the model copies its target" in told(capsys)
    assert init("--data", path, "--target", "rentals", "--without", "members", "guests", "--force") == 0
    assert "LOOK" not in told(capsys)
    assert made(folders, "rentals").features == ["temperature", "wind", "weather"]
    assert main(["validate", "rentals"]) == 0


def test_number_that_stands_for_no_value_is_told_also_in_the_target(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = rentals()
    table.loc[::30, ["rentals", "wind"]] = -200.0
    path = written(folders, table, sep=";", decimal=",")
    assert init("--data", path, "--target", "rentals") == 0
    said = told(capsys)
    assert "LOOK: -200 stands far outside of all other numbers in rentals (80 rows), wind (80 rows); it counts" in said
    assert main(["validate", "rentals"]) == 1
    assert "WARNING source.missing: -200 stands far outside" in told(capsys)
    assert init("--data", path, "--target", "rentals", "--missing", -200, "nothing", "--force") == 0
    assert "LOOK" not in told(capsys)
    assert made(folders, "rentals").source.missing == [-200, "nothing"]
    assert main(["validate", "rentals"]) == 0
    assert "80 unlabelled" in told(capsys)


def test_columns_without_a_name_are_called_by_their_number(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(folders, rentals(), sep=";", decimal=",")
    lines = path.read_text().splitlines()
    path.write_text("".join(f"{line};;\n" for line in lines) + ";;;;;;\n" * 20)
    assert init("--data", path, "--target", "rentals") == 0
    said = told(capsys)
    assert "2 of 7 columns have no name on top" in said
    assert "column_7 number left out: it is empty" in said
    assert "20 rows without a readable time will be left out" in said
    assert made(folders, "rentals").features == ["temperature", "wind", "weather"]


def test_validate_as_json_holds_the_same(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--data", written(folders, rentals()), "--target", "rentals") == 0
    capsys.readouterr()
    assert main(["validate", "rentals", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == 2400
    assert found["exit_code"] == 0
    assert found["columns"]["weather"] == {"kind": "category", "use": "feature", "why": "3 names", "compared": True}
    assert found["budget"]["false_retrains_per_quarter"] == 1.0
    assert len(found["power"]) == 2


def test_shift_that_validate_calls_visible_is_seen_four_times_out_of_five() -> None:
    from datetime import timedelta

    from include.data.profile import Extra, profile_table
    from include.data.reference.profiles import make_reference
    from include.decision.policy.presets import PRESETS
    from include.detectors import Comparison, DataDriftDetector
    from include.workflow.validation.power import DRIFT_SHARE, seen_changes

    rng, window, settings = np.random.default_rng(2), 400, PRESETS["balanced"]
    table = pd.DataFrame({"x": rng.normal(size=20_000), "z": rng.normal(size=20_000)})
    reference = make_reference(table, ["x", "z"], window=timedelta(days=1), window_rows=window)
    told = next(iter(seen_changes(reference, None, "rmse", settings, window, 0)))
    shift = float(told.split("; x: ")[1].split(",")[0])
    detector, seen = DataDriftDetector(threshold=DRIFT_SHARE * settings.drift_level), 0
    for _ in range(200):
        recent = pd.DataFrame({"x": rng.normal(shift, 1.0, window), "z": rng.normal(size=window)})
        found = profile_table(recent, ["x", "z"], against=reference.profile, extras=Extra.CROSS)
        comparison = Comparison(reference=reference.profile, recent=found, calibration=reference.calibration)
        seen += any(signal.changed and signal.feature == "x" for signal in detector.detect(comparison))
    assert 0.7 <= seen / 200 <= 0.97


@pytest.mark.parametrize("model", ["demand", "iris"])
def test_explain_says_when_a_model_is_retrained_in_words(
    model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RETRAINING_MODELS_DIR")
    assert main(["explain", model]) == 0
    said = told(capsys)
    for words in (
        "It is retrained when",
        "somebody asks for it",
        "It is not retrained",
        "the gate asks",
        "rolled back",
    ):
        assert words in said


def test_explain_walks_the_whole_tree(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init("--data", written(folders, rentals()), "--target", "rentals") == 0
    file = folders / "models" / "rentals.yaml"
    tree = (
        "policy: {cooldown: 3d, when: {any: [{all: [performance, {data_volume: 20%}]}, {model_age: 30d}, "
        "{at_least: {count: 2, of: [data_drift, outliers, {schedule: 0 2 * * *}]}}, "
        "{persistence: {count: 2, checks: 3, of: concept_drift}}, {warm_up: {period: 2d, of: new_data}}]}}\n"
    )
    file.write_text(file.read_text() + tree + "gate: {floors: {r2: 0.3}, guards: [mae], shadow: 4}\n")
    capsys.readouterr()
    assert main(["explain", str(file)]) == 0
    said = told(capsys)
    for words in (
        "once 3d have passed since the last retraining", "all of these at once", "20% of the rows that it was trained",
        "30d have passed since it was trained", "at least 2 of these", "0 2 * * *", "in 2 of the last 3 checks",
        "once 2d have passed since it went into production", "r2 has to reach 0.3", "proven worse in mae",
        "in shadow for 4",
    ):  # fmt: skip
        assert words in said


def test_window_of_few_rows_still_lets_the_gate_prove_something(folders: Path) -> None:
    from include.retraining.gate.holdout import shortfall

    table = rentals(1460).assign(observed_at=pd.date_range("2012-01-01", periods=1460, freq="D"))
    assert init("--data", written(folders, table), "--target", "rentals") == 0
    spec = made(folders, "rentals")
    assert shortfall(spec, spec.window.days) == ""


@pytest.mark.parametrize("rows", [3_400, 5_000, 20_000])
def test_window_of_hourly_rows_holds_what_a_gain_is_measured_from(rows: int) -> None:
    from include.retraining.retrain_gain import FEWEST_ROWS
    from include.workflow.first_model.spans import make_plan

    moments = pd.Series(pd.date_range("2024-01-01", periods=rows, freq="h", tz="UTC"))
    assert make_plan(moments, pd.Series(True, index=moments.index)).window_rows >= FEWEST_ROWS


def test_window_too_short_for_what_a_retrain_would_gain_is_told(
    folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init("--data", written(folders, rentals()), "--target", "rentals") == 0
    file = folders / "models" / "rentals.yaml"
    text, note = file.read_text(), "what a retrain would gain is measured from 300 on"
    for added, expected in (("", True), ("policy: {when: performance}\n", False)):
        file.write_text(text + added)
        capsys.readouterr()
        assert main(["validate", "rentals"]) == 0
        assert (note in told(capsys)) is expected
