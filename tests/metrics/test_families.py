"""What a scraper is told, family by family: names and labels of the seed, how many series, and that it can be read."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from include.interfaces.metrics.exposition import exposed
from include.interfaces.metrics.families import FAMILIES, MODEL, Kind
from include.records.entries import ProblemKind, Scrape, ScrapedModel, Tally

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SEED = {
    "model_retraining_triggered_total": {"model_name", "trigger_type"},
    "model_retraining_duration_seconds": {"model_name", "status"},
    "model_retraining_success_total": {"model_name"},
    "model_retraining_failure_total": {"model_name", "error_type"},
    "model_age_seconds": {"model_name"},
}
#: Everything that can be told of a model is: two triggers have fired, one kind of error has ended a retrain.
BUSY = ScrapedModel(
    model_name="iris", trained_at=NOW - timedelta(hours=2), champion_since=NOW - timedelta(hours=1),
    nearest_trigger="performance", nearness=0.5, missed=1, newest_row_at=NOW, successful=True, seconds=12.5,
)  # fmt: skip
TOTALS = {
    Tally.DECISION: {("", "quiet"): 9, ("", "fired"): 4},
    Tally.TRIGGER: {("iris", "performance"): 3, ("iris", "data_drift"): 1, ("gone", "performance"): 9},
    Tally.OUTCOME: {("iris", "promoted"): 1, ("iris", "held"): 1, ("iris", "rejected"): 1, ("iris", "failed"): 1},
    Tally.ERROR: {("iris", "TrainingError"): 1},
}
SCRAPE = Scrape(at=NOW, models=(BUSY,), totals=TOTALS, problems=dict.fromkeys(ProblemKind, 0), last_check_at=NOW)


def samples(scrape: Scrape) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """What Prometheus's own client reads in it: the value by name and labels."""
    return {
        (each.name, frozenset(each.labels.items())): each.value
        for family in text_string_to_metric_families(exposed(scrape))
        for each in family.samples
    }


def value(scrape: Scrape, name: str, **labels: str) -> float:
    return samples(scrape)[name, frozenset(labels.items())]


@pytest.mark.parametrize("name", SEED)
def test_names_and_labels_are_those_that_users_know(name: str) -> None:
    assert set(FAMILIES[name].labels) == SEED[name]
    assert any(found == name for found, _ in samples(SCRAPE))


def test_model_with_two_triggers_and_an_error_has_ten_series() -> None:
    assert Counter(dict(labels).get(MODEL) for _, labels in samples(SCRAPE))["iris"] == 10


def test_every_family_is_declared_with_its_type_and_text() -> None:
    found = {family.name: family for family in text_string_to_metric_families(exposed(SCRAPE))}
    for family in FAMILIES.values():
        told = found[family.name.removesuffix("_total")]
        assert (told.type, told.documentation) == (family.kind, family.told)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_names_follow_the_conventions(family) -> None:  # type: ignore[no-untyped-def]
    assert (family.kind is Kind.COUNTER) == family.name.endswith("_total")
    assert not family.name.startswith(("scrape_", "process_"))
    assert re.fullmatch(r"(model|retraining)_[a-z_]+", family.name)
    assert not re.search(r"_(hours|minutes|days|percent|ms)$", family.name)
    if "timestamp" in family.name:
        assert family.name.endswith("_timestamp_seconds")


def test_values_are_those_of_the_scrape() -> None:
    assert value(SCRAPE, "model_retraining_triggered_total", model_name="iris", trigger_type="performance") == 3
    assert value(SCRAPE, "model_retraining_success_total", model_name="iris") == 3
    assert value(SCRAPE, "model_retraining_failure_total", model_name="iris", error_type="TrainingError") == 1
    assert value(SCRAPE, "model_retraining_duration_seconds", model_name="iris", status="success") == 12.5
    assert value(SCRAPE, "model_age_seconds", model_name="iris") == 7200
    assert value(SCRAPE, "model_last_promotion_timestamp_seconds", model_name="iris") == NOW.timestamp() - 3600
    assert value(SCRAPE, "model_nearest_trigger_ratio", model_name="iris", trigger="performance") == 0.5


def test_totals_over_all_models_do_not_fall_when_a_model_goes() -> None:
    assert value(SCRAPE, "retraining_decisions_total", answer="quiet") == 9
    assert not [labels for _, labels in samples(SCRAPE) if (MODEL, "gone") in labels]


def test_what_never_was_is_nought_over_all_models() -> None:
    empty = Scrape(at=NOW, problems=dict.fromkeys(ProblemKind, 0))
    found = defaultdict(list)
    for (name, _), number in samples(empty).items():
        found[name].append(number)
    assert found["retraining_decisions_total"] == [0] * 3
    assert found["retraining_outcomes_total"] == [0] * 5
    assert found["retraining_monitor_problems"] == [0] * len(ProblemKind)
    assert "retraining_last_check_timestamp_seconds" not in found


@pytest.mark.parametrize(
    ("marked", "allowed", "spent"), [(0, 2.0, None), (1, 2.0, 0.5), (3, 2.0, 1.5), (1, 0.0, None), (1, None, None)]
)
def test_budget_is_told_where_something_of_it_is_spent(marked: int, allowed: float | None, spent: float | None) -> None:
    scrape = Scrape(at=NOW, models=(ScrapedModel(model_name="iris", false_alarms=marked, allowed=allowed),))
    key = ("model_false_alarm_budget_spent_ratio", frozenset({(MODEL, "iris")}))
    assert samples(scrape).get(key) == spent


@given(name=st.text(st.characters(exclude_categories=["Cs"])), number=st.floats())
def test_any_name_and_number_is_read_back(name: str, number: float) -> None:
    scrape = Scrape(at=NOW, models=(ScrapedModel(model_name="m", nearest_trigger=name, nearness=number),))
    [(labels, found)] = [
        (dict(each.labels), each.value)
        for family in text_string_to_metric_families(exposed(scrape))
        for each in family.samples
        if each.name == "model_nearest_trigger_ratio"
    ]
    assert labels == {MODEL: "m", "trigger": name}
    assert found == number or (math.isnan(found) and math.isnan(number))
