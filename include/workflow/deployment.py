"""A deployment: where its model files, rows, artifacts and records are. Whatever runs here is opened here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from include.data.class_columns import in_one_coding
from include.data.label_values import without_impossible_labels, without_impossible_predictions
from include.data.measures import with_measures
from include.data.sources.connections import FROM_ENVIRONMENT, Connections
from include.data.tables import ModelTables, read_part_of_tables, read_tables, window_start
from include.errors import ConfigurationError, DataError
from include.records.memory import MemoryStore
from include.records.postgres import PostgresStore
from include.records.store import Champions, Store
from include.registry.loader import load_model
from include.registry.spec import ModelSpec
from include.retraining.accepted import Champion
from include.retraining.artifacts import ArtifactFolder, Artifacts
from include.retraining.artifacts.bucket import open_artifacts
from include.retraining.executor import RetrainingExecutor
from include.retraining.prepare import Columns
from include.workflow.analysis.quarantine import quarantined_spans
from include.workflow.analysis.watched import counting_beforehand
from include.workflow.columns import columns_of_versions
from include.workflow.log_file import log_to
from include.workflow.settings import Settings

if TYPE_CHECKING:
    import psycopg

    from include.records.entries import Run

CONNECTION = "retraining_db"  # of the records, where connections are opened by name
IDLE = timedelta(hours=6)  # a decided event that nobody began to execute for so long is abandoned
WAIT = timedelta(hours=2)  # how long to wait for another process that retrains the same model


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Where this deployment keeps its model files, rows, artifacts and records.

    Parameters
    ----------
    read : callable, default `include.data.tables.read_tables`
        A rehearsal reads its rows once for all windows, or has been given them.
    read_part : callable or None, default `include.data.tables.read_part_of_tables`
        What a check reads with; None where `read` has all rows anyway, as in a rehearsal.
    connect : callable, optional
        Opens the records database, for what is read from it at large (lineage, audit); None for records in memory.
    trial : ModelSpec or None
        In a rehearsal the model that is tried, whatever a file says; its records do not last, so that its artifacts
        belong to none.
    """

    store: Store
    models_dir: Path
    data_dir: Path
    artifacts: Artifacts
    read: Callable[..., ModelTables] = read_tables
    read_part: Callable[..., ModelTables | None] | None = read_part_of_tables
    connect: Callable[[], psycopg.Connection[Any]] | None = None
    trial: ModelSpec | None = None

    def spec(self, model_name: str) -> ModelSpec:
        """The registered model of that name; in a rehearsal the one that is tried."""
        return load_model(self.models_dir, model_name) if self.trial is None else self.trial

    def connected(self) -> psycopg.Connection[Any]:
        """A new connection to the records database; a `ConfigurationError` for records in memory."""
        if self.connect is None:
            raise ConfigurationError("records", "these are in memory: there is no database to be read")
        return self.connect()

    def executor(
        self, spec: ModelSpec, champion: Champion | None = None, *, hyperparameters: Mapping[str, Any] | None = None
    ) -> RetrainingExecutor:
        """What trains, judges and loads versions of a model here.

        Parameters
        ----------
        champion : Champion, optional
            One whose reference knows which numbers are values in the rows of today
            (`include.workflow.analysis.quarantine.with_impossible_cells`): then versions predict without the others.
        hyperparameters : mapping, optional
            For this retraining only.
        """
        columns = None if champion is None else Columns.of(champion.reference.profile, champion.reference.inputs)
        return RetrainingExecutor(
            spec=spec, artifacts=self.artifacts, hyperparameters=hyperparameters or {},
            possible={} if columns is None else columns.possible,
        )  # fmt: skip


def open_deployment(connections: Connections | None = None) -> Deployment:
    """This deployment, as the environment says.

    Parameters
    ----------
    connections : Connections, optional
        What opens connections by their names, the records' (``retraining_db``) included. By default the environment
        holds them all.
    """
    settings = Settings.from_environment()
    if settings.log_file is not None:
        log_to(settings.log_file)
    connect = _records_connection(settings) if connections is None else partial(connections.database, CONNECTION)
    connections = connections or FROM_ENVIRONMENT
    return Deployment(
        store=PostgresStore(connect, keep=True, direct=_direct_connection(settings, connections)),
        connect=connect,
        models_dir=settings.models_dir,
        data_dir=settings.data_dir,
        artifacts=open_artifacts(settings.artifacts_dir, settings.artifacts_address, connections.storage),
        read=partial(read_tables, connections=connections),
        read_part=partial(read_part_of_tables, connections=connections),
    )


