from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from include.decision.signals import SignalKind, Verdict
from include.errors import DataError, TrainingError
from include.records.entries import EventStatus, Run, VersionStatus
from include.workflow.steps.analyze import analyze
from include.workflow.steps.complete import log_completion
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from tests.stage import REFERENCE_DAYS, WINDOW_DAYS, Stage, Step, day, rows_from, sales

CHANGE = 45
FIRST, QUIET, ALARM = day(REFERENCE_DAYS), day(REFERENCE_DAYS + 12), day(CHANGE + 6)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with one model, whose world turns over on day 45."""
    stage = Stage(tmp_path)
    stage.add("sales", sales(70, change=CHANGE))
    return stage


def champion(stage: Stage) -> int:
    found = stage.store.champion("sales")
    assert found is not None
    return found.version


def statuses(stage: Stage) -> list[VersionStatus]:
    return [version.status for version in stage.store.versions("sales")]


def verdicts(step: Step, kind: SignalKind) -> set[Verdict]:
    return {signal.verdict for signal in step.analysis.signals if signal.kind is kind}


def drifting(step: Step) -> set[str]:
    return {s.feature for s in step.analysis.signals if s.changed and s.kind is SignalKind.DATA_DRIFT}


def test_a_model_is_started_left_alone_retrained_and_left_alone_again(stage: Stage) -> None:
    first = stage.run("sales", FIRST)
    assert first.decision.trigger_type == "first_version"
    assert first.event is not None
    assert first.event.status is EventStatus.PROMOTED
    assert champion(stage) == 1

    quiet = stage.run("sales", QUIET)
    assert (quiet.decision.triggered, quiet.event) == (False, None)
    assert quiet.analysis.rows == WINDOW_DAYS * 24
    assert verdicts(quiet, SignalKind.PERFORMANCE) == {Verdict.STABLE}

    alarm = stage.run("sales", ALARM)
    assert alarm.decision.triggered
    assert alarm.decision.trigger_type == "performance"
    assert verdicts(alarm, SignalKind.PERFORMANCE) == {Verdict.CHANGED}
    assert "relation to the target changed" in alarm.decision.root_cause
    assert alarm.event is not None
    assert alarm.event.status is EventStatus.PROMOTED
    assert alarm.event.scores["rmse"] < alarm.event.champion_scores["rmse"]
    assert (champion(stage), statuses(stage)) == (2, [VersionStatus.RETIRED, VersionStatus.CHAMPION])

    at_once = stage.run("sales", ALARM, run_id="at once")
    assert (at_once.analysis.rows, at_once.decision.triggered) == (0, False)
    assert at_once.decision.reason == "no recent rows"

    soon = stage.run("sales", ALARM + timedelta(hours=6))
    assert (soon.analysis.rows, soon.decision.triggered) == (6, False)


def test_once_drifted_is_not_for_ever_drifted(stage: Stage) -> None:
    table = sales(90, change=CHANGE)
    table.loc[rows_from(CHANGE), "price"] += 5.0
    stage.add("sales", table, training={"rows": "latest", "hyperparameters": {"max_iter": 30}})
    stage.run("sales", FIRST)

    drifted = stage.run("sales", day(CHANGE + WINDOW_DAYS))
    assert "price" in drifting(drifted)
    assert drifted.event is not None
    assert drifted.event.status is EventStatus.PROMOTED

    again = stage.run("sales", day(CHANGE + 2 * WINDOW_DAYS + 1))
    assert again.analysis.rows == WINDOW_DAYS * 24
    assert drifting(again) == set()
    assert not again.decision.triggered


def test_repeating_any_step_changes_nothing(stage: Stage) -> None:
    stage.run("sales", FIRST)
    run = Run(run_id="alarm", as_of=ALARM)
    for _ in range(2):
        analysis = analyze(stage.deployment, "sales", run)
    for _ in range(2):
        decision, event = decide(stage.deployment, "sales", run)
    assert event is not None
    done = execute(stage.deployment, event.id)
    assert execute(stage.deployment, event.id) == done
    assert log_completion(stage.deployment, "sales", run) == (decision, done)
    assert log_completion(stage.deployment, "sales", run) == (decision, done)
    assert analyze(stage.deployment, "sales", run) == analysis  # what the decision was made on
    assert decide(stage.deployment, "sales", run) == (decision, done)
    assert len(stage.store.versions("sales")) == 2
    assert len(stage.store.events(model_name="sales")) == 2


def test_whole_run_again_is_the_same_run(stage: Stage) -> None:
    assert stage.run("sales", FIRST) == stage.run("sales", FIRST)
    assert stage.run("sales", ALARM) == stage.run("sales", ALARM)
    assert len(stage.store.versions("sales")) == 2


def test_deciding_without_an_analysis_is_an_error_that_names_model_and_run(stage: Stage) -> None:
    with pytest.raises(DataError, match="model sales: run lost has no analysis"):
        decide(stage.deployment, "sales", Run(run_id="lost", as_of=FIRST))
    assert log_completion(stage.deployment, "sales", Run(run_id="lost", as_of=FIRST)) is None


def test_trainer_that_raises_leaves_an_open_event_that_logging_closes_as_failed(stage: Stage) -> None:
    stage.add("sales", training={"hyperparameters": {"max_iter": -1}})
    run = Run(run_id="first", as_of=FIRST)
    analyze(stage.deployment, "sales", run)
    event = decide(stage.deployment, "sales", run)[1]
    assert event is not None
    for _ in range(2):
        with pytest.raises(TrainingError, match="max_iter"):
            execute(stage.deployment, event.id)
    tried = stage.store.event(event.id)
    assert tried.status is EventStatus.EXECUTING
    assert (tried.error_type, "max_iter" in tried.error) == ("TrainingError", True)
    found = log_completion(stage.deployment, "sales", run)
    assert found is not None
    assert found[1] is not None
    assert found[1].status is EventStatus.FAILED
    assert found[1].error_type == "TrainingError"
    assert statuses(stage) == [VersionStatus.FAILED]
    assert stage.store.champion("sales") is None


def test_after_a_failure_the_next_run_tries_again(stage: Stage) -> None:
    stage.run("sales", FIRST)
    stage.add("sales", training={"hyperparameters": {"max_iter": -1}})
    run = Run(run_id="broken", as_of=ALARM)
    with pytest.raises(TrainingError):
        stage.run("sales", ALARM, run_id="broken")
    log_completion(stage.deployment, "sales", run)
    assert champion(stage) == 1
    stage.add("sales")
    again = stage.run("sales", ALARM + timedelta(hours=6))
    assert again.event is not None
    assert again.event.status is EventStatus.PROMOTED
    assert statuses(stage) == [VersionStatus.RETIRED, VersionStatus.FAILED, VersionStatus.CHAMPION]


def test_event_whose_process_died_is_abandoned_by_the_next_run(stage: Stage) -> None:
    run = Run(run_id="first", as_of=FIRST)
    analyze(stage.deployment, "sales", run)
    event = decide(stage.deployment, "sales", run)[1]
    assert event is not None
    with stage.store.claim(event.id, at=event.triggered_at):
        pass  # began to execute, and died without a word
    later = stage.run("sales", FIRST + timedelta(hours=6))
    assert stage.store.event(event.id).status is EventStatus.ABANDONED
    assert later.event is not None
    assert later.event.status is EventStatus.PROMOTED


def test_dry_run_decides_and_records_but_trains_nothing(stage: Stage) -> None:
    step = stage.run("sales", FIRST, dry_run=True)
    assert step.decision.triggered
    assert step.event is not None
    assert step.event.status is EventStatus.DRY_RUN
    assert not step.event.execution_attempted
    assert list(stage.store.versions("sales")) == []
    assert not (stage.root / "made").exists()


def test_forced_retrain_keeps_its_reason_and_passes_the_gate_like_any_other(stage: Stage) -> None:
    stage.run("sales", FIRST)
    forced = stage.run("sales", QUIET, force=True, reason="audit", requested_by="ada")
    assert forced.decision.trigger_type == "manual"
    assert forced.decision.reason == "manual: audit"
    assert forced.event is not None
    assert (forced.event.run.reason, forced.event.run.requested_by) == ("audit", "ada")
    assert forced.event.status in (EventStatus.HELD, EventStatus.PROMOTED, EventStatus.REJECTED)
    assert "held-out rows" in forced.event.outcome


def test_cooldown_holds_the_next_retrain_back(stage: Stage) -> None:
    stage.run("sales", FIRST)
    stage.run("sales", day(CHANGE), force=True, reason="early")
    blocked = stage.run("sales", ALARM)
    assert not blocked.decision.triggered
    assert blocked.decision.blocked_by == (f"cooling down until {day(CHANGE + 7):%Y-%m-%d} 00:00 UTC",)
    assert blocked.event is None
    assert stage.run("sales", day(CHANGE + 9)).decision.triggered


def test_labels_younger_than_their_delay_have_not_arrived(stage: Stage) -> None:
    stage.add("sales", label_delay="4d")
    stage.run("sales", FIRST)
    step = stage.run("sales", QUIET)
    assert step.analysis.rows == WINDOW_DAYS * 24
    assert step.analysis.labelled_rows == (WINDOW_DAYS - 4) * 24


def test_past_as_of_sees_only_what_that_date_saw(stage: Stage) -> None:
    early = sales(70, change=CHANGE)
    stage.run("sales", FIRST)
    whole = stage.run("sales", QUIET, run_id="with later rows in the file")
    other = Stage(stage.root / "other")
    other.root.mkdir()
    other.add("sales", early[early["at"] < QUIET])
    other.run("sales", FIRST)
    cut = other.run("sales", QUIET, run_id="with later rows in the file")
    assert cut.analysis == whole.analysis
    assert cut.decision == whole.decision


def test_run_before_the_champions_rows_end_sees_nothing_new(stage: Stage) -> None:
    stage.run("sales", FIRST)
    past = stage.run("sales", FIRST - timedelta(days=3))
    assert (past.analysis.rows, past.decision.triggered) == (0, False)


def test_first_version_waits_until_its_reference_has_been_observed(stage: Stage) -> None:
    with pytest.raises(DataError, match=r"field reference\.end"):
        stage.run("sales", FIRST - timedelta(days=3))
    assert list(stage.store.events(model_name="sales")) == []


def test_rows_in_any_order_are_read_in_time_order(stage: Stage) -> None:
    stage.run("sales", FIRST)
    other = Stage(stage.root / "other")
    other.root.mkdir()
    other.add("sales", sales(70, change=CHANGE).sample(frac=1.0, random_state=0))
    other.run("sales", FIRST)
    assert other.run("sales", ALARM).analysis == stage.run("sales", ALARM).analysis


def test_preset_of_a_run_goes_before_the_model_files(stage: Stage) -> None:
    stage.run("sales", FIRST)
    thresholds = {
        preset: {s.threshold for s in stage.run("sales", QUIET, run_id=preset, preset=preset).analysis.signals
                 if s.kind is SignalKind.PERFORMANCE}
        for preset in ("conservative", "aggressive")
    }  # fmt: skip
    assert thresholds == {"conservative": {0.10}, "aggressive": {0.03}}


def test_recorded_predictions_are_judged_instead_of_the_champions(stage: Stage) -> None:
    table = sales(70)
    stage.add("sales", table.assign(guess=table["sales"] + 50.0), prediction="guess")
    stage.run("sales", FIRST)
    step = stage.run("sales", QUIET)
    rmse = next(m.value for m in step.analysis.measurements if m.metric == "rmse")
    assert rmse == pytest.approx(50.0)
    assert step.decision.trigger_type == "performance"


@pytest.mark.parametrize("measures", [{}, {"sum": "tests.data.measured:total"}], ids=["plain", "with a measure"])
def test_pair_of_files_is_compared_once(tmp_path: Path, measures: dict[str, str]) -> None:
    stage, table = Stage(tmp_path), sales(60, change=40).drop(columns="at")
    stage.write("old", table[: 30 * 24])
    stage.write("new", table[42 * 24 :])
    source = {"kind": "csv", "reference_path": "old.csv", "recent_path": "new.csv"}
    stage.add("sales", source=source, timestamp=None, reference=None, measures=measures)
    steps = [stage.run("sales", FIRST), stage.run("sales", QUIET)]
    assert [step.event and step.event.status for step in steps] == [EventStatus.PROMOTED, EventStatus.PROMOTED]
    third = stage.run("sales", ALARM)
    assert (third.analysis.rows, third.decision.triggered) == (0, False)


def test_models_do_not_share_anything(stage: Stage) -> None:
    stage.add("other", sales(70, seed=5))
    found = stage.run_all(FIRST)
    assert all(isinstance(step, Step) for step in found.values())
    later = stage.run_all(ALARM)
    assert isinstance(later["other"], Step)
    assert isinstance(later["sales"], Step)
    assert (later["other"].decision.triggered, later["sales"].decision.triggered) == (False, True)
    alone = Stage(stage.root / "alone")
    alone.root.mkdir()
    alone.add("sales", sales(70, change=CHANGE))
    alone.run("sales", FIRST)
    assert later["sales"].analysis == alone.run("sales", ALARM).analysis


def test_a_check_counts_rows_as_the_champions_reference_shows_they_count(stage: Stage) -> None:
    stage.run("sales", FIRST)
    reference = stage.store.reference("sales", 1)
    known = reference and reference.calibration
    assert (known and known.window_rows) == WINDOW_DAYS * 24
    drift = [s for s in stage.run("sales", QUIET).analysis.signals if s.kind is SignalKind.DATA_DRIFT and s.feature]
    assert drift
    for signal in drift:
        inflation = known.spread_inflation if signal.statistic == "variance_shift" else known.inflation
        assert signal.detail["effective_rows"] == pytest.approx(signal.detail["rows"] / inflation[signal.feature])
