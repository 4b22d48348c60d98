"""Peak memory and cost of a whole check against the number of rows and of columns, each from a fresh process.

    python -m benchmarks.memory [--millions 1 10 50] [--columns 50] [--rounds 5]

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


def by_columns(folder: Path, known: Path, numbers: list[int], rounds: int) -> list[tuple[int, float, float]]:
    """Columns, CPU seconds (median) and peak in MiB (largest) of a check; all sizes in turn, as machines waver."""
    found: dict[int, list[tuple[float, float]]] = {number: [] for number in numbers}
    files = {number: write_parts(folder, number, 2, ROWS) for number in numbers}
    for number, (reference, recent) in files.items():
        run_ours("prepare", reference, recent, known.with_name(f"known-{number}.json"))
    for _ in range(rounds):
        for number, (reference, recent) in files.items():
            found[number].append(run_ours("parquet", reference, recent, known.with_name(f"known-{number}.json")))
    return [(number, statistics.median(run[0] for run in runs), max(run[1] for run in runs))
            for number, runs in found.items()]  # fmt: skip


def main() -> int:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    by_rows: list[tuple[int, float, float]] = []
    with tempfile.TemporaryDirectory() as place:
        folder, known = Path(place), Path(place) / "known.json"
        reference, *parts = write_parts(folder, chosen.columns, PARTS + 1, ROWS)
        run_ours("prepare", reference, reference, known)
        for millions in chosen.millions:
            recent = link(folder / f"rows-{millions}", parts, millions)
            by_rows.append((millions, *run_ours("parquet", reference, recent, known)))
            _show(millions * ROWS, chosen.columns, by_rows[-1])
        sizes = [chosen.columns // 5, chosen.columns, 2 * chosen.columns]
        wide = by_columns(folder, known, sizes, chosen.rounds)
        for found in wide:
            _show(ROWS, found[0], found)
    peaks = [peak for _, _, peak in by_rows]
    growth, exponents = max(peaks) / peaks[0], (exponent(by_rows), exponent(wide))
    print(f"peak grows by {growth - 1:.1%} with rows (less than {MOST_GROWTH - 1:.0%}), "
          f"largest {max(peaks):.0f} MiB (at most {MOST_MIB:g})")  # fmt: skip
    print(f"exponent of cost against rows {exponents[0]:.2f}, against columns {exponents[1]:.2f} "
          f"(at most {MOST_EXPONENT:g})")  # fmt: skip
    return int(growth >= MOST_GROWTH or max(peaks) > MOST_MIB or max(exponents) > MOST_EXPONENT)


def _show(rows: int, columns: int, found: tuple[int, float, float]) -> None:
    print(f"{rows:11,d} rows x {columns} columns: {found[1]:7.2f} CPU s, peak {found[2]:4.0f} MiB", flush=True)


def exponent(measured: list[tuple[int, float, float]]) -> float:
    """Slope of log cost against log size, from the smallest to the largest; 0 for one size."""
    (first, few, _), (last, many, _) = measured[0], measured[-1]
    return math.log(many / few) / math.log(last / first) if last > first else 0.0


if __name__ == "__main__":
    sys.exit(main())
