"""Runs one command and leaves none of its processes behind. A program of its own, with the standard library only.

``python supervise.py GRACE_SECONDS FOLDER COMMAND...`` ends as the command ends: with its exit code, or by its signal.
It stops the command when its standard input is closed, and so also when the process that holds the other end dies,
whatever it dies of; then it also removes FOLDER, which that process would have. Stopping is SIGTERM to the command's
process group and, when the grace is over, SIGKILL to all that is left.

On Linux orphans of the command become children of this process (PR_SET_CHILD_SUBREAPER), so that a process that left
the group is found too; and the command is killed when this process is killed (PR_SET_PDEATHSIG). Elsewhere only the
command's process group is stopped.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

_PDEATHSIG, _CHILD_SUBREAPER = 1, 36  # <linux/prctl.h>
_LINUX = sys.platform == "linux"
_LOOK_SECONDS = 0.05


def main(arguments: list[str]) -> None:
    """Run the command; never returns."""
    grace, folder, command = float(arguments[0]), arguments[1], arguments[2:]
    parent = os.getppid()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None) if _LINUX else None
    if libc is not None:
        libc.prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, lambda *_: os.close(0))  # as if the other end had been closed

    supervisor = os.getpid()

    def die_with_parent() -> None:
        if libc is not None:
            libc.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != supervisor:  # it died before this was requested
                os._exit(1)

    try:  # preexec_fn is safe here: this process has one thread
        started = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent
        )  # fmt: skip
    except OSError as error:
        sys.stderr.write(f"cannot be started: {error}\n")
        sys.exit(127)
    status = _wait(started.pid)
    if status is None:
        status = _stop(started.pid, grace)
    _kill_all(started.pid)
    started.returncode = 0  # waited for here
    if os.getppid() != parent:
        shutil.rmtree(folder, ignore_errors=True)
    _end_like(status)


def _wait(pid: int) -> int | None:
    """Wait for the command; None when it is to be stopped."""
    while True:
        status = _reap(pid)
        if status is not None:
            return status
        if _closed(_LOOK_SECONDS):
            return None


def _closed(seconds: float) -> bool:
    """Whether standard input is closed, or becomes so within `seconds`. Nobody ever writes to it."""
    try:
        return bool(select.select([0], [], [], seconds)[0])
    except OSError:
        return True


def _stop(pid: int, grace: float) -> int:
    """Stop the command: politely, then not."""
    _signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    status = None
    while status is None:
        if time.monotonic() > deadline:
            _signal_group(pid, signal.SIGKILL)
        time.sleep(_LOOK_SECONDS)
        status = _reap(pid)
    return status


def _reap(pid: int) -> int | None:
    """Collect every child that has ended; the command's status if it is among them."""
    status = None
    while True:
        try:
            ended, found = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if ended == 0:
            return status
        if ended == pid:
            status = found


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):  # all gone; PermissionError is what macOS says of zombies
        return


def _kill_all(pid: int) -> None:
    """Kill what is left: the group, and on Linux every descendant, until there is none."""
    _signal_group(pid, signal.SIGKILL)
    left = _descendants()
    while left:
        for other in left:
            try:
                os.kill(other, signal.SIGKILL)
            except ProcessLookupError:
                continue
        _reap(pid)
        time.sleep(0.01)
        left = _descendants()


def _descendants() -> list[int]:
    """All processes below this one; none where there is no /proc."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*") if _LINUX else ():
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended meanwhile
        if state != "Z":
            parents[int(folder.name)] = int(parent)
    found = [os.getpid()]
    for above in found:  # it grows while it is gone through
        found.extend(pid for pid, parent in parents.items() if parent == above)
    return found[1:]


def _end_like(status: int) -> None:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if code not in (-signal.SIGKILL, -signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
