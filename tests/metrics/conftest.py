"""A deployment of which each family of metrics has something to tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from include.decision.signals import Signal, SignalKind, Verdict
from include.records.entries import DeliveryStatus, EventStatus, MarkVerdict, Phase
from include.workflow import pause_model
from tests.contracts.test_store_messages import message
from tests.reading.conftest import House, ago, open_house
from tests.records.examples import make_decision
from tools.embedded_postgres import EmbeddedPostgres

QUIET = {"triggered": False, "severity": "LOW", "triggers": ()}
FRESH = Signal(
    kind=SignalKind.DATA_QUALITY, statistic="staleness", verdict=Verdict.STABLE, value=600.0, reason="as usual"
)


def post(house: House, *statuses: DeliveryStatus, service: str = "ops") -> None:
    """Tries to deliver a notification to a service that ended so."""
    [kept] = house.store.outbox.add([message(episode=f"to {service}", phase=Phase.TOLD)])
    for number, status in enumerate(statuses):
        begun = house.store.outbox.begin(kept.id, service, "https://hooks.example.com", "", at=ago(2 - number / 10))
        assert begun is not None
        house.store.outbox.end(begun, status, "error 500" if status is DeliveryStatus.FAILED else "", at=ago(1))


def live(house: House) -> None:
    """One model with a history, one that is paused, and one whose checks and labels have stopped."""
    house.register("housing", effective={"settings": {"false_retrains_per_quarter": 2.0}})
    house.train(hours=30)
    house.train(hours=20, status=EventStatus.HELD)
    false = house.train(hours=10)
    house.store.people.add_mark("housing", false, MarkVerdict.FALSE_ALARM, by="ada", reason="a sale", at=ago(1))
    lost = house.check(hours=5, decision=make_decision(trigger_type="data_drift"))
    [event] = house.store.events(model_name="housing", run_id=lost)
    house.store.close_failed(event.id, at=ago(5), error_type="TrainingError", error="no rows")
    house.check(hours=3, decision=make_decision(**{**QUIET, "blocked_by": ("cooling down",)}))
    house.check(hours=2, decision=make_decision(), dry_run=True)
    near = make_decision(**QUIET, nearest_trigger="performance", nearness=0.5)
    house.check(hours=1, run_id="near", champion_version=3, signals=(FRESH,), decision=near)
    house.register("paused")
    house.check("paused", hours=50)
    pause_model(house.deployment, "paused", by="ada", reason="a new sensor")
    house.register("silent")
    house.check("silent", hours=40)
    house.check("silent", hours=33, labelled_rows=0)
    house.register("gone", file=False)
    house.train("gone", hours=90)
    post(house, DeliveryStatus.FAILED, DeliveryStatus.SENT)


@pytest.fixture
def house(postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[House]:
    """A deployment that only this test has."""
    with open_house(postgres, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def lived(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The records of these models, which the tests of a module only read."""
    with open_house(postgres, tmp_path_factory.mktemp("metrics")) as house:
        live(house)
        yield house
