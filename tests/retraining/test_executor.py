from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.data.profile import profile_table
from include.data.tables import ModelTables, table_hash
from include.errors import DataError
from include.records.entries import EventStatus, Outcome, Version, VersionStatus
from include.retraining.artifacts import ArtifactFolder
from include.retraining.executor import Champion, RetrainingExecutor
from tests.retraining.models import spec_of


def frame(rows: int, *, sign: float = 1.0, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=rows), rng.normal(size=rows)
    return pd.DataFrame({"x": x, "z": z, "y": sign * (5.0 * x + z) + rng.normal(0.0, 0.3, rows)})


def tables(reference: pd.DataFrame, recent: pd.DataFrame) -> ModelTables:
    history = pd.concat([reference, recent], ignore_index=True)
    return ModelTables(reference=reference, recent=recent, history=history, window_start=None)


def champion_of(outcome: Outcome) -> Champion:
    assert outcome.reference is not None
    version = Version(
        model_name="model", version=1, event_id=1, status=VersionStatus.CHAMPION,
        created_at=datetime(2026, 1, 1, tzinfo=UTC), artifact_path=outcome.artifact_path,
        artifact_sha256=outcome.artifact_sha256, baseline=outcome.baseline,
    )  # fmt: skip
    return Champion(version=version, reference=outcome.reference)


@pytest.fixture
def executor(tmp_path: Path) -> RetrainingExecutor:
    return RetrainingExecutor(spec=spec_of(), artifacts=ArtifactFolder(tmp_path))


@pytest.fixture
def first(executor: RetrainingExecutor) -> Outcome:
    return executor.retrain(tables(frame(400), frame(0)), None, 1)


def test_first_version_is_published_with_its_baseline_and_reference(first: Outcome) -> None:
    assert first.status is EventStatus.PROMOTED
    assert first.baseline is not None
    assert first.baseline.rows == 100  # a quarter of the reference, held out
    assert first.baseline.scores["rmse"] == pytest.approx(first.scores["rmse"])
    assert first.reference is not None
    assert first.reference.profile == profile_table(frame(400), ["x", "z"])
    assert first.reference.inputs == ("x", "z")
    assert {name: profile.rows for name, profile in first.reference.outputs.items()} == {
        "target": 400, "prediction": 100,
    }  # fmt: skip
    assert "calibration" not in first.details.to_json()
    assert first.champion_scores == {}
    assert first.details.training_data_size == 400


def test_first_version_below_a_floor_is_rejected(tmp_path: Path) -> None:
    strict = RetrainingExecutor(spec=spec_of(gate={"floors": {"rmse": 0.001}}), artifacts=ArtifactFolder(tmp_path))
    assert strict.retrain(tables(frame(400), frame(0)), None, 1).status is EventStatus.REJECTED


def test_challenger_of_a_changed_world_is_promoted(executor: RetrainingExecutor, first: Outcome) -> None:
    recent = frame(400, sign=-1.0, seed=1)
    outcome = executor.retrain(tables(frame(400), recent), champion_of(first), 2)
    assert outcome.status is EventStatus.PROMOTED
    assert outcome.scores["rmse"] < outcome.champion_scores["rmse"] / 2
    assert outcome.recent_hash == table_hash(recent)
    assert outcome.details.gate["rows"] == 100
    assert outcome.details.gate["verdict"] == "promote"
    assert outcome.details.row_choice in ("latest", "sliding")


def test_challenger_of_an_unchanged_world_is_not_promoted_and_not_published(
    executor: RetrainingExecutor, first: Outcome
) -> None:
    noise = frame(300, seed=2)
    outcome = executor.retrain(
        tables(frame(400), noise.assign(y=np.random.default_rng(0).normal(size=300))), champion_of(first), 2
    )
    unchanged = RetrainingExecutor(
        spec=spec_of(training={"rows": "all", "hyperparameters": {"max_iter": 1}}), artifacts=executor.artifacts
    ).retrain(tables(frame(400), noise), champion_of(first), 3)
    assert outcome.status is not EventStatus.FAILED
    assert unchanged.status is EventStatus.REJECTED  # one tree is proven worse than twenty


def test_champion_and_challenger_are_scored_on_the_same_last_rows(executor: RetrainingExecutor, first: Outcome) -> None:
    executor = replace(executor, spec=spec_of(gate={"refit": False}))
    recent = frame(200, sign=-1.0, seed=1)
    outcome = executor.retrain(tables(frame(400), recent), champion_of(first), 2)
    held_out = recent.iloc[-50:]
    for path, sha256, scores in (
        (first.artifact_path, first.artifact_sha256, outcome.champion_scores),
        (outcome.artifact_path, outcome.artifact_sha256, outcome.scores),
    ):
        predicted = executor.artifacts.load(path, sha256).predictor.predict(held_out[["x", "z"]])
        assert scores["rmse"] == pytest.approx(float(np.sqrt(np.mean((predicted - held_out["y"]) ** 2))))


