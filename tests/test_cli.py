from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.cli.__main__ import main
from include.workflow.settings import PROJECT_ROOT


class Payload:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Reference rows, recent rows that are like them, and recent rows of another world."""
    rng = np.random.default_rng(0)
    for name, shift, sign in (("reference", 0.0, 1.0), ("same", 0.0, 1.0), ("moved", 2.0, -1.0)):
        table = pd.DataFrame({"x": rng.normal(shift, 1.0, 400), "z": rng.normal(size=400)})
        table["target"] = sign * (5.0 * table["x"] + table["z"]) + rng.normal(0.0, 0.2, 400)
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        np.save(tmp_path / f"{name}-actuals.npy", table["target"].to_numpy())
        np.save(tmp_path / f"{name}-predictions.npy", 5.0 * table["x"].to_numpy() + table["z"].to_numpy())
    return tmp_path


def given(files: Path, recent: str, *, answers: bool = False) -> list[str]:
    flags = ["--reference-data", f"{files}/reference.csv", "--recent-data", f"{files}/{recent}.csv"]
    if answers:
        flags += ["--recent-predictions", f"{files}/{recent}-predictions.npy"]
        flags += ["--recent-actuals", f"{files}/{recent}-actuals.npy"]
    return flags


def failed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command says that ends with exit code 2."""
    assert main(arguments) == 2
    return capsys.readouterr().err


def test_check_of_moved_rows_says_yes_and_why(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *given(files, "moved")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "RETRAINING DECISION: YES" in lines
    assert any(line.startswith("Reason: ") and "x: mean_shift" in line for line in lines)
    assert "Severity: MEDIUM" in lines or "Severity: HIGH" in lines
    assert any(line.startswith("Confidence: ") and line.endswith("%") for line in lines)
    assert any(line.startswith("Recommendation: Retrain") for line in lines)


def test_check_of_unchanged_rows_says_no(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *given(files, "same", answers=True)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "RETRAINING DECISION: NO" in lines
    assert "Reason: nothing changed beyond chance" in lines
    assert "Severity: LOW" in lines


def test_check_judges_the_metrics_that_it_is_given(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *given(files, "same"), "--rmse", "1.5", "--baseline-rmse", "1.0"]) == 0
    out = capsys.readouterr().out
    assert "RETRAINING DECISION: YES" in out
    assert "Reason: performance: rmse 1.5, 1 at acceptance" in out


def test_yes_by_given_metrics_is_not_without_confidence(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *given(files, "same"), "--rmse", "1.5", "--baseline-rmse", "1.0"]) == 0
    assert "Confidence: 0.00%" not in capsys.readouterr().out


