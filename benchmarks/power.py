"""Power at an equal false-alarm rate: what share of changes ours and each peer see within four checks.

    python -m benchmarks.power [--peers FOLDER] [--references 40] [--nulls 100] [--trials 5] [--svg FILE]

Reference 5,000 rows, windows of 1,000 rows, 20 columns (`benchmarks.power_scenarios`). Peers alarm on anything between
none and all of the unchanged windows, so that their default thresholds say nothing about how well they see. Here every
method gives a score a window; its threshold is put where the stated share of *unchanged* windows is above it, and
counted is in how many trials any of four fresh windows with a change is above it. All methods score the same windows.

The tables hold the power at 0.28 % of the checks, the default budget of one false retrain a quarter, and at 5 %; and
what ours does with the thresholds that it really uses. The peers' scores are kept in FOLDER and used again, ours never.
The exit code is 1 when ours is anywhere below the best peer by more than two standard errors of the difference.
"""

from __future__ import annotations

import argparse
import os
import sys
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.false_alarms import WINDOW
from benchmarks.peers import DEFAULT_FOLDER
from benchmarks.power_picture import picture
from benchmarks.power_scenarios import CHANGES, NOTHING, SHARES, draw
from benchmarks.power_scores import FIRED, OURS, Method, Scores, agreement, methods

Values = npt.NDArray[np.float64]
REFERENCE, CHECKS = 5_000, 4
BUDGET, USUAL = 1 / 360, 0.05
RATES = np.geomspace(0.001, 0.2, 24)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many references; for each of them how many unchanged windows, and trials of each change."""

    references: int
    nulls: int
    trials: int
    seed: int

    def rows(self, reference: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """A reference and all its windows: unchanged ones, then `CHECKS` for each trial of each change."""
        rng = np.random.default_rng([self.seed, reference])
        known = draw(rng, REFERENCE, NOTHING)
        parts = [draw(rng, self.nulls * WINDOW, NOTHING)]
        parts += [draw(rng, self.trials * CHECKS * WINDOW, change) for change in CHANGES]
        return known, pd.concat(parts, ignore_index=True)

    def split(self, scores: Values) -> tuple[Values, list[Values]]:
        """Scores of unchanged windows; and for each change those of each trial, of shape (trials, CHECKS)."""
        cuts = self.nulls + CHECKS * self.trials * np.arange(len(CHANGES))
        nulls, *changed = np.split(scores, cuts, axis=1)
        return nulls.ravel(), [part.reshape(-1, CHECKS) for part in changed]

    @property
    def key(self) -> str:
        """Name of the folder that keeps scores of the same windows: it changes with anything they depend on."""
        drawn = (self.nulls, self.trials, self.seed, REFERENCE, WINDOW, CHECKS, NOTHING, CHANGES, SHARES)
        return f"{zlib.crc32(repr(drawn).encode()):08x}"


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Scores of one decision rule: of unchanged windows, and of the windows of each trial of each change."""

    nulls: Values
    changed: Sequence[Values]

    def power(self, change: int, rate: float, checks: int = CHECKS) -> float:
        """Share of trials seen within `checks` when at most `rate` of the unchanged windows alarm; NaN with too few."""
        allowed = int(np.floor(rate * len(self.nulls) + 1e-9))
        if allowed < 1:
            return float("nan")
        threshold = np.sort(self.nulls)[::-1][allowed]
        return float(np.mean(self.changed[change][:, :checks].max(axis=1) > threshold))


def score_reference(number: int, *, method: Method, plan: Plan, keep: Path) -> dict[str, Values]:
    """Scores of all windows of a reference, from the file that keeps them if there is one."""
    file = keep / plan.key / method.name / f"{number}.npz"
    if file.exists() and method.name != OURS:
        with np.load(file) as kept:
            return {title: kept[title] for title in kept.files}
    found = {title: np.asarray(values) for title, values in method.score(*plan.rows(number)).items()}
    if method.name != OURS:
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(f".{os.getpid()}")
        with unfinished.open("wb") as target:
            np.savez_compressed(target, **found)  # type: ignore[arg-type]  # no title is called allow_pickle
        unfinished.replace(file)
    return found


def score(method: Method, plan: Plan, keep: Path, processes: int) -> Scores:
    """Scores of each rule of a method, of shape (references, windows)."""
    numbers = range(0, plan.references, method.every)
    work = partial(score_reference, method=method, plan=plan, keep=keep)
    if processes == 1:
        parts = [work(number) for number in numbers]
    else:
        with ProcessPoolExecutor(processes) as pool:
            parts = list(pool.map(work, numbers))
    return {title: np.stack([part[title] for part in parts]) for title in parts[0]}


