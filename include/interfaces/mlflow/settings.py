"""Where the MLflow server is, and how long a run may wait for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from include.data.sources.environment import WebConnection, web_connection
from include.errors import ConfigurationError
from include.registry.home import all_said

SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class MlflowSettings:
    """One MLflow server.

    Parameters
    ----------
    uri : str
        ``http://`` or ``https://`` (``MLFLOW_TRACKING_URI``).
    user, password, token : str
        MLflow's own variables ``MLFLOW_TRACKING_USERNAME``, ``_PASSWORD`` and ``_TOKEN``; empty for none.
    seconds : float, default 10
        How long a run waits for the server in all (``RETRAINING_MLFLOW_SECONDS``).
    """

    uri: str
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    seconds: float = SECONDS

    def __post_init__(self) -> None:
        """Refuse what is no server."""
        if not self.uri.startswith(("http://", "https://")):
            raise ConfigurationError("MLFLOW_TRACKING_URI", f"found {self.uri!r}; write http://host:port")
        if not self.seconds > 0:
            raise ConfigurationError("RETRAINING_MLFLOW_SECONDS", f"found {self.seconds}; write a number above 0")

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, find: Callable[[str], WebConnection] | None = None
    ) -> MlflowSettings | None:
        """Read the settings from the environment; None where no server is named.

        Parameters
        ----------
        environment : mapping, optional
            Default: this process's.
        find : callable, optional
            Given the name in ``RETRAINING_MLFLOW_CONNECTION``: that Airflow connection. By default the environment
            holds it; whoever runs in Airflow has it looked up there.
        """
        env = all_said(environment)
        if name := env.get("RETRAINING_MLFLOW_CONNECTION"):
            told = web_connection(name, env) if find is None else find(name)
            names = ("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
            env = {**env, **dict(zip(names, (told.uri, told.login, told.password), strict=True))}
        if not env.get("MLFLOW_TRACKING_URI"):
            return None
        text = env.get("RETRAINING_MLFLOW_SECONDS") or str(SECONDS)
        try:
            seconds = float(text)
        except ValueError:
            raise ConfigurationError("RETRAINING_MLFLOW_SECONDS", f"found {text!r}; write a number above 0") from None
        return cls(
            uri=env["MLFLOW_TRACKING_URI"],
            user=env.get("MLFLOW_TRACKING_USERNAME", ""),
            password=env.get("MLFLOW_TRACKING_PASSWORD", ""),
            token=env.get("MLFLOW_TRACKING_TOKEN", ""),
            seconds=seconds,
        )
