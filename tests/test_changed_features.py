"""A model file that names other columns than the champion has: which are learnt, who is asked, and what blocks."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from include.data.tables import next_features
from include.decision.signals import Signal, Verdict
from include.errors import TrainingError
from include.records.entries import Event, EventStatus, Version
from include.retraining.prepare import Columns
from tests.shadows import LINEAR
from tests.stage import REFERENCE_DAYS, Stage, Step, day, sales

CHANGE = 35  # the world turns over
LATER = CHANGE + 10
ALL, FEWER = ["temperature", "price", "region"], ["temperature", "price"]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage whose model has a first version with all columns; later its world turns over."""
    made = Stage(tmp_path)
    made.add("sales", sales(70, change=CHANGE), features=ALL, training=LINEAR)
    assert done(made.run("sales", day(REFERENCE_DAYS))).status is EventStatus.PROMOTED
    return made


def done(step: Step) -> Event:
    assert step.event is not None
    return step.event


def champion(stage: Stage) -> tuple[Version, Columns]:
    version = stage.store.champion("sales")
    assert version is not None
    return version, stage.deployment.artifacts.load(version.artifact_path, version.artifact_sha256).columns


def about(step: Step, column: str) -> list[Signal]:
    signals = [signal for signal in step.analysis.signals if signal.kind == "data_quality"]
    return [signal for signal in signals if signal.feature == column and signal.verdict is Verdict.CHANGED]


def test_column_added_to_the_model_file_is_learnt_by_the_next_version(stage: Stage) -> None:
    stage.add("sales", sales(70, change=CHANGE).assign(wind=1.5, day=lambda table: table["at"].dt.day))
    stage.add("sales", features=[*ALL, "wind", "day"], categorical=["day"], training=LINEAR)
    event = done(stage.run("sales", day(LATER)))
    assert event.status is EventStatus.PROMOTED
    assert event.champion_scores["rmse"] > event.scores["rmse"]
    assert champion(stage)[1] == Columns(features=(*ALL, "wind", "day"), categorical=("region", "day"))
    assert stage.run("sales", day(LATER + 5)).analysis.champion_version == 2


def test_column_given_up_is_not_learnt_while_the_champion_is_asked_with_it(stage: Stage) -> None:
    stage.add("sales", features=FEWER, training=LINEAR)
    event = done(stage.run("sales", day(LATER)))
    assert event.outcome.startswith("proven better: rmse")
    version, columns = champion(stage)
    assert columns.features == ("temperature", "price")
    assert version.details.features == tuple(FEWER)
    trained_since = day(LATER) - timedelta(hours=version.details.training_data_size)
    assert version.details.training_data_from == trained_since.isoformat()
    [probation] = [s for s in stage.run("sales", day(LATER + 5)).analysis.signals if s.kind == "probation"]
    assert probation.detail["predecessor_score"] > probation.detail["champion_score"]  # asked with its own columns, too


def test_column_given_up_that_is_broken_is_told_and_blocks_nothing(stage: Stage) -> None:
    stage.write("sales", sales(70, change=CHANGE).assign(region=lambda t: t["region"].where(t.index < CHANGE * 24)))
    stage.add("sales", features=FEWER, training=LINEAR)
    step = stage.run("sales", day(LATER))
    [told] = about(step, "region")
    assert not told.blocks
    assert told.reason.endswith("; the model file has given the column up: a retrain makes do without it")
    assert step.analysis.facts.faults == ()
    assert done(step).status is EventStatus.PROMOTED


def test_column_that_the_model_file_still_names_blocks_when_it_is_gone(stage: Stage) -> None:
    stage.write("sales", sales(70, change=CHANGE).drop(columns="region"))
    step = stage.run("sales", day(LATER), force=True)
    assert (step.event, [signal.blocks for signal in about(step, "region")]) == (None, [True])


def test_champion_whose_column_is_gone_for_good_is_followed_by_a_version_judged_alone(stage: Stage) -> None:
    stage.write("sales", sales(70, change=CHANGE).drop(columns="region"))
    stage.add("sales", features=FEWER, training=LINEAR, gate={"shadow": 2})
    event = done(stage.run("sales", day(LATER), force=True))
    assert event.status is EventStatus.PROMOTED
    assert event.champion_scores == {}
    assert event.outcome == (
        "v1 cannot predict any more: the rows and the model file are without its region: judged alone, above "
        "every floor"
    )
    assert champion(stage)[1].features == ("temperature", "price")
    assert stage.run("sales", day(LATER + 5)).analysis.champion_version == 2


def test_challenger_judged_alone_has_to_pass_the_floors(stage: Stage) -> None:
    stage.write("sales", sales(70, change=CHANGE).drop(columns="region"))
    stage.add("sales", features=FEWER, training=LINEAR, gate={"floors": {"rmse": 0.1}})
    assert done(stage.run("sales", day(LATER), force=True)).status is EventStatus.REJECTED


def test_shadow_beside_a_champion_whose_column_is_gone_for_good_ends(stage: Stage) -> None:
    stage.add("sales", features=FEWER, training=LINEAR, gate={"shadow": 1})
    assert done(stage.run("sales", day(LATER))).outcome.startswith("in shadow for 1 checks")
    stage.write("sales", sales(70, change=CHANGE).drop(columns="region"))
    event = done(stage.run("sales", day(LATER + 5)))
    assert event.status is EventStatus.HELD
    assert event.outcome.startswith("after its shadow: v1 cannot predict any more")
    assert stage.store.shadow("sales") is None


def test_incremental_training_goes_on_with_the_same_columns_only(stage: Stage) -> None:
    training = {"estimator": "sklearn.linear_model.SGDRegressor", "strategy": "incremental"}
    stage.add("sales", features=FEWER, training=training)
    with pytest.raises(TrainingError, match=r"v1 was trained on other columns.*write `strategy: full`"):
        stage.run("sales", day(LATER), force=True)


def test_without_features_in_the_model_file_the_columns_stay_those_of_the_champion(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(70, change=CHANGE), training=LINEAR)
    stage.run("sales", day(REFERENCE_DAYS))
    stage.write("sales", sales(70, change=CHANGE).assign(wind=1.5))
    step = stage.run("sales", day(LATER))
    assert done(step).status is EventStatus.PROMOTED
    assert champion(stage)[1].features == tuple(ALL)
    stage.add("sales", training=LINEAR, prediction="price")
    assert next_features(stage.deployment.spec("sales"), pd.DataFrame(), ALL) == ["temperature", "region"]


def test_numbers_are_categories_for_as_long_as_the_model_file_lists_them(stage: Stage) -> None:
    table = sales(70, change=CHANGE).assign(day=lambda rows: rows["at"].dt.day, region=1)
    first = stage.deployment.spec("sales")
    reference = stage.store.reference("sales", 1)
    assert reference is not None
    listed = first.model_copy(update={"features": [*ALL, "day"], "categorical": ["price", "day"]})
    assert Columns.of_challenger(listed, reference, table).categorical == ("price", "day")
    assert Columns.of_challenger(first, reference, sales(70)).categorical == ("region",)
    assert Columns.of_challenger(first, reference, table).categorical == ()
