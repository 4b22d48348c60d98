"""How much changed a window looks, as one number for each decision rule: ours, and each peer's.

A method takes a reference and windows that follow each other in one table, and returns for each of its rules the score
of each window; larger means more changed. The peers' scores come from the peers themselves, with one exception:
Evidently takes a second for a window, so that the two distances that its default preset computes are computed here,
and compared with Evidently's own on some windows (`agreement`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from scipy.spatial.distance import jensenshannon

from benchmarks.false_alarms import SIX_HOURS, TIME, WINDOW, compare, reference_of, stream_table
from benchmarks.peers.ask import ask_tables
from include.decision.decide import decide
from include.decision.evidence import Evidence
from include.decision.policy.policy import standard_policy
from include.decision.policy.presets import PRESETS
from include.decision.signals import Signal, SignalKind
from include.detectors.catalogue import detect, standard_detectors

Values = npt.NDArray[np.float64]
Scores = Mapping[str, Values]

OURS, FIRED = "ours", "fired"
JUDGED = (SignalKind.DATA_DRIFT, SignalKind.OUTLIERS)
SMALLEST = 1e-300
DISTANCE_THRESHOLD = 0.1  # Evidently's


@dataclass(frozen=True, kw_only=True)
class Method:
    """How to score windows.

    Parameters
    ----------
    name : str
        Of the file that keeps its scores.
    score : callable
        From reference and windows to the scores of its rules.
    every : int
        Only every such reference is scored, because the method is dear.
    """

    name: str
    score: Callable[[pd.DataFrame, pd.DataFrame], Scores]
    every: int = 1


def windows_of(table: pd.DataFrame) -> list[pd.DataFrame]:
    """The windows that `table` consists of."""
    return [
        table.iloc[start : start + WINDOW].reset_index(drop=True) for start in range(0, len(table), WINDOW)
    ]  # fmt: skip


def ours(reference: pd.DataFrame, recent: pd.DataFrame) -> Scores:
    """By the production code at the default budget: how far the strongest signal is beyond its level, and the decision.

    The score is ``log10(level / p)``: the decision asks for a retrain when it is positive.
    """
    settings = PRESETS["balanced"].within_budget(check_every=SIX_HOURS, window=SIX_HOURS)
    detectors, policy = standard_detectors(settings, "rmse"), standard_policy(settings)
    known = reference_of(_timed(reference, 0))
    scores, fired = [], []
    for number, window in enumerate(windows_of(recent)):
        comparison = compare(known, _timed(window, len(reference) + number * WINDOW))
        signals = detect(detectors, comparison)
        scores.append(max((_beyond(signal) for signal in signals), default=-np.inf))
        fired.append(float(decide(policy, Evidence(now=datetime.now(UTC), signals=signals)).triggered))
    return {OURS: np.array(scores), FIRED: np.array(fired)}


def _timed(table: pd.DataFrame, start: int) -> pd.DataFrame:
    """The table with the times of rows number `start` on."""
    return table.assign(**{TIME: stream_table(np.empty((len(table), 0)), start)[TIME]})


def _beyond(signal: Signal) -> float:
    """log10(level / p) of a signal that may ask for a retrain; an effect too small to matter never does."""
    if signal.kind not in JUDGED or signal.p_value is None or not signal.level:
        return -np.inf
    if signal.value is not None and signal.threshold is not None and abs(signal.value) < signal.threshold:
        return -np.inf
    return float(np.log10(signal.level) - np.log10(max(signal.p_value, SMALLEST)))


def evidently_distances(reference: pd.DataFrame, recent: pd.DataFrame) -> Scores:
    """Evidently's default preset: the largest distance, and the one that half the columns reach."""
    found: dict[str, list[float]] = {"any column": [], "dataset": []}
    for window in windows_of(recent):
        distances = sorted(
            (_distance(reference[name], window[name]) / DISTANCE_THRESHOLD for name in reference.columns), reverse=True
        )
        found["any column"].append(distances[0])
        found["dataset"].append(distances[-(-len(distances) // 2) - 1])
    return {f"Evidently, {rule}": np.array(values) for rule, values in found.items()}


def _distance(before: pd.Series, after: pd.Series) -> float:
    if pd.api.types.is_numeric_dtype(before):
        first, second = before.to_numpy(), after.to_numpy()
        return float(stats.wasserstein_distance(first, second) / max(first.std(), 0.001))
    both = pd.concat([before.value_counts(normalize=True), after.value_counts(normalize=True)], axis=1).fillna(0.0)
    return float(jensenshannon(both.iloc[:, 0], both.iloc[:, 1]))


def by_peer(
    reference: pd.DataFrame, recent: pd.DataFrame, *, folder: Path, name: str, rules: Mapping[str, str]
) -> Scores:
    """By a peer's method, given as ``peer.method``; its rules are renamed as `rules` says."""
    peer, method = name.split(".")
    answer = ask_tables(folder, peer, method, reference, recent, WINDOW)
    return {title: answer.scores[rule] for rule, title in rules.items()}


def methods(folder: Path, *, dear: bool) -> tuple[Method, ...]:
    """All that are compared; `folder` holds the peers' environments, `dear` adds what takes seconds for a window."""
    asked = {
        "alibi_detect.tabular": {"corrected": "K-S, chi-square (alibi-detect)"},
        "alibi_detect.cramer_von_mises": {"corrected": "Cramer-von Mises (alibi-detect)"},
        "nannyml.univariate": {"any column": "NannyML, any column", "half the columns": "NannyML, half the columns"},
        "nannyml.reconstruction": {"reconstruction error": "NannyML, PCA reconstruction"},
        "deepchecks.features": {"any column": "deepchecks, any column"},
        "deepchecks.classifier": {"domain classifier": "deepchecks, domain classifier"},
        "nannyml.classifier": {"domain classifier": "NannyML, domain classifier"},
    }
    every = {"nannyml.univariate": 2, "deepchecks.features": 2, "deepchecks.classifier": 4, "nannyml.classifier": 20}
    return (
        Method(name=OURS, score=ours),
        Method(name="evidently.distances", score=evidently_distances),
        *(
            Method(name=name, score=partial(by_peer, folder=folder, name=name, rules=rules), every=every.get(name, 1))
            for name, rules in asked.items()
            if dear or not name.endswith(".classifier")
        ),
    )


def agreement(folder: Path, reference: pd.DataFrame, recent: pd.DataFrame) -> dict[str, float]:
    """Largest difference between what stands for Evidently here and Evidently itself, for each of its rules.

    Its tests (K-S and χ²) are compared with alibi-detect's, which stand for them. Evidently computes exact p-values and
    takes the reference's shares as given, so that those agree in rank rather than in value: one less the rank
    correlation is returned.
    """
    here = evidently_distances(reference, recent)
    there = ask_tables(folder, "evidently", "default", reference, recent, WINDOW).scores
    found = {rule: float(np.max(np.abs(here[f"Evidently, {rule}"] - there[rule]))) for rule in there}
    tests = ask_tables(folder, "evidently", "tests", reference, recent, WINDOW).scores["any column"]
    stand_in = ask_tables(folder, "alibi_detect", "tabular", reference, recent, WINDOW).scores["corrected"]
    found["tests, 1 - rank correlation"] = 1.0 - float(stats.spearmanr(tests, stand_in).statistic)
    return found
