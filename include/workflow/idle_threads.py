"""Threads that wait for work sleep instead of spinning. Imported before numpy and scikit-learn, so it is light."""

from __future__ import annotations

import os


def let_idle_threads_sleep() -> None:
    """Set ``OMP_WAIT_POLICY`` to ``PASSIVE`` for this process and all that it starts, unless somebody has set it.

    OpenMP's threads, which scikit-learn and LightGBM use, otherwise spin between two pieces of work and take the cores
    from whoever shares them. It is read when OpenMP is loaded: call this before anything imports scikit-learn.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
