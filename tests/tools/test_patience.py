"""Waiting goes on as long as anything moves, and ends with what was waited for and the end of its log."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.patience import Patience, StackError

QUIET = 0.6
COMPUTES = "while True: pass"
SLEEPS = "import time; time.sleep(60)"
HAS_A_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {COMPUTES!r}])"


@pytest.fixture
def start() -> Iterator[Callable[[str], int]]:
    """Start Python code in a process of its own, which is ended with its children after the test."""
    running: list[subprocess.Popen[bytes]] = []

    def started(code: str) -> int:
        running.append(subprocess.Popen([sys.executable, "-c", code], start_new_session=True))
        return running[-1].pid

    yield started
    for process in running:
        os.killpg(process.pid, 9)
        process.wait()


def waits(patience: Patience, seconds: float, step: Callable[[], object] = lambda: None) -> bool:
    """Whether the patience lasts for that long."""
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            step()
            patience.go_on()
            time.sleep(0.05)
    except StackError:
        return False
    return True


def test_log_that_grows_is_progress_and_one_that_does_not_is_none(tmp_path: Path) -> None:
    log = tmp_path / "component.log"

    def grow() -> None:
        with log.open("a") as file:
            file.write("step\n")

    patience = Patience("the migration", logs=[log], quiet_seconds=QUIET)
    assert waits(patience, 3 * QUIET, grow)
    assert not waits(patience, 3 * QUIET)


def test_file_that_turns_up_in_a_folder_of_logs_is_progress(tmp_path: Path) -> None:
    numbers = itertools.count()
    patience = Patience("the run", logs=[tmp_path], quiet_seconds=QUIET)
    assert waits(patience, 3 * QUIET, lambda: (tmp_path / f"{next(numbers)}.log").write_text("x"))


def test_answer_that_changes_is_progress() -> None:
    answers = itertools.count()
    assert waits(Patience("the server", sign=lambda: next(answers), quiet_seconds=QUIET), 3 * QUIET)
    assert not waits(Patience("the server", sign=lambda: "starting", quiet_seconds=QUIET), 3 * QUIET)


@pytest.mark.parametrize(
    "code", [COMPUTES, pytest.param(HAS_A_CHILD, marks=pytest.mark.sweep)], ids=["itself", "child"]
)
def test_process_that_computes_is_progress(start: Callable[[str], int], code: str) -> None:
    pid = start(code)
    assert waits(Patience("the training", pids=lambda: [pid], quiet_seconds=2.0), 4.0)


def test_process_that_sleeps_or_is_gone_is_none(start: Callable[[str], int]) -> None:
    pid = start(SLEEPS)
    time.sleep(1.0)  # what its start takes is over
    assert not waits(Patience("the training", pids=lambda: [pid], quiet_seconds=QUIET), 3 * QUIET)
    assert not waits(Patience("the training", pids=lambda: [None, 2**22 - 1], quiet_seconds=QUIET), 3 * QUIET)


def test_giving_up_tells_what_was_waited_for_where_its_log_is_and_how_it_ends(tmp_path: Path) -> None:
    log = tmp_path / "api-server.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    patience = Patience("the API server", logs=[log], quiet_seconds=0.2)
    patience.go_on()
    time.sleep(0.5)
    with pytest.raises(StackError) as caught:
        patience.go_on()
    told = str(caught.value)
    assert told.startswith("the API server: not done after ")
    assert f"The end of {log}:" in told
    assert told.endswith("line 99")
    assert "line 69" not in told


def test_waiting_longer_than_two_seconds_is_told(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.patience.FIRST_WORD_SECONDS", 0.3)
    with caplog.at_level("INFO"):
        assert waits(Patience("the API server", quiet_seconds=5.0), 1.5)
    assert [record.getMessage() for record in caplog.records] == ["waiting for the API server: 1 s"]
