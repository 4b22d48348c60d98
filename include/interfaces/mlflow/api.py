"""The part of MLflow's REST API that is needed here, over httpx.

MLflow's own client cannot be installed beside Airflow 3.3.2 (it wants older pyarrow, protobuf and importlib-metadata),
and nothing of it is needed: the API is documented, versioned and small.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from include.interfaces.mlflow.settings import MlflowSettings
from include.records.masking import mask

_PROXIED = "mlflow-artifacts:"
_EXISTS = "RESOURCE_ALREADY_EXISTS"


class MlflowError(Exception):
    """The server refused a request; the message holds what it said."""

    def __init__(self, path: str, answer: httpx.Response) -> None:
        try:
            told = answer.json()
        except ValueError:
            told = {}
        self.code = told.get("error_code", "") if isinstance(told, dict) else ""
        super().__init__(f"{path}: HTTP {answer.status_code} {answer.text[:300]}")


class NotMlflow(MlflowError):
    """What answered is not MLflow: a page to log in at, say, or another program."""

    def __init__(self, path: str, answer: httpx.Response) -> None:
        self.code = ""
        to = (
            f", redirected to {answer.headers['location']}"
            if answer.is_redirect and "location" in answer.headers
            else ""
        )
        kind = answer.headers.get("content-type", "no content type").partition(";")[0]
        Exception.__init__(
            self, f"{path}: HTTP {answer.status_code}, {kind}{to}: no answer of MLflow's API; see whether "
            "MLFLOW_TRACKING_URI is its address and not that of a page to log in at, and whether it needs "
            "MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
        )  # fmt: skip


class MlflowApi:
    """Calls one server until `deadline` (of `time.monotonic`); later ones time out at once."""

    def __init__(self, settings: MlflowSettings, deadline: float) -> None:
        self._deadline = deadline
        headers = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
        auth = httpx.BasicAuth(settings.user, settings.password) if settings.user else None
        self._client = httpx.Client(base_url=settings.uri.rstrip("/"), headers=headers, auth=auth)

    def __enter__(self) -> Self:
        """Open the connection pool."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._client.close()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Answer of a GET."""
        return self._call("GET", f"/api/2.0/mlflow/{path}", params=query)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Answer of a POST with a JSON body."""
        return self._call("POST", f"/api/2.0/mlflow/{path}", json=body)

    def create(self, path: str, **body: Any) -> dict[str, Any] | None:
        """Answer of a POST that makes something; None where somebody has made it already."""
        try:
            return self.post(path, **body)
        except MlflowError as error:
            if error.code == _EXISTS:
                return None
            raise

    def upload(self, artifact_uri: str, folder: str, files: Mapping[str, Path | bytes]) -> bool:
        """Store files below `folder` of a run's artifacts; False where the server does not take artifacts itself."""
        if not artifact_uri.startswith(_PROXIED):
            return False
        root = artifact_uri.removeprefix(_PROXIED).lstrip("/")
        for name, content in files.items():
            path = f"/api/2.0/mlflow-artifacts/artifacts/{quote(f'{root}/{folder}/{name}')}"
            if isinstance(content, bytes):
                self._call("PUT", path, content=content)
            else:
                with content.open("rb") as opened:
                    self._call("PUT", path, content=opened)
        return True

    def _call(self, method: str, path: str, **what: Any) -> dict[str, Any]:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{path}: no time left")
        answer = self._client.request(method, path, timeout=left, **what)
        if answer.is_error:
            raise MlflowError(path, answer)
        try:
            told = answer.json() if answer.content else {}
        except ValueError:
            told = None
        if answer.is_redirect or not isinstance(told, dict):
            raise NotMlflow(path, answer)
        return told


def tags(values: Mapping[str, object]) -> Sequence[Mapping[str, str]]:
    """Tags or parameters as the API wants them; empty values are left out, secrets blotted out, long ones cut."""
    return [{"key": key, "value": mask(str(value))[:500]} for key, value in values.items() if value not in (None, "")]
