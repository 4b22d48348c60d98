"""A deployment that the doctor looks at: one model with a champion, in Postgres and a folder of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from include import workflow
from include.data.reference.profiles import ReferenceProfiles
from include.records.entries import Examination, Finding, Run, Surroundings
from include.records.postgres import PostgresStore
from include.retraining.artifacts import ArtifactFolder
from include.workflow.deployment import Deployment
from tests.stage import FIELDS, REFERENCE_DAYS, day

FIRST = day(REFERENCE_DAYS)
TEMPLATE = "doctor_made"
IN_ORDER = {"rights"}  # the server of the tests knows one user, who is a superuser
AIRFLOW = Surroundings(
    pool="retraining", slots=3, default_timezone="utc", parallelism=4, max_map_length=1024,
    has_connection=lambda _: True,
)  # fmt: skip


@dataclass
class House:
    """A deployment with one model that has a champion, in a database and a folder of its own."""

    uri: str
    root: Path
    admin: str
    surroundings: Surroundings | None = AIRFLOW
    deep: bool = False

    @property
    def deployment(self) -> Deployment:
        connect = partial(psycopg.connect, self.uri)
        return Deployment(
            store=PostgresStore(connect, guarded=True), connect=connect, models_dir=self.root / "models",
            data_dir=self.root / "data", artifacts=ArtifactFolder(self.root / "made"),
        )  # fmt: skip

    @property
    def champion(self) -> Path:
        """The folder of the champion's files."""
        found = self.deployment.store.champion("sales")
        assert found is not None
        return self.root / "made" / found.artifact_path

    @property
    def reference(self) -> ReferenceProfiles:
        """What is kept of the rows that the champion was trained on."""
        store = self.deployment.store
        champion = store.champion("sales")
        assert champion is not None
        found = store.reference("sales", champion.version)
        assert found is not None
        return found

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.uri, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def examined(self) -> Examination:
        return workflow.examine(self.deployment, deep=self.deep, surroundings=self.surroundings)

    def found(self) -> list[tuple[str, Finding]]:
        """What is found that is not there anyhow, with the check that found it."""
        return [(c.check, each) for c in self.examined().checks if c.check not in IN_ORDER for each in c.findings]

    def rewrite(self, **fields: Any) -> None:
        (self.root / "models" / "sales.yaml").write_text(json.dumps(FILE | fields))


FILE = {**FIELDS, "source": {"kind": "csv", "path": "sales.csv"}, "training": {"estimator": "linear", "rows": "all"}}


def run_model(deployment: Deployment, run_id: str, at: datetime = FIRST) -> None:
    workflow.run_model(deployment, "sales", Run(run_id=run_id, as_of=at))
