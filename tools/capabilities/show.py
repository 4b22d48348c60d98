"""How a line is shown: what is run, and what has to come of it."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import psycopg

from tools.capabilities.row import ByTests, Call, Command, NotBuilt, Python, Row, Shown, Sql
from tools.capabilities.scene import METRICS_TOKEN, Scene
from tools.layout import PROJECT_ROOT

API = "/retraining/api/v1"
METRICS = "/retraining/metrics"


class NotShown(Exception):
    """A line does not do what it says."""


def show(row: Row, scene: Scene) -> None:
    """Run one line.

    Raises
    ------
    NotShown
        Where what came is not what the line promises; any other error is one of what was run.
    """
    run: Callable[[Any, Scene], None] = WAYS[type(row.shown)]
    run(row.shown, scene)


def _python(shown: Python, scene: Scene) -> None:
    given: dict[str, Any] = {"d": scene.deployment, **scene.tables}
    exec(compile(shown.code, "<line>", "exec"), given)  # noqa: S102  # code of the catalogue, which is ours


def _command(shown: Command, scene: Scene) -> None:
    from include.cli.__main__ import main

    said = io.StringIO()
    for line in shown.lines:
        with redirect_stdout(said), redirect_stderr(said):
            code = _exit_code(main, shlex.split(line.replace("{url}", scene.served.url)))
        if code not in shown.codes:
            raise NotShown(f"{line}: exit code {code}: {said.getvalue()[-300:]}")
    _require(shown.says, said.getvalue())


def _exit_code(main: Callable[[Sequence[str]], int], words: Sequence[str]) -> int:
    try:
        return main(words)
    except SystemExit as end:  # argparse ends so
        return end.code if isinstance(end.code, int) else 1


def _sql(shown: Sql, scene: Scene) -> None:
    with psycopg.connect(scene.served.records_uri) as connection:
        if not connection.execute(shown.query.encode()).fetchall():
            raise NotShown("no row")


def _call(shown: Call, scene: Scene) -> None:
    path = shown.path if shown.path.startswith((METRICS, "/api/v2")) else API + shown.path
    token = METRICS_TOKEN if path == METRICS else scene.served.tokens["op"]
    headers = {"Authorization": f"Bearer {token}", **({"Content-Type": "application/json"} if shown.body else {})}
    with httpx.Client(trust_env=False, timeout=60.0, base_url=scene.served.url) as client:
        answer = client.request(shown.method, path, headers=headers, content=shown.body or None)
    if answer.status_code not in (200, 201, 202):
        raise NotShown(f"{answer.status_code}: {answer.text[:300]}")
    _require(shown.says, answer.text)


def _require(pattern: str, text: str) -> None:
    if pattern and not re.search(pattern, text):
        raise NotShown(f"{pattern!r} is not in what was said: {text[-300:]}")


def _refuse(_shown: Shown, _scene: Scene) -> None:
    raise NotShown("is not run by itself")


WAYS: Mapping[type[Shown], Callable[[Any, Scene], None]] = {
    Python: _python, Command: _command, Sql: _sql, Call: _call, ByTests: _refuse, NotBuilt: _refuse,
}  # fmt: skip


def run_tests(nodes: Sequence[str], report: Path) -> Mapping[str, tuple[str, float]]:
    """Run tests in a process of their own; for each node what is wrong with it (empty: nothing), and its seconds.

    Parameters
    ----------
    report : Path
        Where pytest writes its results.
    """
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *nodes]
    done = subprocess.run(words, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    if not report.exists():
        return dict.fromkeys(nodes, (f"pytest ended with {done.returncode}: {done.stdout[-500:]}", 0.0))
    cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314  # written by our own pytest
    return {node: _judged(node, cases) for node in nodes}


def _judged(node: str, cases: Sequence[ElementTree.Element]) -> tuple[str, float]:
    """What became of all cases of a test."""
    file, _, name = node.partition("::")
    module = file.removesuffix(".py").replace("/", ".")
    found = [
        case for case in cases
        if case.get("classname") == module and (case.get("name") or "").partition("[")[0] == name
    ]  # fmt: skip
    wrong = [child.get("message", child.tag) for case in found for child in case if child.tag in ("failure", "error")]
    skipped = found and all(case.find("skipped") is not None for case in found)
    told = "was not run" if not found else "was skipped" if skipped else "; ".join(map(str, wrong))[:300]
    return told, sum(float(case.get("time") or 0.0) for case in found)
