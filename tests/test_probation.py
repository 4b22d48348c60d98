from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from include.decision.signals import Signal, SignalKind, Verdict
from include.records.entries import ChangeKind, EventStatus, Run, VersionStatus
from include.scoring import METRICS, LabelledRows
from include.workflow.analysis.probation import ProbationTest, verdict_of
from include.workflow.rollback import roll_back, roll_back_in_run
from include.workflow.steps.analyze import analyze
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from tests.forced import force_promotion
from tests.stage import REFERENCE_DAYS, Stage, Step, day, sales

FIRST, FORCED = day(REFERENCE_DAYS), day(REFERENCE_DAYS + 12)


def regression(actual: np.ndarray, predicted: np.ndarray) -> LabelledRows:
    return LabelledRows(actual=actual, predicted=predicted)


def looked(step: Step) -> list[Signal]:
    return [signal for signal in step.analysis.signals if signal.kind is SignalKind.PROBATION]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with one model that has a first version; nothing ever changes."""
    stage = Stage(tmp_path)
    stage.add("sales", sales(90), training={"estimator": "linear"})
    stage.run("sales", FIRST)
    return stage


def run(stage: Stage, at_day: float, *, dry_run: bool = False, force: bool = False) -> Step:
    """The steps of a run, with the one that rolls back."""
    asked = Run(run_id=f"run-{at_day}", as_of=day(at_day), dry_run=dry_run, force=force, reason="because")
    analysis = analyze(stage.deployment, "sales", asked)
    decision, event = decide(stage.deployment, "sales", asked)
    roll_back_in_run(stage.deployment, "sales", asked)
    if event is not None and not dry_run:
        event = execute(stage.deployment, event.id)
    return Step(analysis, decision, event)


def champion(stage: Stage) -> int:
    found = stage.store.champion("sales")
    assert found is not None
    return found.version


# the test


def errors(rng: np.random.Generator, rows: int, correlation: float) -> np.ndarray:
    """First-order autocorrelated errors of variance 1."""
    found, steps = np.empty(rows), rng.normal(size=rows)
    found[0] = steps[0]
    for row in range(1, rows):
        found[row] = correlation * found[row - 1] + (1.0 - correlation**2) ** 0.5 * steps[row]
    return found


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_of_champions_as_good_as_their_predecessor_few_fail(correlation: float) -> None:
    rng, failed, trials, actual = np.random.default_rng(3), 0, 400, np.zeros(300)
    test = ProbationTest(metric=METRICS["rmse"], level=0.05, looks=3, promised=0.0)  # a promise that all break
    for _ in range(trials):
        before, now = errors(rng, 300, correlation), errors(rng, 300, correlation)
        failed += any(
            test.look(regression(actual[:n], before[:n]), regression(actual[:n], now[:n])).changed
            for n in (100, 200, 300)
        )
    assert failed / trials < 0.05 + 2 * (0.05 * 0.95 / trials) ** 0.5


@pytest.mark.parametrize(
    ("worse", "promised", "verdict"),
    [(1.5, 1.0, Verdict.CHANGED), (1.5, None, Verdict.CHANGED), (1.5, 9.0, Verdict.STABLE), (1.0, 0.1, Verdict.STABLE),
     (0.5, 0.1, Verdict.STABLE)],
)  # fmt: skip
def test_fails_who_is_worse_than_the_predecessor_and_than_promised(
    worse: float, promised: float | None, verdict: Verdict
) -> None:
    rng = np.random.default_rng(1)
    actual = rng.normal(size=200)
    before, now = (regression(actual, actual + scale * rng.normal(size=200)) for scale in (1.0, worse))
    found = ProbationTest(metric=METRICS["rmse"], level=0.05, looks=3, promised=promised).look(before, now)
    assert found.verdict is verdict
    assert found.level == pytest.approx(0.05 / 3)
    assert found.detail["champion_score"] == pytest.approx(METRICS["rmse"].score(now))


def test_few_rows_prove_nothing() -> None:
    few = regression(np.zeros(10), np.ones(10))
    found = ProbationTest(metric=METRICS["rmse"], level=0.05, looks=3, promised=0.1).look(few, few)
    assert found.verdict is Verdict.INCONCLUSIVE


# the story


def test_bad_promotion_forced_by_hand_is_rolled_back_within_two_windows_and_both_are_on_record(stage: Stage) -> None:
    bad = force_promotion(stage.deployment, "sales", FORCED, shuffled=True)
    assert champion(stage) == bad.version == 2
    checks = 0
    while champion(stage) == 2:
        checks += 1
        step = run(stage, REFERENCE_DAYS + 12 + checks * 0.25)
    assert checks <= 4 * 20  # two windows of ten days, a check every six hours
    assert checks == 11  # at six rows a check, a third of the 180 that the gate had
    promotion, rollback = stage.store.champion_changes("sales")[1:]
    assert (promotion.kind, promotion.to_version, promotion.deployed_by) == (ChangeKind.PROMOTION, 2, "eve")
    assert (rollback.kind, rollback.from_version, rollback.to_version) == (ChangeKind.PROBATION, 2, 1)
    assert rollback.deployed_by == "probation"
    assert rollback.reason.startswith("v2 on probation after v1: rmse")
    assert rollback.run_id == step.analysis.run.run_id
    statuses = [version.status for version in stage.store.versions("sales")]
    assert statuses == [VersionStatus.CHAMPION, VersionStatus.ROLLED_BACK]
    assert not step.decision.triggered
    assert step.event is None
    assert step.decision.recommendation == "Roll back; nothing needs to be trained."
    assert "failed its probation" in f"{step.decision.reason} {step.decision.blocked_by}"


def test_fair_promotion_stays_and_its_probation_ends(stage: Stage) -> None:
    force_promotion(stage.deployment, "sales", FORCED, shuffled=False)
    looks = [looked(run(stage, REFERENCE_DAYS + 12 + days)) for days in (0.25, 4, 5, 6, 9, 10)]
    numbers = [[signal.detail["look"] for signal in signals] for signals in looks]
    assert numbers == [[0.0], [1.0], [1.0], [2.0], [3.0], []]
    verdicts = [[signal.verdict for signal in signals] for signals in looks]
    assert verdicts == [[Verdict.INCONCLUSIVE], [Verdict.STABLE], [Verdict.INCONCLUSIVE], [Verdict.STABLE],
                        [Verdict.STABLE], []]  # fmt: skip
    assert champion(stage) == 2


def test_first_version_and_a_restored_one_are_not_on_probation(stage: Stage) -> None:
    assert looked(run(stage, REFERENCE_DAYS + 10)) == []
    force_promotion(stage.deployment, "sales", FORCED, shuffled=True)
    roll_back(stage.deployment, "sales", requested_by="ada", reason="complaints")
    assert looked(run(stage, REFERENCE_DAYS + 20)) == []
    roll_back(stage.deployment, "sales", 2, requested_by="eve", reason="I still know better")
    assert looked(run(stage, REFERENCE_DAYS + 21)) == []
    kinds = {change.kind for change in stage.store.champion_changes("sales")}
    assert kinds == {ChangeKind.PROMOTION, ChangeKind.ROLLBACK}  # who restores a version by hand keeps it


def test_probation_can_be_switched_off(stage: Stage) -> None:
    stage.add("sales", training={"estimator": "linear"}, probation={"checks": 0})
    force_promotion(stage.deployment, "sales", FORCED, shuffled=True)
    assert looked(run(stage, REFERENCE_DAYS + 20)) == []


def test_run_that_rolls_back_retrains_nothing_even_when_forced_and_the_next_one_may(stage: Stage) -> None:
    force_promotion(stage.deployment, "sales", FORCED, shuffled=True)
    blocked = run(stage, REFERENCE_DAYS + 20, force=True)
    assert not blocked.decision.triggered
    assert any("failed its probation" in block for block in blocked.decision.blocked_by)
    assert champion(stage) == 1
    later = run(stage, REFERENCE_DAYS + 20.25, force=True)
    assert later.decision.triggered
    assert later.event is not None
    assert later.event.status in (EventStatus.HELD, EventStatus.PROMOTED, EventStatus.REJECTED)


def test_what_a_dry_run_finds_is_rolled_back_by_the_next_run(stage: Stage) -> None:
    force_promotion(stage.deployment, "sales", FORCED, shuffled=True)
    dry = run(stage, REFERENCE_DAYS + 20, dry_run=True)
    assert verdict_of(dry.analysis.signals) is not None
    assert champion(stage) == 2
    run(stage, REFERENCE_DAYS + 20.25)
    assert champion(stage) == 1


def test_rollback_step_that_is_repeated_or_comes_too_late_changes_nothing_more(stage: Stage) -> None:
    force_promotion(stage.deployment, "sales", FORCED, shuffled=True)
    step = run(stage, REFERENCE_DAYS + 20)
    again = roll_back_in_run(stage.deployment, "sales", step.analysis.run)
    assert again == stage.store.champion_changes("sales")[-1]
    assert len(stage.store.champion_changes("sales")) == 3
    roll_back(stage.deployment, "sales", 2, requested_by="eve", reason="back")
    roll_back_in_run(stage.deployment, "sales", step.analysis.run)
    assert champion(stage) == 2


def test_broken_rows_judge_nobody(stage: Stage) -> None:
    force_promotion(stage.deployment, "sales", FORCED, shuffled=True)
    table = sales(90)
    table.loc[(REFERENCE_DAYS + 12) * 24 :, "price"] = None
    stage.write("sales", table)
    step = run(stage, REFERENCE_DAYS + 20)
    assert any(signal.blocks for signal in step.analysis.signals)
    assert [signal.verdict for signal in looked(step)] == [Verdict.INCONCLUSIVE]
    assert champion(stage) == 2


def test_predecessor_without_artifact_is_no_reason_to_stop_watching(stage: Stage) -> None:
    force_promotion(stage.deployment, "sales", FORCED, shuffled=True)
    (stage.deployment.artifacts.root / stage.store.versions("sales")[0].artifact_path / "model.skops").unlink()
    step = run(stage, REFERENCE_DAYS + 20)
    assert [signal.verdict for signal in looked(step)] == [Verdict.NO_DATA]
    assert "cannot be compared" in looked(step)[0].reason
    assert step.decision.reason


def test_labels_that_come_late_are_waited_for(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(90), training={"estimator": "linear"}, label_delay="8d")
    stage.run("sales", day(REFERENCE_DAYS + 9))
    force_promotion(stage.deployment, "sales", day(REFERENCE_DAYS + 20), shuffled=True)
    waiting = run(stage, REFERENCE_DAYS + 27)
    assert [signal.verdict for signal in looked(waiting)] == [Verdict.INCONCLUSIVE]
    assert "0 of" in looked(waiting)[0].reason
    run(stage, REFERENCE_DAYS + 38)  # the rows of ten days, older than the window by now
    assert champion(stage) == 1


def test_promised_figure_is_the_one_of_the_version_on_probation(stage: Stage) -> None:
    worse = force_promotion(stage.deployment, "sales", FORCED, shuffled=True, promised=1000.0)
    assert worse.baseline is not None
    step = run(stage, REFERENCE_DAYS + 20)
    assert [signal.verdict for signal in looked(step)] == [Verdict.STABLE]  # as bad as it said it would be
    assert "1000 promised" in looked(step)[0].reason
