"""A training script that goes wrong in the way that its first argument says; the request is the last one."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path


class Payload:
    """Makes the file `ran` beside the script's folder when it is unpickled."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


def write_result(content: object) -> None:
    Path(REQUEST["result"]).write_text(json.dumps(content))


def hang() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen([sys.executable, "-c", SLEEP])  # in the group
    subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)  # out of it
    time.sleep(600)


def sleep() -> None:
    time.sleep(600)


def leave_a_daemon() -> None:
    subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    fail()


def flood() -> None:
    line = b"x" * 2**20
    for _ in range(1024):
        os.write(1, line)


def fail() -> None:
    print("reading rows")
    print("no such table: sales", file=sys.stderr)
    sys.exit(3)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def eat_memory() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    kept = [bytearray(os.urandom(2**20)) for _ in range(400)]
    time.sleep(600)
    print(len(kept))


def fill_the_disk() -> None:
    with Path(OUTPUT, "large").open("wb") as file:
        for _ in range(400):
            file.write(bytes(2**20))
            file.flush()
            time.sleep(0.01)


def fill_the_disk_at_once() -> None:
    with Path(OUTPUT, "large").open("wb") as file:
        file.truncate(200 * 2**20)
    write_result({"schema_version": 1})


def write_no_model() -> None:
    write_result({"schema_version": 1})


def write_nothing() -> None:
    print("all done")


def write_a_bad_result() -> None:
    Path(OUTPUT, "model.json").write_text("{}")
    write_result({"schema_version": 1, "metrics": {"rmse": "good"}})


def write_a_pickle() -> None:
    write_result({"schema_version": 1})
    Path(OUTPUT, sys.argv[2]).write_bytes(pickle.dumps(Payload(sys.argv[3])))


def write_another_version() -> None:
    import skops.io
    from sklearn import base, linear_model

    base.__version__ = "1.0.0"  # what an estimator notes when it is stored
    model = linear_model.Ridge().fit([[0.0], [1.0]], [0.0, 1.0])
    skops.io.dump(model, Path(OUTPUT, "model.skops"))
    write_result({"schema_version": 1})


def write_a_list() -> None:
    import skops.io

    skops.io.dump([1, 2], Path(OUTPUT, "model.skops"))
    write_result({"schema_version": 1})


def write_a_link() -> None:
    write_result({"schema_version": 1})
    Path(OUTPUT, "model.json").symlink_to("/etc/hostname")


def write_through_a_link() -> None:
    write_result({"schema_version": 1})
    elsewhere = Path(REQUEST["result"]).with_name("elsewhere")
    elsewhere.mkdir()
    Path(elsewhere, "model.json").write_text("{}")
    Path(OUTPUT).rmdir()
    Path(OUTPUT).symlink_to(elsewhere)


def write_a_file_for_a_folder() -> None:
    write_result({"schema_version": 1})
    Path(OUTPUT).rmdir()
    Path(OUTPUT).write_text("{}")


def write_no_folder() -> None:
    write_result({"schema_version": 1})
    Path(OUTPUT).rmdir()


def write_too_deep() -> None:
    write_result({"schema_version": 1})
    os.chdir(OUTPUT)
    for _ in range(30):  # few folders, and a path that no system call takes
        Path("d" * 200).mkdir()
        os.chdir("d" * 200)
    Path("model.json").write_text("{}")


def write_half_a_zip() -> None:
    write_result({"schema_version": 1})
    Path(OUTPUT, "model.bin").write_bytes(b"x" * 1000 + b"PK\x05\x06" + b"\xff" * 18)


def write_a_locked_zip() -> None:
    write_result({"schema_version": 1})
    with zipfile.ZipFile(Path(OUTPUT, "model.zip"), "w") as archive:
        archive.writestr("weights", "b" * 100)
    content = bytearray(Path(OUTPUT, "model.zip").read_bytes())
    content[6] |= 1  # says that the member is encrypted, in both places that say so
    content[content.find(b"PK\x01\x02") + 8] |= 1
    Path(OUTPUT, "model.zip").write_bytes(content)


def write_a_pipe() -> None:
    write_result({"schema_version": 1})
    os.mkfifo(Path(OUTPUT, "model.json"))


def say_what_is_known() -> None:
    print(json.dumps({"environment": dict(os.environ), "folder": str(Path.cwd())}))
    sys.exit(3)


if __name__ == "__main__":
    REQUEST = json.loads(Path(sys.argv[-1]).read_text())
    OUTPUT = REQUEST["output_folder"]
    SLEEP = f"import time; mark = {sys.argv[2]!r}; time.sleep(600)"  # so that a test can find it
    globals()[sys.argv[1]]()
