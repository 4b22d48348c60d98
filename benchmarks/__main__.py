"""``make bench``: the measurements that need nothing but this repository; the others need data sets."""

import subprocess
import sys

MODULES = ("parse_time", "gate_level", "false_alarms", "concept_drift", "profile_cost", "many_models", "soak")

if __name__ == "__main__":
    for module in MODULES:
        print(f"\n== {module}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{module}"], check=True)
