"""What a profile costs: CPU seconds and peak memory, each figure from a fresh process.

    python -m benchmarks.profile_cost [--rows 1000000] [--columns 50] [--runs 3] [--large]

Rows are a tenth columns of text and otherwise numbers of three kinds, 1 % missing, in a Parquet file of row groups of
131,072 rows. Compared, in turns, so that a busy machine slows all: the plain read of that file with pyarrow, its
profile against a given reference, the profile of the same rows as a DataFrame, and cutting a reference. With
``--large`` also ten times the rows (peak memory), and with the SIMD sort of AVX-512 and AVX2 switched off. Measured
with one thread (OMP_NUM_THREADS=1).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PROJECT_ROOT = Path(__file__).resolve().parent.parent
ROW_GROUP = 131_072
WITHOUT_AVX512 = "X86_V4 AVX512_ICL AVX512_SPR AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL"
CHILD = """
import json, resource, sys, time, warnings
import pandas as pd, pyarrow as pa, pyarrow.parquet as pq
from include.data.sources.parquet_batches import ParquetBatches
from include.data.profile import Extra, Profile, profile_batches, profile_table
what, path, reference = sys.argv[1:]
known = None if what == "cut" else Profile.from_json(json.load(open(reference)))
frame = pd.read_parquet(path) if what == "frame" else None
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
if what == "read":
    pq.read_table(path)
elif what == "check":
    profile_batches(ParquetBatches(path), against=known, extras=Extra.CROSS)
elif what == "frame":
    profile_table(frame, list(frame.columns), against=known, extras=Extra.CROSS)
else:
    made = profile_batches(ParquetBatches(path))
seconds = time.process_time() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if what == "cut":
    json.dump(made.to_json(), open(reference, "w"))
print("RESULT", seconds, peak / 1024, before / 1024)
"""


def write(path: Path, rows: int, columns: int) -> None:
    """Write the file a row group at a time, so that making it needs no memory either."""
    rng = np.random.default_rng(0)
    names = pa.array([f"category {number}" for number in range(20)])
    writer = None
    for start in range(0, rows, ROW_GROUP):
        size = min(ROW_GROUP, rows - start)
        made: dict[str, pa.Array] = {}
        for number in range(columns):
            missing = rng.random(size) < 0.01
            if number % 10 == 9:
                codes = pa.array(rng.integers(0, 20, size).astype(np.int32), mask=missing)
                made[f"c{number}"] = pa.DictionaryArray.from_arrays(codes, names).cast(pa.string())
            else:
                draw = (rng.normal, rng.lognormal, rng.exponential)[number % 3]
                made[f"x{number}"] = pa.array(draw(size=size), mask=missing)
        table = pa.table(made)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=ROW_GROUP)
    assert writer is not None
    writer.close()


def measure(what: str, path: Path, reference: Path, **environment: str) -> tuple[float, float]:
    """CPU seconds of the work alone, and the peak of the process in MiB."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, what, str(path), str(reference)],
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT), "OMP_NUM_THREADS": "1", **environment},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    words = next(line for line in done.stdout.splitlines() if line.startswith("RESULT")).split()
    return float(words[1]), float(words[2])


def report(title: str, path: Path, reference: Path, runs: int, **environment: str) -> dict[str, float]:
    """Measure all in turns and print medians, and each as a multiple of the read."""
    found: dict[str, list[tuple[float, float]]] = {"cut": [], "read": [], "check": [], "frame": []}
    kinds = found if path.stat().st_size < 1 << 30 else ("cut", "read", "check")  # a larger frame need not fit
    for _ in range(runs):
        for what in kinds:
            found[what].append(measure(what, path, reference, **environment))
    seconds = {what: statistics.median(run[0] for run in each) for what, each in found.items() if each}
    for what, value in seconds.items():
        peak = max(run[1] for run in found[what])
        print(f"{title:28s} {what:6s} {value:7.3f} CPU s  {value / seconds['read']:5.2f} reads  peak {peak:6.0f} MiB")
    return seconds


def main() -> int:
    """Measure and print; 1 when a check costs more than four plain reads."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--large", action="store_true")
    chosen = parser.parse_args()
    shapes = {
        "whole": (chosen.rows, chosen.columns),
        "a quarter of the rows": (chosen.rows // 4, chosen.columns),
        "a fifth of the columns": (chosen.rows, chosen.columns // 5),
        **({"twice the columns": (chosen.rows, chosen.columns * 2)} if chosen.large else {}),
        **({"ten times the rows": (chosen.rows * 10, chosen.columns)} if chosen.large else {}),
    }
    costs: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        reference = Path(folder) / "reference.json"
        for title, (rows, columns) in shapes.items():
            path = Path(folder) / "rows.parquet"
            write(path, rows, columns)
            costs[title] = report(title, path, reference, chosen.runs if rows <= chosen.rows else 1)
            if title == "whole":
                print(f"reference as JSON: {len(json.dumps(json.loads(reference.read_text()))) / 1024:.0f} KiB")
                report("whole, without AVX-512", path, reference, 1, NPY_DISABLE_CPU_FEATURES=WITHOUT_AVX512)
                report(
                    "whole, and without AVX2", path, reference, 1, NPY_DISABLE_CPU_FEATURES=f"{WITHOUT_AVX512} X86_V3"
                )
    for title, ratio in (("a quarter of the rows", 4.0), ("a fifth of the columns", 5.0)):
        exponent = math.log(costs["whole"]["check"] / costs[title]["check"]) / math.log(ratio)
        print(f"exponent against {title}: {exponent:.2f}")
    return int(costs["whole"]["check"] > 4.0 * costs["whole"]["read"])


if __name__ == "__main__":
    sys.exit(main())
