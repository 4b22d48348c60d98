"""A log file of this package's own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.errors import ConfigurationError
from include.workflow.deployment import open_deployment
from include.workflow.log_file import log_to
from include.workflow.log_lines import ROOM
from include.workflow.settings import Settings


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """The package's logger as it was, afterwards."""
    logger = logging.getLogger(ROOM)
    handlers, level = list(logger.handlers), logger.level
    yield
    for handler in set(logger.handlers) - set(handlers):
        handler.close()
        logger.removeHandler(handler)
    logger.setLevel(level)


def test_what_the_package_logs_is_in_the_file_once_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "retraining.log"
    for _ in range(2):
        log_to(file)
    logging.getLogger("include.workflow.steps.decide").info("sales: decided")
    logging.getLogger("somebody.else").error("not ours")
    [line] = file.read_text().splitlines()
    assert line.endswith("INFO include.workflow.steps.decide: sales: decided")


def test_file_that_was_rotated_away_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "retraining.log"
    log_to(file)
    logging.getLogger("include.x").warning("first")
    file.rename(tmp_path / "retraining.log.1")
    logging.getLogger("include.x").warning("second")
    assert file.read_text().endswith("second\n")


def test_deployment_logs_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_environment({}).log_file is None
    monkeypatch.setenv("RETRAINING_LOG_FILE", str(tmp_path / "own.log"))
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", "postgresql://nobody@localhost:1/none")
    open_deployment()
    logging.getLogger("include.workflow").info("opened")
    assert "opened" in (tmp_path / "own.log").read_text()


def test_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"RETRAINING_LOG_FILE: .*cannot be written"):
        log_to(tmp_path / "file" / "retraining.log")
