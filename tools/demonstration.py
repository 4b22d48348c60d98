"""What `make run` shows: the DAG retrains, a second run judges the first versions, a report tells what came of it."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections import Counter

from tools import runs
from tools.layout import ADMIN, web_port
from tools.stack import LocalStack

logger = logging.getLogger(__name__)

PLAIN_LINE_SECONDS, LONGEST_SILENCE_SECONDS = 5.0, 15.0


class Progress:
    """Shows how far a run is: one line that is rewritten on a terminal, a new line every few seconds elsewhere.

    Where nothing changes for a while that is said, too: a training may take minutes.
    """

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._shown_at = 0.0
        self._shown = ""

    def __call__(self, state: str, tasks: Counter[str]) -> None:
        """Show the state of a run and how many of its tasks are in which state."""
        counts = ", ".join(f"{count} {name}" for name, count in sorted(tasks.items()))
        finished = state in runs.FINISHED
        now = time.monotonic()
        line = f"  {now - self._started:5.0f} s  run {state}: {counts or 'no tasks yet'}"
        if sys.stdout.isatty():
            sys.stdout.write(f"\r\x1b[K{line}" + ("\n" if finished else ""))
        elif finished or now - self._shown_at >= (
            PLAIN_LINE_SECONDS if counts != self._shown else LONGEST_SILENCE_SECONDS
        ):
            sys.stdout.write(f"{line}\n")
            self._shown, self._shown_at = counts, now
        sys.stdout.flush()


def demonstrate(stack: LocalStack) -> int:
    """Run the DAG, once more if it trained first versions, report, and return 0 if every run succeeded."""
    states = {}
    run_id, states[run_id] = _run_once(stack)
    first_versions = _first_versions(stack, run_id)
    if first_versions and states[run_id] == "success":
        logger.info("%d models got their first version; a second run now judges these champions", first_versions)
        run_id, states[run_id] = _run_once(stack)
    reported = _report(stack, list(states))
    if stack.owned:
        sys.stdout.write(
            "\nTo see this in Airflow's web interface:  make up\n"
            f"then open http://127.0.0.1:{web_port()} as {ADMIN}; the password is in {stack.layout.passwords}\n"
        )
    else:
        sys.stdout.write(f"\nSee http://127.0.0.1:{stack.api_port}; password of {ADMIN}: {stack.layout.passwords}\n")
    sys.stdout.flush()
    failed = [run_id for run_id, state in states.items() if state != "success"]
    if failed:
        sys.stderr.write(f"failed runs: {', '.join(failed)}; logs of the tasks are in {stack.layout.task_logs}\n")
    return 1 if failed or not reported else 0


def _run_once(stack: LocalStack) -> tuple[str, str]:
    """Trigger one run, wait for it and show the errors of its failed tasks."""
    run_id = stack.trigger()
    logger.info("triggered run %s", run_id)
    state = stack.wait(run_id, on_progress=Progress())
    logger.info("run %s: %s", run_id, state)
    for failure in stack.failures(run_id):
        label = f" [{failure.task.label or failure.task.map_index}]" if failure.task.map_index >= 0 else ""
        sys.stdout.write(f"  FAILED {failure.task.task_id}{label}\n    {failure.error}\n    log: {failure.log}\n")
    return run_id, state


def _first_versions(stack: LocalStack, run_id: str) -> int:
    """Return how many models this run trained for the first time."""
    import psycopg

    text = "select count(*) from model_retraining_events where run_id = %s and trigger_type = 'first_version'"
    with psycopg.connect(stack.records_uri) as connection:
        row = connection.execute(text, (run_id,)).fetchone()
    return int(row[0]) if row else 0


def _report(stack: LocalStack, run_ids: list[str]) -> bool:
    """Print decisions, versions, metrics and event rows of the runs; tell whether that worked."""
    command = [sys.executable, "-m", "include.cli", "report"]
    for run_id in run_ids:
        command += ["--run-id", run_id]
    sys.stdout.write("\n")
    sys.stdout.flush()
    return subprocess.run(command, env=stack.environment(), check=False).returncode == 0
