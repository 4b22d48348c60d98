"""One Airflow asset a model: an event of it says that the model has another champion, so that downstream DAGs start.

A DAG that is to start then has ``schedule=[champion_asset("demand")]``, or names the asset itself
(``Asset(name="champion_demand", uri="x-retraining://champion/demand")``); the event's extra says what changed.
``schedule=[CHAMPIONS]`` is any model.

The models are known only when a run begins, so no task can have their assets as outlets: the task has the alias, and
adds the asset of its own model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetAlias

if TYPE_CHECKING:  # read while DAG files are parsed
    from include.records.entries import ChampionChange

CHAMPIONS = AssetAlias(name="retraining_champions")


def champion_asset(model_name: str) -> Asset:
    """The asset of a model's champion."""
    return Asset(name=f"champion_{model_name}", uri=f"x-retraining://champion/{model_name}")


def tell_downstream(outlet_events: Any, change: ChampionChange, records: str) -> None:
    """Have the running task, which has `CHAMPIONS` among its outlets, emit an event of the model's asset.

    Parameters
    ----------
    records : str
        Identity of the records that say so: others may have a model of that name.
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
    outlet_events[CHAMPIONS].add(champion_asset(change.model_name), extra=extra)
