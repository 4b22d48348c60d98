"""What a command on the records takes, from the start of Python to its answer, beside an empty Python.

    python -m benchmarks.command_start [--runs 5]

A Postgres of its own with a model and two checks on record; each command is a process of its own, and they take turns,
so that a busy machine slows all alike. Prints seconds of processor time and on the clock (medians), and which numeric
libraries each loads. Ends with an error where a command takes more than 1.2 seconds of processor time.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.reading.conftest import open_house
from tools.embedded_postgres import EmbeddedPostgres

COMMANDS = (
    "--help", "requests", "request housing --reason timing", "quarantines", "versions housing", "lineage housing",
    "recommend housing", "history --model housing", "fleet", "status", "health", "failures", "statistics", "mutes",
    "annotate housing --text timing", "report housing", "audit --from 2026-01-01 --to 2100-01-01", "config",
)  # fmt: skip
MOST = 1.2  # seconds of processor time
NUMERIC = ("numpy", "pandas", "scipy", "sklearn", "pyarrow")
LOADED = f"""
import sys
from include.cli.__main__ import main
try:
    code = main(sys.argv[1:])
except SystemExit:
    code = 0
print("LOADED", code, *(name for name in {NUMERIC} if name in sys.modules), file=sys.stderr)
"""


def main() -> int:
    """Measure and print; 1 where a command takes too long."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.start()
        try:
            return _measured(server, Path(folder) / "house", runs)
        finally:
            server.stop()


def _measured(server: EmbeddedPostgres, folder: Path, runs: int) -> int:
    folder.mkdir()
    with open_house(server, folder) as house:
        house.register("housing")
        house.train(hours=3)
        house.check(hours=1)
        with house.store.connect() as connection:
            name = connection.info.dbname
        known = {
            **os.environ, "AIRFLOW_CONN_RETRAINING_DB": server.uri(name), "OMP_NUM_THREADS": "1",
            "RETRAINING_MODELS_DIR": str(house.deployment.models_dir), "OPENBLAS_NUM_THREADS": "1",
        }  # fmt: skip
        found: dict[str, list[tuple[float, float]]] = {each: [] for each in COMMANDS}
        loaded: dict[str, str] = {}
        empty = []
        for _ in range(runs):
            empty.append(_timed(["-c", "pass"], known)[:2])
            for words in COMMANDS:
                *times, said = _timed(["-c", LOADED, *words.split()], known)
                found[words].append((times[0], times[1]))
                loaded[words] = said
    base = statistics.median(processor for processor, _ in empty)
    print(f"{'an empty Python':42s} {base:.2f} CPU s")
    for words, seconds in found.items():
        processor, clock = (statistics.median(column) for column in zip(*seconds, strict=True))
        print(
            f"{words:42s} {processor:.2f} CPU s, {clock:.2f} s on the clock, {processor / base:4.0f} x  {loaded[words]}"
        )
    return int(any(statistics.median(each for each, _ in times) > MOST for times in found.values()))


def _timed(words: list[str], known: Mapping[str, str]) -> tuple[float, float, str]:
    """Seconds of processor time and on the clock of a process, and its last line."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([sys.executable, *words], env=dict(known), capture_output=True, text=True, check=False)
    clock, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return processor, clock, (done.stderr.splitlines() or [""])[-1]


if __name__ == "__main__":
    sys.exit(main())
