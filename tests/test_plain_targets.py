"""check, execute and should_retrain know what is predicted: it is no input, whichever table has it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.cli.__main__ import main
from include.errors import DataError
from include.orchestrator import AutomaticRetrainingOrchestrator

ROWS = 400


def made(seed: int, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"x": rng.normal(shift, 1.0, ROWS), "z": rng.normal(size=ROWS)})
    return table.assign(price=5.0 * table["x"] + table["z"] + rng.normal(0.0, 0.2, ROWS))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A training file that holds the target, recent rows that do not, and what came true."""
    recent = made(1)
    made(0).to_csv(tmp_path / "train.csv", index=False)
    recent.drop(columns="price").to_csv(tmp_path / "recent.csv", index=False)
    np.save(tmp_path / "actuals.npy", recent["price"].to_numpy())
    np.save(tmp_path / "predictions.npy", (5.0 * recent["x"] + recent["z"]).to_numpy())
    return tmp_path


def tables(folder: Path) -> list[str]:
    return ["--reference-data", str(folder / "train.csv"), "--recent-data", str(folder / "recent.csv")]


def answers(folder: Path, suffix: str = "npy") -> list[str]:
    return ["--recent-predictions", f"{folder}/predictions.{suffix}", "--recent-actuals", f"{folder}/actuals.{suffix}"]


def test_check_of_recent_rows_without_the_target_answers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *tables(folder), *answers(folder), "--r2", "0.85", "--rmse", "0.35"]) < 2
    out = capsys.readouterr().out
    assert "Target: 'price', no input (the actuals are in its place)" in out
    assert "RETRAINING DECISION: NO" in out
    assert "Reason: nothing changed beyond chance" in out
    assert "gone" not in out


def test_execute_of_recent_rows_without_the_target_answers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["execute", *tables(folder), "--force", "--output", str(folder / "made")]) < 2
    out = capsys.readouterr().out
    assert "Target: 'price', no input (the recent rows do not have it)" in out
    assert "Outcome: held: no labelled rows" in out


def test_check_without_actuals_names_the_column_that_is_gone_and_the_flag(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *tables(folder)]) < 2
    out = capsys.readouterr().out
    assert "price: the column is gone; if it is what is predicted, say --target price" in out
    assert "nothing changed" not in out
    assert main(["check", *tables(folder), "--target", "price"]) < 2
    assert "Reason: nothing changed beyond chance" in capsys.readouterr().out


def test_target_in_both_files_is_no_input(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(1).assign(price=1e6).to_csv(folder / "recent.csv", index=False)
    assert main(["check", *tables(folder), "--target", "price"]) < 2
    assert "Reason: nothing changed beyond chance" in capsys.readouterr().out


def test_predictions_and_actuals_may_be_columns_of_tables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("predictions", "actuals"):
        pd.DataFrame({name: np.load(folder / f"{name}.npy")}).to_csv(folder / f"{name}.csv")  # with row labels
    assert main(["check", *tables(folder), *answers(folder, "csv")]) < 2
    assert "Target: 'price'" in capsys.readouterr().out


def test_european_file_is_compared_as_numbers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, shift in (("train", 0.0), ("recent", 5.0)):
        made(3, shift).to_csv(folder / f"{name}.csv", index=False, sep=";", decimal=",")
    assert main(["check", *tables(folder), "--target", "price"]) < 2
    out = capsys.readouterr().out
    assert "RETRAINING DECISION: YES" in out
    assert "Found: train.csv: cells end with ';'" in out


def test_renamed_and_new_columns_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(1).rename(columns={"x": "X_"}).to_csv(folder / "recent.csv", index=False)
    assert main(["check", *tables(folder), "--target", "price"]) < 2
    out = capsys.readouterr().out
    assert "x: the column is gone; was it renamed to 'X_'?" in out
    assert "X_: the reference has no such column" in out


def test_should_retrain_says_what_it_took_for_the_target() -> None:
    reference, recent = made(0), made(1)
    actuals, predictions = recent["price"].to_numpy(), (5.0 * recent["x"] + recent["z"]).to_numpy()
    orchestrator, bare = AutomaticRetrainingOrchestrator(), recent.drop(columns="price")
    found = orchestrator.should_retrain(reference, bare, predictions, actuals)
    assert found.reason == (
        "nothing changed beyond chance; 'price' is taken for the target (the actuals are in its place), no input"
    )
    named = orchestrator.should_retrain(reference, bare, predictions, actuals, target="price")
    assert named.reason == "nothing changed beyond chance"
    none = orchestrator.should_retrain(reference, bare, predictions, actuals, target="")
    assert "price: the column is gone" in none.reason


def test_tables_that_share_no_column_are_refused_in_python_too() -> None:
    with pytest.raises(DataError, match="shares no column with the reference"):
        AutomaticRetrainingOrchestrator().should_retrain(made(0), made(1).add_prefix("new_"))


@pytest.mark.parametrize("command", ["check", "execute"])
def test_columns_that_hold_the_target_are_told(command: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("train", "recent"):
        table = made(len(name))
        table.assign(paid=2.0 * table["price"], mood="fine").to_csv(folder / f"{name}.csv", index=False)
    output = ["--output", str(folder / "made")] if command == "execute" else []
    assert main([command, *tables(folder), "--target", "price", *output]) < 2
    told = capsys.readouterr().out
    assert "Found: a multiple of paid is price: a model copies its target; leave paid out of the files" in told
    made(3).to_csv(folder / "train.csv", index=False)
    assert main(["check", *tables(folder), "--target", "price"]) < 2
    assert "copies its target" not in capsys.readouterr().out


def test_a_text_column_of_numbers_is_compared_as_in_csv(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answered = []
    for suffix in ("csv", "parquet"):
        for name, shift in (("reference", 0.0), ("recent", 3.0)):
            table = made(len(name), shift)[["x"]]
            table = table.assign(x=[f"{x:.2f}".replace(".", ",") + " %" for x in table["x"]], k="a")
            table.to_csv(folder / f"{name}.csv", index=False)
            table.to_parquet(folder / f"{name}.parquet", index=False)
        flags = [str(folder / f"{name}.{suffix}") for name in ("reference", "recent")]
        main(["check", "--reference-data", flags[0], "--recent-data", flags[1]])
        answered.append(capsys.readouterr().out)
    told = [[line for line in answer.splitlines() if not line.startswith("Found")] for answer in answered]
    assert told[0] == told[1]
    assert "YES" in answered[0]
    assert all("decimals" in answer and "after a comma" in answer for answer in answered)
