"""What MLflow costs a retrain: its server up, slow, hanging or down, beside the same retrain without one.

    python -m benchmarks.mlflow_cost [--rows 100000] [--columns 20] [--runs 3]

Each run retrains a model by gradient boosting (100 trees) once for each state of the server, in turns, records in
memory. Prints the median wall seconds of `execute`, which trains, judges and publishes, and of what the log step tells
the server after that, when the model is free again; and both together as a ratio to the retrain without a server.
`slow` answers each call 0.1 s later; `hangs` takes calls and never answers, which costs the log step its limit, 10 s
by default (`RETRAINING_MLFLOW_SECONDS`). The server is a real one, in an environment of its own that `make test` makes.
"""

from __future__ import annotations

import argparse
import logging
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from benchmarks.retrain_overhead import TRAININGS, execute, prepared
from include.interfaces.mlflow.follow import follow
from include.interfaces.mlflow.settings import MlflowSettings
from tests.integrations.mlflow_server import running

DELAY = 0.1  # seconds
STATES = ("none", "up", "slow", "hangs", "down")


@contextmanager
def slowed(target: str) -> Iterator[str]:
    """A server that passes every call on to `target`, and its answer back after the delay."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline()
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept = {key: value for key, value in self.headers.items() if key.lower() != "host"}
            answer = httpx.request(self.command, target + self.path, content=body, headers=kept, timeout=60)
            time.sleep(DELAY)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def listening() -> Iterator[str]:
    """A server that takes calls and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as made:
        yield f"http://127.0.0.1:{made.getsockname()[1]}"


def measure(uri: str, rows: int, columns: int) -> tuple[float, float, bool]:
    """Wall seconds of the retrain and of telling the server; and whether it knows all."""
    with tempfile.TemporaryDirectory() as name:
        deployment, event = prepared(Path(name), TRAININGS["gradient_boosting"], rows, columns)
        took = execute(deployment, event)
        began = time.perf_counter()
        told = follow(
            lambda: MlflowSettings(uri=uri) if uri else None, deployment.store, deployment.artifacts, "model",
            lambda: deployment.spec("model"),
        )  # fmt: skip
        return took, time.perf_counter() - began, told


def main() -> None:
    """Print a line for each state of the server."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # the warnings of a sick server, once a run
    seen: dict[str, list[tuple[float, float, bool]]] = {state: [] for state in STATES}
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory() as home, ExitStack() as stack:
            up, slow = (stack.enter_context(running(Path(home, name))) for name in ("up", "slow"))
            uris = {
                "none": "", "up": up.uri, "slow": stack.enter_context(slowed(slow.uri)),
                "hangs": stack.enter_context(listening()), "down": "http://127.0.0.1:9",
            }  # fmt: skip
            for state in STATES:
                seen[state].append(measure(uris[state], options.rows, options.columns))
    without = statistics.median(took for took, _, _ in seen["none"])
    for state in STATES:
        took, telling = (statistics.median(run[part] for run in seen[state]) for part in (0, 1))
        told = "told all" if all(run[2] for run in seen[state]) else "a warning"
        print(
            f"{state:<6} execute {took:5.2f} s = {took / without:.2f} of that without   telling {telling:5.2f} s, "
            f"{told}   together {(took + telling) / without:.2f}"
        )


if __name__ == "__main__":
    main()
