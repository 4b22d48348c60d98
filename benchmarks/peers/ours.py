"""One check by our own code in a process of its own, for the measurements of cost and memory.

python -m benchmarks.peers.ours WHAT REFERENCE RECENT KNOWN

WHAT is `prepare` (take from the Parquet file REFERENCE what a version is accepted with, and write it to KNOWN), `read`
(the plain read of RECENT with pyarrow), `parquet` or `frame` (a whole check of RECENT, from Parquet or from a DataFrame
in memory: profile against the reference, then all detectors). Prints CPU seconds of that work alone, the peak memory of
the process and that before the work, in MiB, and the number of signals. Imports are done before.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import scipy.stats  # noqa: F401  detectors import it when first used

from benchmarks.false_alarms import SIX_HOURS
from include.data.profile import Extra, profile_batches, profile_table
from include.data.reference.profiles import ReferenceProfiles, make_reference
from include.data.sources.parquet_batches import ParquetBatches
from include.decision.policy.presets import PRESETS
from include.detectors import Comparison
from include.detectors.catalogue import detect, standard_detectors


def prepare(reference: str, known: Path) -> None:
    """Take what production keeps of a reference, for windows as long as itself, and write it."""
    table = pd.read_parquet(reference)
    made = make_reference(table, list(table.columns), window=SIX_HOURS, window_rows=len(table))
    known.write_text(json.dumps(made.to_json()), encoding="utf-8")


def check(what: str, recent: str, known: Path) -> int:
    """Do the work and print what it cost."""
    reference = ReferenceProfiles.from_json(json.loads(known.read_text(encoding="utf-8")))
    settings = PRESETS["balanced"].within_budget(check_every=SIX_HOURS, window=SIX_HOURS)
    detectors = standard_detectors(settings, "rmse")
    frame = pd.read_parquet(recent) if what == "frame" else pd.DataFrame()
    before, start, signals = _peak(), time.process_time(), 0
    if what == "read":
        pq.read_table(recent)
    else:
        profile = (
            profile_batches(ParquetBatches(recent), against=reference.profile, extras=Extra.CROSS)
            if what == "parquet"
            else profile_table(frame, list(reference.inputs), against=reference.profile, extras=Extra.CROSS)
        )
        comparison = Comparison(reference=reference.profile, recent=profile, calibration=reference.calibration)
        signals = len(detect(detectors, comparison))
    seconds = time.process_time() - start
    print("RESULT", seconds, _peak(), before, signals)
    return 0


def _peak() -> float:
    """Peak memory of this program in MiB; getrusage would count what started it, too (Linux only)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    what, reference_file, recent_file, known_file = sys.argv[1:]
    if what == "prepare":
        prepare(reference_file, Path(known_file))
    else:
        sys.exit(check(what, recent_file, Path(known_file)))
