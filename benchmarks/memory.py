"""Peak memory and cost of a whole check against the number of rows and of columns, each from a fresh process.

    python -m benchmarks.memory [--millions 1 10 50] [--columns 50] [--runs 1]

A check is the profile of a Parquet folder against a given reference, and all detectors. Rows come from
`benchmarks.profile_cost.write`. The folder holds parts of 1,000,000 rows: three different ones, hard-linked under as
many names as the size asks for, so that 50 million rows need no more disk than three; each link is read like a file of
its own. The exit code is 1 when the peak grows by 10 % or more with rows, is above 700 MiB, or cost grows with rows or
with columns by an exponent above 1.1.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.peer_cost import run_ours, write_parts

ROWS, PARTS = 1_000_000, 3
MOST_GROWTH, MOST_MIB, MOST_EXPONENT = 1.10, 700.0, 1.1


def link(folder: Path, parts: list[Path], count: int) -> Path:
    """A folder of `count` files that are `parts` over and over again."""
    folder.mkdir()
    for number in range(count):
        os.link(parts[number % len(parts)], folder / f"part-{number:03d}.parquet")
    return folder


def measure(reference: Path, recent: Path, known: Path, runs: int) -> tuple[float, float]:
    """CPU seconds (median) and peak in MiB (largest) of a check."""
    found = [run_ours("parquet", reference, recent, known) for _ in range(runs)]
    return statistics.median(run[0] for run in found), max(run[1] for run in found)


def main() -> int:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--runs", type=int, default=1)
    chosen = parser.parse_args()
    by_rows: list[tuple[int, float, float]] = []
    by_columns: list[tuple[int, float, float]] = []
    with tempfile.TemporaryDirectory() as place:
        folder, known = Path(place), Path(place) / "known.json"
        reference, *parts = write_parts(folder, chosen.columns, PARTS + 1, ROWS)
        run_ours("prepare", reference, reference, known)
        for millions in chosen.millions:
            recent = link(folder / f"rows-{millions}", parts, millions)
            by_rows.append((millions, *measure(reference, recent, known, chosen.runs)))
            print(f"{millions * ROWS:11,d} rows x {chosen.columns} columns: "
                  f"{by_rows[-1][1]:7.2f} CPU s, peak {by_rows[-1][2]:4.0f} MiB", flush=True)  # fmt: skip
        for columns in (chosen.columns // 5, chosen.columns, 2 * chosen.columns):
            reference, recent = write_parts(folder, columns, 2, ROWS)
            run_ours("prepare", reference, recent, known)
            by_columns.append((columns, *measure(reference, recent, known, 3)))
            print(f"{ROWS:11,d} rows x {columns} columns: "
                  f"{by_columns[-1][1]:7.2f} CPU s, peak {by_columns[-1][2]:4.0f} MiB", flush=True)  # fmt: skip
    peaks = [peak for _, _, peak in by_rows]
    growth, exponents = max(peaks) / peaks[0], (exponent(by_rows), exponent(by_columns))
    print(f"peak grows by {growth - 1:.1%} with rows (less than {MOST_GROWTH - 1:.0%}), "
          f"largest {max(peaks):.0f} MiB (at most {MOST_MIB:g})")  # fmt: skip
    print(f"exponent of cost against rows {exponents[0]:.2f}, against columns {exponents[1]:.2f} "
          f"(at most {MOST_EXPONENT:g})")  # fmt: skip
    return int(growth >= MOST_GROWTH or max(peaks) > MOST_MIB or max(exponents) > MOST_EXPONENT)


def exponent(measured: list[tuple[int, float, float]]) -> float:
    """Slope of log cost against log size, from the smallest to the largest; 0 for one size."""
    (first, few, _), (last, many, _) = measured[0], measured[-1]
    return math.log(many / few) / math.log(last / first) if last > first else 0.0


if __name__ == "__main__":
    sys.exit(main())
