"""How tests share the cores; read before numpy and scikit-learn are loaded in a test process, and in all it starts."""

import gc
import os
import sys
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

# pytest-xdist fills the cores with processes; with threads beside them, OpenMP's idle ones spin instead of giving way.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# Dozens of processes import Airflow. Where Python is told to keep nothing that it compiles, each compiles it once more.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    sys.dont_write_bytecode = False
    sys.pycache_prefix = f"{Path(__file__).parent / '.pytest_cache' / 'bytecode'}"
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix

_LONGEST = ("end_to_end", "airflow", "chaos")


@pytest.hookimpl(wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One process more than there are cores: tests with a whole Airflow wait for it half of the time."""
    return (yield) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Files that run code in an Airflow go to one process, those that ask its server to another: each is made once."""
    return _OneAirflow(config, log) if config.getoption("dist") == "loadfile" else None


class _OneAirflow(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        if file.startswith("tests/api/"):
            return "server"
        return "airflow" if _needs_airflow(self.config.rootpath / file) else file


@cache
def _needs_airflow(file: Path) -> bool:
    return file.is_file() and "airflow_home" in file.read_text(encoding="utf-8")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that none is left over when all others are done."""
    items.sort(key=lambda item: [item.get_closest_marker(mark) is None for mark in _LONGEST])


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What is loaded by now stays: Python need not look through it for garbage, over and over."""
    gc.collect()
    gc.freeze()
