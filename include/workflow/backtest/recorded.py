"""Decides again from what was recorded: which checks another policy would have fired on, when the rows are gone.

Without rows nothing can be trained. The champions are those that there were, so that a check after the first one
that differs tells what the policy would have said about the recorded champion, not about one of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any

from include.decision.decide import decide
from include.decision.decision import Decision
from include.decision.evidence import Evidence, PastCheck
from include.decision.policy.policy import standard_policy
from include.decision.policy.presets import PolicySettings
from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import DataError
from include.records.entries import Analysis, Version
from include.records.store import Store
from include.registry.spec import ModelSpec
from include.workflow.backtest.policies import NamedPolicy
from include.workflow.backtest.replay import Checks
from include.workflow.steps.decide import worth_of
from include.workflow.steps.evidence import champion_since

#: Which settings say when a signal of a kind has changed: its threshold (None: the detector's own), and its level.
_SETTINGS = {
    SignalKind.RETRAIN_GAIN: ("performance_threshold", "gain_level"),
    SignalKind.PERFORMANCE: ("performance_threshold", "performance_level"),
    SignalKind.CONCEPT_DRIFT: ("concept_drift_threshold", "performance_level"),
    SignalKind.DATA_DRIFT: (None, "drift_level"),
    SignalKind.OUTLIERS: ("outlier_share", "drift_level"),
}
_MOST_PAST = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Moment:
    """A recorded check, the champion of that time, and the last check on which the policy itself fired."""

    analysis: Analysis
    champion: KnownChampion | None
    retrained: Analysis | None

    @property
    def trained_data_hash(self) -> str:
        """Of what the last retraining saw: that of the policy itself, or the champion's."""
        champion, retrained = self.champion, self.retrained
        if retrained is not None and (champion is None or champion.trained_at <= retrained.run.as_of):
            return retrained.facts.data_hash
        return "" if champion is None else champion.data_hash


#: The fields of `Evidence` that the record of a check tells.
FROM_RECORD: Mapping[str, Callable[[_Moment], Any]] = {
    "now": lambda moment: moment.analysis.run.as_of,
    "last_retrained_at": lambda moment: None if moment.retrained is None else moment.retrained.run.as_of,
    "champion_since": lambda moment: None if moment.champion is None else moment.champion.since,
    "trained_rows": lambda moment: None if moment.champion is None else moment.champion.trained_rows,
    "new_rows": lambda moment: moment.analysis.facts.new_rows,
    "data_hash": lambda moment: moment.analysis.facts.data_hash,
    "trained_data_hash": lambda moment: moment.trained_data_hash,
    "probes": lambda moment: moment.analysis.facts.probes,
}
#: Those that the policy which is tried makes: its signals by its own settings, its own earlier answers.
OF_THE_POLICY = ("signals", "past", "requested")
#: Those that a policy is tried without, and why.
LEFT_OUT: Mapping[str, str] = {
    "has_champion": "checks before the first version are left out",
    "requests": "they were made of the policy that there was",
    "rolled_back_at": "it was rolled back under the policy that there was",
    "declined": "nothing is trained, so that no gate turns anything down",
    "patience": "it is for what the gate turned down",
    "checked_until": "each check is decided as the latest one that there was then",
}


