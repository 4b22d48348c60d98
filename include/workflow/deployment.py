"""A deployment: where its model files, rows, artifacts and records are. Whatever runs here is opened here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from include.data.sources.connections import FROM_ENVIRONMENT, Connections
from include.data.temporary import temporary_folder as temporary_folder
from include.decision.waiting import HELD_UP
from include.errors import ConfigurationError, DataError, SourceUnavailable
from include.records.masking import mask
from include.records.postgres import PostgresStore
from include.records.postgres.pooler import DIRECT
from include.records.store import Champions, Store
from include.retraining.accepted import Champion
from include.retraining.artifacts import ArtifactFolder, Artifacts
from include.retraining.artifacts.bucket import open_artifacts
from include.workflow.log_file import log_to
from include.workflow.log_lines import clean_logs
from include.workflow.settings import Settings

if TYPE_CHECKING:  # loaded by what reads rows or trains: that takes a second
    import psycopg

    from include.data.tables import ModelTables
    from include.registry.spec import ModelSpec
    from include.retraining.executor import RetrainingExecutor

CONNECTION = "retraining_db"  # of the records, where connections are opened by name
IDLE = timedelta(hours=6)  # a decided event that nobody began to execute for so long is abandoned
NO_REFERENCE = "what its checks compare with is not on record (table reference_profiles)"
COMPARE_AGAIN = (
    "restore that row of the table from a dump that has it; or start a run with `force`, which trains a first version "
    "in its place; or roll back to a version that is whole: python -m include.cli rollback"
)
WAIT = timedelta(hours=2)  # how long to wait for another process that retrains the same model


def read_rows(spec: ModelSpec, data_dir: Path, **asked: Any) -> ModelTables:
    """As `include.data.tables.read_tables`."""
    from include.data.tables import read_tables

    return read_tables(spec, data_dir, **asked)


def read_part_of_rows(spec: ModelSpec, data_dir: Path, **asked: Any) -> ModelTables | None:
    """As `include.data.tables.read_part_of_tables`."""
    from include.data.tables import read_part_of_tables

    return read_part_of_tables(spec, data_dir, **asked)


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
    specs : dict, optional
        Model files that have been read, by name: given, each is read once.
    """

    store: Store
    models_dir: Path
    data_dir: Path
    artifacts: Artifacts
    read: Callable[..., ModelTables] = read_rows
    read_part: Callable[..., ModelTables | None] | None = read_part_of_rows
    connect: Callable[[], psycopg.Connection[Any]] | None = None
    trial: ModelSpec | None = None
    specs: dict[str, ModelSpec] | None = None

    def spec(self, model_name: str) -> ModelSpec:
        """The registered model of that name; in a rehearsal the one that is tried."""
        if self.trial is not None:
            return self.trial
        if self.specs is None:
            return _read_spec(self.models_dir, model_name)
        if model_name not in self.specs:
            self.specs[model_name] = _read_spec(self.models_dir, model_name)
        return self.specs[model_name]

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
        from include.retraining.executor import RetrainingExecutor
        from include.retraining.prepare import Columns

        columns = None if champion is None else Columns.of(champion.reference.profile, champion.reference.inputs)
        return RetrainingExecutor(
            spec=spec, artifacts=self.artifacts, hyperparameters=hyperparameters or {},
            possible={} if columns is None else columns.possible,
        )  # fmt: skip


def _read_spec(models_dir: Path, model_name: str) -> ModelSpec:
    from include.workflow.model_files import load_model

    return load_model(models_dir, model_name)


def open_deployment(connections: Connections | None = None) -> Deployment:
    """This deployment, as the environment says.

    Parameters
    ----------
    connections : Connections, optional
        What opens connections by their names, the records' (``retraining_db``) included. By default the environment
        holds them all.
    """
    clean_logs()
    settings = Settings.from_environment()
    if settings.log_file is not None:
        log_to(settings.log_file)
    connect = _records_connection(settings) if connections is None else partial(connections.database, CONNECTION)
    connections = connections or FROM_ENVIRONMENT
    return Deployment(
        store=PostgresStore(connect, keep=True, direct=direct_connection(settings, connections), guarded=True),
        connect=connect,
        models_dir=settings.models_dir,
        data_dir=settings.data_dir,
        artifacts=open_artifacts(settings.artifacts_dir, settings.artifacts_address, connections.storage),
        read=partial(read_rows, connections=connections),
        read_part=partial(read_part_of_rows, connections=connections),
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
    folder: Path, spec: ModelSpec, *, data_dir: Path, read: Callable[..., ModelTables] = read_rows
) -> Deployment:
    """The same production code for one model, with records in memory and artifacts in a `folder` of their own."""
    from include.records.memory import MemoryStore

    return Deployment(
        store=MemoryStore(), models_dir=folder, data_dir=data_dir, artifacts=ArtifactFolder(folder), read=read,
        read_part=None, trial=spec,
    )  # fmt: skip


def _records_connection(settings: Settings) -> Callable[[], psycopg.Connection[Any]]:
    """What opens the records database that the environment names; a `ConfigurationError` where it names none."""
    import psycopg

    return partial(psycopg.connect, settings.database)


def direct_connection(settings: Settings, connections: Connections) -> Callable[[], psycopg.Connection[Any]] | None:
    """What opens the records database beside a pooler; None where nothing else is said."""
    if not settings.direct:
        return None
    if "://" in settings.direct:
        return partial(_opened_directly, settings.direct)
    return partial(connections.database, settings.direct)


def _opened_directly(address: str) -> psycopg.Connection[Any]:
    """The records database by the address in ``RETRAINING_DB_DIRECT``, whose mistakes are told by that name."""
    import psycopg

    write = "write postgresql://user:password@host:port/database, the server itself and no pooler"
    if not address.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError(DIRECT, f"no Postgres address; {write}")
    try:
        return psycopg.connect(address)
    except psycopg.OperationalError as error:
        raise SourceUnavailable(
            f"{DIRECT}: its server cannot be used, and without it no model is retrained: "
            f"{mask(' '.join(str(error).split()))}; see whether it is up, and whether host, user and password are right"
        ) from error
    except psycopg.Error:
        raise ConfigurationError(DIRECT, f"no Postgres address; {write}") from None


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def to_come(at: datetime | None = None) -> datetime:
    """From when on a check is of a time to come, by default as of now: it says nothing of how a model is.

    It was made by a machine whose clock was wrong; one of a few hours may have been held up.
    """
    return (at or now()) + HELD_UP


def champion_of(store: Champions, model_name: str, *, force: bool = False) -> Champion | None:
    """The champion on record with what it was accepted on; None before the first version.

    Parameters
    ----------
    force : bool
        Whether a version is wanted whatever is on record: then one that nothing can be compared with is as none, and a
        first version takes its place.

    Raises
    ------
    DataError
        When its reference profile is not on record, or cannot be read.
    """
    version = store.champion(model_name)
    if version is None:
        return None
    try:
        reference, why = store.reference(model_name, version.version), NO_REFERENCE
    except DataError as error:
        reference, why = None, str(error)
    if reference is not None:
        return Champion(version=version, reference=reference)
    if force:
        return None
    raise DataError(f"model {model_name}: {version.label}: {why}; {COMPARE_AGAIN}")
