"""Decides again from what was recorded: which checks another policy would have fired on, when the rows are gone.

Without rows nothing can be trained. The champions are those that there were, so that a check after the first one
that differs tells what the policy would have said about the recorded champion, not about one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from include.backtest.policies import NamedPolicy
from include.decision.decide import decide
from include.decision.decision import Decision
from include.records.entries import Analysis
from include.replay import Checks
from include.signals import Signal, SignalKind, Verdict
from include.triggers.policy import standard_policy
from include.triggers.presets import PolicySettings
from include.triggers.trigger import Evidence, PastCheck

#: Which settings say when a signal of a kind has changed: its threshold (None: the detector's own), and its level.
_SETTINGS = {
    SignalKind.RETRAIN_GAIN: ("performance_threshold", "gain_level"),
    SignalKind.PERFORMANCE: ("performance_threshold", "performance_level"),
    SignalKind.CONCEPT_DRIFT: ("concept_drift_threshold", "performance_level"),
    SignalKind.DATA_DRIFT: (None, "drift_level"),
    SignalKind.OUTLIERS: ("outlier_share", "drift_level"),
}
_MOST_PAST = 100


@dataclass(frozen=True, kw_only=True)
class Check:
    """One recorded check, decided again."""

    at: datetime
    decision: Decision


def decide_again(analyses: Sequence[Analysis], policy: NamedPolicy) -> list[Check]:
    """Decide each recorded check by `policy`, oldest first; its own retrains start its cooldowns."""
    settings = policy.spec.settings(policy.preset)
    tree, checks = standard_policy(settings), []
    last: datetime | None = None
    past: list[PastCheck] = []
    for analysis in sorted(analyses, key=lambda found: found.run.as_of):
        if analysis.run.dry_run or analysis.champion_version is None:
            continue
        then = policy.spec.settings(analysis.run.preset)
        evidence = Evidence(
            now=analysis.run.as_of,
            signals=[
                judge_again(signal, then, settings)
                for signal in analysis.signals
                if signal.kind is not SignalKind.SHADOW  # of a version that another policy may never have trained
            ],
            last_retrained_at=last,
            requested="retrained at every check" if policy.checks is Checks.ALWAYS else "",
            past=tuple(past[:_MOST_PAST]),
        )
        decision = decide(tree, evidence)
        if policy.checks is Checks.NEVER:
            decision = replace(decision, triggered=False)
        if decision.triggered:
            last = evidence.now
        past.insert(0, PastCheck(at=evidence.now, results=decision.triggers))
        checks.append(Check(at=evidence.now, decision=decision))
    return checks


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


def summary(name: str, checks: Sequence[Check]) -> Iterator[str]:
    """How many checks fired, and a line for each of them."""
    fired = [check for check in checks if check.decision.triggered]
    yield f"{name}: {len(fired)} of {len(checks)} recorded checks would have fired"
    for check in fired:
        yield f"  {check.at:%Y-%m-%d %H:%M}  {check.decision.reason}"
