"""How many threads numeric libraries use, and what they do between two pieces of work. Imported before them: light."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_MODELS = "sklearn.ensemble"


def let_idle_threads_sleep() -> None:
    """Set ``OMP_WAIT_POLICY`` to ``PASSIVE`` for this process and all that it starts, unless somebody has set it.

    OpenMP's threads, which scikit-learn and LightGBM use, otherwise spin between two pieces of work and take the cores
    from whoever shares them. It is read when OpenMP is loaded: call this before anything imports scikit-learn.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@contextmanager
def one_thread(*, of_models: bool = False) -> Iterator[None]:
    """Let OpenMP and BLAS use the calling thread alone, as long as this lasts; trainings use as many as they are given.

    Checks of many models run side by side, and what one of them computes is so little that a second thread costs more
    processor time than the whole check does with one.

    Parameters
    ----------
    of_models : bool
        Whether models predict meanwhile: scikit-learn is loaded then, for only threads of what is loaded can be found.
        It takes 100 MiB, which are better not held while rows are read.
    """
    if of_models:
        import_module(_MODELS)
    with _pools(_MODELS in sys.modules).limit(limits=1):
        yield


@cache
def _pools(_models_loaded: bool) -> ThreadpoolController:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
