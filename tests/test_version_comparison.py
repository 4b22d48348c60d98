from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.cli.__main__ import main
from include.decision.request import RequestKind
from include.errors import ConfigurationError, DataError
from include.interfaces.reports.comparison import comparison_text
from include.records.entries import Version
from include.registry.spec import ModelSpec
from include.retraining.artifacts import StoredModel
from include.retraining.contest.same_rows import SameRows, VersionPair
from include.retraining.executor import RetrainingExecutor
from include.retraining.trainers.trainer import Predictor
from include.workflow.compare import compare_versions
from include.workflow.version_comparison import LAST_CHECK, WHEN_ACCEPTED, VersionComparison
from tests.forced import force_promotion
from tests.records.examples import postgres_store
from tests.stage import REFERENCE_DAYS, START, WINDOW_DAYS, Stage, day, rows_from, sales

LATER = day(REFERENCE_DAYS + 12)
DAYS = 60


def play(stage: Stage) -> Stage:
    """v1, then v2, which was trained on shuffled labels and promoted by hand."""
    stage.add("sales", sales(DAYS), training={"estimator": "linear"})
    stage.run("sales", day(REFERENCE_DAYS))
    force_promotion(stage.deployment, "sales", LATER, shuffled=True)
    return stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return play(Stage(tmp_path_factory.mktemp("stage")))


def compare(stage: Stage, first: int, second: int, since: float, until: float = DAYS) -> VersionComparison:
    return compare_versions(stage.deployment, "sales", first, second, start=day(since), end=day(until))


def only(found: VersionComparison) -> SameRows:
    [same] = found.on_same_rows
    return same


def test_both_are_scored_on_the_same_unseen_rows_and_the_worse_is_told(stage: Stage) -> None:
    same = only(compare(stage, 1, 2, REFERENCE_DAYS + 13))
    assert same.rows == (DAYS - REFERENCE_DAYS - 13) * 24
    assert same.fair
    assert same.scores[0]["rmse"] < same.scores[1]["rmse"]
    assert same.gain is not None
    assert same.high is not None
    assert same.gain < same.high < 0.0
    assert same.p_value is not None
    assert same.p_value < 1e-6


def test_the_other_way_round_the_same_is_found(stage: Stage) -> None:
    there, back = (only(compare(stage, *each, REFERENCE_DAYS + 13)) for each in ((1, 2), (2, 1)))
    assert back.scores == there.scores[::-1]
    assert there.gain is not None
    assert back.gain is not None
    assert there.gain < 0.0 < back.gain
    assert back.p_value == pytest.approx(there.p_value)


def test_rows_that_one_has_seen_are_marked_and_the_others_compared_alone(stage: Stage) -> None:
    every, unseen = compare(stage, 1, 2, REFERENCE_DAYS - 1).on_same_rows
    days = DAYS - REFERENCE_DAYS + 1
    assert (every.rows, every.seen, every.fair) == (days * 24, (24, 13 * 24 + 1), False)
    assert (unseen.rows, unseen.fair) == (days * 24 - (13 * 24 + 1), True)
    text = "\n".join(comparison_text(compare(stage, 1, 2, REFERENCE_DAYS - 1)))
    assert "UNFAIR: 24 of the rows are no later than what v1 was trained or accepted on" in text
    assert "fair: neither has seen any of them" in text
    assert "v1 is better than v2: loss cut by v2 -" in text


def test_rows_that_one_has_seen_wholly_are_compared_once_and_marked(stage: Stage) -> None:
    same = only(compare(stage, 1, 2, 0, REFERENCE_DAYS))
    assert same.seen == (REFERENCE_DAYS * 24, REFERENCE_DAYS * 24)
    assert not same.fair


def test_version_against_itself_shows_no_difference(stage: Stage) -> None:
    same = only(compare(stage, 1, 1, REFERENCE_DAYS + 13))
    assert (same.gain, same.low, same.high, same.p_value) == (0.0, 0.0, 0.0, 1.0)
    assert "no difference proven" in "\n".join(comparison_text(compare(stage, 1, 1, REFERENCE_DAYS + 13)))


