"""Parse time of the DAG file against that of an empty DAG, side by side, each in fresh processes.

    python -m benchmarks.parse_time [--runs 9]

Timed is what a parse costs: a process that starts Python, imports Airflow and loads the file into a DagBag; and of
that, loading the file alone. The two files take turns, so that a busy machine slows both. Prints CPU seconds
(medians) and the ratio.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
EMPTY = "from airflow.sdk import dag\n\n\n@dag(schedule=None)\ndef empty():\n    pass\n\n\nempty()\n"
NUMERIC = ("numpy", "pandas", "scipy", "sklearn", "skops", "pyarrow")
CHILD = """
import logging, sys, time
from airflow.dag_processing.dagbag import DagBag
logging.disable(logging.CRITICAL)
before, start = set(sys.modules), time.process_time()
bag = DagBag(sys.argv[1], collect_dags=True)
seconds = time.process_time() - start
assert len(bag.dags) == 1, bag.import_errors
new = {name.partition(".")[0] for name in sys.modules if name not in before}
print("RESULT", time.process_time(), seconds, *sorted(new))
"""


def parse(file: Path, home: str) -> tuple[float, float, set[str]]:
    """CPU seconds of the process, of loading `file` in it, and the top-level packages that loading it imported."""
    environment = {
        **os.environ, "AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PYTHONPATH": str(PROJECT_ROOT),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT_ROOT / "plugins"),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(file)], env=environment, check=True, capture_output=True, text=True
    )
    words = next(line for line in done.stdout.splitlines() if line.startswith("RESULT")).split()
    return float(words[1]), float(words[2]), set(words[3:])


def main() -> int:
    """Measure, print, and return 1 when the DAG file imports a numeric library."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as home:
        empty = Path(home) / "empty.py"
        empty.write_text(EMPTY, encoding="utf-8")
        files = {"empty DAG": empty, "our DAG": PROJECT_ROOT / "dags" / "automatic_model_retraining.py"}
        whole: dict[str, list[float]] = {name: [] for name in files}
        alone: dict[str, list[float]] = {name: [] for name in files}
        imported: set[str] = set()
        for _ in range(runs):
            for name, file in files.items():
                process, load, modules = parse(file, home)
                whole[name].append(process)
                alone[name].append(load)
                imported |= modules if name == "our DAG" else set()
    for name in files:
        process, load = statistics.median(whole[name]), statistics.median(alone[name])
        print(f"{name:10s} {process:.3f} CPU s, of it the file {load:.3f}")
    print(f"ratio {statistics.median(whole['our DAG']) / statistics.median(whole['empty DAG']):.3f}")
    heavy = sorted(imported & set(NUMERIC))
    print(f"numeric libraries imported: {', '.join(heavy) or 'none'}")
    return 1 if heavy else 0


if __name__ == "__main__":
    sys.exit(main())
