"""How often peers alarm although nothing changed, by their usual rules, on the streams of `benchmarks.false_alarms`.

    python -m benchmarks.peer_false_alarms [--peers FOLDER] [--checks 400] [--dear 200] [--ours 2000] [--seed 0]

Each check compares 1,000 recent rows of 20 numeric features with an unchanged reference of 5,000 rows (56,000 with
season). A peer gets a new reference every 100 checks, as ours does; Evidently, which takes a second or more for a
check, and the domain classifier make `--dear` checks. NannyML's thresholds come from chunks of the reference as long as
a window.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.false_alarms import CHECKS_PER_STREAM, STREAMS, WINDOW, alarms
from benchmarks.peers import DEFAULT_FOLDER
from benchmarks.peers.ask import ask_tables

Make = Callable[[np.random.Generator, int, int], npt.NDArray[np.float64]]

#: Peer and method, and the names of its rules in the table.
RULES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("alibi_detect", "tabular"): {"corrected": "alibi-detect, K-S corrected"},
    ("alibi_detect", "cramer_von_mises"): {"corrected": "alibi-detect, Cramer-von Mises corrected"},
    ("nannyml", "univariate"): {
        "any column": "NannyML, K-S of any column", "half the columns": "NannyML, K-S of half the columns",
    },
    ("nannyml", "reconstruction"): {"reconstruction error": "NannyML, PCA reconstruction"},
    ("deepchecks", "features"): {"any column": "deepchecks, any column"},
    ("deepchecks", "classifier"): {"domain classifier": "deepchecks, domain classifier"},
    ("evidently", "default"): {"dataset": "Evidently, dataset drift", "any column": "Evidently, any column"},
}  # fmt: skip
DEAR = (("evidently", "default"), ("deepchecks", "classifier"))


def peer_alarms(
    folder: Path, peer: str, method: str, make: Make, reference_rows: int, checks: int, seed: int
) -> dict[str, int]:
    """For each rule of a peer the number of checks on an unchanged stream that alarm."""
    found: dict[str, int] = {}
    for start in range(0, checks, CHECKS_PER_STREAM):
        rng = np.random.default_rng([seed, 7, start])
        count = min(CHECKS_PER_STREAM, checks - start)
        reference = _table(make(rng, 0, reference_rows))
        windows = [make(rng, reference_rows + (start + check) * WINDOW, WINDOW) for check in range(count)]
        answer = ask_tables(folder, peer, method, reference, _table(np.concatenate(windows)), WINDOW)
        for rule, alarmed in answer.alarms.items():
            found[rule] = found.get(rule, 0) + int(alarmed.sum())
    return found


def _table(values: npt.NDArray[np.float64]) -> pd.DataFrame:
    return pd.DataFrame(values, columns=[f"x{number}" for number in range(values.shape[1])])


def main() -> int:
    """Print a table: a line for each rule, a column for each stream."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--checks", type=int, default=400)
    parser.add_argument("--dear", type=int, default=200)
    parser.add_argument("--ours", type=int, default=2000, help="0: leave ours out")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    print(f"{'% of unchanged checks that alarm':42s}" + "".join(f"{name:>28s}" for name in STREAMS) + "   checks")
    if chosen.ours:
        rates = [alarms(make, rows, chosen.ours, chosen.seed) / chosen.ours for make, rows in STREAMS.values()]
        _line("ours, budget 0.28 %", rates, chosen.ours)
    for (peer, method), titles in RULES.items():
        checks = chosen.dear if (peer, method) in DEAR else chosen.checks
        found = [
            peer_alarms(chosen.peers, peer, method, make, rows, checks, chosen.seed) for make, rows in STREAMS.values()
        ]
        for rule, title in titles.items():
            _line(title, [each[rule] / checks for each in found], checks)
    return 0


def _line(title: str, rates: list[float], checks: int) -> None:
    print(f"{title:42s}" + "".join(f"{100 * rate:28.2f}" for rate in rates) + f"   {checks}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