def report(curves: Mapping[str, Curve], fired: Curve) -> int:
    """Print the tables; return how many figures of ours are below the best peer's by more than two standard errors."""
    worse = 0
    for rate in (BUDGET, USUAL):
        print(f"\npower within {CHECKS} checks where {rate:.2%} of unchanged checks alarm (%)")
        worse += sum(_compare(curves, change, rate) for change in range(len(CHANGES)))
        for checks in (CHECKS, 1):
            print(f"\n  {f'within {checks}, by change':34s}" + "".join(f"{n:>7d}" for n in range(1, len(CHANGES) + 1)))
            for title, curve in curves.items():
                powers = (100 * curve.power(change, rate, checks) for change in range(len(CHANGES)))
                print(
                    f"  {title:34s}" + "".join(f"{power:7.1f}" for power in powers) + f"   {len(curve.nulls)} unchanged"
                )
    rate, checks = float(np.mean(fired.nulls)), len(fired.nulls)
    print(f"\nours at its own thresholds: {rate:.2%} of {checks} unchanged checks alarm (budget {BUDGET:.2%}); seen:")
    for change, wanted in enumerate(CHANGES):
        print(f"  {wanted.title:40s} {np.mean(fired.changed[change].max(axis=1) > 0):6.1%}")
    return worse


def _compare(curves: Mapping[str, Curve], change: int, rate: float) -> bool:
    """Print ours and the best peer, and say whether ours is below."""
    powers = {title: np.nan_to_num(curve.power(change, rate)) for title, curve in curves.items()}
    mine = powers.pop(OURS)
    best = max(powers, key=lambda title: powers[title]) if powers else "no peer"
    theirs = powers.get(best, 0.0)
    share, trials = (
        (mine + theirs) / 2,
        min(len(curves[title].changed[change]) for title in (OURS, best) if title in curves),
    )
    below = bool(mine < theirs - 2 * np.sqrt(2 * share * (1 - share) / trials))
    note = "   BELOW" if below else ""
    print(f"  {CHANGES[change].title:40s} ours {100 * mine:5.1f}  best peer {100 * theirs:5.1f}  {best}{note}")
    return below


def main() -> int:
    """Score, print, draw; 1 when ours is anywhere below the best peer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--references", type=int, default=40)
    parser.add_argument("--nulls", type=int, default=100)
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--dear", action="store_true", help="also what takes seconds for a window")
    parser.add_argument("--methods", nargs="*", help="only these, and ours")
    parser.add_argument("--svg", type=Path)
    chosen = parser.parse_args()
    plan = Plan(references=chosen.references, nulls=chosen.nulls, trials=chosen.trials, seed=chosen.seed)
    _show_agreement(chosen.peers, plan)
    curves: dict[str, Curve] = {}
    for method in methods(chosen.peers, dear=chosen.dear):
        if chosen.methods is not None and method.name not in (OURS, *chosen.methods):
            continue
        for title, values in score(method, plan, chosen.peers / "power", chosen.processes).items():
            nulls, changed = plan.split(values)
            curves[title] = Curve(nulls=nulls, changed=changed)
        print(f"scored: {method.name}", flush=True)
    fired = curves.pop(FIRED)
    mismatch = float(np.mean((curves[OURS].nulls > 0) != (fired.nulls > 0)))
    print(f"ours: score above 0 and decision differ in {mismatch:.2%} of the unchanged windows")
    worse = report(curves, fired)
    if chosen.svg:
        operating = float(np.mean(fired.nulls)), [float(np.mean(each.max(axis=1) > 0)) for each in fired.changed]
        powers = {
            title: [[curve.power(change, rate) for rate in RATES] for change in range(len(CHANGES))]
            for title, curve in curves.items()
        }
        chosen.svg.write_text(picture([change.title for change in CHANGES], RATES, powers, operating), encoding="utf-8")
    return int(worse > 0)


def _show_agreement(folder: Path, plan: Plan) -> None:
    """Print how far what stands for Evidently is from Evidently, on 24 windows and one of each change."""
    rng = np.random.default_rng([plan.seed, 10**6])
    windows = [draw(rng, WINDOW, change) for change in (*[NOTHING] * 24, *CHANGES)]
    for rule, difference in agreement(
        folder, draw(rng, REFERENCE, NOTHING), pd.concat(windows, ignore_index=True)
    ).items():
        print(f"Evidently, {rule}: {difference:.1e} from what stands for it here, on {len(windows)} windows")


if __name__ == "__main__":
    sys.exit(main())