def test_execute_of_moved_rows_trains_and_promotes(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = files / "made"
    assert main(["execute", *given(files, "moved", answers=True), "--output", str(output)]) == 0
    out = capsys.readouterr().out
    assert "RETRAINING DECISION: YES" in out
    assert "Outcome: promoted: proven better" in out
    artifact = next(line for line in out.splitlines() if line.startswith("Artifact: ")).removeprefix("Artifact: ")
    assert (Path(artifact) / "model.skops").is_file()
    assert Path(artifact).is_relative_to(output)


def test_execute_of_unchanged_rows_trains_nothing_unless_forced(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["execute", *given(files, "same"), "--output", str(files / "made")]
    assert main(command) == 1
    assert "Outcome" not in capsys.readouterr().out
    assert not (files / "made").exists()
    assert main([*command, "--force"]) == 0  # the recent rows are more to learn from
    assert "Outcome: " in capsys.readouterr().out


@pytest.mark.parametrize("flag", ["--reference-data", "--recent-data"])
def test_missing_table_is_named_with_its_flag(files: Path, capsys: pytest.CaptureFixture[str], flag: str) -> None:
    arguments = given(files, "same")
    arguments[arguments.index(flag) + 1] = f"{files}/nowhere.csv"
    message = failed(capsys, "check", *arguments)
    assert f"{flag}: no such file" in message
    assert "nowhere.csv" in message


def test_empty_table_is_named_with_its_flag(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "same.csv").write_text("")
    assert "--recent-data" in failed(capsys, "check", *given(files, "same"))


@pytest.mark.parametrize("flag", ["--recent-predictions", "--recent-actuals"])
@pytest.mark.parametrize(
    ("values", "words"), [(np.zeros(7), "7 values"), (np.zeros((400, 2)), "one dimension")], ids=["short", "wide"]
)
def test_array_of_another_shape_is_named_with_its_flag(
    files: Path, capsys: pytest.CaptureFixture[str], flag: str, values: object, words: str
) -> None:
    np.save(files / "odd.npy", values)
    message = failed(capsys, "check", *given(files, "same", answers=True), flag, f"{files}/odd.npy")
    assert flag in message
    assert words in message


def test_array_of_pickled_objects_is_refused_and_not_run(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(files / "bad.npy", np.array([Payload(files / "ran")] * 400, dtype=object), allow_pickle=True)
    message = failed(capsys, "check", *given(files, "same"), "--recent-predictions", f"{files}/bad.npy")
    assert "--recent-predictions" in message
    assert "pickled" in message
    assert not (files / "ran").exists()


def test_predictions_without_actuals_are_refused_with_the_flag(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pd.read_csv(files / "same.csv").drop(columns="target").to_csv(files / "same.csv", index=False)
    alone = ["--recent-predictions", f"{files}/same-predictions.npy"]
    assert "--recent-actuals" in failed(capsys, "check", *given(files, "same"), *alone)


def test_missing_target_is_named_with_its_flag(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = failed(capsys, "execute", *given(files, "moved"), "--target", "price", "--output", f"{files}/made")
    assert "--target" in message
    assert "'price'" in message


def test_minimum_that_no_model_may_have_is_refused_with_the_flag(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["execute", *given(files, "same"), "--force", "--output", f"{files}/made", "--min-samples", "5"]
    with pytest.raises(SystemExit, match="2"):
        main(command)
    assert "--min-samples: 5 rows prove nothing; at least 10" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["check"], ["fly"], ["check", "--recent-data"]])
def test_wrong_use_is_exit_code_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--rmse", "nan", "found 'nan'; write a finite number"),
        ("--baseline-mae", "inf", "found 'inf'; write a finite number"),
        ("--r2", "good", "found 'good'; write a finite number"),
        ("--data-drift-threshold", "7", "found '7'; write a probability"),
        ("--performance-threshold", "-1", "found '-1'; write a number of more than 0"),
        ("--min-samples", "abc", "found 'abc'; write a whole number of rows"),
    ],
)
def test_number_that_makes_no_sense_is_answered_with_what_is_allowed(
    files: Path, capsys: pytest.CaptureFixture[str], flag: str, value: str, words: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["check", *given(files, "same"), f"{flag}={value}"])
    assert f"argument {flag}: {words}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["replay", "--model", "demand", "--to", "2026-01-01"], ["backtest", "--model", "demand"], ["audit"]]
)
def test_date_that_is_none_is_answered_with_how_to_write_one(
    capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([*command, "--from", "yesterday"])
    assert "argument --from: found 'yesterday'; write a date such as 2026-01-31" in capsys.readouterr().err


def test_metric_that_cannot_be_is_named(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = failed(capsys, "check", *given(files, "same"), "--accuracy", "7", "--baseline-accuracy", "0.9")
    assert "metrics: accuracy: found 7; it has to be from 0 to 1" in message


def test_check_says_that_a_metric_without_baseline_is_not_judged(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *given(files, "same"), "--rmse", "0.9"]) == 1
    assert "not judged: rmse 0.9: its value at acceptance is not given" in capsys.readouterr().out


def test_check_of_predictions_that_are_mostly_empty_says_what_to_mend(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = np.load(files / "same-predictions.npy")
    values[:320] = np.nan
    np.save(files / "same-predictions.npy", values)
    assert main(["check", *given(files, "same", answers=True)]) == 1
    out = capsys.readouterr().out
    assert "Reason: predictions: 320 of 400 are missing or not finite" in out
    assert "Mend the source of predictions" in out


def test_actuals_without_predictions_are_refused_with_the_flag(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone = ["--recent-actuals", f"{files}/same-actuals.npy"]
    assert "--recent-actuals: give --recent-predictions too" in failed(capsys, "check", *given(files, "same"), *alone)


def test_execute_learns_from_actuals_that_come_without_predictions(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pd.read_csv(files / "same.csv").drop(columns="target").to_csv(files / "same.csv", index=False)
    alone = ["--recent-actuals", f"{files}/same-actuals.npy", "--force", "--output", str(files / "made")]
    assert main(["execute", *given(files, "same"), *alone]) == 0
    assert "Outcome: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("address", "told", "code"),
    [("postgresql://me:s3cret%zz@127.0.0.1/records", "no valid Postgres URI", 2),
     ("postgresql://me:s3cret@127.0.0.1:9/records", "cannot be used", 3)],
)  # fmt: skip
def test_database_that_cannot_be_used_is_told_in_a_line_without_its_password(
    address: str, told: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", address)
    assert main(["audit", "--from", "2026-01-01", "--to", "2026-02-01"]) == code
    said = capsys.readouterr().err
    assert told in said
    assert "s3cret" not in said


def test_database_without_tables_is_told(
    database_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", database_uri)
    assert main(["audit", "--from", "2026-01-01", "--to", "2026-02-01"]) == 2
    assert "include.cli migrate" in capsys.readouterr().err


def test_reader_that_has_seen_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "include.cli", "config"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=PROJECT_ROOT) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 0


@pytest.mark.parametrize("answer", [True, False])
def test_answer_is_the_same_where_nobody_reads_it(files: Path, answer: bool) -> None:
    command = [sys.executable, "-m", "include.cli", "check", *given(files, "moved" if answer else "same", answers=True)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=PROJECT_ROOT) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        running.stderr.read()
    assert running.returncode == (0 if answer else 1)


def test_execute_again_into_the_same_folder_finds_no_owner_there(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["execute", *given(files, "moved", answers=True), "--output", str(files / "made")]
    for _ in range(2):
        assert main(command) == 0
        assert "Outcome: promoted" in capsys.readouterr().out
    assert [path.name for path in (files / "made").iterdir()] == ["plain-files"]