@dataclass(frozen=True)
class Noisy:
    """A predictor that errs by noise of its own."""

    predictor: Predictor
    rng: np.random.Generator

    def predict(self, features: pd.DataFrame) -> np.ndarray:
        return np.asarray(self.predictor.predict(features)) + self.rng.normal(0.0, 2.0, len(features))


@dataclass(frozen=True)
class NoisyExecutor:
    """Loads equally good versions, another one each time."""

    spec: ModelSpec
    stored: StoredModel
    rng: np.random.Generator

    def load(self, _: Version) -> StoredModel:
        return replace(self.stored, predictor=Noisy(self.stored.predictor, self.rng))


def test_equally_good_versions_are_told_apart_no_oftener_than_the_level_says(stage: Stage) -> None:
    v1, spec, trials = stage.store.versions("sales")[0], stage.deployment.spec("sales"), 200
    stored = RetrainingExecutor(spec=spec, artifacts=stage.deployment.artifacts).load(v1)
    load = NoisyExecutor(spec, stored, np.random.default_rng(1)).load
    noisy = VersionPair(spec=spec, load=load, first=v1, second=v1)
    rows = sales(DAYS).iloc[-240:]
    rows = rows.assign(at=pd.to_datetime(rows["at"], utc=True))
    found = [noisy.compare(rows)[0] for _ in range(trials)]
    told = [same for same in found if (same.p_value or 0.0) < same.level]
    assert told == [same for same in found if (same.low or 0.0) > 0.0 or (same.high or 0.0) < 0.0]
    assert 0.02 < len(told) / trials < 0.08


def test_metrics_on_record_change_in_units_and_in_per_cent(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(DAYS, change=REFERENCE_DAYS + 1), training={"hyperparameters": {"max_iter": 30}})
    stage.run("sales", day(REFERENCE_DAYS))
    asked = {"max_iter": 20, "l2_regularization": 1}
    stage.store.add_request("sales", RequestKind.MANUAL, "r", "ada", at=LATER, hyperparameters=asked)
    stage.run("sales", LATER)
    stage.run("sales", day(REFERENCE_DAYS + 16))
    found = compare_versions(stage.deployment, "sales", 1, 2, start=LATER, end=day(DAYS))
    events = {event.version: event for event in stage.store.events(model_name="sales")}
    [rmse] = [each for each in found.metrics[WHEN_ACCEPTED] if each.name == "rmse"]
    first, second = events[1].scores["rmse"], events[2].scores["rmse"]
    assert (rmse.first, rmse.second, rmse.change) == (first, second, second - first)
    assert rmse.percent == pytest.approx(100.0 * (second - first) / first)
    assert rmse.better == ("second" if second < first else "first")
    assert {each.name for each in found.metrics[WHEN_ACCEPTED]} == set(events[1].scores)
    assert all(each.first and each.second for each in found.metrics[LAST_CHECK])
    assert found.differing == {"max_iter": (30, 20), "l2_regularization": (None, 1)}
    assert found.gate == events[2].outcome
    versions = stage.store.versions("sales")
    assert found.data["training_data_hash"] == tuple(each.details.training_data_hash for each in versions)
    assert found.data["data_until"] == (day(REFERENCE_DAYS), versions[1].data_until)
    assert {"training_duration", "memory_usage.peak_mib", "cpu_usage.seconds"} <= {e.name for e in found.resources}


def test_quarantined_and_unlabelled_rows_are_left_out(tmp_path: Path) -> None:
    stage, table = Stage(tmp_path), sales(DAYS)
    table.loc[rows_from(DAYS - 2), "sales"] = np.nan
    stage.add("sales", table, training={"estimator": "linear"})
    stage.run("sales", day(REFERENCE_DAYS))
    force_promotion(stage.deployment, "sales", LATER, shuffled=True)
    same = only(compare(stage, 1, 2, REFERENCE_DAYS + 13))
    assert same.dropped["unlabelled"] == 48
    assert same.rows == (DAYS - 2 - REFERENCE_DAYS - 13) * 24