def test_a_proven_challenger_is_trained_again_with_the_held_out_rows(
    executor: RetrainingExecutor, first: Outcome
) -> None:
    recent = frame(200, sign=-1.0, seed=1)
    proven = replace(executor, spec=spec_of(gate={"refit": False})).retrain(
        tables(frame(400), recent), champion_of(first), 2
    )
    again = executor.retrain(tables(frame(400), recent), champion_of(first), 3)
    assert (proven.status, again.status) == (EventStatus.PROMOTED, EventStatus.PROMOTED)
    assert again.scores == proven.scores  # what it was judged by
    assert again.details.training_data_size >= proven.details.training_data_size
    held_out = recent.iloc[-50:]
    errors = [
        float(np.mean((executor.artifacts.load(o.artifact_path, o.artifact_sha256).predictor.predict(
            held_out[["x", "z"]]) - held_out["y"]) ** 2))
        for o in (proven, again)
    ]  # fmt: skip
    assert errors[1] < errors[0]


def test_held_out_rows_are_not_trained_on(executor: RetrainingExecutor, first: Outcome) -> None:
    recent = frame(200, seed=1)
    recent.loc[150:, ["x", "y"]] += [100.0, 1000.0]  # who saw these rows would know that a large x is a large y
    outcome = executor.retrain(tables(frame(400), recent), champion_of(first), 2)
    assert outcome.details.gate["rows"] == 50
    assert outcome.scores["rmse"] > 900.0


def test_without_unseen_labelled_rows_nothing_is_trained(executor: RetrainingExecutor, first: Outcome) -> None:
    for recent in (frame(0), frame(300, seed=3).assign(y=np.nan)):
        outcome = executor.retrain(tables(frame(400), recent), champion_of(first), 2)
        assert outcome.status is EventStatus.HELD
        assert "nothing can be proven" in outcome.reason
        assert outcome.artifact_path == ""


def test_too_few_reference_rows_are_counted_and_explained(executor: RetrainingExecutor) -> None:
    table = frame(99).assign(y=lambda t: t["y"].where(t.index >= 9))
    with pytest.raises(DataError, match=r"90 usable reference rows, 100 needed.*'unlabelled': 9"):
        executor.retrain(tables(table, frame(0)), None, 1)


def test_same_rows_make_the_same_challenger(executor: RetrainingExecutor, first: Outcome) -> None:
    given = tables(frame(400), frame(300, sign=-1.0, seed=1))
    one, other = (executor.retrain(given, champion_of(first), 2) for _ in range(2))
    assert (one.scores, one.reason, one.reference) == (other.scores, other.reason, other.reference)
    assert one.details.training_data_hash == other.details.training_data_hash


def test_hash_on_record_is_that_of_the_rows_trained_on(executor: RetrainingExecutor, first: Outcome) -> None:
    executor = replace(executor, spec=spec_of(training={"rows": "latest"}, gate={"refit": False}))
    given = tables(frame(400), frame(200, sign=-1.0, seed=1))
    details = executor.retrain(given, champion_of(first), 2).details
    assert first.details.training_data_hash == first.details.prepared_data_hash == table_hash(given.reference)
    assert details.training_data_size == 200  # as many as are recent, before the 50 held out
    assert details.training_data_hash == table_hash(given.history.iloc[350:550])
    assert details.prepared_data_hash == table_hash(given.history)


def test_classification_with_categories_and_gaps(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=500), "c": rng.choice(["a", "b", None], 500)})
    table["y"] = np.where((table["x"] > 0) ^ (table["c"] == "a"), 1, 0)
    table.loc[::9, "x"] = np.nan
    spec = spec_of(task="classification", metric="accuracy")
    executor = RetrainingExecutor(spec=spec, artifacts=ArtifactFolder(tmp_path))
    outcome = executor.retrain(tables(table, table.iloc[:0]), None, 1)
    assert outcome.status is EventStatus.PROMOTED
    assert outcome.scores["accuracy"] > 0.85
    flipped = table.assign(y=1 - table["y"], x=table["x"] + 1e-9)
    assert executor.retrain(tables(table, flipped), champion_of(outcome), 2).status is EventStatus.PROMOTED
