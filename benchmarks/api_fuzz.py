"""Has schemathesis call the REST API as its own description says, and otherwise, against a real Airflow API server.

    python -m benchmarks.api_fuzz --schemathesis ENVIRONMENT/bin/st [-- OPTIONS OF st run]

The server and its records are those of tests/api: two models, versions, a quarantine. The caller may do everything, so
that nothing is refused for want of a right. schemathesis has an environment of its own (`pip install schemathesis`).
The exit code is that of schemathesis: 1 where an answer is a server's error, or is not in the description.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import psycopg

from include.records.postgres import PostgresStore
from tests.airflow_home import AirflowHome
from tests.api.conftest import API, fill, serve, token
from tests.records.examples import own_records
from tests.stage import Stage
from tools.embedded_postgres import EmbeddedPostgres

CALLER = "admin"
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance", "ignored_auth")  # fmt: skip


def main() -> int:
    """Serve, and have it called."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schemathesis", type=Path, required=True, help="the program st")
    parser.add_argument("--examples", type=int, default=60, help="calls of each operation in the phase of fuzzing")
    parser.add_argument("options", nargs="*", help="more options of `st run`")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "postgres") as postgres:
        folder, home = Path(name) / "api", AirflowHome(Path(name) / "airflow", postgres)
        folder.mkdir()
        home.prepare()
        home.close()
        with own_records(postgres) as uri:
            stage = Stage(folder, PostgresStore(partial(psycopg.connect, uri), keep=True))  # type: ignore[arg-type]
            fill(stage)
            for served in serve(home, uri, stage, folder):
                command = [
                    f"{chosen.schemathesis.absolute()}", "run", f"{served.url}{API}/openapi.json",
                    "--header", f"Authorization: Bearer {token(served.url, CALLER)}", "--checks", ",".join(CHECKS),
                    "--max-examples", f"{chosen.examples}", "--continue-on-failure", *chosen.options,
                ]  # fmt: skip
                return subprocess.run(command, check=False, cwd=folder).returncode  # it leaves files
    raise AssertionError("there was no server")


if __name__ == "__main__":
    sys.exit(main())
