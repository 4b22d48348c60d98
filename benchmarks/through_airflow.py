"""Takes bike_hour through the DAG in a real Airflow: a first version, then the checks of two months.

python -m benchmarks.through_airflow --data FOLDER
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import real_data
from benchmarks.replays import MODELS
from tools.local_stack import LocalStack

MOMENTS = ("2011-07-01", "2011-08-01", "2012-02-01")  # first version; a quiet summer month; a month that pays


def main() -> None:
    """Trigger the runs one after the other and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    source = parser.parse_args().data
    with tempfile.TemporaryDirectory() as folder:
        real_data.bike_hour(source).to_csv(Path(folder) / "bike_hour.csv", index=False)
        settings = {"RETRAINING_DATA_DIR": folder}
        with LocalStack(Path(folder) / "home", models_dir=MODELS, settings=settings) as stack:
            runs = []
            for moment in MOMENTS:
                runs.append(stack.trigger({"models": ["bike_hour"], "as_of": f"{moment}T00:00:00Z"}))
                print(f"{moment}: run {stack.wait(runs[-1])}", flush=True)
            flags = [word for run in runs for word in ("--run-id", run)]
            command = [sys.executable, "-m", "include.cli", "report", *flags]
            subprocess.run(command, env=stack.environment(), check=True)


if __name__ == "__main__":
    main()
