"""Whole decisions on models that do not change: false retrains in a simulated year, and what their confidence is worth.

    python -m benchmarks.decisions [--seeds 20] [--checks 1460] [--keep FOLDER] [--picture docs/confidence.svg]

The unchanged streams of `benchmarks.false_alarms`, 1,000 rows every six hours, four checks a day for a year, with the
champion's errors beside them: independent, and autocorrelated by 0.9 where the rows are. By the production code:
profiles, calibration, detectors, the policy `balanced` with its cooldown. Two further rows show the confidence of
decisions of far more eager policies, where false ones are frequent, with labels and without.

It takes hours of two cores. With --keep each finished year is written to a file of that folder, and a run that was
stopped goes on where it was; the folder is for one version of the code.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.confidence_picture import picture
from benchmarks.false_alarms import SIX_HOURS, STREAMS, TIME, WINDOW, compare, reference_of, stream_table
from include.decision.decide import decide
from include.decision.evidence import Evidence
from include.decision.policy.policy import standard_policy
from include.decision.policy.presets import PRESETS, PolicySettings
from include.detectors.catalogue import detect, standard_detectors
from include.retraining.prepare import Columns, feature_table
from include.retraining.retrain_gain import CorrectionTrial
from include.scoring import METRICS, Baseline, LabelledRows

BASELINE_ROWS = 1_250  # a quarter of the reference
CHECKS_A_YEAR = 1_460
EAGER = 0.2  # level of a check for the rows that show confidence alone
METRIC = METRICS["rmse"]
LEVELS_SHOWN = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Task:
    """One seed of one stream, under one of the three ways to ask."""

    stream: str
    seed: int
    checks: int
    asked: str


WAYS = ("balanced", "eager, labels", "eager, no labels")


def settings_of(asked: str) -> PolicySettings:
    """The policy's settings: the preset's, or so eager that every fifth check may be wrong."""
    settings = PRESETS["balanced"].within_budget(check_every=SIX_HOURS, window=SIX_HOURS)
    if asked == "balanced":
        return settings
    return settings.replace(
        gain_level=EAGER, performance_level=EAGER, drift_level=EAGER, performance_threshold=0.02,
        concept_drift_threshold=0.02, cooldown=timedelta(0),
    )  # fmt: skip


def gain_of(settings: PolicySettings) -> CorrectionTrial:
    """What asks for the gain of a retrain."""
    return CorrectionTrial(threshold=settings.performance_threshold, level=settings.gain_level, minimum_rows=100)


def decisions(task: Task) -> list[tuple[float, bool]]:
    """Confidence, and whether a retrain was called for, at each check."""
    make, reference_rows = STREAMS[task.stream]
    settings, labelled = settings_of(task.asked), task.asked != "eager, no labels"
    detectors, policy = standard_detectors(settings, "rmse"), standard_policy(settings)
    rng = np.random.default_rng([task.seed, WAYS.index(task.asked)])
    reference = reference_of(stream_table(make(rng, 0, reference_rows), 0))
    baseline = Baseline.of_version(METRIC, _labels(rng, task.stream, BASELINE_ROWS))
    found, last = [], None
    for check in range(task.checks):
        start = reference_rows + check * WINDOW
        table = stream_table(make(rng, start, WINDOW), start)
        comparison, gain = compare(reference, table), []
        if labelled:
            labels = _labels(rng, task.stream, WINDOW)
            comparison = replace(comparison, labelled=labels, baseline=baseline, metric=METRIC)
            columns = Columns.of(reference.profile, reference.inputs)
            gain = [gain_of(settings).detect(feature_table(table, columns), columns, labels, METRIC)]
        now = table[TIME].iloc[-1].to_pydatetime()
        signals = [*detect(detectors, comparison), *gain]
        decision = decide(policy, Evidence(now=now, signals=signals, last_retrained_at=last))
        last = now if decision.triggered else last
        found.append((decision.confidence, decision.triggered))
    return found


def decisions_kept(task: Task, folder: Path | None) -> list[tuple[float, bool]]:
    """The decisions of a task: from the folder where they are kept, else made, and kept there."""
    if folder is None:
        return decisions(task)
    path = folder / f"{task.stream}-{task.asked}-{task.seed}-{task.checks}.json".replace(" ", "_")
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(decisions(task)), "utf-8")
        unfinished.replace(path)
    return [(confidence, triggered) for confidence, triggered in json.loads(path.read_text("utf-8"))]


def _labels(rng: np.random.Generator, stream: str, rows: int) -> LabelledRows:
    from scipy.signal import lfilter

    errors = rng.normal(size=rows + 300)
    if stream.startswith("autoregressive"):
        errors = lfilter([np.sqrt(1.0 - 0.81)], [1.0, -0.9], errors)
    return LabelledRows(actual=np.asarray(errors[300:]), predicted=np.zeros(rows))  # it knows all there is to know


def false_shares(found: Sequence[tuple[float, bool]]) -> list[tuple[float, int, int]]:
    """For each c of `LEVELS_SHOWN`: c, decisions with confidence c or more, and how many of them were false."""
    shares = []
    for level in LEVELS_SHOWN:
        sure = [wrong for confidence, wrong in found if confidence >= level]
        shares.append((level, len(sure), sum(sure)))
    return shares


def main() -> None:
    """Print both tables, and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--checks", type=int, default=CHECKS_A_YEAR)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    eager = max(options.checks // 4, 1)  # false decisions are frequent there: fewer tell as much
    few = (-(-options.seeds // 5), eager)
    plans = {way: (options.seeds, options.checks) if way == "balanced" else few for way in WAYS}
    tasks = [Task(stream, seed, checks, way) for way, (seeds, checks) in plans.items() for seed in range(seeds)
             for stream in STREAMS]  # fmt: skip
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with multiprocessing.get_context("spawn").Pool() as pool:
        results = dict(zip(tasks, pool.imap(partial(decisions_kept, folder=options.keep), tasks), strict=True))
    years = options.checks / CHECKS_A_YEAR
    print("false retrains a model and year, policy balanced, with labels (mean; most of a seed)")
    for stream in STREAMS:
        counts = [sum(wrong for _, wrong in found) / years for task, found in results.items()
                  if task.stream == stream and task.asked == "balanced"]  # fmt: skip
        print(f"  {stream:26s} {np.mean(counts):5.2f}  {max(counts):5.1f}   ({len(counts)} seeds)")
    pooled = {way: [pair for task, found in results.items() if task.asked == way for pair in found] for way in WAYS}
    print("\namong decisions with confidence c or more, the share that is false (at most 1 - c)")
    for way, found in pooled.items():
        print(f"  {way}, {len(found)} decisions")
        for level, number, wrong in false_shares(found):
            share = wrong / number if number else float("nan")
            print(f"    c {level:5.3f}   {number:7d} decisions   {share:8.4f} false   allowed {1.0 - level:.3f}")
    if options.picture:
        options.picture.write_text(picture({way: false_shares(found) for way, found in pooled.items()}), "utf-8")


if __name__ == "__main__":
    main()
