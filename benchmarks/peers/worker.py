"""What the peers' workers share. Runs in a peer's environment: knows pandas and numpy, and nothing of ours.

A worker is a script with a dict of methods. A method takes the reference and returns a function that takes recent rows
and returns, for each decision rule, whether it alarms and the number that its threshold is compared with (larger means
more changed). Called with a job as JSON (`benchmarks.peers.ask`), it writes the result as JSON.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

Check = Callable[[pd.DataFrame], "dict[str, tuple[bool, float]]"]
SMALLEST_P_VALUE = 1e-300


def evidence(p_value: float) -> float:
    """A p-value as a score: its negative decimal logarithm."""
    return -math.log10(max(float(p_value), SMALLEST_P_VALUE))


def numeric_columns(table: pd.DataFrame) -> list[str]:
    """Names of the columns of numbers."""
    return [name for name in table.columns if pd.api.types.is_numeric_dtype(table[name])]


def text_columns(table: pd.DataFrame) -> list[str]:
    """Names of the other columns."""
    return [name for name in table.columns if not pd.api.types.is_numeric_dtype(table[name])]


def peak_mib() -> float:
    """Peak memory of this program; getrusage would count what started it, too (Linux only)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def main(methods: Mapping[str, Callable[[pd.DataFrame], Check]]) -> None:
    """Do the job given as the first argument."""
    job = json.loads(sys.argv[1])
    reference, recent = pd.read_parquet(job["reference"]), pd.read_parquet(job["recent"])
    rows = job["window_rows"] or len(recent)
    windows = [recent.iloc[start : start + rows].reset_index(drop=True) for start in range(0, len(recent), rows)]
    start = time.process_time()
    check = methods[job["method"]](reference)
    fit_seconds = time.process_time() - start
    found, seconds = [], []
    for window in windows:
        start = time.process_time()
        found.append(check(window))
        seconds.append(time.process_time() - start)
    rules = list(found[0])
    result = {
        "alarms": {rule: [bool(each[rule][0]) for each in found] for rule in rules},
        "scores": {rule: [float(each[rule][1]) for each in found] for rule in rules},
        "fit_seconds": fit_seconds,
        "check_seconds": seconds,
        "peak_mib": peak_mib(),
    }
    Path(job["result"]).write_text(json.dumps(result), encoding="utf-8")
