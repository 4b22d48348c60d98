"""One model: metric, drift, importance, versions, what happened in a period; and distributions."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from include.data.reference.distributions import Distribution
from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import ConfigurationError, NotOnRecord
from include.records.entries import DriftCell, DriftCheck, EventStatus, Heatmap, Quadrants
from include.records.rows.overview import heatmap_from_rows
from include.workflow import annotate, distribution_at, mark_decision, model_view
from include.workflow.reading.model_view import NO_CHAMPION, NO_IMPORTANCES, quadrants_of
from tests.reading.conftest import House, ago
from tests.records.examples import NOW, make_decision, make_measurement, make_outcome

BARS = Distribution(
    name="price", role="input", quantity="number", reference=(0.5, 0.5), recent=(0.1, 0.9), reference_missing=0.0,
    recent_missing=0.1, edges=(0.0, 1.0, 2.0),
)  # fmt: skip


def drift(feature: str, value: float, *, statistic: str = "psi", verdict: Verdict = Verdict.STABLE) -> Signal:
    return Signal(
        kind=SignalKind.DATA_DRIFT, statistic=statistic, verdict=verdict, reason="", feature=feature, value=value,
        threshold=0.2, p_value=0.5,
    )  # fmt: skip


@pytest.fixture(scope="module")
def lived(shared: House) -> House:
    """A model that was trained twice, checked thrice, and of which people said something."""
    house = shared
    house.register(policy={"costs": {"training": 3, "per_unit_of_loss": 1}, "cooldown": "7d"})
    house.train(hours=500.0)
    house.train(hours=300.0, champion_version=1)
    slices = Signal(
        kind=SignalKind.SLICE_PERFORMANCE, statistic="rmse", verdict=Verdict.CHANGED, reason="", feature="city=a"
    )
    for hours, value in ((30.0, 0.1), (20.0, 0.2), (10.0, 0.4)):
        verdict = Verdict.CHANGED if value > 0.2 else Verdict.STABLE
        house.check(
            hours=hours, champion_version=2, distributions=(BARS,),
            measurements=(replace(make_measurement(2, value), metric="rmse"), make_measurement(2)),
            signals=(drift("price", value, verdict=verdict), drift("price", 0.01, statistic="ks"), drift("age", 0.1),
                     slices),
        )  # fmt: skip
    house.register(policy={"costs": {"training": 3, "per_unit_of_loss": 1}, "cooldown": "9d"})
    annotate(house.deployment, "housing", at=ago(15), text="Black Friday", by="ada")
    annotate(house.deployment, "housing", at=ago(5000), text="long ago", by="ada")
    mark_decision(house.deployment, "housing", "run-20", verdict="right", by="ada", reason="quiet it was")
    return house


def test_view_holds_what_happened_in_the_period(lived: House) -> None:
    view = model_view(lived.deployment, "housing", start=ago(400))
    assert [(point.value, point.version, point.promised) for point in view.course] == [
        (0.1, 2, 8.0), (0.2, 2, 8.0), (0.4, 2, 8.0)
    ]  # fmt: skip
    assert [(change.from_version, change.to_version) for change in view.changes] == [(1, 2)]
    assert [event.run_id for event in view.events] == ["train-300"]
    assert [row.run_id for row in view.decisions.rows] == ["run-10", "run-20", "run-30", "train-300"]
    assert (view.hours, view.cost) == (0.5, 3.0)
    assert [note.text for note in view.annotations] == ["Black Friday"]
    assert [mark.run_id for mark in view.marks] == ["run-20"]
    assert [row.version for row in view.versions] == [2, 1]
    assert [row.slice_name for row in view.slices] == ["city=a"]
    assert list(view.distributions) == ["price"]
    assert view.row.champion is not None
    assert view.row.champion.version == 2


def test_heatmap_has_the_farthest_statistic_of_each_column(lived: House) -> None:
    heatmap = model_view(lived.deployment, "housing").heatmap
    assert [check.run_id for check in heatmap.checks][-3:] == ["run-30", "run-20", "run-10"]
    assert list(heatmap.features) == ["price", "age"]
    sizes = [None if cell is None else (cell.statistic, cell.size) for cell in heatmap.cells["price"][-3:]]
    assert sizes == [("psi", 0.5), ("psi", 1.0), ("psi", 2.0)]


def test_changes_of_the_model_file_are_told_field_by_field(lived: House) -> None:
    file = model_view(lived.deployment, "housing").model_file
    assert file is not None
    assert len(file.history) == 2
    assert '-policy.cooldown: "7d"\n+policy.cooldown: "9d"' in file.history[0].difference
    assert file.history[1].difference == ""
    assert (file.history[0].config_hash, file.config["policy"]["cooldown"]) == (file.config_hash, "9d")


def test_distribution_is_read_back_as_it_was_kept(lived: House) -> None:
    assert distribution_at(lived.deployment, "housing", "run-20", "price") == BARS


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("housing", "run-20", "age"), "kept those that changed most: price"),
        (("housing", "run-99", "price"), "no check of run run-99"),
        (("housing", "\x00", "price"), "no check of run"),
        (("housin", "run-20", "price"), "did you mean 'housing'"),
        (("\ud800", "run-20", "price"), "nothing is on record"),
    ],
)
def test_unknown_distribution_is_not_on_record(lived: House, asked: tuple[str, str, str], told: str) -> None:
    with pytest.raises(NotOnRecord, match=told):
        distribution_at(lived.deployment, *asked)


def test_model_that_was_never_checked_has_a_view(lived: House) -> None:
    lived.stage.add("fresh")
    view = model_view(lived.deployment, "fresh")
    assert (view.row.health, view.row.why, view.course, view.model_file) == ("unwatched", "never checked", [], None)
    assert view.quadrants.told == NO_CHAMPION


def test_unknown_model_and_empty_period_are_refused(lived: House) -> None:
    with pytest.raises(NotOnRecord, match="did you mean 'housing'"):
        model_view(lived.deployment, "houseing")
    with pytest.raises(ConfigurationError, match="is not before"):
        model_view(lived.deployment, "housing", start=ago(1), end=ago(2))


def test_importances_on_record_are_set_against_drift(house: House) -> None:
    house.register()
    run_id = house.check(hours=30.0, decision=make_decision())
    event = house.store.events(run_id=run_id)[0]
    details = replace(make_outcome().details, importances={"price": 0.75, "city": 0.25})
    with house.store.claim(event.id, at=ago(30)) as claim:
        claim.begin_version(at=ago(30))
        claim.finish(make_outcome(EventStatus.PROMOTED, details=details), at=ago(30))
    house.check(
        hours=1.0, champion_version=1, signals=(drift("price", 0.4, verdict=Verdict.CHANGED), drift("age", 0.1))
    )
    quadrants = model_view(house.deployment, "housing").quadrants
    assert [(point.feature, point.drift, point.importance, point.changed) for point in quadrants.points] == [
        ("age", 0.5, None, False), ("city", None, 0.25, False), ("price", 2.0, 0.75, True)
    ]  # fmt: skip
    assert (quadrants.told, quadrants.version, quadrants.run_id) == ("", 1, "run-1")


def cell(size: float | None, verdict: str = "stable") -> DriftCell:
    return DriftCell(statistic="psi", verdict=verdict, value=size, threshold=1.0, p_value=None, size=size)


@pytest.mark.parametrize(
    ("known", "told"),
    [(None, NO_CHAMPION), ((1, None), NO_IMPORTANCES), ((1, {}), NO_IMPORTANCES), ((1, {"a": 1.0}), "")],
)
def test_quadrants_say_why_importances_are_missing(known: Any, told: str) -> None:
    heatmap = Heatmap(checks=[DriftCheck(run_id="r", at=NOW)], features=["a"], cells={"a": [cell(0.5)]})
    assert quadrants_of(heatmap, known).told == told
    assert quadrants_of(Heatmap(), None) == Quadrants(told=NO_CHAMPION)


def test_columns_beyond_the_most_are_counted_and_the_least_changed_left_out() -> None:
    checks = [{"run_id": "b", "as_of": NOW}, {"run_id": "a", "as_of": NOW - timedelta(hours=1)}]
    rows = [
        {"run_id": run, "feature": name, "statistic": "psi", "verdict": verdict, "value": 1.0, "threshold": 1.0,
         "p_value": None, "size": size}
        for run, name, verdict, size in (("a", "calm", "stable", 0.2), ("a", "far", "stable", 0.9),
                                         ("b", "broke", "changed", None), ("b", "huge", "stable", 1e9))
    ]  # fmt: skip
    heatmap = heatmap_from_rows(checks, rows, most=3)
    assert (list(heatmap.features), heatmap.left_out) == (["broke", "huge", "far"], 1)
    assert [check.run_id for check in heatmap.checks] == ["a", "b"]
    assert heatmap.cells["far"][1] is None
