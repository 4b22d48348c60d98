"""Where the MLflow server is, and how long a run may wait for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from include.errors import ConfigurationError

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
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> MlflowSettings | None:
        """Read the settings from `environment` (default: this process's); None where no server is named."""
        env = os.environ if environment is None else environment
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
