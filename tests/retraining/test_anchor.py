from __future__ import annotations

from pathlib import Path

import pytest

from include.records.entries import Event, EventStatus, Run
from include.workflow.steps.analyze import analyze
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from tests.forced import force_promotion
from tests.stage import REFERENCE_DAYS, Stage, day, sales

LATER = REFERENCE_DAYS + 14


def retrained(tmp_path: Path, *, former: int, artifact: bool = True) -> Event:
    """A challenger of a clumsy trainer, after a good first version and a champion trained on shuffled labels."""
    stage = Stage(tmp_path)
    quiet = {"checks": 0, "former": 0}  # the check itself would bring v1 back
    stage.add("sales", sales(90), probation=quiet, training={"estimator": "linear"})
    first = Run(run_id="first", as_of=day(REFERENCE_DAYS))
    analyze(stage.deployment, "sales", first)
    event = decide(stage.deployment, "sales", first)[1]
    assert event is not None
    execute(stage.deployment, event.id)
    force_promotion(stage.deployment, "sales", day(REFERENCE_DAYS + 2), shuffled=True)
    clumsy = {"estimator": "gradient_boosting", "hyperparameters": {"max_iter": 6}, "rows": "all"}
    stage.add("sales", probation=quiet, training=clumsy)
    if not artifact:
        (stage.deployment.artifacts.root / stage.store.versions("sales")[0].artifact_path / "model.skops").unlink()
    asked = Run(run_id="later", as_of=day(LATER), force=True, reason="try", requested_by="ada")
    analyze(stage.deployment, "sales", asked)
    event = decide(stage.deployment, "sales", asked)[1]
    assert event is not None
    stage.add("sales", probation={"checks": 0, "former": former}, training=clumsy)
    return execute(stage.deployment, event.id)


def test_challenger_that_beats_a_bad_champion_but_not_the_one_before_is_held(tmp_path: Path) -> None:
    event = retrained(tmp_path, former=3)
    assert event.status is EventStatus.HELD
    assert "proven better: rmse" in event.outcome
    assert "but proven worse than a former champion: rmse beside v1" in event.outcome
    (beside,) = event.details.gate["former"]
    assert beside["challenger"] > beside["champion"]
    assert beside["p_value"] < beside["level"] == 0.05


@pytest.mark.parametrize(("former", "artifact"), [(0, True), (3, False)])
def test_without_a_former_champion_to_ask_the_champion_alone_is_to_be_beaten(
    tmp_path: Path, former: int, artifact: bool
) -> None:
    event = retrained(tmp_path, former=former, artifact=artifact)
    assert event.status is EventStatus.PROMOTED
    assert event.details.gate["former"] == []
