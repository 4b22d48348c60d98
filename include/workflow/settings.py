"""What a deployment may change: environment variables, read once into one frozen object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from include.errors import ConfigurationError
from include.records.entries.retention import KEPT_BY_MONTH
from include.registry.home import all_said, at_home
from include.registry.model_files import model_names

_CONNECTION = "AIRFLOW_CONN_"
KEEP_MONTHS = "RETRAINING_KEEP_MONTHS"
PROJECT_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of this deployment.

    Parameters
    ----------
    models_dir : Path
        Folder of the model files (``RETRAINING_MODELS_DIR``).
    data_dir : Path
        Folder that relative source paths of model files start from (``RETRAINING_DATA_DIR``).
    artifacts_dir : Path
        Folder that trained versions are written to (``RETRAINING_ARTIFACTS_DIR``), unless there is an address.
    artifacts_address : str or None
        Where in S3-compatible storage they are written to instead (``RETRAINING_ARTIFACTS``):
        ``s3://bucket/prefix``, or ``s3://connection@bucket/prefix`` with the name of an Airflow connection.
    log_file : Path or None
        Where this package's own log is written to besides (``RETRAINING_LOG_FILE``, such as logs/retraining.log).
    database_uri : str or None
        The records database, for use outside Airflow (``AIRFLOW_CONN_RETRAINING_DB``, a ``postgresql://`` URI).
        Inside Airflow the connection ``retraining_db`` is used instead, so that any secrets backend works.
    keep_months : mapping of str to int
        Whole months of ``signals``, ``measurements`` and ``analyses`` that retention keeps
        (``RETRAINING_KEEP_MONTHS``); what is not named is kept for ever.
    direct : str or None
        Where that leads to a pooler of transactions: what leads straight to the same database, for claims
        (``RETRAINING_DB_DIRECT``, a URI, or the name of an Airflow connection).
    held : frozenset of str
        Variables that hold Airflow connections (``AIRFLOW_CONN_…``).
    named : mapping of str to str
        Airflow connections that other variables name, and which does.
    """

    models_dir: Path
    data_dir: Path
    artifacts_dir: Path
    artifacts_address: str | None
    log_file: Path | None = None
    database_uri: str | None
    direct: str | None = field(default=None, repr=False)
    held: frozenset[str] = frozenset()
    named: Mapping[str, str] = field(default_factory=dict)
    keep_months: Mapping[str, int] = field(default_factory=dict)

    @property
    def database(self) -> str:
        """URI of the records database; a `ConfigurationError` where none is set."""
        if self.database_uri is None:
            raise ConfigurationError(
                "AIRFLOW_CONN_RETRAINING_DB", "not set; write postgresql://user:password@host:port/database"
            )
        return self.database_uri

    def model_names(self) -> list[str]:
        """Names of the registered models, by their files, none of which is read; empty without the folder."""
        return model_names(self.models_dir)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from `environment` (default: this process's)."""
        env = all_said(environment)
        return cls(
            models_dir=_folder(env, "RETRAINING_MODELS_DIR", PROJECT_ROOT / "include" / "models"),
            data_dir=_folder(env, "RETRAINING_DATA_DIR", PROJECT_ROOT / "data"),
            artifacts_dir=_folder(env, "RETRAINING_ARTIFACTS_DIR", PROJECT_ROOT / "artifacts"),
            log_file=_path(env, "RETRAINING_LOG_FILE"),
            artifacts_address=env.get("RETRAINING_ARTIFACTS") or None,
            database_uri=env.get("AIRFLOW_CONN_RETRAINING_DB") or None,
            direct=env.get("RETRAINING_DB_DIRECT") or None,
            held=frozenset(name for name in env if name.startswith(_CONNECTION) and env[name]),
            named=dict(_named(env)),
            keep_months=months_kept(env.get(KEEP_MONTHS, ""), KEEP_MONTHS),
        )


def _named(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Airflow connections that variables name, and which does."""
    for variable in ("RETRAINING_NOTIFY_CONNECTION", "RETRAINING_MLFLOW_CONNECTION"):
        if env.get(variable):
            yield env[variable], variable
    if (direct := env.get("RETRAINING_DB_DIRECT", "")) and "://" not in direct:
        yield direct, "RETRAINING_DB_DIRECT"
    if name := urlsplit(env.get("RETRAINING_ARTIFACTS", "")).username:
        yield name, "RETRAINING_ARTIFACTS"


def months_kept(text: str, where: str) -> dict[str, int]:
    """How many months are kept of what: one number for all, or a number each; nothing where all are kept.

    >>> months_kept("24", ""), months_kept("signals=12, analyses=3", "")
    ({'signals': 24, 'measurements': 24, 'analyses': 24}, {'signals': 12, 'analyses': 3})
    """
    if not text.strip():
        return {}
    if text.strip().isdecimal():
        return dict.fromkeys(KEPT_BY_MONTH, int(text))
    found = [part.partition("=") for part in text.split(",")]
    wrong = [f"{word}{equals}{months}".strip() for word, equals, months in found if not months.strip().isdecimal()]
    if wrong:
        raise ConfigurationError(
            where, f"found {', '.join(wrong)}; write a number of months, such as 24, or signals=12,measurements=36"
        )
    words = [word.strip() for word, _, _ in found]
    if twice := sorted({word for word in words if words.count(word) > 1}):
        raise ConfigurationError(where, f"found {', '.join(twice)} more than once; write each once")
    return {word.strip(): int(months) for word, _, months in found}


def _folder(env: Mapping[str, str], name: str, default: Path) -> Path:
    path = _path(env, name)
    return default if path is None else path.resolve()


def _path(env: Mapping[str, str], name: str) -> Path | None:
    return at_home(env[name], name) if env.get(name) else None
