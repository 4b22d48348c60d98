"""Idle threads sleep, unless the user says otherwise; a check computes in one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_info, threadpool_limits

from include.records.entries import Run
from include.workflow.steps.analyze import analyze
from include.workflow.threads import one_thread
from tests.stage import REFERENCE_DAYS, Stage, day, sales

ASKED = """
import os, sys
from include.cli import __main__ as cli
from include.cli import plain_files
assert not {"numpy", "sklearn"} & set(sys.modules), "loaded before the policy is set"
plain_files.check = lambda options: print(os.environ["OMP_WAIT_POLICY"], "sklearn" in sys.modules) or sys.exit(0)
cli.main(["check", "--reference-data", "a", "--recent-data", "b"])
"""


@pytest.mark.parametrize(("given", "expected"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE"), ("passive", "passive")])
def test_policy_is_set_unless_it_is_given(given: str | None, expected: str) -> None:
    bare = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment = bare if given is None else {**bare, "OMP_WAIT_POLICY": given}
    told = subprocess.run([sys.executable, "-c", ASKED], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == [expected, "False"]


def threads() -> set[int]:
    """How many each numeric library uses."""
    return {pool["num_threads"] for pool in threadpool_info()}


def test_numeric_libraries_use_one_thread_and_as_many_as_before_afterwards() -> None:
    with threadpool_limits(2):
        with one_thread():
            assert threads() == {1}
        assert threads() == {2}
        with pytest.raises(ArithmeticError), one_thread():
            raise ArithmeticError
        assert threads() == {2}


def test_a_check_computes_in_one_thread_and_a_training_in_as_many_as_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path)
    asked: list[set[int]] = []
    trained: list[set[int]] = []
    predict, fit = HistGradientBoostingRegressor.predict, HistGradientBoostingRegressor.fit

    def answers(self: HistGradientBoostingRegressor, rows: Any) -> Any:
        asked.append(threads())
        return predict(self, rows)

    def fits(self: HistGradientBoostingRegressor, *args: Any, **kwargs: Any) -> Any:
        trained.append(threads())
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(HistGradientBoostingRegressor, "predict", answers)
    monkeypatch.setattr(HistGradientBoostingRegressor, "fit", fits)
    stage.add("sales", sales(REFERENCE_DAYS + 10))
    with threadpool_limits(2):
        stage.run("sales", day(REFERENCE_DAYS))
        asked.clear()
        trained.clear()
        stage.run("sales", day(REFERENCE_DAYS + 10), force=True)
    assert asked[0] == {1}, "the champion, about the recent rows"
    assert trained[-1] == {2}, "the challenger"


def test_without_a_champion_nothing_is_loaded_to_look_at_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.workflow.threads.import_module", lambda name: pytest.fail(f"loads {name} for nothing"))
    stage = Stage(tmp_path)
    stage.add("sales", sales(REFERENCE_DAYS))
    run = Run(run_id="first", as_of=day(REFERENCE_DAYS))
    assert analyze(stage.deployment, "sales", run).champion_version is None
