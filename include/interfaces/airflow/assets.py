"""One Airflow asset a model: an event of it says that the model has another champion, so that downstream DAGs start.

A DAG that is to start then has ``schedule=[champion_asset("demand")]``, or names the asset itself
(``Asset(name="champion_demand", uri="x-retraining://champion/demand")``); the event's extra says what changed.
``schedule=[CHAMPIONS]`` is any model.

The models are known only when a run begins, so no task can have their assets as outlets: the task has the alias, and
adds the asset of its own model.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetAlias

if TYPE_CHECKING:  # read while DAG files are parsed
    from include.records.entries import ChampionChange

CLOCKS = timedelta(days=1)  # more than the clocks of a worker and of Airflow's database differ by
CHAMPIONS = AssetAlias(name="retraining_champions")


def champion_asset(model_name: str) -> Asset:
    """The asset of a model's champion."""
    return Asset(name=f"champion_{model_name}", uri=f"x-retraining://champion/{model_name}")


def tell_downstream(outlet_events: Any, inlet_events: Any, change: ChampionChange, records: str) -> bool:
    """Have the running task, which has `CHAMPIONS` among its inlets and outlets, emit an event of the model's asset.

    There is one event of each change, also when a task is cleared, or a run deleted and taken again: Airflow keeps
    the events of both.

    Parameters
    ----------
    records : str
        Identity of the records that say so: others may have a model of that name.

    Returns
    -------
    bool
        Whether there was none yet.
    """
    extra = {
        "model": change.model_name,
        "version": change.to_version,
        "previous_version": change.from_version,
        "kind": str(change.kind),
        "reason": change.reason,
        "deployed_at": change.deployed_at.isoformat(),
        "records": records,
    }
    since = (change.deployed_at - CLOCKS).isoformat()
    if any(_is_of(extra, event.extra or {}) for event in inlet_events[CHAMPIONS].after(since)):
        return False
    outlet_events[CHAMPIONS].add(champion_asset(change.model_name), extra=extra)
    return True


def _is_of(extra: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(extra[name] == other.get(name) for name in ("model", "deployed_at", "records"))
