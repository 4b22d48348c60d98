from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.cli.__main__ import main
from include.errors import ConfigurationError, DataError
from include.records.entries import EventStatus
from include.workflow.backtest.replay import Replay, Window, boundaries, lines, replay
from include.workflow.backtest.trial import Trial
from tests.stage import REFERENCE_DAYS, Stage, day, rows_from, sales

CHANGE, END = 50, 75


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with one model, whose world turns over on day 50."""
    stage = Stage(tmp_path)
    stage.add("sales", sales(END, change=CHANGE))
    return stage


def replayed(stage: Stage, *, compare: bool = True, preset: str = "") -> Replay:
    moments = boundaries(day(REFERENCE_DAYS), day(END), "5d")
    return replay(stage.deployment, "sales", moments, show=lambda _: None, preset=preset, compare=compare)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """The whole stretch, the three other ways beside the policy."""
    stage = Stage(tmp_path_factory.mktemp("whole"))
    stage.add("sales", sales(END, change=CHANGE))
    return replayed(stage)


@pytest.mark.parametrize(
    ("every", "expected"),
    [("1mo", ["01-31", "02-28", "03-31", "04-30", "05-15"]), ("4w", ["01-31", "02-28", "03-28", "04-25", "05-15"]),
     ("90d", ["01-31", "05-01", "05-15"]), ("365d", ["01-31", "05-15"])],
)  # fmt: skip
def test_windows_end_after_each_step_and_at_the_end(every: str, expected: list[str]) -> None:
    found = boundaries(datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 5, 15, tzinfo=UTC), every)
    assert [f"{moment:%m-%d}" for moment in found] == expected
    assert all(moment.tzinfo is not None for moment in found)


@pytest.mark.parametrize("every", ["", "0d", "3y", "d", "-1d", "1.5d"])
def test_wrong_step_is_named_with_its_flag(every: str) -> None:
    with pytest.raises(ConfigurationError, match="--every"):
        boundaries(day(0), day(9), every)


def test_replay_retrains_after_the_change_and_beats_never_retraining(whole: Replay) -> None:
    assert [window.start for window in whole.windows] == [day(30 + 5 * i) for i in range(9)]
    assert [window.champion for window in whole.windows[:5]] == ["v1"] * 5
    assert whole.windows[-1].champion != "v1"
    assert whole.outcomes[EventStatus.PROMOTED] >= 1
    assert 1 <= whole.policy.retrains <= 3
    never, always, sliding = whole.alternatives
    assert (never.retrains, always.retrains, sliding.retrains) == (0, 8, 8)
    assert whole.policy.score("rmse") < never.score("rmse")


def test_no_window_is_scored_with_a_model_that_saw_its_rows(whole: Replay) -> None:
    turn = next(window for window in whole.windows if window.start == day(CHANGE))
    before = next(window for window in whole.windows if window.end == day(CHANGE))
    assert turn.champion == before.champion == "v1"
    assert turn.score is not None
    assert before.score is not None
    assert turn.score > 3.0 * before.score


def test_replay_without_a_change_does_not_retrain(stage: Stage) -> None:
    stage.write("sales", sales(END))
    result = replayed(stage, preset="conservative")
    assert result.policy.retrains == 0
    assert {window.champion for window in result.windows} == {"v1"}
    assert result.policy.score("rmse") == pytest.approx(result.alternatives[0].score("rmse"))


def test_replay_alone_has_no_rivals(stage: Stage) -> None:
    moments = boundaries(day(REFERENCE_DAYS), day(REFERENCE_DAYS + 10), "5d")
    assert replay(stage.deployment, "sales", moments, show=lambda _: None, compare=False).alternatives == []


def test_every_window_is_shown_as_it_is_done(stage: Stage) -> None:
    shown: list[Window] = []
    moments = boundaries(day(REFERENCE_DAYS), day(45), "5d")
    result = replay(stage.deployment, "sales", moments, show=shown.append, preset="", compare=False)
    assert shown == result.windows
    assert [bool(window.decision) for window in shown] == [True, True, False]


def test_replay_has_shadows_as_production_has_and_counts_their_ends_as_no_retrains(stage: Stage) -> None:
    stage.add("sales", gate={"shadow": 2})
    result = replayed(stage, compare=False)
    trained = next(
        number for number, window in enumerate(result.windows) if window.outcome.startswith("held: in shadow")
    )
    between, ended = result.windows[trained + 1], result.windows[trained + 2]
    assert (between.status, between.champion) == (None, "v1")
    assert (ended.trigger, ended.status, ended.champion) == ("shadow", EventStatus.PROMOTED, "v1")
    assert result.windows[trained + 3].champion == "v2"
    fired = [window for window in result.windows if window.status is not None]
    assert result.policy.retrains == len([window for window in fired if window.trigger != "shadow"])
    trial = Trial(policy="balanced", score=0.0, windows=tuple(result.windows))
    assert (trial.retrains, trial.not_promoted) == (result.policy.retrains, result.policy.retrains - 1)


def test_replay_that_begins_before_the_reference_ends_says_so(stage: Stage) -> None:
    with pytest.raises(DataError, match=r"reference\.end"):
        replay(
            stage.deployment, "sales", boundaries(day(10), day(20), "5d"), show=lambda _: None, preset="", compare=False
        )


def test_windows_are_scored_with_labels_that_come_late_and_checks_do_not_see_them(stage: Stage) -> None:
    stage.add("sales", label_delay="7d")
    result = replayed(stage)
    assert [window.rows for window in result.windows] == [5 * 24] * 9
    assert all(window.score is not None for window in result.windows)
    seen = [analysis for analysis in stage.store.analyses("sales") if analysis.champion_version == 1]
    assert max(analysis.labelled_rows for analysis in seen) == 3 * 24  # of a window of ten days
    assert all(len(tally.rows) == 9 for tally in (result.policy, *result.alternatives))


def test_stretch_without_a_label_is_an_error_not_a_score(stage: Stage) -> None:
    moments = boundaries(day(END + 5), day(END + 15), "5d")
    with pytest.raises(DataError, match=r"field target: no row from 2026-03-22 00:00 to 2026-04-01 .*--from and --to"):
        replay(stage.deployment, "sales", moments, show=lambda _: None, compare=False)


def test_model_without_timestamps_cannot_be_replayed(stage: Stage) -> None:
    stage.add("pair", source={"kind": "csv", "reference_path": "a.csv", "recent_path": "b.csv"}, timestamp=None,
              reference=None)  # fmt: skip
    with pytest.raises(ConfigurationError, match="pair: a model without timestamps"):
        replay(stage.deployment, "pair", [day(30), day(40)], show=lambda _: None, preset="", compare=False)


def test_summary_has_a_line_for_each_way(whole: Replay) -> None:
    found = list(lines(whole, "rmse"))
    assert found[0].startswith("retrains ")
    assert [line.split("  ")[0] for line in found[1:]] == [
        "policy", "never retrain", "always, all rows", "always, sliding rows",
    ]  # fmt: skip


def arguments(stage: Stage, *more: str) -> list[str]:
    stage.deployment  # noqa: B018  # makes the folders
    return ["replay", "--models-dir", str(stage.models), "--data-dir", str(stage.data), "--model", "sales", *more]


def test_command_prints_a_line_a_window_and_a_summary(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(stage, "--from", "2026-01-31", "--to", "2026-02-15", "--every", "5d", "--alone")) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line[:10] for line in out[:3]] == ["2026-01-31", "2026-02-05", "2026-02-10"]
    assert "no: nothing changed beyond chance" in out[0]
    assert any(line.startswith("policy") and "rmse over all windows" in line for line in out)


@pytest.mark.parametrize(
    ("more", "words"),
    [(["--from", "2026-01-31", "--to", "2026-02-15", "--every", "3y"], "--every"),
     (["--from", "2026-01-31", "--to", "2026-01-31"], "--to"), (["--from", "2026-02-15", "--to", "2026-02-01"], "--to"),
     (["--from", "2026-01-31", "--to", "2026-02-15", "--every", "9999999w"], "--every")],
)  # fmt: skip
def test_command_names_the_wrong_flag(
    stage: Stage, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    assert main(arguments(stage, *more)) == 2
    assert words in capsys.readouterr().err


def test_command_names_an_unknown_model(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    command = [*arguments(stage, "--from", "2026-01-31", "--to", "2026-02-15"), "--model", "sale"]
    assert main(command) == 2
    assert "did you mean 'sales'" in capsys.readouterr().err


def test_replay_rolls_back_as_production_does(stage: Stage) -> None:
    table, calm = sales(90, change=41), sales(90)
    table.loc[rows_from(51)] = calm.loc[rows_from(51)]  # the change was an episode
    stage.add("sales", table, training={"rows": "latest", "hyperparameters": {"max_iter": 30}})
    moments = boundaries(day(REFERENCE_DAYS), day(75), "10d")
    result = replay(stage.deployment, "sales", moments, show=lambda _: None, compare=False)
    champions = [window.champion for window in result.windows]
    back = next(place for place, window in enumerate(result.windows) if window.outcome.startswith("rolled back"))
    assert result.windows[back].decision.startswith("no: ")
    assert result.windows[back].status is None
    assert champions[back] == "v2"
    assert champions[back + 1] == "v1"
    after = result.windows[back + 1]
    assert after.score is not None
    assert after.predecessor is not None
    assert after.score < after.predecessor  # what v2 would have done there
