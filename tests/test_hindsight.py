"""What failed and what people said is told where people look: in the report, and by `recommend`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from include import workflow
from include.errors import NotOnRecord, RetrainingError
from include.interfaces.reports.files import FORMATS
from include.records.entries import Budget, FailedStep, Failing, Mark, MarkVerdict, Run
from include.workflow.hindsight import look_back
from tests.records.examples import HOUR, NOW
from tests.reports.test_reports import HOSTILE, SCHEMA, check_page
from tests.stage import REFERENCE_DAYS, Stage, day, sales

FIRST = day(REFERENCE_DAYS)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.add("sales", sales(50))
    return stage


def broken_file(stage: Stage) -> None:
    (stage.models / "sales.yaml").write_text("metric: rsme\n")


def no_source(stage: Stage) -> None:
    (stage.data / "sales.csv").unlink()


def fail(stage: Stage, run_id: str) -> None:
    with pytest.raises(RetrainingError):
        workflow.analyze(stage.deployment, "sales", Run(run_id=run_id, as_of=FIRST))


def advice(stage: Stage) -> list[tuple[str, str]]:
    found = workflow.recommendations_of(stage.deployment, "sales")
    return [(str(each.kind), each.reason) for each in found]


@pytest.mark.parametrize(("sick", "told"), [(broken_file, "ConfigurationError: "), (no_source, "SourceUnavailable: ")])
def test_analysis_that_keeps_failing_is_advice_and_in_the_report(
    stage: Stage, sick: Callable[[Stage], None], told: str
) -> None:
    stage.run("sales", FIRST, run_id="run-0")
    whole = (stage.models / "sales.yaml").read_text()
    sick(stage)
    for run_id in ("run-1", "run-2"):
        fail(stage, run_id)
    [(kind, reason)] = advice(stage)
    assert kind == "fix_failure"
    assert reason.startswith("analyze failed in 2 runs since ")
    assert told in reason
    assert reason.endswith("it is not watched meanwhile")
    (stage.models / "sales.yaml").write_text(whole)
    report = workflow.report_of(stage.deployment, "sales", "run-0")
    assert [failure.run_id for failure in report.failures] == ["run-2", "run-1"]
    assert [str(each.kind) for each in report.recommendations] == ["fix_failure"]
    jsonschema.validate(report.to_json(), SCHEMA)
    for render in (FORMATS["md"], FORMATS["html"]):
        assert "What failed lately" in render(report)


def test_report_of_a_run_that_could_not_look_says_what_failed(stage: Stage) -> None:
    no_source(stage)
    fail(stage, "run-1")
    with pytest.raises(NotOnRecord, match="no decision on record: analyze failed: SourceUnavailable"):
        workflow.report_of(stage.deployment, "sales", "run-1")


def test_broken_file_is_advice_before_a_run_has_met_it(stage: Stage) -> None:
    stage.run("sales", FIRST)
    broken_file(stage)
    [(kind, reason)] = advice(stage)
    assert kind == "fix_failure"
    assert "field metric" in reason


def test_model_that_nobody_knows_gets_no_advice(stage: Stage) -> None:
    with pytest.raises(NotOnRecord, match="did you mean 'sales'"):
        workflow.recommendations_of(stage.deployment, "slaes")


def test_mark_and_budget_are_in_the_report_and_an_overdrawn_budget_is_advice(stage: Stage) -> None:
    stage.add("sales", policy={"false_retrains_per_quarter": 0.5})
    stage.run("sales", FIRST, run_id="run-0")
    assert advice(stage) == []
    workflow.mark_decision(stage.deployment, "sales", "run-0", verdict="false_alarm", by="ada", reason=HOSTILE[0])
    [(kind, reason)] = advice(stage)
    assert kind == "fewer_false_alarms"
    assert "marked as false alarms: 1, and the budget allows 0.5" in reason
    report = workflow.report_of(stage.deployment, "sales", "run-0")
    made = report.to_json()
    jsonschema.validate(made, SCHEMA)
    assert made["budget"] == {"allowed": 0.5, "marked": 1}
    assert (made["mark"]["verdict"], made["mark"]["by"]) == ("false_alarm", "ada")
    page = FORMATS["html"](report)
    check_page(page)
    for told in (page, FORMATS["md"](report)):
        assert "1 marked, 0.5 allowed" in told
        assert "<script>" not in told
    workflow.mark_decision(stage.deployment, "sales", "run-0", verdict="right", by="bob", reason="it was")
    assert advice(stage) == []


def failing(step: FailedStep, runs: int, *, permanent: bool = False) -> Failing:
    return Failing(
        model_name="sales", step=step, runs=runs, since=NOW, last=NOW + HOUR, permanent=permanent, error="E: no"
    )


@pytest.mark.parametrize(
    ("failures", "told"),
    [
        ([failing(FailedStep.ANALYZE, 1)], []),  # it may pass
        ([failing(FailedStep.ANALYZE, 1, permanent=True)], ["analyze failed in the last run"]),
        ([failing(FailedStep.PUBLISH, 2)], ["publish failed in 2 runs"]),
        ([failing(FailedStep.EXECUTE, 3), failing(FailedStep.ANALYZE, 2)], ["analyze failed", "execute failed"]),
    ],
)
def test_what_keeps_failing_or_cannot_pass_is_advice_blindness_first(failures: list[Failing], told: list[str]) -> None:
    found = look_back("sales", failures, [], None)
    assert len(found) == len(told)
    assert all(each.reason.startswith(start) for each, start in zip(found, told, strict=True))


def mark(trigger: str, verdict: MarkVerdict = MarkVerdict.FALSE_ALARM) -> Mark:
    return Mark(
        id=1, model_name="sales", run_id="r", verdict=verdict, by="ada", reason="a sale", at=NOW, trigger_type=trigger,
        decided_at=NOW, counts=True,
    )  # fmt: skip


def test_trigger_that_called_for_most_false_alarms_is_named() -> None:
    marks = [mark("data_drift"), mark("performance", MarkVerdict.RIGHT), mark("model_age"), mark("data_drift")]
    budget = Budget(model_name="sales", allowed=2.0, marked=3, since=NOW)
    [found] = look_back("sales", [], marks, budget)
    assert (found.subject, found.evidence) == ("data_drift", {"marked": 3, "allowed": 2.0, "of_trigger": 2})
    within = Budget(model_name="sales", allowed=3.0, marked=3, since=NOW)
    assert look_back("sales", [], marks, within) == []
