"""A house whose records in Postgres the commands find through the environment, and one command in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.saying import Say, saying
from tests.reading.conftest import House
from tests.records.examples import postgres_store
from tests.stage import Stage


@pytest.fixture
def house(records_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Records and model files of one test."""
    store = postgres_store(records_uri)
    stage = Stage(tmp_path, store=store)  # type: ignore[arg-type]  # the memory store's twin
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", records_uri)
    monkeypatch.setenv("RETRAINING_MODELS_DIR", str(stage.models))
    monkeypatch.setenv("RETRAINING_DATA_DIR", str(stage.data))
    monkeypatch.setenv("RETRAINING_ARTIFACTS_DIR", str(tmp_path / "made"))
    return House(stage.deployment, store, stage)


@pytest.fixture(autouse=True)
def no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RETRAINING_API_URL", "RETRAINING_API_TOKEN", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command in this process."""
    return saying(capsys)