def test_what_cannot_be_scored_is_said_and_the_records_are_compared_all_the_same(tmp_path: Path) -> None:
    stage = play(Stage(tmp_path))
    nothing = compare(stage, 1, 2, DAYS + 1, DAYS + 2)
    assert "no labelled row to compare on among the 0 chosen" in nothing.obstacle
    assert compare_versions(stage.deployment, "sales", 1, 2).obstacle == nothing.obstacle  # the window is long empty
    shutil.rmtree(stage.deployment.artifacts.root / stage.store.versions("sales")[0].artifact_path)
    gone = compare(stage, 1, 2, REFERENCE_DAYS + 13)
    assert gone.on_same_rows == ()
    assert "cannot be read" in gone.obstacle
    assert gone.metrics[WHEN_ACCEPTED]
    assert "Not scored on the same rows: ArtifactError" in "\n".join(comparison_text(gone))


def test_recent_window_is_compared_on_unless_rows_are_chosen(tmp_path: Path) -> None:
    stage, table = Stage(tmp_path), sales(DAYS)
    shift = pd.Timestamp.now("UTC").floor("h") - table["at"].iloc[-1]
    stage.add("sales", table.assign(at=table["at"] + shift), training={"estimator": "linear"}, reference={
        "start": f"{START + shift:%Y-%m-%dT%H:%M}", "end": f"{day(REFERENCE_DAYS) + shift:%Y-%m-%dT%H:%M}",
    })  # fmt: skip
    stage.run("sales", day(REFERENCE_DAYS) + shift)
    force_promotion(stage.deployment, "sales", LATER + shift, shuffled=True)
    same = only(compare_versions(stage.deployment, "sales", 1, 2))
    assert WINDOW_DAYS * 24 - same.rows in (0, 1)  # an hour may have begun meanwhile
    assert same.fair


def test_few_rows_prove_nothing(stage: Stage) -> None:
    same = only(compare(stage, 1, 2, DAYS - 0.5))
    assert (same.rows, same.gain, same.note) == (12, None, "12 rows, 20 needed to prove anything")


def test_unknown_versions_and_wrong_bounds_are_refused(stage: Stage) -> None:
    with pytest.raises(DataError, match="there is no version v7; on record: v1, v2"):
        compare(stage, 1, 7, 0)
    with pytest.raises(ConfigurationError, match="is not before the end"):
        compare(stage, 1, 2, 5, 5)


def test_rows_without_timestamps_are_compared_with_what_is_known_of_them(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    table = sales(DAYS).drop(columns="at")
    fields = {"timestamp": None, "reference": None, "window": None, "training": {"estimator": "linear"},
              "source": {"kind": "csv", "reference_path": "old.csv", "recent_path": "new.csv"}}  # fmt: skip
    stage.add("sales", **fields)
    stage.write("old", table.iloc[: 30 * 24])
    stage.write("new", table.iloc[30 * 24 :])
    stage.run("sales", day(0))
    stage.run("sales", day(1), force=True)
    found = compare_versions(stage.deployment, "sales", 1, 2)
    same = only(found)
    assert same.seen == (0, 30 * 24)
    assert (same.start, same.fair) == (None, False)
    stage.write("new", table.iloc[20 * 24 :])
    assert only(compare_versions(stage.deployment, "sales", 1, 2)).seen == (0, None)
    with pytest.raises(ConfigurationError, match="has no timestamps"):
        compare(stage, 1, 2, 0)


def test_command_prints_text_or_json(
    tmp_path: Path, records_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = play(Stage(tmp_path, postgres_store(records_uri)))
    for name, value in (("MODELS", stage.models), ("DATA", stage.data), ("ARTIFACTS", stage.deployment.artifacts.root)):
        monkeypatch.setenv(f"RETRAINING_{name}_DIR", str(value))
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", records_uri)
    since = f"{day(REFERENCE_DAYS + 13):%Y-%m-%d}"
    asked = ["compare", "--model", "sales", "v1", "2", "--from", since, "--to", f"{day(DAYS):%Y-%m-%d}"]
    assert main(asked) == 0
    assert capsys.readouterr().out.startswith("sales: v1 (retired) and v2 (champion)\n")
    assert main([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["same_rows"][0]["fair"] is True
    assert found["same_rows"][0]["metrics"]["rmse"]["better"] == "first"
    with pytest.raises(SystemExit):
        main(["compare", "--model", "sales", "best", "v2"])
    assert "write for example v3" in capsys.readouterr().err
