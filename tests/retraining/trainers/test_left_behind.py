"""Scripts that try to leave something alive, or behind."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

import psutil
import pytest

from include.errors import TrainingError
from include.retraining.trainers import process as running
from include.retraining.trainers.fence import MARK, SUPERVISOR, Fence, own_group
from include.retraining.trainers.process import Limits, run_limited
from include.retraining.trainers.scratch import is_dead, new_folder, owner, scratch_folder
from include.retraining.trainers.supervise import _descendants, remove_tree
from tests.waiting import wait_until

MEBIBYTE = 2**20
BEGIN = "import os, signal, subprocess, sys, time\nword = sys.argv[1]\n"
SLEEP = "['sleep', f'600.{word}']"
KEPT_ENVIRONMENT = f"""
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 256)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.execvpe('sleep', {SLEEP}, os.environ)
    os._exit(0)
time.sleep(0.05)
"""
NO_ENVIRONMENT = KEPT_ENVIRONMENT.replace("os.environ", "{}")
PARENT = "int(open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()[1])"
SUPERVISORS = f"pid = os.getpid()\nsupervisor = {PARENT}\npid = supervisor\nguard = {PARENT}\n"
#: Kill both from a process that neither of them tells when it dies.
KILL_BOTH = (
    SUPERVISORS
    + """
if os.fork() == 0:
    os.setsid()
    os.kill(guard, signal.SIGSTOP)
    os.kill(supervisor, signal.SIGKILL)
    os.kill(guard, signal.SIGKILL)
    os._exit(0)
