"""Secrets that somebody wrote into a model file or a request: nothing of them is kept or told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from include import workflow
from include.cli.__main__ import main
from include.cli.answer import BAD_INPUT
from include.errors import ConfigurationError, TrainingError
from include.interfaces.api.problems import told_of
from include.records import masking
from include.records.masking import given_secrets, mask
from include.workflow.model_files import load_model_file
from tests.stage import Stage, day, sales

TELLER = """
import json, sys
asked = json.load(open(sys.argv[-1]))
print("called as", sys.argv)
try:
    raise PermissionError(f"refused: {sorted(asked['hyperparameters'].items())}")
except PermissionError as error:
    raise ValueError(asked["hyperparameters"]) from error
"""


@pytest.fixture(autouse=True)
def _own_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_remembered", set())


@pytest.mark.parametrize(("settings", "found"), [
    ({"api_key": "a4711"}, ["a4711"]), ({"db": {"password": "correct horse"}}, ["correct horse"]),
    ({"deep": [{"client_secret": "abcdef"}]}, ["abcdef"]), (["train", "--api-key", "b4711"], ["b4711"]),
    (["train", "--token=c4711", "--epochs=3"], ["c4711"]), ({"url": "https://me:d4711@h/x"}, ["d4711"]),
    ({"tokenizer": "bert4711", "max_tokens": 5, "n_tokens": "12"}, []), ({"pad_token": "<pad>"}, []),
    ({"mask_token": "[MASK]", "token": "mean"}, []), ({"learning_rate": 0.1, "path": "s3://bucket/rows"}, []),
    (["env", "API_KEY=e4711", "train"], ["e4711"]), (["--tokenizer", "bert-base-4711"], []),
    ({"signature": "serving_default", "sep_token": "|", "eos_token": "end of text"}, []),
    (["python", "train.py", "--max-tokens", "5"], []), (None, []),
])  # fmt: skip
def test_what_settings_give_as_a_secret_is_found(settings: Any, found: list[str]) -> None:
    assert [each for each in dict.fromkeys(given_secrets(settings)) if each] == found


def test_nothing_of_a_secret_in_a_model_file_is_kept_or_told(tmp_path: Path) -> None:
    program = tmp_path / "teller.py"
    program.write_text(TELLER)
    stage = Stage(tmp_path)
    given = {"api_key": "m4rk-hyper-1", "store": {"password": "m4rk-nested-2"}, "url": "https://me:m4rk-url-3@h/x"}
    command = [sys.executable, str(program), "--api-key", "m4rk-flag-4", "--token=m4rk-flag-5"]
    file = stage.add("demand", sales(40), training={"script": {"command": command}, "hyperparameters": given})
    with pytest.raises(TrainingError) as failed:
        stage.run("demand", day(31), run_id="run-1")
    assert "refused" in str(failed.value)
    store = stage.store
    kept = [store.events(model_name="demand"), store.failures.find(model_name="demand", most=5), store._models]
    assert all(kept)
    assert "m4rk" not in f"{failed.value} {kept}"
    assert "m4rk" not in mask(f"{load_model_file(file).training}")


@pytest.mark.parametrize("given", [{"api_key": "m4rk-1"}, {"verbose": "password=m4rk-1"}, {"url": "x://me:m4rk-1@h"}])
def test_request_whose_settings_hold_a_secret_is_refused_and_says_what_to_do(
    given: dict[str, Any], tmp_path: Path
) -> None:
    stage = Stage(tmp_path)
    script = {"script": {"command": [sys.executable, "train.py"]}, "hyperparameters": {}}
    stage.add("demand", sales(40), training=script)
    with pytest.raises(
        ConfigurationError, match=f"a secret stands under {next(iter(given))}, and the records keep none: give it"
    ):
        workflow.request_retrain(stage.deployment, "demand", "why", by="ada", hyperparameters=given)
    assert stage.store.requests(model_name="demand") == []


def test_no_face_repeats_a_secret_of_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RETRAINING_MODELS_DIR", str(tmp_path))
    assert main(["config", "--model", "x://me:m4rk-1@h"]) == BAD_INPUT
    assert "m4rk" not in capsys.readouterr().err
    assert (
        main(["replay", "--model", "password=m4rk-1", "--from", "2026-01-01", "--to", "2026-02-01", "--json"])
        == BAD_INPUT
    )
    said = capsys.readouterr()
    assert "password=***" in said.err
    assert "m4rk" not in said.out + said.err
    told = told_of(ConfigurationError("/opt/models/x.yaml", "cannot read postgresql://me:m4rk-1@h/x"))
    assert told == "x.yaml: cannot read postgresql://me:***@h/x"
