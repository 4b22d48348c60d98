"""A deployment with records in Postgres, and what fills them quickly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.decision.evidence import TriggerResult
from include.records.entries import EventStatus, TrainingDetails
from include.records.postgres import PostgresStore
from include.workflow.deployment import Deployment
from tests.records.examples import make_analysis, make_decision, make_outcome, own_records, postgres_store
from tests.stage import Stage
from tools.embedded_postgres import EmbeddedPostgres

HOUR = timedelta(hours=1)
SCORES = {"rmse": 8.0, "r2": 0.9}


def ago(hours: float) -> datetime:
    """That many hours before now, to the second."""
    return datetime.now(UTC).replace(microsecond=0) - hours * HOUR


@dataclass(frozen=True)
class House:
    """A deployment, and short ways to let things happen in it."""

    deployment: Deployment
    store: PostgresStore
    stage: Stage

    def register(self, name: str = "housing", *, file: bool = True, **config: Any) -> str:
        """Write a model file, and let a run have seen it."""
        if file:
            self.stage.add(name, **{key: config[key] for key in ("policy", "owner") if key in config})
        known = {"metric": "rmse", "check_every": "6h", **config}
        self.store.register_model(name, str(hash(str(known))), known, at=ago(1))
        return name

    def check(self, name: str = "housing", *, hours: float = 1.0, run_id: str = "", **changes: Any) -> str:
        """A check that decided nothing, unless `decision` says otherwise; the id of its run."""
        run_id, at = run_id or f"run-{hours:g}", ago(hours)
        decision = changes.pop("decision", None) or make_decision(triggered=False, severity="LOW", triggers=())
        analysis = make_analysis(run_id, name, as_of=at, **changes)
        self.store.save_decision(analysis, decision, at=at)
        return run_id

    def train(
        self, name: str = "housing", *, hours: float = 1.0, run_id: str = "",
        status: EventStatus = EventStatus.PROMOTED, **changes: Any,
    ) -> str:  # fmt: skip
        """A check that fired, and how its training ended; the id of its run."""
        run_id = self.check(name, hours=hours, run_id=run_id or f"train-{hours:g}", decision=make_decision(), **changes)
        event = self.store.events(model_name=name, run_id=run_id)[0]
        with self.store.claim(event.id, at=ago(hours)) as claim:
            claim.begin_version(at=ago(hours))
            claim.finish(make_outcome(status, details=TrainingDetails(training_duration=1800.0)), at=ago(hours))
        return run_id


def leaf(trigger: str = "performance", *, fired: bool = False, value: float | None = 0.05) -> TriggerResult:
    """A trigger's answer, of a threshold of 0.1; None is of a trigger without one."""
    if value is None:
        return TriggerResult(trigger=trigger, fired=fired, reason="why")
    return TriggerResult(trigger=trigger, fired=fired, value=value, threshold=0.1, distance=0.1 - value, reason="why")


@contextmanager
def open_house(server: EmbeddedPostgres, folder: Path) -> Iterator[House]:
    """A deployment without models, and records of its own."""
    with own_records(server) as uri:
        store = postgres_store(uri)
        stage = Stage(folder, store=store)  # type: ignore[arg-type]  # the memory store's twin
        yield House(stage.deployment, store, stage)


@pytest.fixture
def house(postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[House]:
    """A deployment that only this test has."""
    with open_house(postgres, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A deployment that the tests of a module share: they only read."""
    with open_house(postgres, tmp_path_factory.mktemp("house")) as made:
        yield made
