"""Every check of the doctor, by the name under which it answers, in the order in which they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from include.records.entries.examination import Told
from include.workflow.examination import airflow, artifacts, database, identity, machine, models
from include.workflow.examination.subject import Subject

Check = Callable[[Subject], Iterator[Told]]

#: The checks that can be made while the records cannot be reached.
WITHOUT_RECORDS = {"model files", "trainers", "needed connections", "airflow", "disk", "leftovers"}
CHECKS: Mapping[str, Check] = {
    "server": database.server,
    "connections": database.room,
    "pooler": database.pooler,
    "rights": database.rights,
    "schema": database.schema,
    "clock": database.clock,
    "identity": identity.identity,
    "open retrainings": identity.open_retrainings,
    "model files": models.files,
    "trainers": models.trainers,
    "needed connections": models.connections,
    "named columns": models.named_columns,
    "renamed": models.renamed,
    "airflow": airflow.airflow,
    "libraries": artifacts.libraries,
    "champions": artifacts.champions,
    "ages": artifacts.ages,
    "disk": machine.disk,
    "leftovers": machine.leftovers,
}
