"""Where the lines are run: a Postgres, an Airflow with its API server, models with a past, and a folder of files.

All of it is temporary, and gone when the runner ends.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from include.records.postgres import PostgresStore
from include.workflow import Deployment, annotate, mark_decision, request_retrain
from include.workflow.deployment import now
from tests.airflow_home import AirflowHome
from tests.api.conftest import Served, fill, serve, token
from tests.records.examples import own_records
from tests.stage import Stage
from tests.test_project_executor import TRAIN, old_model, table
from tools.embedded_postgres import EmbeddedPostgres

LOSSY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
METRICS_TOKEN = "of-the-scraper"  # noqa: S105  # of a server that lives as long as the runner


@dataclass(frozen=True)
class Scene:
    """What a line may use.

    Parameters
    ----------
    deployment : Deployment
        Of the models ``sales``, with two versions and a quarantine, and ``other``.
    served : Served
    log : Path
        Of the server.
    tables : mapping of str to object
        What Python code finds by name: ``reference`` and ``recent`` rows (the recent ones' world has turned over),
        ``predictions`` and ``actuals`` of these, ``same`` rows of the reference's world.
    """

    deployment: Deployment
    served: Served
    log: Path
    tables: Mapping[str, Any]


def files_in(folder: Path) -> dict[str, Any]:
    """Write the files of a project without a model file; the tables they hold."""
    reference, same, turned = table(3000, seed=0), table(1200, seed=1), table(2400, seed=2, turned=True)
    recent = pd.concat([same, turned], ignore_index=True)
    predictions, actuals = old_model(recent), recent["price"].to_numpy()
    reference.to_csv(folder / "train.csv", index=False)
    recent.to_csv(folder / "recent.csv", index=False)
    same.to_csv(folder / "same.csv", index=False)
    np.save(folder / "predictions.npy", predictions)
    np.save(folder / "actuals.npy", actuals)
    (folder / "train.py").write_text(TRAIN)
    return {
        "reference": reference, "recent": recent, "same": same, "predictions": predictions, "actuals": actuals,
    }  # fmt: skip


def live(stage: Stage) -> None:
    """The past of the models: versions, a quarantine, a request, words of people."""
    fill(stage)
    d = stage.deployment
    request_retrain(d, "other", "a new shop", by="ada", kind="manual")
    annotate(d, "sales", at=now(), text="a new price list", by="ada")
    mark_decision(d, "sales", "first", verdict="right", by="ada", reason="it was needed")


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Set the scene in a folder, as the working directory and with the environment that the commands read."""
    with ExitStack() as stack:
        server = EmbeddedPostgres(folder / "postgres", settings=LOSSY)
        server.start()
        stack.callback(server.remove)
        home = AirflowHome(folder / "airflow", server)
        home.prepare()
        stack.callback(home.close)
        uri = stack.enter_context(own_records(server))
        stage = Stage(folder, PostgresStore(partial(psycopg.connect, uri), keep=True))  # type: ignore[arg-type]
        live(stage)
        settings = {"RETRAINING_METRICS_TOKEN": METRICS_TOKEN}
        served = stack.enter_context(contextmanager(serve)(home, uri, stage, folder, settings))
        served.tokens["op"] = token(served.url, "op")
        (project := folder / "project").mkdir()
        shutil.copy(stage.data / "other.csv", project)
        stack.enter_context(chdir(project))
        stack.enter_context(_environment({
            "AIRFLOW_CONN_RETRAINING_DB": uri, "RETRAINING_MODELS_DIR": str(stage.models),
            "RETRAINING_DATA_DIR": str(stage.data), "RETRAINING_ARTIFACTS_DIR": str(stage.root / "made"),
            "RETRAINING_API_TOKEN": served.tokens["op"], "COLUMNS": "160",
        }))  # fmt: skip
        yield Scene(stage.deployment, served, folder / "server.log", files_in(project))


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
