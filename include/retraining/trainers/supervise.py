"""Runs one command and leaves none of its processes behind. A program of its own, with the standard library only.

``python supervise.py guard GRACE_SECONDS FOLDER GROUP COMMAND...`` ends as the command ends: with its exit code, or by
its signal. It stops the command when its standard input is closed, and so also when the process that holds the other
end dies, whatever it dies of; then it also removes FOLDER, which that process would have. Stopping is SIGTERM to the
command's process group and, when the grace is over, SIGKILL to all that is left.

There are two of these processes: the guard starts the one that starts the command, so that either may be killed. On
Linux orphans of the command become children of theirs (PR_SET_CHILD_SUBREAPER), so that a process that left the group
is found too; and each is told when the one above it dies (PR_SET_PDEATHSIG). GROUP is a control group to run in, or
empty. Elsewhere only the command's process group is stopped.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

_PDEATHSIG, _CHILD_SUBREAPER = 1, 36  # <linux/prctl.h>
_LINUX = sys.platform == "linux"
_LOOK_SECONDS = 0.05
_KILLING_SECONDS = 3.0
_GUARD = "guard"
_STOPPING = (
    signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM,
)  # fmt: skip
_stopping = False


def main(arguments: list[str]) -> None:
    """Run the command; never returns."""
    guards = arguments[0] == _GUARD
    grace, folder, group, *command = arguments[guards:]
    parent = os.getppid()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None) if _LINUX else None
    if libc is not None:
        libc.prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in _STOPPING:
        signal.signal(number, _ask_to_stop)
    if guards:
        _join(group)
        command = [sys.executable, "-I", "-S", __file__, grace, folder, "", *command]
    started = _start(command, guards, libc)
    try:
        status = _wait(started.pid)
        if status is None:
            status = _stop(started.pid, float(grace) * (2 if guards else 1))
        _kill_all(started.pid)
        started.returncode = 0  # waited for here
    finally:
        if os.getppid() != parent:
            remove_tree(folder)
    _end_like(status)


def _start(command: list[str], guards: bool, libc: Any) -> subprocess.Popen[bytes]:
    """Start what is below this process: for the guard the other one of the two, for that one the command."""
    supervisor, told_by = os.getpid(), signal.SIGTERM if guards else signal.SIGKILL

    def die_with_parent() -> None:
        if libc is not None:
            libc.prctl(_PDEATHSIG, told_by, 0, 0, 0)
            if os.getppid() != supervisor:  # it died before this was requested
                os._exit(1)

    try:  # preexec_fn is safe here: this process has one thread
        return subprocess.Popen(
            command, stdin=None if guards else subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent
        )  # fmt: skip
    except OSError as error:
        sys.stderr.write(f"cannot be started: {error}\n")
        sys.exit(127)


def _ask_to_stop(_number: int, _frame: Any) -> None:
    global _stopping
    _stopping = True


def _join(group: str) -> None:
    """Go into a control group, where there is one; what is started from now on is in it, too."""
    if not group:
        return
    try:
        Path(group, "cgroup.procs").write_text("0")
    except OSError:  # the other means are left
        return


def remove_tree(folder: str) -> str:
    """Remove a folder with all that is in it, however deep; why something is left, empty for nothing.

    What is in a folder of it is moved up first: paths never become longer than the system allows, and nothing recurs.
    Where a link or a file has taken its place, that is removed, and nothing that the link leads to.
    """
    kept: dict[Path, OSError] = {}
    try:
        if Path(folder).is_symlink() or not Path(folder).is_dir():
            Path(folder).unlink()
            return ""
        while entries := [path for path in Path(folder).iterdir() if path not in kept]:
            for path in entries:
                try:
                    _remove_level(path)
                except OSError as error:
                    kept[path] = error
        if not kept:
            Path(folder).rmdir()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{error}"
    return "; ".join(f"{error}" for error in kept.values())


def _remove_level(path: Path) -> None:
    """Remove a file, or a folder with its files; folders in it are moved beside it."""
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    path.chmod(0o700)
    for inner in list(path.iterdir()):
        if inner.is_dir() and not inner.is_symlink():
            inner.chmod(0o700)
            inner.rename(path.with_name(f".{uuid.uuid4().hex}"))
        else:
            inner.unlink()
    path.rmdir()


def _wait(pid: int) -> int | None:
    """Wait for the command; None when it is to be stopped."""
    while True:
        status = _reap(pid)
        if status is not None:
            return status
        if _closed(_LOOK_SECONDS) or _stopping:
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
    """Kill what is left: the group, and on Linux every descendant, until there is none, or none that can be.

    All are stopped before any is killed, so that none can start another one meanwhile.
    """
    _signal_group(pid, signal.SIGKILL)
    deadline = time.monotonic() + _KILLING_SECONDS
    while (left := _descendants()) and time.monotonic() < deadline:
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for other in left:
                _signal(other, number)
        _reap(pid)
        time.sleep(0.01)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):  # gone; or another user's, which is not ours to end
        return


def _descendants() -> list[int]:
    """All processes below this one; none where there is no /proc."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*") if _LINUX else ():
        try:
            told = (folder / "stat").read_text(encoding="utf-8", errors="replace")  # names are any bytes
            state, parent = told.rpartition(")")[2].split()[:2]
        except (OSError, ValueError):
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
