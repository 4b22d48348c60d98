"""Trainings made elsewhere: the same contest and gate as every other, and the same record."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from include.errors import ArtifactError, ClaimLost, ConfigurationError, DataError, TrainingError
from include.records.entries import EventStatus
from include.records.memory import MemoryStore
from include.records.postgres import PostgresStore
from include.retraining.trainers.skops_files import dump_model
from include.workflow import RetrainingTrigger, complete_retraining, fail_retraining, start_retraining
from include.workflow.deployment import now
from include.workflow.steps.execute import execute
from tests.stage import REFERENCE_DAYS, Stage, day, sales
from tests.sweeps import first_of

CHANGE = 45
BEGUN, DONE = day(CHANGE + 6), day(CHANGE + 10)
NUMBERS = ["temperature", "price"]


def made_stage(folder: Path, store: Any, **fields: Any) -> Stage:
    """A stage whose model reads two numbers, with a first version; its world turns over on day 45."""
    stage = Stage(folder, store)
    stage.add("sales", sales(70, change=CHANGE), features=NUMBERS, **fields)
    stage.run("sales", day(REFERENCE_DAYS))
    return stage


@pytest.fixture(params=first_of(["postgres", "memory"], 1))
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """The stage with records of both kinds."""
    if request.param == "memory":
        return made_stage(tmp_path, MemoryStore())
    return made_stage(
        tmp_path, PostgresStore(partial(psycopg.connect, request.getfixturevalue("records_uri")), keep=True)
    )


@pytest.fixture
def plain(tmp_path: Path) -> Stage:
    """The stage with records in memory."""
    return made_stage(tmp_path, MemoryStore())


def trained(days: slice) -> LinearRegression:
    """A model that somebody trained on the rows of some days."""
    table = sales(70, change=CHANGE)
    chosen = table[(table["at"] >= day(days.start)) & (table["at"] < day(days.stop))]
    return LinearRegression().fit(chosen[NUMBERS], chosen["sales"])


GOOD, BAD = trained(slice(CHANGE, CHANGE + 6)), trained(slice(0, 30))


def begin(stage: Stage, trigger: str = RetrainingTrigger.PERFORMANCE_DEGRADATION, **asked: Any) -> str:
    given = {"trigger_reason": "accuracy dropped by 5 %", "created_by": "ml_engineer", "as_of": BEGUN, **asked}
    return start_retraining(stage.deployment, "sales", trigger=trigger, **given)


def champion(stage: Stage) -> int:
    found = stage.store.champion("sales")
    assert found is not None
    return found.version


def test_better_version_is_published_and_is_on_record_as_it_was_asked_for(stage: Stage) -> None:
    retraining = begin(
        stage, training_data_path="s3://bucket/new.jsonl", hyperparameters={"num_epochs": 3}, retraining_notes="note"
    )
    opened = stage.store.events(model_name="sales")[0]
    assert (opened.retraining_id, opened.status, opened.trigger_type) == (
        retraining,
        EventStatus.DECIDED,
        "performance",
    )
    assert opened.wish.notes == "note"
    event = complete_retraining(
        stage.deployment, retraining, "v1.0.5678", {"accuracy": 0.92}, 4500.0, model=GOOD, as_of=DONE
    )
    assert (event.status, champion(stage)) == (EventStatus.PROMOTED, 2)
    assert event.scores["rmse"] < event.champion_scores["rmse"]
    assert (event.wish.by, event.wish.notes) == ("ml_engineer", "note")
    assert event.wish.training_data_path == "s3://bucket/new.jsonl"
    assert event.wish.hyperparameters == {"num_epochs": 3}
    details = event.details
    assert (details.external_version, details.training_duration) == ("v1.0.5678", 4500.0)
    assert (details.reported_metrics, details.row_choice) == ({"accuracy": 0.92}, "elsewhere")
    assert details.training_data_hash is None  # nobody here has seen what it was trained on
    stored = stage.store.versions("sales")[-1]
    assert stored.details.hyperparameters == {"num_epochs": 3}
    loaded = stage.deployment.artifacts.load(stored.artifact_path, stored.artifact_sha256).predictor
    rows = sales(70)[NUMBERS].iloc[:5]
    assert np.array_equal(loaded.predict(rows), GOOD.predict(rows))


def test_version_that_is_no_better_leaves_the_champion_alone(stage: Stage) -> None:
    event = complete_retraining(
        stage.deployment, begin(stage), performance_metrics={"rmse": 0.0}, model=BAD, as_of=DONE
    )
    assert event.status in (EventStatus.HELD, EventStatus.REJECTED)
    assert champion(stage) == 1
    assert event.details.reported_metrics == {"rmse": 0.0}  # believed by nobody


def test_rows_that_it_may_have_seen_prove_nothing(plain: Stage) -> None:
    event = complete_retraining(plain.deployment, begin(plain), model=GOOD, as_of=BEGUN)
    assert (event.status, champion(plain)) == (EventStatus.HELD, 1)
    assert "nothing can be proven" in event.outcome


def test_rows_before_the_start_prove_it_where_it_was_not_trained_on_them(plain: Stage) -> None:
    since = trained(slice(CHANGE, CHANGE + 3))
    event = complete_retraining(plain.deployment, begin(plain), model=since, trained_until=day(CHANGE + 3), as_of=BEGUN)
    assert event.status is EventStatus.PROMOTED
    assert event.details.gate is not None
    assert event.details.gate["rows"] == 3 * 24


def test_completed_again_is_the_same_event(stage: Stage) -> None:
    retraining = begin(stage)
    first = complete_retraining(stage.deployment, retraining, model=GOOD, as_of=DONE)
    assert complete_retraining(stage.deployment, retraining, model=BAD, as_of=DONE) == first
    assert len(stage.store.versions("sales")) == 2


@pytest.mark.parametrize(
    ("trigger", "recorded"),
    [("manual", "manual"), ("performance_degradation", "performance"), ("data_drift", "data_drift"),
     ("scheduled", "schedule"), ("red_team_failure", "red_team"), ("new_data", "new_data")],
)  # fmt: skip
def test_each_reason_is_on_record_under_this_systems_name(tmp_path: Path, trigger: str, recorded: str) -> None:
    stage = made_stage(tmp_path, MemoryStore())
    begin(stage, trigger)
    assert stage.store.events(model_name="sales")[0].trigger_type == recorded


def test_skops_file_is_as_good_as_the_model(plain: Stage, tmp_path: Path) -> None:
    dump_model(GOOD, tmp_path / "model.skops")
    event = complete_retraining(plain.deployment, begin(plain), model=tmp_path / "model.skops", as_of=DONE)
    assert event.status is EventStatus.PROMOTED


@pytest.mark.parametrize("content", [None, b"no model", b"\x80\x04K\x01."])
def test_file_that_holds_no_model_leaves_the_retraining_open(
    plain: Stage, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "model.skops").write_bytes(content)
    retraining = begin(plain)
    with pytest.raises(ArtifactError, match=r"model\.skops"):
        complete_retraining(plain.deployment, retraining, model=tmp_path / "model.skops", as_of=DONE)
    assert complete_retraining(plain.deployment, retraining, model=GOOD, as_of=DONE).status is EventStatus.PROMOTED


class Fails:
    """A model that cannot answer."""

    def predict(self, features: pd.DataFrame) -> Any:
        """Fail."""
        raise KeyError("price")


@pytest.mark.parametrize(
    ("model", "told"),
    [(Fails(), "cannot predict: KeyError"), (object(), "which has no predict"),
     (make_pipeline(FunctionTransformer(lambda x: x), GOOD), "sales|lambda|type")],
)  # fmt: skip
def test_model_that_cannot_be_asked_or_stored_is_told_and_leaves_the_retraining_open(
    plain: Stage, model: Any, told: str
) -> None:
    retraining = begin(plain)
    with pytest.raises((TrainingError, ArtifactError), match=told):
        complete_retraining(plain.deployment, retraining, model=model, as_of=DONE)
    plain.deployment.store.close_unfinished("sales", at=now() + timedelta(days=2), idle=timedelta(hours=6))
    assert complete_retraining(plain.deployment, retraining, model=GOOD, as_of=DONE).status is EventStatus.PROMOTED


def test_only_one_version_of_a_model_is_trained_elsewhere_at_a_time(plain: Stage) -> None:
    retraining = begin(plain)
    with pytest.raises(ClaimLost, match=f"retraining {retraining} is open"):
        begin(plain)
    fail_retraining(plain.deployment, retraining, "CUDA out of memory", "OutOfMemory")
    failed = plain.store.events(model_name="sales")[0]
    assert (failed.status, failed.error_type, failed.outcome) == (
        EventStatus.FAILED, "OutOfMemory", "CUDA out of memory"
    )  # fmt: skip
    begin(plain)


def test_training_elsewhere_may_take_days_and_not_months(stage: Stage) -> None:
    begin(stage)
    closed = partial(stage.store.close_unfinished, "sales", idle=timedelta(hours=6))
    assert closed(at=now() + timedelta(days=29)) == []
    assert [event.status for event in closed(at=now() + timedelta(days=31))] == [EventStatus.ABANDONED]


def test_scheduled_run_goes_on_beside_it_and_does_not_execute_it(plain: Stage) -> None:
    begin(plain)
    opened = plain.store.events(model_name="sales")[0]
    with pytest.raises(DataError, match="is trained elsewhere: complete retraining"):
        execute(plain.deployment, opened.id)


def test_broken_data_keeps_it_back_as_every_other(tmp_path: Path) -> None:
    stage = made_stage(tmp_path, MemoryStore())
    table = sales(70, change=CHANGE)
    table.loc[(CHANGE + 1) * 24 :, "price"] = np.nan
    stage.write("sales", table)
    with pytest.raises(DataError, match="no retraining is begun now: price"):
        begin(stage)
    assert stage.store.events(model_name="sales")[0].run.elsewhere is False


def test_first_version_made_elsewhere_must_not_have_seen_what_it_is_judged_on(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(40), features=NUMBERS)
    retraining = begin(stage, as_of=day(REFERENCE_DAYS))
    early, last = trained(slice(0, 20)), day(REFERENCE_DAYS)
    with pytest.raises(DataError, match=r"is judged on the reference rows from 2026-01-2\d"):
        complete_retraining(stage.deployment, retraining, model=early, as_of=last)
    event = complete_retraining(stage.deployment, retraining, model=early, trained_until=day(20), as_of=last)
    assert (event.status, champion(stage)) == (EventStatus.PROMOTED, 1)


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        ({"trigger_reason": " "}, DataError, "needs a reason"),
        ({"trigger": "scheduld"}, ConfigurationError, "did you mean 'scheduled'"),
    ],
)
def test_start_without_a_reason_or_with_an_unknown_one_is_refused(
    plain: Stage, asked: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        begin(plain, **asked)


def test_unknown_retraining_is_refused(plain: Stage) -> None:
    with pytest.raises(DataError, match="no retraining elsewhere has the id 'nothing'"):
        complete_retraining(plain.deployment, "nothing", model=GOOD)
    own = plain.store.events(model_name="sales")[0]
    with pytest.raises(DataError, match="no retraining elsewhere has the id"):
        complete_retraining(plain.deployment, own.run.run_id, model=GOOD)