time.sleep(30)
"""
)
ESCAPES = {
    "a daemon that has closed its files": KEPT_ENVIRONMENT,
    "a daemon without its environment": NO_ENVIRONMENT,
    "a group of its own": f"subprocess.Popen({SLEEP}, process_group=0)",
    "a session that ignores what it can": "subprocess.Popen(['sh', '-c', f'trap \"\" TERM HUP INT; sleep 600.{word}'], "
    "start_new_session=True)",
    "one that begins another whenever it dies": "subprocess.Popen(['sh', '-c', f'while :; do sleep 600.{word}; done'], "
    "start_new_session=True)",
    "a stopped process": f"os.kill(subprocess.Popen({SLEEP}).pid, signal.SIGSTOP)",
    "the supervisor killed": KEPT_ENVIRONMENT + SUPERVISORS + "os.kill(supervisor, signal.SIGKILL)\ntime.sleep(30)",
    "the guard killed": NO_ENVIRONMENT + SUPERVISORS + "os.kill(guard, signal.SIGKILL)\ntime.sleep(30)",
    "the supervisor told to end, twice": KEPT_ENVIRONMENT + SUPERVISORS + "os.kill(supervisor, signal.SIGTERM)\n"
    "os.kill(supervisor, signal.SIGTERM)\ntime.sleep(30)",
    "the supervisor hung up on": NO_ENVIRONMENT + SUPERVISORS + "os.kill(supervisor, signal.SIGHUP)\ntime.sleep(30)",
    "the supervisor stopped": NO_ENVIRONMENT + SUPERVISORS + "os.kill(supervisor, signal.SIGSTOP)\ntime.sleep(30)",
    "both killed": KEPT_ENVIRONMENT + KILL_BOTH,
}  # fmt: skip


def run(program: str, *arguments: str, seconds: float = 20.0) -> str:
    """Run a program as a script is run; what went wrong, empty for nothing."""
    limits = Limits(seconds=seconds, memory=500 * MEBIBYTE, output=MEBIBYTE, disk=50 * MEBIBYTE)
    with scratch_folder() as folder:
        try:
            run_limited([sys.executable, "-I", "-S", "-c", BEGIN + program, *arguments], limits=limits, scratch=folder)
        except TrainingError as error:
            return str(error)
    return ""


def alive(word: str) -> list[list[str]]:
    """What still runs with that word among its arguments."""
    found = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [arguments for arguments in found if any(word in argument for argument in arguments)]


@pytest.fixture
def word() -> str:
    """Found in the arguments of nothing else that runs on this machine."""
    return f"{uuid.uuid4().int % 10**12}"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only the process group is stopped")
@pytest.mark.parametrize("program", ESCAPES.values(), ids=ESCAPES)
def test_nothing_of_a_script_stays_alive(program: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "GRACE_SECONDS", 0.2)
    run(program, word, seconds=1.0)
    assert alive(word) == []


@pytest.mark.skipif(own_group() is None, reason="no control group may be made here")
def test_not_even_what_nothing_but_the_control_group_knows_of_stays_alive(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(running, "_children", lambda pid: [])
    run(NO_ENVIRONMENT + KILL_BOTH, word)
    assert alive(word) == []
    assert not list(Path(f"{own_group()}").glob(f"retraining-{owner()}-*"))


def test_the_program_ends_as_it_would_by_itself(word: str) -> None:
    assert run("sys.exit(0)", word) == ""
    assert "ended with exit code 7" in run("sys.exit(7)", word)
    assert "ended by SIGABRT" in run("os.abort()", word)
    assert "ended by SIGKILL" in run("os.kill(os.getpid(), signal.SIGKILL)", word)
    assert "ended by signal 40" in run("os.kill(os.getpid(), 40)", word)


OWNER = """
import os, subprocess, sys, time
guard = [sys.executable, '-I', '-S', sys.argv[1], 'guard', '0.5', sys.argv[2], '']
stubborn = [sys.executable, '-c', 'import signal, time; signal.signal(15, signal.SIG_IGN); print(1); time.sleep(600)']
running = subprocess.Popen([*guard, *stubborn], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
running.stdout.readline()
os._exit(0)
"""


NAMED = r"import ctypes, time; ctypes.CDLL(None).prctl(15, b'caf\xc3', 0, 0, 0); print(1, flush=True); time.sleep(600)"


@pytest.mark.skipif(not owner(), reason="processes are found in /proc")
def test_process_whose_name_is_cut_within_a_letter_hides_no_other() -> None:
    with subprocess.Popen([sys.executable, "-c", NAMED], stdout=subprocess.PIPE) as named:
        assert named.stdout is not None
        named.stdout.readline()
        try:
            assert named.pid in _descendants()
        finally:
            named.kill()


@pytest.mark.skipif(not owner(), reason="nothing is known of processes that died without /proc")
def test_next_script_lets_the_supervisors_of_a_dead_process_remove_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    environment = {**os.environ, MARK: f"{owner()}0-1"}
    subprocess.run([sys.executable, "-c", OWNER, f"{SUPERVISOR}", f"{folder}"], env=environment, check=True)
    Fence.raised().down()
    wait_until(lambda: not folder.exists(), 20)


@pytest.mark.skipif(not owner(), reason="nothing is known of processes that died without /proc")
def test_what_a_process_left_that_died_with_its_supervisors_goes_with_the_next_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead = f"{owner()}0"  # this PID with another start: that process is no more
    elsewhere = f"elsewhere-{owner().partition('-')[2]}0"
    assert is_dead(dead)
    assert not is_dead(elsewhere)
    sleepers = {
        name: subprocess.Popen(["/bin/sleep", "600"], env={**os.environ, MARK: f"{name}-1"})
        for name in (dead, elsewhere)
    }
    try:
        for name in (dead, elsewhere):
            (tmp_path / f"retraining-{name}-abc" / "output").mkdir(parents=True)
        Fence.raised().down()
        assert sleepers[dead].wait(10) == -9
        assert sleepers[elsewhere].poll() is None
        made = new_folder()
        assert sorted(tmp_path.iterdir()) == sorted([tmp_path / f"retraining-{elsewhere}-abc", made])
    finally:
        for sleeper in sleepers.values():
            sleeper.kill()
            sleeper.wait()


@pytest.mark.skipif(own_group() is None, reason="no control group may be made here")
def test_control_group_of_a_dead_owner_is_ended() -> None:
    left = Path(f"{own_group()}", f"retraining-{owner()}0-abc")
    (left / "below").mkdir(parents=True)
    with subprocess.Popen(["/bin/sleep", "600"]) as sleeper:
        (left / "below" / "cgroup.procs").write_text(f"{sleeper.pid}")
        Fence.raised().down()
        assert sleeper.wait(10) == -9
    assert not left.exists()


FOLDERS = {
    "deep": "for number in range(1500):\n    os.mkdir('x'); os.chdir('x')\n",
    "locked": "os.makedirs('a/b/c'); open('a/b/c/f', 'w').close(); os.chmod('a/b', 0); os.chmod('a', 0)\n",
    "links": "os.symlink('/', 'root'); os.mkdir('d'); os.symlink('..', 'd/above'); os.mkfifo('pipe')\n",
    "odd names": "os.mkdir(b'\\xff\\n'); open('-rf', 'w').close(); os.mkdir('.0' * 120)\n"
    "open('.0' * 120 + '/*', 'w').close()\n",
    "a link in its place": "import shutil; here, there = os.getcwd(), os.path.abspath('../../outside')\n"
    "shutil.rmtree(here); os.symlink(there, here)\n",
    "a file in its place": "import shutil; here = os.getcwd(); shutil.rmtree(here); open(here, 'w').close()\n",
    "nothing in its place": "import shutil; shutil.rmtree(os.getcwd())\n",
}  # fmt: skip


@pytest.mark.parametrize("program", FOLDERS.values(), ids=FOLDERS)
def test_nothing_of_a_script_stays_in_the_temporary_folder(
    program: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    outside = tmp_path.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "kept").touch()
    told = run(program + f"os.path.isdir('d') and os.symlink({str(outside)!r}, 'd/outside')\n", word)
    assert ("more than 64 deep" in told) == ("range(1500)" in program)
    assert list(tmp_path.iterdir()) == []
    assert (outside / "kept").exists()


def test_what_cannot_be_removed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made" / "stays").mkdir(parents=True)
    (tmp_path / "made" / "goes").touch()

    def refuse(path: Path) -> None:
        raise PermissionError(1, "not permitted", f"{path}")

    monkeypatch.setattr(Path, "rmdir", refuse)
    assert "not permitted" in remove_tree(f"{tmp_path / 'made'}")
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["stays"]


def test_folder_of_a_script_that_died_with_everybody_is_found_by_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    program = "from include.retraining.trainers.scratch import new_folder; print(new_folder())"
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == [Path(done.stdout.strip())]
    with scratch_folder() as folder:
        assert list(tmp_path.iterdir()) == [folder]