@dataclass(frozen=True, kw_only=True)
class KnownChampion:
    """What is on record of a version that was champion.

    Parameters
    ----------
    since, trained_at : datetime
        As of when it was promoted first, and trained; the same but for a version that was in shadow.
    trained_rows : int or None
        Rows that it was trained on.
    data_hash : str
        Hash of all rows that were there then; empty where none was taken.
    """

    since: datetime
    trained_at: datetime
    trained_rows: int | None = None
    data_hash: str = ""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is on record of a model.

    Parameters
    ----------
    spec : ModelSpec
        The model as its file says: its settings judged the signals.
    analyses : sequence of Analysis
    champions : mapping of int to KnownChampion
        By version.
    """

    spec: ModelSpec
    analyses: Sequence[Analysis]
    champions: Mapping[int, KnownChampion] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Check:
    """One recorded check, decided again."""

    at: datetime
    decision: Decision


def read_record(store: Store, spec: ModelSpec, *, start: datetime | None = None, end: datetime | None = None) -> Record:
    """Read what is on record of a model from `start` to `end`; a `DataError` where there is nothing."""
    found = [
        analysis
        for analysis in store.analyses(spec.name)
        if (start is None or analysis.run.as_of >= start) and (end is None or analysis.run.as_of <= end)
    ]
    analyses, gone = without_removed(found)
    seen = {analysis.champion_version for analysis in analyses if not analysis.run.dry_run}
    champions = {v.version: _known(store, v) for v in store.versions(spec.name) if v.version in seen}
    if not champions:
        span = "".join(f" {word} {at:%Y-%m-%d %H:%M}" for word, at in (("from", start), ("to", end)) if at is not None)
        told = f"model {spec.name}: no check of a champion is on record{span}: there is nothing to decide"
        raise DataError(f"{told}{gone and '; ' + gone}")
    if gone:
        log.warning("model %s: %s", spec.name, gone)
    return Record(spec=spec, analyses=analyses, champions=champions)


def without_removed(analyses: Sequence[Analysis]) -> tuple[list[Analysis], str]:
    """The checks whose signals are there, and what became of those of the others; empty where none was removed.

    Without its signals a check that fired would be decided again as one that saw nothing.
    """
    removed = [analysis for analysis in analyses if analysis.removed_at is not None]
    if not removed:
        return list(analyses), ""
    last = max(removed, key=lambda analysis: analysis.run.as_of)
    told = f"{len(removed)} checks up to {last.run.as_of:%Y-%m-%d %H:%M} are left out: {last.removed}"
    return [analysis for analysis in analyses if analysis.removed_at is None], told


def decide_again(record: Record, policy: NamedPolicy) -> list[Check]:
    """Decide each recorded check by `policy`, oldest first; its own retrains start its cooldowns.

    Requests and rollbacks by hand are left out: they were made of the policy that there was.
    """
    settings = policy.spec.settings(policy.preset)
    settings_then = cache(record.spec.settings)
    tree, checks = standard_policy(settings), []
    retrained: Analysis | None = None
    past: list[PastCheck] = []
    for analysis in sorted(record.analyses, key=lambda found: found.run.as_of):
        if analysis.run.dry_run or analysis.champion_version is None:
            continue
        then = settings_then(analysis.run.preset)
        evidence = replace(
            _evidence(analysis, record.champions.get(analysis.champion_version), retrained),
            signals=[
                signal if then == settings else judge_again(signal, then, settings)
                for signal in analysis.signals
                if signal.kind is not SignalKind.SHADOW  # of a version that another policy may never have trained
            ],
            requested="retrained at every check" if policy.checks is Checks.ALWAYS else "",
            past=tuple(past[:_MOST_PAST]),
        )
        decision = decide(tree, evidence, worth_of(policy.spec, analysis))
        if policy.checks is Checks.NEVER:
            decision = replace(decision, triggered=False)
        if decision.triggered:
            retrained = analysis
        past.insert(0, PastCheck(at=evidence.now, results=decision.triggers))
        checks.append(Check(at=evidence.now, decision=decision))
    return checks


def _evidence(analysis: Analysis, champion: KnownChampion | None, retrained: Analysis | None) -> Evidence:
    """The facts of a recorded check; `retrained` is the last one on which the policy itself fired."""
    moment = _Moment(analysis, champion, retrained)
    return Evidence(signals=(), **{name: tell(moment) for name, tell in FROM_RECORD.items()})


def _known(store: Store, version: Version) -> KnownChampion:
    trained = store.event(version.event_id).run
    seen = store.analysis(version.model_name, trained.run_id)
    return KnownChampion(
        since=champion_since(store, version, store.champion_changes(version.model_name)),
        trained_at=trained.as_of,
        trained_rows=version.details.training_data_size,
        data_hash="" if seen is None else seen.facts.data_hash,
    )


def judge_again(signal: Signal, then: PolicySettings, now: PolicySettings) -> Signal:
    """A signal as it would have been judged by other settings than those of its time.

    Level and threshold move as the settings do; what was measured stays. Signals without a p-value, and those of kinds
    that no setting is about, stay as they are.
    """
    if signal.kind not in _SETTINGS or signal.value is None or signal.p_value is None or signal.level is None:
        return signal
    threshold_name, level_name = _SETTINGS[signal.kind]
    level = signal.level * getattr(now, level_name) / getattr(then, level_name)
    threshold = signal.threshold
    if threshold is not None and threshold_name is not None:
        threshold *= getattr(now, threshold_name) / getattr(then, threshold_name)
    size = signal.detail.get("increase_high", signal.value)  # a rise within a window counts by its upper bound
    changed = signal.p_value < level and (threshold is None or size >= threshold)
    verdict = Verdict.CHANGED if changed else Verdict.STABLE
    return replace(signal, verdict=verdict, level=level, threshold=threshold)
