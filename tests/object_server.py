"""A real S3 server over HTTP, which can be stopped and started again with what it holds."""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Callable
from functools import partial
from typing import Any

from moto.server import ThreadedMotoServer

from include.data.sources.object_storage import Bucket, client_from_environment
from tools.ports import free_port

SECRET = "s3cr#t/w0rm"
BUCKET = "shop"


class ObjectServer:
    """An S3 server on this machine with one bucket, and the Airflow connection that leads to it."""

    def __init__(self) -> None:
        self._port = free_port()
        self._server: ThreadedMotoServer | None = None

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def connection(self) -> str:
        """The connection, as the environment holds it."""
        extra = {"endpoint_url": self.address, "region_name": "us-east-1"}
        return json.dumps({"conn_type": "aws", "login": "keeper", "password": SECRET, "extra": extra})

    @property
    def bucket(self) -> Bucket:
        """The bucket, by the default connection of this process's environment."""
        return Bucket(client_from_environment(""), BUCKET)

    @property
    def runs(self) -> bool:
        """Whether it answers."""
        return self._server is not None

    def start(self) -> None:
        """Answer, with all objects that were there when it was stopped."""
        logging.getLogger("werkzeug").setLevel(logging.WARNING)  # not a line for each request
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self._port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def empty(self) -> None:
        """Begin with an empty bucket."""
        with urllib.request.urlopen(f"{self.address}/moto-api/reset", data=b""):  # noqa: S310  # our own server
            self.bucket.client.create_bucket(Bucket=BUCKET)


class StopsAt:
    """A boto3 client that stops the server just before its n-th call of a kind, for keys that begin as told.

    It is also a ``connect``, which gives itself.
    """

    def __init__(self, server: ObjectServer, operation: str, number: int, below: str = "") -> None:
        self._server, self._operation, self._left, self._below = server, operation, number, below

    def __call__(self, _connection: str) -> Any:
        return self

    def __getattr__(self, name: str) -> Any:
        real = getattr(client_from_environment(""), name)
        return partial(self._counted, real) if name == self._operation else real

    def _counted(self, real: Callable[..., Any], *given: Any, **named: Any) -> Any:
        counts = named.get("Key", "").startswith(self._below)
        self._left -= counts
        if counts and self._left == 0:
            self._server.stop()
        return real(*given, **named)
