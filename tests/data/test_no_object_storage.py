"""What answers in the place of object storage, and answers of it that say little, are told with what to look at."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from include.data.sources.object_files import ObjectFiles
from include.data.sources.object_storage import client_from_environment
from include.errors import SourceUnavailable


class Server(ThreadingHTTPServer):
    """Answers all that it is asked in one way."""

    answer: tuple[int, dict[str, str], bytes] = (200, {}, b"")


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        status, headers, content = self.server.answer
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Answer) as server:
        extra = {"endpoint_url": f"http://127.0.0.1:{server.server_port}", "region_name": "us-east-1"}
        given = {"conn_type": "aws", "login": "keeper", "password": "hunter2hunter2", "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SHOP_S3", json.dumps(given))
        client_from_environment.cache_clear()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "headers", "content", "said"),
    [
        (200, {}, b"<html>console</html>", "no object storage.*endpoint_url"),
        (200, {"Content-Type": "text/plain"}, b"", "no object storage.*endpoint_url"),
        (301, {"Location": "https://127.0.0.1:1/login"}, b"", "endpoint_url"),
        (302, {"Location": "http://127.0.0.1:1/login"}, b"", "endpoint_url"),
        (400, {}, b"", "keys, which may have expired"),
    ],
)  # fmt: skip
def test_what_is_no_object_storage_is_told(
    server: Server, status: int, headers: dict[str, str], content: bytes, said: str
) -> None:
    server.answer = status, headers, content
    for path in ("s3://shop/sales.csv", "s3://shop/sales"):
        with pytest.raises(SourceUnavailable, match=f"s3://shop/sales.*{said}") as caught:
            ObjectFiles(client_from_environment, "shop_s3").find(path, ".csv")
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(("code", "said"), [("InvalidObjectState", "archived; restore it"), ("SlowDown", "SlowDown")])
def test_what_storage_says_of_an_object_is_told(server: Server, code: str, said: str) -> None:
    files = ObjectFiles(client_from_environment, "shop_s3")
    server.answer = 200, {"ETag": '"1"'}, b"rows"
    [found] = files.find("s3://shop/sales.csv", ".csv")
    with files.raw(found) as opened:
        server.answer = 403 if code == "InvalidObjectState" else 503, {}, f"<Error><Code>{code}</Code></Error>".encode()
        with pytest.raises(SourceUnavailable, match=said):
            opened.read()
