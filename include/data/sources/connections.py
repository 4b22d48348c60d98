"""How the servers that rows come from are connected to, by the names of Airflow connections."""

from __future__ import annotations

from dataclasses import dataclass

from include.data.sources import object_storage, sql


@dataclass(frozen=True)
class Connections:
    """What makes a connection of a name; by default from what the environment holds.

    Inside Airflow both ask Airflow, wherever it keeps its connections (`include.interfaces.airflow.connections`).
    """

    storage: object_storage.Connect = object_storage.client_from_environment
    database: sql.Connect = sql.connection_from_environment


FROM_ENVIRONMENT = Connections()
