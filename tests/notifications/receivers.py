"""Receivers of messages on this machine: a web server that does as it is told, and a mail server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class WebReceiver:
    """A web server: ``/ok`` takes what it is sent, ``/500`` fails, ``/slow`` drips, ``/redirect`` leads to ``/ok``.

    With an entry in `answers` a path answers that instead.
    """

    port: int = 0
    got: list[tuple[str, Mapping[str, str], str]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)

    def url(self, path: str, scheme: str = "json") -> str:
        """Address of a path as apprise has it."""
        return f"{scheme}://127.0.0.1:{self.port}/{path}"

    def bodies(self, path: str = "/ok") -> list[Any]:
        """What was sent to a path, read as JSON."""
        return [json.loads(body) for at, _, body in self.got if at.startswith(path)]


@contextmanager
def web_receiver() -> Iterator[WebReceiver]:
    """A web server for as long as this is open."""
    receiver = WebReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            receiver.got.append((self.path, dict(self.headers), body))
            path = self.path.split("?")[0]
            if path.startswith("/slow") and path not in receiver.answers:
                self.send_response(200)
                self.end_headers()
                for _ in range(150):  # a byte now and then: no read ever takes long
                    try:
                        self.wfile.write(b"x")
                        self.wfile.flush()
                    except OSError:
                        return
                    time.sleep(0.1)
                return
            usual = 302 if path.startswith("/redirect") else 500 if path.startswith("/500") else 200
            status = receiver.answers.get(path, usual)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/ok")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        do_GET = do_POST  # noqa: N815  # the server's name; what a redirect that is followed comes as

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class MailReceiver:
    """A mail server that keeps what it gets."""

    port: int = 0
    got: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        """Take a mail."""
        self.got.append(envelope.content.decode("utf-8", "replace"))
        return "250 OK"


@contextmanager
def mail_receiver(port: int) -> Iterator[MailReceiver]:
    """A mail server for as long as this is open."""
    receiver = MailReceiver(port=port)
    controller = Controller(receiver, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield receiver
    finally:
        controller.stop()
