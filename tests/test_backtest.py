from __future__ import annotations

import json
import math
import os
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from include.backtest.picture import picture
from include.backtest.policies import named_policies
from include.backtest.rows import RowsOnce
from include.backtest.run import run_backtest
from include.backtest.table import differences, table
from include.backtest.trial import Backtest, Trial, load, save
from include.cli import main
from include.data.tables import read_tables
from include.errors import ConfigurationError, RetrainingError
from include.records.entries import EventStatus
from include.registry.spec import ModelSpec
from include.replay import Checks, Window, boundaries
from include.triggers.presets import PRESETS
from tests.stage import REFERENCE_DAYS, Stage, day, sales

CHANGE, END = 50, 75
MOMENTS = boundaries(day(REFERENCE_DAYS), day(END), "5d")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A stage with one model, whose world turns over on day 50."""
    stage = Stage(tmp_path_factory.mktemp("stage"))
    stage.add("sales", sales(END, change=CHANGE))
    return stage


@pytest.fixture(scope="module")
def result(stage: Stage) -> Backtest:
    """Three policies, one after the other."""
    return backtested(stage, "balanced,never,always", jobs=1)


def backtested(stage: Stage, names: str, *, jobs: int) -> Backtest:
    policies = named_policies(stage.deployment.spec("sales"), names)
    return run_backtest(policies, stage.data, MOMENTS, jobs=jobs, progress=lambda _done, _windows: None)


def trial(result: Backtest, name: str) -> Trial:
    return next(found for found in result.trials if found.policy == name)


def window(number: int, score: float, **more: object) -> Window:
    made = Window(start=day(number), end=day(number + 1), rows=10, champion="v1", score=score)
    return replace(made, **more)  # type: ignore[arg-type]  # as Window says


def by_hand(**trials: list[Window]) -> Backtest:
    made = tuple(
        Trial(policy=name, windows=tuple(windows), score=sum(w.score or 0.0 for w in windows) / len(windows))
        for name, windows in trials.items()
    )
    return Backtest(model="m", metric="rmse", training_cost=2.0, per_unit_of_loss=0.5, trials=made)


def test_never_and_always_do_as_they_are_called(result: Backtest) -> None:
    never, always = trial(result, "never"), trial(result, "always")
    assert never.retrains == 0
    assert {w.champion for w in never.windows} == {"v1"}
    assert always.retrains == len(MOMENTS) - 2
    assert all(w.trigger == "manual" for w in always.windows[:-1])


def test_policy_retrains_after_the_change_and_is_better_than_never(result: Backtest) -> None:
    balanced = trial(result, "balanced")
    assert 1 <= balanced.retrains <= 3
    assert balanced.score < trial(result, "never").score
    assert result.on_frontier(balanced)


def test_a_promotion_is_judged_by_its_predecessor_in_the_next_window(result: Backtest) -> None:
    balanced = trial(result, "balanced")
    after = [w for w in balanced.windows if w.predecessor is not None]
    promoted = sum(w.status is EventStatus.PROMOTED for w in balanced.windows)
    assert len(after) == promoted >= 1
    assert balanced.not_paid("rmse") == sum((w.score or 0.0) >= (w.predecessor or 0.0) for w in after)


def test_result_does_not_depend_on_the_number_of_processes(stage: Stage, result: Backtest) -> None:
    assert backtested(stage, "balanced,never", jobs=2).trials == result.trials[:2]
    assert "OMP_NUM_THREADS" not in os.environ or os.environ["OMP_NUM_THREADS"]  # put back as it was


def test_an_error_in_a_process_is_the_error_of_the_backtest(stage: Stage) -> None:
    policies = named_policies(stage.deployment.spec("sales"), "balanced,never")
    with pytest.raises(RetrainingError, match="gone"):
        run_backtest(policies, stage.root / "gone", MOMENTS, jobs=2, progress=lambda _done, _windows: None)


@pytest.mark.parametrize("fields", [{}, {"label_delay": "3d"}, {"max_age": "1d"}])
def test_rows_read_once_are_those_that_production_reads(tmp_path: Path, fields: dict[str, str]) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(40).sample(frac=1.0, random_state=0), **fields)
    spec, once = stage.deployment.spec("sales"), RowsOnce(day(40))
    for as_of, seen in ((day(31), None), (day(35.5), day(33)), (day(39.99), day(20)), (day(40), None)):
        found = once(spec, stage.data, as_of=as_of, seen_until=seen)
        expected = read_tables(spec, stage.data, as_of=as_of, seen_until=seen)
        for name in ("reference", "recent", "history"):
            pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name))
        assert (found.window_start, found.arrivals) == (expected.window_start, expected.arrivals)


def test_rows_are_read_again_only_when_the_file_changed(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(40))
    spec, once = stage.deployment.spec("sales"), RowsOnce(day(60))
    first = once.history(spec, stage.data)
    assert once.history(spec, stage.data) is first
    stage.write("sales", sales(50))
    assert len(once.history(spec, stage.data)) == 50 * 24


def test_days_to_recovery_by_hand() -> None:
    good = [window(i, 10.0) for i in range(6)]
    lagging = [window(i, 20.0 if i in (1, 2, 5) else 10.0) for i in range(6)]
    result = by_hand(good=good, lagging=lagging)
    assert result.days_to_recovery(result.trials[0]) is None
    assert result.days_to_recovery(result.trials[1]) == pytest.approx(1.5)  # two days, and one up to the end


def test_false_retrains_and_costs_by_hand() -> None:
    promoted, held = EventStatus.PROMOTED, EventStatus.HELD
    windows = [window(0, 10.0, status=promoted), window(1, 9.0, predecessor=10.0, status=promoted),
               window(2, 9.0, predecessor=8.0, status=held), window(3, 8.0)]  # fmt: skip
    result = by_hand(mine=windows, never=[window(i, 10.0) for i in range(4)])
    mine = result.trials[0]
    assert (mine.retrains, mine.not_promoted, mine.not_paid("rmse")) == (3, 1, 1)
    assert result.training_costs(mine) == 6.0
    assert result.gain(mine) == pytest.approx((10.0 - 9.0) * 40 * 0.5)


def test_frontier_by_hand() -> None:
    retrain = {"status": EventStatus.PROMOTED}
    result = by_hand(
        never=[window(0, 10.0), window(1, 10.0)], one=[window(0, 8.0, **retrain), window(1, 8.0)],
        waste=[window(0, 8.0, **retrain), window(1, 8.0, **retrain)],
    )  # fmt: skip
    assert [result.on_frontier(found) for found in result.trials] == [True, True, False]


def test_result_survives_its_file(result: Backtest, tmp_path: Path) -> None:
    save(result, tmp_path / "new" / "result.json")
    assert load(tmp_path / "new" / "result.json") == result


def test_a_score_that_is_not_known_survives_its_file(tmp_path: Path) -> None:
    made = by_hand(mine=[window(0, 1.0)])
    unknown = replace(made, trials=(replace(made.trials[0], score=math.nan),))
    save(unknown, tmp_path / "result.json")
    assert json.loads((tmp_path / "result.json").read_text())["trials"][0]["score"] is None
    assert math.isnan(load(tmp_path / "result.json").trials[0].score)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"trials": [1]}'])
def test_file_that_is_no_result_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ConfigurationError, match=r"x\.json is no result"):
        load(tmp_path / "x.json")


def test_table_and_picture_show_every_policy(result: Backtest) -> None:
    told = "\n".join(table(result))
    drawn = picture(result)
    for found in result.trials:
        assert f"{found.score:.5g}" in told
        assert found.policy in told
        assert found.policy in drawn
    ET.fromstring(drawn)  # noqa: S314  # our own
    assert drawn.count("http") == 1  # the name space; nothing is fetched


def test_two_results_are_compared_policy_by_policy() -> None:
    told = list(differences(by_hand(a=[window(0, 5.0)], b=[window(0, 1.0)]), by_hand(a=[window(0, 7.0)])))
    assert "a              7 -> 5   retrains 0 -> 0" in told[1]
    assert "b              not in the earlier result" in told[2]


@pytest.fixture
def spec(stage: Stage) -> ModelSpec:
    """The model."""
    return stage.deployment.spec("sales")


def test_policies_by_name_and_from_a_file(spec: ModelSpec, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("preset: aggressive\ncooldown: 3d\n")
    found = named_policies(spec, f"conservative, never,model,{file}")
    assert [policy.name for policy in found] == ["conservative", "never", "model", "mine"]
    assert [policy.checks for policy in found] == [Checks.POLICY, Checks.NEVER, Checks.POLICY, Checks.POLICY]
    assert found[3].spec.settings().cooldown == timedelta(days=3)
    assert found[3].spec.settings().performance_threshold == PRESETS["aggressive"].performance_threshold


def test_names_of_policies_are_not_given_twice(
    spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("other").mkdir()
    files = ["balanced.yaml", "never.yml", "mine.yaml", "mine.yml", "mine.yaml.yaml", "other/mine.yaml", "other/x.yaml"]
    for file in files:
        Path(file).write_text("preset: aggressive")
    found = named_policies(spec, f"balanced,{','.join(files)}")
    assert [policy.name for policy in found] == ["balanced", *files[:-1], "x"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("", "--policies"),
        ("never,never", "once"),
        ("balancd", "did you mean 'balanced'"),
        ("gone.yaml", "cannot be read"),
    ],
)
def test_wrong_policies_are_named(spec: ModelSpec, names: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        named_policies(spec, names)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "not valid YAML"),
        ("3", "found int"),
        ("colddown: 3d", "unknown field colddown; did you mean 'cooldown'"),
        ("cooldown: 3d\ncooldown: 5d", "given twice: cooldown"),
        ("policy: {preset: balanced}\ntask: regression", "unknown field task; allowed: policy"),
        ("policy:", "field policy: a policy holds fields and their values; found NoneType"),
        ("policy: {costs: {trainin: 3}}", "unknown field policy.costs.trainin; did you mean 'training'"),
        ("cooldown: 3", "field cooldown: found 3; 3 is not a duration"),
        ("when: {any: [performence]}", r"field when\.any\[0\]: found 'performence'"),
        ("when: schedule", "policy takes a number from the model's type: add `model_type`"),
    ],
)
def test_file_that_is_no_policy_is_named(spec: ModelSpec, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=words):
        named_policies(spec, str(tmp_path / "mine.yaml"))


def arguments(stage: Stage, out: Path, *more: str) -> list[str]:
    places = ["--models-dir", str(stage.models), "--data-dir", str(stage.data), "--out", str(out)]
    return ["backtest", "--model", "sales", *places, "--policies", "never", *more]


def test_command_keeps_result_and_picture_and_compares(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "kept" / "sales.json"
    assert main(arguments(stage, out, "--every", "20d")) == 0
    assert load(out).trials[0].windows[-1].end > day(END - 1)  # up to the last row
    assert out.with_suffix(".svg").read_text().startswith("<svg")
    assert main(arguments(stage, out, "--every", "20d", "--compare", str(out))) == 0
    told = capsys.readouterr().out
    assert "never" in told
    assert "retrains 0 -> 0" in told


def test_command_names_a_file_that_cannot_be_compared(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(stage, tmp_path / "x.json", "--compare", str(tmp_path / "gone.json"))) == 2
    assert "gone.json cannot be read" in capsys.readouterr().err
