"""Predictions that come with the rows, and are another model's than the champion's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.decision.signals import Signal, SignalKind
from tests.stage import Stage, Step, day, rows_from, sales

CHECKS = (38, 45, 52)
Said = Callable[[pd.DataFrame], object]


def relation(table: pd.DataFrame) -> pd.Series:
    """What a good model answers."""
    return 100.0 + 4.0 * table["temperature"] - 10.0 * table["price"] + 8.0 * (table["region"] == "north")


def checks_of(root: Path, table: pd.DataFrame, said: object, **fields: object) -> list[Step]:
    """A first version, then checks of rows with these predictions."""
    stage = Stage(root)
    stage.add("sales", table.assign(said=said), prediction="said", **fields)
    assert stage.run("sales", day(31)).event is not None
    return [stage.run("sales", day(number)) for number in CHECKS]


def of_kind(step: Step, kind: SignalKind) -> Sequence[Signal]:
    return [signal for signal in step.analysis.signals if signal.kind is kind]


def weaker(table: pd.DataFrame) -> pd.Series:
    """An older model that has learnt half of it."""
    return 100.0 + 0.5 * (relation(table) - 100.0)


OTHERS: dict[str, Said] = {
    "an older model": weaker,
    "one value for all": lambda table: np.full(len(table), 100.0),
    "another unit": lambda table: relation(table) / 1_000.0,
    "rows in another order": lambda table: relation(table).sample(frac=1.0, random_state=1).to_numpy(),
    "half of the rows": lambda table: relation(table).where(table["at"] >= day(48), weaker(table)),
}


@pytest.mark.parametrize("said", OTHERS.values(), ids=OTHERS)
def test_predictions_of_another_model_are_no_drift_of_the_champion(tmp_path: Path, said: Said) -> None:
    table = sales(60)
    for step in checks_of(tmp_path, table, said(table)):
        assert not [signal for signal in of_kind(step, SignalKind.PREDICTION_DRIFT) if signal.changed]
    assert [signal.statistic for signal in of_kind(step, SignalKind.CHAMPION)] == ["recorded"]
    assert "are not what v1 answers" in step.decision.reason


def test_it_is_told_what_to_do(tmp_path: Path) -> None:
    table = sales(60)
    steps = checks_of(tmp_path, table, weaker(table))
    assert all("predictions that came with the rows are not what v1 answers" in step.decision.reason for step in steps)
    assert all(signal.changed for step in steps for signal in of_kind(step, SignalKind.PERFORMANCE))  # of what is used
    quiet = [step.decision.recommendation for step in steps if not step.decision.triggered]
    assert quiet
    assert all(told.startswith("Put the champion to use") for told in quiet)


@pytest.mark.parametrize("digits", [0, 1, 6])
def test_rounded_answers_of_the_champion_are_its_own(tmp_path: Path, digits: int) -> None:
    table = sales(60)
    table.loc[rows_from(45), "temperature"] += 25.0  # beyond what it has seen: its answers drift, and err
    stage = Stage(tmp_path)
    stage.add("sales", table)
    stage.run("sales", day(31))
    store, deployment = stage.store, stage.deployment
    champion = store.champion("sales")
    assert champion is not None
    model = deployment.executor(deployment.spec("sales")).load(champion)
    said = model.predictor.predict(table[["temperature", "price", "region"]])
    stage.add("sales", table.assign(said=np.round(said, digits)), prediction="said")
    step = stage.run("sales", day(55))
    assert [signal for signal in of_kind(step, SignalKind.PREDICTION_DRIFT) if signal.changed]
    assert not of_kind(step, SignalKind.CHAMPION)


def test_classes_of_another_model_are_no_drift(tmp_path: Path) -> None:
    table = sales(60)
    late = np.where(relation(table) + np.random.default_rng(3).normal(0.0, 5.0, len(table)) > 130.0, "late", "in time")
    table = table.assign(sales=late)
    said = np.where(relation(table) > 150.0, "late", "in time")
    for step in checks_of(tmp_path, table, said, task="classification", metric="balanced_accuracy"):
        assert not [signal for signal in of_kind(step, SignalKind.PREDICTION_DRIFT) if signal.changed]
    assert [signal.statistic for signal in of_kind(step, SignalKind.CHAMPION)] == ["recorded"]


def test_drift_of_inputs_shows_in_the_champions_own_predictions(tmp_path: Path) -> None:
    table = sales(60)
    table.loc[rows_from(45), "temperature"] += 10.0
    steps = checks_of(tmp_path, table, weaker(table))
    changed = [[signal for signal in of_kind(step, SignalKind.PREDICTION_DRIFT) if signal.changed] for step in steps]
    assert not changed[0]
    assert changed[-1]
