"""What one check costs, ours beside the peers': CPU seconds and peak memory, each figure from a fresh process.

    python -m benchmarks.peer_cost [--peers FOLDER] [--rows 1000000] [--columns 50] [--runs 3] [--without evidently]

Reference and recent rows, each of that many rows, are two halves of what `benchmarks.profile_cost.write` makes: a tenth
columns of text and otherwise numbers of three kinds, 1 % missing. The reference is given: profiled or fitted before.
Timed is one check of the same frame in memory, one thread, imports done; and ours from Parquet beside the plain read of
that file with pyarrow. Turns alternate, so that a busy machine slows all; medians are printed. Evidently runs once.
The exit code is 1 when a check from Parquet costs more than four plain reads, or a check in memory more than a quarter
of the cheapest peer's or a 300th of Evidently's.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.peers import DEFAULT_FOLDER
from benchmarks.peers.ask import ask
from benchmarks.profile_cost import PROJECT_ROOT, write

PEERS = {
    "NannyML, K-S and chi-square": ("nannyml", "univariate"),
    "alibi-detect, TabularDrift": ("alibi_detect", "tabular"),
    "Evidently, default preset": ("evidently", "default"),
}
ONCE = ("evidently",)
GROUPS = 8  # row groups of a file
MOST_READS, CHEAPEST, EVIDENTLY = 4.0, 4.0, 300.0


def run_ours(what: str, reference: Path, recent: Path, known: Path) -> tuple[float, float]:
    """CPU seconds of the work and the peak of the process in MiB; see `benchmarks.peers.ours`."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.peers.ours", what]
    done = subprocess.run(
        [*command, str(reference), str(recent), str(known)], cwd=PROJECT_ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    if what == "prepare":
        return 0.0, 0.0
    words = next(line for line in done.stdout.splitlines() if line.startswith("RESULT")).split()
    return float(words[1]), float(words[2])


def write_parts(folder: Path, columns: int, parts: int, rows: int) -> list[Path]:
    """Files of `rows` different rows each, a batch at a time; `rows` is a multiple of 8."""
    whole = folder / "whole.parquet"
    write(whole, parts * rows, columns)
    source = pq.ParquetFile(whole)
    batches = source.iter_batches(batch_size=rows // GROUPS)
    paths = [folder / f"rows-{columns}-{number}.parquet" for number in range(parts)]
    for path in paths:
        with pq.ParquetWriter(path, source.schema_arrow) as writer:
            for batch in itertools.islice(batches, GROUPS):
                writer.write_batch(batch)
    whole.unlink()
    return paths


def main() -> int:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=50)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--without", nargs="*", default=[], metavar="PEER")
    chosen = parser.parse_args()
    peers = {title: place for title, place in PEERS.items() if place[0] not in chosen.without}
    found: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as place:
        reference, recent = write_parts(Path(place), chosen.columns, 2, chosen.rows)
        known = Path(place) / "known.json"
        run_ours("prepare", reference, recent, known)
        for run in range(chosen.runs):
            for title, what in (("plain read", "read"), ("ours from Parquet", "parquet"), ("ours in memory", "frame")):
                found.setdefault(title, []).append(run_ours(what, reference, recent, known))
            for title, (peer, method) in peers.items():
                if run == 0 or peer not in ONCE:
                    answer = ask(chosen.peers, peer, method, reference, recent)
                    found.setdefault(title, []).append((float(answer.check_seconds[0]), answer.peak_mib))
    return report(found, peers)


def report(found: dict[str, list[tuple[float, float]]], peers: dict[str, tuple[str, str]]) -> int:
    """Print medians and ratios; 1 when a figure is missed."""
    seconds = {title: statistics.median(run[0] for run in runs) for title, runs in found.items()}
    for title, value in seconds.items():
        peak = max(run[1] for run in found[title])
        spread = ", ".join(f"{run[0]:.3f}" for run in found[title])
        print(f"{title:30s} {value:9.3f} CPU s   peak {peak:6.0f} MiB   runs: {spread}")
    reads = seconds["ours from Parquet"] / seconds["plain read"]
    print(f"a check from Parquet costs {reads:.2f} plain reads (at most {MOST_READS:g})")
    missed = reads > MOST_READS
    if peers:
        cheapest = min(peers, key=lambda title: seconds[title])
        ratio = seconds[cheapest] / seconds["ours in memory"]
        print(f"the cheapest peer, {cheapest}, costs {ratio:.1f} times ours in memory (at least {CHEAPEST:g})")
        missed |= ratio < CHEAPEST
    for title in (title for title, (peer, _) in peers.items() if peer == "evidently"):
        ratio = seconds[title] / seconds["ours in memory"]
        print(f"{title}, costs {ratio:.0f} times ours in memory (at least {EVIDENTLY:g})")
        missed |= ratio < EVIDENTLY
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
