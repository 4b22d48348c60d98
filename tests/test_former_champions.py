from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest

from include.decision.signals import Signal, SignalKind, Verdict
from include.interfaces.reports.markdown import to_markdown
from include.interfaces.reports.page import to_html
from include.records.entries import ChangeKind, Run
from include.workflow.report import report_of
from include.workflow.rollback import roll_back, roll_back_in_run
from include.workflow.steps.analyze import analyze
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from tests.forced import force_promotion
from tests.stage import REFERENCE_DAYS, Stage, Step, day, sales

FIRST, TURNED, BACK = day(REFERENCE_DAYS), REFERENCE_DAYS + 6, REFERENCE_DAYS + 26
OFF: Mapping[str, Any] = {"checks": 0}  # probation would roll back before there is anything else to see


def there_and_back(days: int = 90) -> pd.DataFrame:
    """Sales that work the other way round for twenty days, and then as before."""
    table, turned = sales(days), sales(days, change=0)
    table.loc[TURNED * 24 : BACK * 24, "sales"] = turned.loc[TURNED * 24 : BACK * 24, "sales"]
    return table


def run(stage: Stage, at_day: float) -> Step:
    asked = Run(run_id=f"run-{at_day}", as_of=day(at_day))
    analysis = analyze(stage.deployment, "sales", asked)
    decision, event = decide(stage.deployment, "sales", asked)
    roll_back_in_run(stage.deployment, "sales", asked)
    if event is not None:
        event = execute(stage.deployment, event.id)
    return Step(analysis, decision, event)


def looked(step: Step) -> list[Signal]:
    return [signal for signal in step.analysis.signals if signal.kind is SignalKind.FORMER_CHAMPION]


def champion(stage: Stage) -> int:
    found = stage.store.champion("sales")
    assert found is not None
    return found.version


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A model that was retrained when the world turned; meanwhile it has turned back."""
    stage = Stage(tmp_path)
    stage.add("sales", there_and_back(), probation=OFF, training={"estimator": "linear", "rows": "latest"})
    run(stage, REFERENCE_DAYS)
    assert run(stage, REFERENCE_DAYS + 16).event is not None
    assert champion(stage) == 2
    return stage


def test_a_former_champion_comes_back_when_the_world_does_and_nothing_is_trained(stage: Stage) -> None:
    step = run(stage, BACK + 10)
    assert [(signal.verdict, signal.detail["version"]) for signal in looked(step)] == [(Verdict.CHANGED, 1.0)]
    assert champion(stage) == 1
    assert step.event is None
    assert "a former champion does better" in f"{step.decision.reason} {step.decision.blocked_by}"
    change = stage.store.champion_changes("sales")[-1]
    assert (change.kind, change.from_version, change.to_version) == (ChangeKind.RETURN, 2, 1)
    assert (change.deployed_by, change.run_id) == ("return", step.analysis.run.run_id)
    quiet = run(stage, BACK + 11)
    assert [signal.verdict for signal in looked(quiet)] == [Verdict.STABLE]
    assert champion(stage) == 1


def test_the_report_of_the_run_shows_who_came_back(stage: Stage) -> None:
    step = run(stage, BACK + 10)
    report = report_of(stage.deployment, "sales", step.analysis.run.run_id)
    assert report.to_json()["rollback"]["to"] == 1
    for text in (to_markdown(report), to_html(report)):
        assert "rolled back from v2 to v1" in text
    schema = json.loads((Path(__file__).parents[1] / "docs" / "retraining_report.schema.json").read_text())
    jsonschema.validate(report.to_json(), schema)


def test_the_step_that_is_repeated_changes_nothing_more(stage: Stage) -> None:
    step = run(stage, BACK + 10)
    again = roll_back_in_run(stage.deployment, "sales", step.analysis.run)
    assert again == stage.store.champion_changes("sales")[-1]
    assert len(stage.store.champion_changes("sales")) == 3


def test_what_somebody_rolled_back_by_hand_stays_so(stage: Stage) -> None:
    roll_back(stage.deployment, "sales", 1, requested_by="ada", reason="unfair to the west")
    roll_back(stage.deployment, "sales", 2, requested_by="ada", reason="the other way round")
    assert looked(run(stage, BACK + 10)) == []  # chosen by hand, until the next promotion
    force_promotion(stage.deployment, "sales", day(BACK + 10), shuffled=True)
    step = run(stage, BACK + 20)
    found = {signal.detail["version"] for signal in looked(step)}
    assert 2.0 in found
    assert 1.0 not in found  # rolled back by hand


def test_it_can_be_switched_off(stage: Stage) -> None:
    stage.add("sales", probation={"checks": 0, "former": 0}, training={"estimator": "linear", "rows": "latest"})
    assert looked(run(stage, BACK + 10)) == []


def test_an_equal_champion_is_left_in_place(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(90), probation=OFF, training={"estimator": "linear"})
    run(stage, REFERENCE_DAYS)
    force_promotion(stage.deployment, "sales", day(REFERENCE_DAYS + 10), shuffled=False)
    for later in np.arange(12.0, 40.0, 4.0):
        run(stage, REFERENCE_DAYS + later)
    assert champion(stage) == 2


def test_rows_that_either_has_seen_prove_nothing(stage: Stage) -> None:
    soon = run(stage, REFERENCE_DAYS + 17)
    assert [signal.verdict for signal in looked(soon)] == [Verdict.INCONCLUSIVE]
    assert "24 labelled rows that neither has seen, 100 needed" in looked(soon)[0].reason


def test_a_version_whose_artifact_is_gone_is_named_and_left_out(stage: Stage) -> None:
    (stage.deployment.artifacts.root / stage.store.versions("sales")[0].artifact_path / "model.skops").unlink()
    step = run(stage, BACK + 10)
    assert [signal.verdict for signal in looked(step)] == [Verdict.NO_DATA]
    assert "cannot be compared" in looked(step)[0].reason


@pytest.mark.sweep
def test_a_version_that_was_never_shown_the_positive_class_is_compared_all_the_same(tmp_path: Path) -> None:
    stage, table = Stage(tmp_path), sales(60)
    late = np.arange(len(table)) >= REFERENCE_DAYS * 24 + 24
    table["sales"] = np.where(table["price"] > 2.0, "low", "high").astype(object)
    table.loc[late & (table["price"] > 2.5), "sales"] = "none"
    fields: Mapping[str, Any] = {"task": "classification", "metric": "accuracy", "training": None, "probation": OFF}
    stage.add("sales", table, **fields)
    run(stage, REFERENCE_DAYS)
    force_promotion(stage.deployment, "sales", day(REFERENCE_DAYS + 12), shuffled=False)
    stage.add("sales", positive_class="none", **fields)  # a class that the first version was never shown
    found = looked(run(stage, REFERENCE_DAYS + 24))
    assert [(signal.verdict, signal.detail["version"]) for signal in found] == [(Verdict.STABLE, 1.0)]
