"""Runs a program of the owner's within limits: bounded time, memory, output and files; nothing of it stays behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import psutil

from include.errors import TrainingError
from include.records.masking import mask, remember_passed_on
from include.registry.training import Script
from include.retraining.resources import MEBIBYTE
from include.retraining.trainers.fence import SUPERVISOR, Fence, resident_bytes

#: Environment variables that any program needs; none of them holds a secret.
PASSED_ON = (
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
    "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES",
)  # fmt: skip
GRACE_SECONDS = 5.0  # between SIGTERM and SIGKILL
_LOOK_SECONDS = 0.2  # between two looks at memory, output and files
_DEEPEST = 64  # folders in folders: longer paths than the system allows cannot be looked at
_KEPT_BYTES = 2000  # of the beginning and of the end of what is printed
_MARGIN_BYTES = 8192  # kept besides until secrets are blotted out: the longest is a key of some 3 KiB


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one run of a program may use: seconds, and bytes of memory, of output, and of files it writes."""

    seconds: float
    memory: int
    output: int
    disk: int

    @classmethod
    def of(cls, script: Script) -> Limits:
        """As the model file has them."""
        return cls(
            seconds=script.timeout.total_seconds(), memory=script.memory_mib * MEBIBYTE,
            output=script.output_mib * MEBIBYTE, disk=script.disk_mib * MEBIBYTE,
        )  # fmt: skip


def run_limited(
    command: Sequence[str], *, limits: Limits, scratch: Path, folder: Path | None = None, passed_on: Sequence[str] = ()
) -> None:
    """Run `command` and wait for it.

    The memory is the sum of the resident memory of all its processes, looked at five times a second: pages that they
    share count for each. A limit on the address space (RLIMIT_AS) would be exact, but stops programs that only reserve
    addresses, as CUDA, Java and thread pools do.

    Parameters
    ----------
    command : sequence of str
        Program and arguments; the program is looked for in PATH.
    limits : Limits
    scratch : Path
        The temporary folder it may write to; its temporary files go there too. It is removed when this process dies
        meanwhile.
    folder : Path, optional
        Where it is started; by default in `scratch`.
    passed_on : sequence of str
        Names of environment variables that it gets besides `PASSED_ON`.

    Raises
    ------
    TrainingError
        When it cannot be started, ends with another exit code than 0, is ended by a signal, or exceeds a limit; with
        the beginning and the end of what it printed.
    """
    environment = _environment(passed_on, scratch)
    _require_there(command[0], folder, environment)
    began, (ours, _) = time.monotonic(), _written(scratch)
    fence = Fence.raised()
    process = _start(command, fence, environment, scratch, folder)
    assert process.stdout is not None
    assert process.stderr is not None
    printed = [_Printed(process.stdout), _Printed(process.stderr)]
    try:
        exceeded = _watch(process, replace(limits, disk=limits.disk + ours), printed, scratch, began, fence)
    finally:
        _end(process, fence)
        for pipe in printed:
            pipe.join(GRACE_SECONDS)
    if exceeded or process.returncode:
        how = f"stopped: {exceeded}" if exceeded else _ending(process.returncode)
        lasted = time.monotonic() - began
        raise TrainingError(f"{_shown(command)}: {how} after {lasted:.1f} s; {_last_words(printed)}")


