"""A champion that does not answer any more: told, the check goes on, and a version is trained as a first one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from include.decision.signals import SignalKind
from include.errors import ArtifactError, ConfigurationError
from include.records.entries import EventStatus
from include.retraining.answering import Answering
from include.scoring import Task
from tests.stage import REFERENCE_DAYS, Stage, day, sales
from tests.sweeps import first_of

LINEAR = {"estimator": "linear", "rows": "all"}


def upgraded(monkeypatch: pytest.MonkeyPatch, answer: Callable[[Any], Any]) -> None:
    """Models from before load and answer something else; those fitted from now on answer well."""
    fit, predict = Ridge.fit, Ridge.predict

    def fit_now(self: Ridge, *args: Any, **kwargs: Any) -> Any:
        self._fitted_now = True
        return fit(self, *args, **kwargs)

    def predict_now(self: Ridge, features: Any) -> Any:
        found = predict(self, features)
        return found if getattr(self, "_fitted_now", False) else answer(found)

    monkeypatch.setattr(Ridge, "fit", fit_now)
    monkeypatch.setattr(Ridge, "predict", predict_now)


def gone(root: Path) -> None:
    for folder in (root / "made" / "sales").glob("v1-*"):
        shutil.rmtree(folder)


def altered(root: Path) -> None:
    for file in (root / "made" / "sales").glob("v1-*/model.skops"):
        file.write_bytes(b"half of it")


def without_manifest(root: Path) -> None:
    for file in (root / "made" / "sales").glob("v1-*/manifest.json"):
        file.unlink()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.add("sales", sales(60), training=LINEAR)
    stage.run("sales", day(REFERENCE_DAYS + 1))
    return stage


def check_the_way_out(stage: Stage) -> None:
    told = stage.run("sales", day(45))
    assert [signal.verdict for signal in told.analysis.signals if signal.kind is SignalKind.CHAMPION] == ["no_data"]
    assert not told.decision.triggered
    assert told.decision.reason.startswith("v1 ")
    assert "`force`" in told.decision.recommendation
    forced = stage.run("sales", day(46), force=True).event
    assert forced is not None
    assert forced.status is EventStatus.PROMOTED
    assert "trained as a first version" in forced.outcome or "judged alone" in forced.outcome
    after = stage.run("sales", day(47))
    assert after.analysis.champion_version == 2
    assert after.analysis.labelled_rows > 0
    assert not any(signal.kind is SignalKind.CHAMPION for signal in after.analysis.signals)


@pytest.mark.parametrize("harm", [gone, altered, without_manifest])
def test_champion_whose_files_are_not_what_they_were(stage: Stage, harm: Callable[[Path], None]) -> None:
    harm(stage.root)
    check_the_way_out(stage)


@pytest.mark.parametrize(
    "error", [AttributeError("no attribute 'positive_'"), ModuleNotFoundError("no module named sklearn._loss")]
)
def test_champion_that_does_not_answer_after_an_upgrade(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_: Any) -> Any:
        raise error

    upgraded(monkeypatch, fail)
    check_the_way_out(stage)


def without_first(found: Any) -> Any:
    return np.where(np.arange(len(found)) == 0, np.nan, found)


def infinity_to_many(found: Any) -> Any:
    return found if len(found) < 20 else found * np.inf


ANSWERS: dict[str, Callable[[Any], Any]] = {
    "nan": lambda found: found * np.nan, "one nan": without_first, "infinity to many": infinity_to_many,
    "a row less": lambda found: found[:-1], "one for all": lambda found: found[0], "nothing": lambda _: None,
    "a table": lambda found: found[:, None], "words": lambda found: np.full(len(found), "high"),
    "times": lambda found: found.astype("datetime64[s]"),
}  # fmt: skip


@pytest.mark.parametrize("answer", first_of(ANSWERS, 4))
def test_champion_that_answers_what_is_no_prediction(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    upgraded(monkeypatch, ANSWERS[answer])
    check_the_way_out(stage)


@pytest.mark.parametrize("chances", [np.nan, 0.7])
def test_classifier_whose_chances_are_none_does_not_answer(chances: float) -> None:
    model = LogisticRegression().fit(np.arange(20.0)[:, None], np.repeat(["a", "b"], 10))
    version = Answering(model, "v1", Task.CLASSIFICATION)
    rows = pd.DataFrame(np.arange(4.0)[:, None])
    assert version.predict_proba(rows).shape == (4, 2)
    model.predict_proba = lambda features: np.full((len(features), 2), chances)
    with pytest.raises(ArtifactError, match="v1 does not answer here"):
        version.predict_proba(rows)


def test_version_that_breaks_the_promise_on_record_does_not_take_the_place(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(60), training=LINEAR)
    stage.run("sales", day(REFERENCE_DAYS + 1))
    gone(tmp_path)
    stage.add("sales", training=LINEAR, features=["temperature", "region"])
    event = stage.run("sales", day(45), force=True).event
    assert event is not None
    assert event.status is EventStatus.HELD
    assert "worse than the record" in event.outcome


def test_what_the_champions_rows_do_not_teach_is_learnt_from_those_since(tmp_path: Path) -> None:
    """The champion was the first after a change: the last of its rows are of another world than the others."""
    stage = Stage(tmp_path)
    stage.add("sales", sales(60, change=40), training=LINEAR)
    stage.run("sales", day(REFERENCE_DAYS + 1))
    event = stage.run("sales", day(43.3)).event
    assert event is not None
    assert event.status is EventStatus.PROMOTED
    for file in (tmp_path / "made" / "sales").glob("v2-*/model.skops"):
        file.unlink()
    early = stage.run("sales", day(44), force=True).event
    assert early is not None
    assert (early.status, "trained as a first version" in early.outcome) == (EventStatus.HELD, True)
    later = stage.run("sales", day(58), force=True).event
    assert later is not None
    assert later.status is EventStatus.PROMOTED
    champion = stage.store.champion("sales")
    assert champion is not None
    assert champion.data_until is not None
    assert day(57) < champion.data_until <= day(58)
    assert not stage.run("sales", day(59)).decision.triggered


@pytest.mark.parametrize(
    "asked", [{"force": True}, {"reason": "new prices"}, {"preset": "aggressive"}, {"at": day(46)}]
)
def test_id_of_a_run_used_again_for_something_else_is_refused(stage: Stage, asked: dict[str, Any]) -> None:
    stage.run("sales", day(45), run_id="nightly")
    with pytest.raises(ConfigurationError, match="run nightly: has decided about sales already"):
        stage.run("sales", **{"at": day(45), **asked}, run_id="nightly")


def test_run_taken_again_as_it_was_finds_what_is_on_record(stage: Stage) -> None:
    first = stage.run("sales", day(45), run_id="nightly")
    assert stage.run("sales", day(45), run_id="nightly").decision == first.decision


def test_numbers_and_files_of_versions_later_than_a_restored_database_are_left_alone(stage: Stage) -> None:
    later = stage.root / "made" / "sales" / "v7-abcdef012345"
    later.mkdir()
    event = stage.run("sales", day(45), force=True).event
    assert event is not None
    assert event.version == 8
    assert later.is_dir()


def test_first_version_beside_those_of_later_records_is_numbered_above_them(stage: Stage) -> None:
    (stage.root / "made" / "sales" / "v4-abcdef012345").mkdir()
    before = {path.name for path in (stage.root / "made" / "sales").iterdir()}
    older = Stage(stage.root)  # the same records from before the first version
    older.store.home.identity = stage.store.identity()
    event = older.run("sales", day(45)).event
    assert event is not None
    assert (event.status, event.version) == (EventStatus.PROMOTED, 5)
    assert before < {path.name for path in (stage.root / "made" / "sales").iterdir()}