@contextmanager
def opened_deployment(connections: Connections) -> Iterator[Deployment]:
    """This deployment, for one request of many that a process serves: its connection to the records is closed at once.

    Parameters as in `open_deployment`.
    """
    deployment = open_deployment(connections)
    try:
        yield deployment
    finally:
        if isinstance(deployment.store, PostgresStore):
            deployment.store.close()


def rehearsal(
    folder: Path, spec: ModelSpec, *, data_dir: Path, read: Callable[..., ModelTables] = read_tables
) -> Deployment:
    """The same production code for one model, with records in memory and artifacts in a `folder` of their own."""
    return Deployment(
        store=MemoryStore(), models_dir=folder, data_dir=data_dir, artifacts=ArtifactFolder(folder), read=read,
        read_part=None, trial=spec,
    )  # fmt: skip


def _records_connection(settings: Settings) -> Callable[[], psycopg.Connection[Any]]:
    """What opens the records database that the environment names; a `ConfigurationError` where it names none."""
    import psycopg

    return partial(psycopg.connect, settings.database)


def _direct_connection(settings: Settings, connections: Connections) -> Callable[[], psycopg.Connection[Any]] | None:
    """What opens the records database beside a pooler; None where nothing else is said."""
    import psycopg

    if not settings.direct:
        return None
    if "://" in settings.direct:
        return partial(psycopg.connect, settings.direct)
    return partial(connections.database, settings.direct)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def champion_of(store: Champions, model_name: str) -> Champion | None:
    """The champion on record with what it was accepted on; None before the first version.

    Raises
    ------
    DataError
        When its reference profile is not on record.
    """
    version = store.champion(model_name)
    if version is None:
        return None
    reference = store.reference(model_name, version.version)
    if reference is None:
        raise DataError(f"model {model_name}: no reference profile of {version.label} on record")
    return Champion(version=version, reference=reference)


def tables_seen_by(deployment: Deployment, spec: ModelSpec, run: Run, champion: Champion | None) -> ModelTables:
    """The rows that a run sees of a model with that champion."""
    if champion is None:
        if spec.reference is not None and spec.reference.end > run.as_of:
            raise DataError(
                f"model {spec.name}: field reference.end: {spec.reference.end:%Y-%m-%d %H:%M} is later than this run's "
                f"as_of {run.as_of:%Y-%m-%d %H:%M}: the first version's rows have not all been observed"
            )
        tables = in_one_coding(spec, deployment.read(spec, deployment.data_dir, as_of=run.as_of))
        return with_measures(spec, without_impossible_labels(spec, tables))
    tables = deployment.read(
        spec, deployment.data_dir, as_of=run.as_of, seen_until=champion.version.data_until,
        seen_hash=champion.version.recent_hash, columns=columns_of_versions(deployment.store, spec, champion),
        kinds=champion.reference.kinds,
    )  # fmt: skip
    return _in_order(deployment, spec, tables, champion)


def tables_checked_by(
    deployment: Deployment, spec: ModelSpec, run: Run, champion: Champion | None, *, hashed: bool = False
) -> ModelTables:
    """The rows that a check looks at: of very many an even part, with what is counted of them all.

    Parameters
    ----------
    hashed : bool
        Whether the hash of all rows is wanted.
    """
    until = None if champion is None else champion.version.data_until
    if champion is None or until is None or deployment.read_part is None:
        return tables_seen_by(deployment, spec, run, champion)
    counting = counting_beforehand(spec, champion.reference, window_start(spec, run.as_of, until), run.as_of)
    tables = deployment.read_part(
        spec, deployment.data_dir, as_of=run.as_of, seen_until=until, counting=counting, hashed=hashed,
        columns=columns_of_versions(deployment.store, spec, champion), kinds=champion.reference.kinds,
    )  # fmt: skip
    if tables is None:
        return tables_seen_by(deployment, spec, run, champion)
    return _in_order(deployment, spec, tables, champion)


def _in_order(deployment: Deployment, spec: ModelSpec, tables: ModelTables, champion: Champion) -> ModelTables:
    """The tables with labels and predictions as the champion knows them, measures, and what is in quarantine."""
    quarantined = quarantined_spans(deployment.store.quarantines(spec.name))
    tables = without_impossible_labels(spec, in_one_coding(spec, tables, champion.classes))
    tables = without_impossible_predictions(spec, tables)
    return replace(with_measures(spec, tables), quarantined=quarantined)