def _start(
    command: Sequence[str], fence: Fence, environment: Mapping[str, str], scratch: Path, folder: Path | None
) -> subprocess.Popen[bytes]:
    """Start the supervisors, which start the command."""
    supervised = [sys.executable, "-I", "-S", str(SUPERVISOR), "guard", str(GRACE_SECONDS), str(scratch),
                  str(fence.group or ""), *command]  # fmt: skip
    return subprocess.Popen(
        supervised, cwd=folder or scratch, env={**environment, **fence.environment},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def _require_there(program: str, folder: Path | None, environment: Mapping[str, str]) -> None:
    if folder is not None and not folder.is_dir():
        raise TrainingError(f"field training.script.folder: {folder} is not a folder on this machine")
    if folder is None and shutil.which(program, path=environment.get("PATH")) is None:
        raise TrainingError(f"{program}: no such program on this machine")


def _watch(
    process: subprocess.Popen[bytes], limits: Limits, printed: Sequence[_Printed], scratch: Path, began: float,
    fence: Fence,
) -> str:  # fmt: skip
    """Wait for the end; which limit was exceeded, empty for none."""
    while True:
        try:
            process.wait(timeout=_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        else:
            return _too_much_written(limits, scratch) or _too_much_printed(limits, printed)
        if time.monotonic() - began > limits.seconds:
            return f"longer than {limits.seconds:g} s (training.script.timeout)"
        children = _children(process.pid)
        fence.seen.update(children)
        if found := _too_much(children, limits, printed, scratch):
            fence.down()  # at once: it would use more while it is given time to end
            return found


def _too_much(children: Sequence[psutil.Process], limits: Limits, printed: Sequence[_Printed], scratch: Path) -> str:
    if resident_bytes(children) > limits.memory:
        return f"more than {limits.memory // MEBIBYTE} MiB of memory (training.script.memory_mib)"
    return _too_much_written(limits, scratch) or _too_much_printed(limits, printed)


def _too_much_written(limits: Limits, scratch: Path) -> str:
    size, depth = _written(scratch)
    if depth > _DEEPEST:
        return f"folders in folders, more than {_DEEPEST} deep, in its temporary folder"
    return "more files than training.script.disk_mib allows" if size > limits.disk else ""


def _too_much_printed(limits: Limits, printed: Sequence[_Printed]) -> str:
    if sum(pipe.seen for pipe in printed) <= limits.output:
        return ""
    return f"more than {limits.output // MEBIBYTE} MiB of output (training.script.output_mib)"


def _children(supervisor: int) -> list[psutil.Process]:
    """The program's processes."""
    try:
        return psutil.Process(supervisor).children(recursive=True)
    except psutil.NoSuchProcess:
        return []  # it has just ended


def _written(folder: Path) -> tuple[int, int]:
    """Bytes of the files below `folder`, and how deep folders are in it, `_DEEPEST` + 1 for more; no link is followed.

    A folder that is gone meanwhile, or may not be looked into, counts nothing.
    """
    total, levels, above = 0, 0, [f"{folder}"]
    while above and levels <= _DEEPEST:
        found = [entry for place in above for entry in _entries(place)]
        total += sum(_size(entry) for entry in found if not entry.is_dir(follow_symlinks=False))
        above = [entry.path for entry in found if entry.is_dir(follow_symlinks=False)]
        levels += bool(above)
    return total, levels


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        return 0  # a temporary file, gone meanwhile


def _end(process: subprocess.Popen[bytes], fence: Fence) -> None:
    """Let the supervisor stop what still runs; should it not do so in time, or be dead itself, kill all there is."""
    assert process.stdin is not None
    fence.seen.update(_children(process.pid))
    process.stdin.close()
    try:
        process.wait(timeout=3 * GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        fence.seen.update(_children(process.pid))
        process.kill()
        process.wait()
    finally:
        fence.down()


class _Printed(threading.Thread):
    """Reads a pipe to its end and keeps the beginning and the end of what comes."""

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self._pipe = pipe
        self._head, self._tail, self.seen = b"", b"", 0
        self.start()

    def run(self) -> None:
        """Read until the last writer is gone."""
        with self._pipe:
            while chunk := os.read(self._pipe.fileno(), 2**16):
                self.seen += len(chunk)
                missing = _KEPT_BYTES + _MARGIN_BYTES - len(self._head)
                self._head += chunk[:missing]
                self._tail = (self._tail + chunk[missing:])[-_KEPT_BYTES - _MARGIN_BYTES :]

    @property
    def text(self) -> str:
        """What is kept, as text, its secrets blotted out before it is cut: half of one would not be known as one."""
        if self.seen == len(self._head) + len(self._tail):
            whole = mask((self._head + self._tail).decode(errors="replace"))
            if self.seen <= 2 * _KEPT_BYTES:
                return whole.strip()
            head, tail = whole, whole
        else:
            head, tail = (mask(part.decode(errors="replace")) for part in (self._head, self._tail))
            tail = tail[_MARGIN_BYTES // 2 :]  # which may begin with half of one
        left_out = self.seen - 2 * _KEPT_BYTES
        return f"{head[:_KEPT_BYTES]}\n… {left_out} bytes …\n{tail[-_KEPT_BYTES:]}".strip()


def _environment(passed_on: Sequence[str], scratch: Path) -> dict[str, str]:
    gone = [name for name in passed_on if name not in os.environ]
    if gone:
        raise TrainingError(
            f"field training.script.environment: {', '.join(gone)} is not set on this machine; set it where workers "
            "and commands are started, or leave it out"
        )
    temporary = scratch / "tmp"
    temporary.mkdir(exist_ok=True)
    known: Mapping[str, str] = os.environ
    remember_passed_on(known[name] for name in passed_on)
    kept = {name: known[name] for name in (*PASSED_ON, *passed_on) if name in known}
    return {**kept, "TMPDIR": str(temporary), "JOBLIB_TEMP_FOLDER": str(temporary)}


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    names = {int(each): each.name for each in signal.Signals}  # real-time signals but the first and the last have none
    return f"ended by {names.get(-code, f'signal {-code}')}"


def _shown(command: Sequence[str]) -> str:
    text = mask(" ".join(map(mask, command)))
    return text if len(text) <= 300 else f"{text[:300]}…"


def _last_words(printed: Sequence[_Printed]) -> str:
    words = [f"{name}:\n{pipe.text}" for name, pipe in zip(("stdout", "stderr"), printed, strict=True) if pipe.text]
    return "\n".join(words) if words else "it printed nothing"
