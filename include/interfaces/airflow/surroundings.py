"""What Airflow tells the doctor of itself: pool, settings, connections. Imports Airflow, as `assets` does."""

from __future__ import annotations

from airflow.configuration import conf
from airflow.models.pool import Pool
from airflow.sdk.bases.hook import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from include.records.entries import Surroundings

POOL = "retraining"


def surroundings() -> Surroundings:
    """What it says now; in the API server, which may ask Airflow's own database."""
    pool = Pool.get_pool(POOL)
    return Surroundings(
        pool=POOL, slots=None if pool is None else pool.slots,
        default_timezone=conf.get("core", "default_timezone"), parallelism=conf.getint("core", "parallelism"),
        max_map_length=conf.getint("core", "max_map_length"), has_connection=_has_connection,
    )  # fmt: skip


def _has_connection(name: str) -> bool:
    try:
        BaseHook.get_connection(name)
    except AirflowNotFoundException:
        return False
    return True
