"""Asks a peer, in an environment and a process of its own, what it says about some windows of rows."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.peers import REQUIREMENTS

WORKERS = Path(__file__).resolve().parent
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    # None of them is to report its use to its makers:
    "NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1", "DEEPCHECKS_ENABLE_ANALYTICS": "False",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a peer found.

    Parameters
    ----------
    alarms : mapping of str to array of bool, shape (windows,)
        For each of its decision rules whether it alarms.
    scores : mapping of str to array of float, shape (windows,)
        For each rule the number that its threshold is compared with; larger means more changed.
    fit_seconds : float
        CPU seconds spent on the reference.
    check_seconds : array of float, shape (windows,)
        CPU seconds spent on each window.
    peak_mib : float
        Peak memory of the process, the tables included.
    """

    alarms: Mapping[str, npt.NDArray[np.bool_]]
    scores: Mapping[str, npt.NDArray[np.float64]]
    fit_seconds: float
    check_seconds: npt.NDArray[np.float64]
    peak_mib: float


def installed(folder: Path, peer: str) -> bool:
    """Whether `benchmarks.peers.install` has made the peer's environment in `folder`."""
    return (folder / peer / "installed.txt").exists()


def ask(folder: Path, peer: str, method: str, reference: Path, recent: Path, window_rows: int | None = None) -> Answer:
    """Let `peer` compare each window with the reference, by one of its methods.

    Parameters
    ----------
    folder : Path
        Where the environments are.
    peer, method : str
        A key of `REQUIREMENTS`, and one of the `METHODS` of its worker.
    reference, recent : Path
        Parquet files.
    window_rows : int, optional
        Cut `recent` into windows of so many rows; without it all of it is one window.
    """
    if peer not in REQUIREMENTS or not installed(folder, peer):
        raise SystemExit(f"{peer} is not in {folder}: python -m benchmarks.peers.install --into {folder}")
    job = {"method": method, "reference": str(reference), "recent": str(recent), "window_rows": window_rows}
    command = [str(folder / peer / "bin" / "python"), "-W", "ignore", str(WORKERS / f"{peer}_worker.py")]
    with tempfile.TemporaryDirectory() as place:
        result = Path(place) / "result.json"
        done = subprocess.run(
            [*command, json.dumps(job | {"result": str(result)})],
            env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{peer} {method} failed:\n{done.stderr[-4000:]}")
        found = json.loads(result.read_text(encoding="utf-8"))
    return Answer(
        alarms={rule: np.array(values, dtype=bool) for rule, values in found["alarms"].items()},
        scores={rule: np.array(values, dtype=np.float64) for rule, values in found["scores"].items()},
        fit_seconds=found["fit_seconds"],
        check_seconds=np.array(found["check_seconds"]),
        peak_mib=found["peak_mib"],
    )


def ask_tables(
    folder: Path, peer: str, method: str, reference: pd.DataFrame, recent: pd.DataFrame, window_rows: int
) -> Answer:
    """The same for tables in memory."""
    with tempfile.TemporaryDirectory() as place:
        paths = Path(place) / "reference.parquet", Path(place) / "recent.parquet"
        reference.to_parquet(paths[0])
        recent.to_parquet(paths[1])
        return ask(folder, peer, method, *paths, window_rows)
