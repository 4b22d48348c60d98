from __future__ import annotations

import json
import math
import os
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from include.cli.__main__ import main
from include.data.tables import read_tables
from include.errors import ConfigurationError, RetrainingError
from include.interfaces.reports.backtest_picture import picture
from include.interfaces.reports.backtest_table import differences, table
from include.records.entries import EventStatus
from include.workflow.backtest.policies import named_policies
from include.workflow.backtest.replay import Window, boundaries
from include.workflow.backtest.rows_once import RowsOnce
from include.workflow.backtest.run import run_backtest
from include.workflow.backtest.trial import Backtest, Trial, load, save
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
        Trial(
            policy=name, windows=tuple(windows), score=sum(w.score or 0.0 for w in windows) / len(windows),
            training_cost=2.0, per_unit_of_loss=0.5,
        )
        for name, windows in trials.items()
    )  # fmt: skip
    return Backtest(model="m", metric="rmse", trials=made)


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


@pytest.mark.sweep
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


def test_each_policy_is_counted_at_its_own_costs(stage: Stage, tmp_path: Path) -> None:
    for name, training in (("dear", 100), ("cheap", 3)):
        (tmp_path / f"{name}.yaml").write_text(f"costs: {{training: {training}, per_unit_of_loss: 0.5}}\n")
    dear, cheap = tmp_path / "dear.yaml", tmp_path / "cheap.yaml"
    spec, moments = stage.deployment.spec("sales"), MOMENTS[:2]

    def costs(names: str) -> list[float | None]:
        found = run_backtest(named_policies(spec, names), stage.data, moments, jobs=1, progress=lambda _d, _w: None)
        return [each.training_cost for each in found.trials]

    assert costs(f"{dear},{cheap},never") == [100.0, 3.0, None]  # whose costs are those of never?
    assert costs(f"never,{cheap}") == [3.0, 3.0]
    assert costs("never") == [None]


def test_costs_that_are_not_known_are_not_counted_in_retrains() -> None:
    made = by_hand(mine=[window(0, 1.0, status=EventStatus.HELD)], never=[window(0, 2.0)])
    result = replace(made, trials=(made.trials[0], replace(made.trials[1], training_cost=None, per_unit_of_loss=None)))
    assert [result.training_costs(found) for found in result.trials] == [2.0, None]
    assert [result.gain(found) for found in result.trials] == [5.0, None]
    assert [line.split()[-3:] for line in table(result)][3] == ["-", "-", "*"]
    assert "against number of retrains" in picture(result)
    assert "against cost of training" in picture(made)


def test_policies_at_one_point_of_the_picture_have_one_label() -> None:
    result = by_hand(a=[window(0, 1.0)], b=[window(0, 1.0)], far=[window(0, 5.0)], c=[window(0, 1.0)])
    labels = [each.text for each in ET.fromstring(picture(result)).iter() if each.get("class") == "s"]  # noqa: S314
    assert "a, b, c" in labels
    assert "far" in labels
    assert not {"a", "b", "c"} & set(labels)


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


@pytest.mark.parametrize(
    ("out", "words"),
    [("kept.svg", "name the result .*kept.json"), (".", "is a folder"), ("sales.csv/x.json", "cannot be written")],
)
def test_command_refuses_a_place_for_its_result_before_the_work(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], out: str,
    words: str,
) -> None:  # fmt: skip
    (tmp_path / "sales.csv").touch()
    monkeypatch.setattr("include.workflow.backtest.run.run_backtest", pytest.fail)
    assert main(arguments(stage, tmp_path / out)) == 2
    assert re.search(f"--out: .*{words}", capsys.readouterr().err)


def test_command_names_a_file_that_cannot_be_compared(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(stage, tmp_path / "x.json", "--compare", str(tmp_path / "gone.json"))) == 2
    assert "gone.json cannot be read" in capsys.readouterr().err
