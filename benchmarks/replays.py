"""Replays the three public data sets with the production code, and compares with never and always retraining.

    python -m benchmarks.replays --data FOLDER [--preset balanced] [bike_hour electricity california_housing]

FOLDER is what `benchmarks.real_data` was given as `--from`. The last data set is a control in which nothing changes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks import real_data
from include.cli.__main__ import main as cli

MODELS = Path(__file__).resolve().parent / "models"

#: For each model: first check, end, time between checks.
STRETCHES = {
    "bike_hour": ("2011-07-01", "2013-01-01", "1mo"),
    "electricity": ("1996-10-22", "1998-12-06", "28d"),
    "california_housing": ("2000-08-03", "2002-05-10", "387h"),
}


def main() -> None:
    """Replay the data sets named, by default all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--preset", default="")
    parser.add_argument("models", nargs="*", default=list(STRETCHES), metavar="MODEL")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in options.models:
            getattr(real_data, name)(options.data).to_csv(Path(folder) / f"{name}.csv", index=False)
            start, end, every = STRETCHES[name]
            print(f"\n{name}, a check every {every}", flush=True)
            began = time.monotonic()
            arguments = ["--model", name, "--from", start, "--to", end, "--every", every, "--preset", options.preset]
            code = cli(["replay", *arguments, "--models-dir", str(MODELS), "--data-dir", folder])
            print(f"exit code {code}, {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
