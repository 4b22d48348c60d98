"""How tests share the cores; read before numpy and scikit-learn are loaded in a test process, and in all it starts."""

import os
from collections.abc import Generator

import pytest

# pytest-xdist fills the cores with processes; with threads beside them, OpenMP's idle ones spin instead of giving way.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

_LONG = ("end_to_end", "airflow", "chaos")


@pytest.hookimpl(wrapper=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One process more than there are cores: tests with a whole Airflow wait for it half of the time."""
    return (yield) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that none is left over when all others are done."""
    items.sort(key=lambda item: not any(item.get_closest_marker(mark) for mark in _LONG))
