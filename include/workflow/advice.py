"""What a model's history says that its owner should change. Pure: checks in, advice out; it changes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median
from typing import Any

from include.decision.evidence import TriggerResult
from include.decision.signals import HARM, SignalKind
from include.decision.triggers.requests import FIRST_VERSION, MANUAL, RED_TEAM
from include.records.entries import Check, EventStatus

LATEST = 10  # checks that count as "now"
FEWEST_VERDICTS = 4  # retrains that the gate judged before a trigger's threshold is doubted
FEWEST_TO_RETIRE = 6  # and before the trigger itself is
UNPAID_SHARE = 0.75  # of them not promoted
NEAR = 0.5  # of its threshold: from there on a harmed model was worth a look
FEWEST_WAITED = 3  # checks that a promoted retrain came late
LOW_COVERAGE = 0.2  # share of labelled rows below which harm is hard to see
REPEATED = 3  # of the latest checks with the same trouble

_VERDICTS = (EventStatus.PROMOTED, EventStatus.HELD, EventStatus.REJECTED)
_BESIDE_TREES = (MANUAL, RED_TEAM, FIRST_VERSION, SignalKind.SHADOW)  # beside every tree: there is no threshold to move


class RecommendationKind(StrEnum):
    """What to do."""

    RETRAIN = "retrain"
    FIX_SOURCE = "fix_source"
    ADD_LABELS = "add_labels"
    LOWER_THRESHOLD = "lower_threshold"
    RAISE_THRESHOLD = "raise_threshold"
    RETIRE_TRIGGER = "retire_trigger"
    FIX_FAILURE = "fix_failure"  # see `include.workflow.hindsight`, as the next one
    FEWER_FALSE_ALARMS = "fewer_false_alarms"


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """One piece of advice.

    Parameters
    ----------
    kind : RecommendationKind
    subject : str
        The trigger, the column, or the model.
    reason : str
        One sentence that names the numbers.
    evidence : mapping of str to float
        The numbers behind it; ``suggested`` is a threshold to try, in the trigger's unit.
    """

    kind: RecommendationKind
    subject: str
    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {"kind": str(self.kind), "subject": self.subject, "reason": self.reason, "evidence": dict(self.evidence)}


def recommend(history: Sequence[Check]) -> list[Recommendation]:
    """Advice on one model from its checks, oldest first; the most urgent first."""
    too_eager = list(_raise(history))
    doubted = {each.subject for each in too_eager}
    too_late = [each for each in _lower(history) if each.subject not in doubted]
    return [*_retrain(history), *_fix_source(history), *_add_labels(history), *too_late, *too_eager]


def _retrain(history: Sequence[Check]) -> Iterator[Recommendation]:
    """The last retrain failed lately, or harm is seen and nothing comes of it; never on broken data."""
    if not history or any(signal.blocks for signal in history[-1].analysis.signals):
        return
    model = history[-1].analysis.model_name
    events = [check.event for check in history[-LATEST:] if check.event is not None]
    if events and events[-1].status in (EventStatus.FAILED, EventStatus.ABANDONED):
        last = events[-1]
        reason = f"the last retrain {last.status} ({last.error or last.outcome}); correct that and ask for it again"
        yield Recommendation(kind=RecommendationKind.RETRAIN, subject=model, reason=reason, evidence={"event": last.id})
        return
    harmed = 0
    for check in reversed(history):
        harm = any(leaf.fired and leaf.trigger in HARM for leaf in _leaves(check))
        if check.event is not None or not harm or any(leaf.trigger == SignalKind.SHADOW for leaf in _leaves(check)):
            break
        harmed += 1
    if harmed >= REPEATED:
        why = "; ".join(history[-1].decision.blocked_by) or "the policy asks for more than that"
        yield Recommendation(
            kind=RecommendationKind.RETRAIN, subject=model, evidence={"checks": harmed},
            reason=f"harm was seen at each of the last {harmed} checks, yet no retrain began: {why}",
        )  # fmt: skip


def _fix_source(history: Sequence[Check]) -> Iterator[Recommendation]:
    latest = history[-LATEST:]
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    checks: Counter[str] = Counter()
    for check in latest:
        troubles = [s for s in check.analysis.signals if s.kind is SignalKind.DATA_QUALITY and s.changed]
        for signal in troubles:
            seen[signal.feature][signal.statistic] += 1
        checks.update({signal.feature for signal in troubles})
    for feature, times in checks.most_common():
        if times >= REPEATED:
            kinds = ", ".join(name for name, _ in seen[feature].most_common())
            yield Recommendation(
                kind=RecommendationKind.FIX_SOURCE, subject=feature or "rows",
                reason=f"the source of {feature or 'the rows'} was found at fault ({kinds}) at {times} of the last "
                       f"{len(latest)} checks",
                evidence={"checks": times, "of": len(latest)},
            )  # fmt: skip


def _add_labels(history: Sequence[Check]) -> Iterator[Recommendation]:
    latest = [check.analysis for check in history[-LATEST:] if check.analysis.rows]
    if len(latest) < REPEATED:
        return
    covered = median(analysis.labelled_rows / analysis.rows for analysis in latest)
    if covered < LOW_COVERAGE:
        yield Recommendation(
            kind=RecommendationKind.ADD_LABELS, subject=latest[-1].model_name,
            reason=f"labels have arrived for {covered:.1%} of the rows (median of {len(latest)} checks): "
                   "harm can hardly be seen, and decisions rest on a guess from the inputs",
            evidence={"coverage": covered, "checks": len(latest)},
        )  # fmt: skip


def _lower(history: Sequence[Check]) -> Iterator[Recommendation]:
    """Harm that a retrain then mended was near the threshold of today for many checks before it fired."""
    for trigger in HARM:
        threshold = _threshold(history, trigger)
        waits = _waits_of_those_that_paid(_since_threshold(history, trigger, threshold), trigger)
        if not waits:
            continue
        suggested = median(value for waited in waits for value in waited)
        checks = median(len(waited) for waited in waits)
        if suggested < threshold:
            yield Recommendation(
                kind=RecommendationKind.LOWER_THRESHOLD, subject=trigger,
                reason=f"{len(waits)} retrain{'s' * (len(waits) > 1)} that paid came late: {trigger} was past half its "
                       f"threshold of {threshold:.4g} for {checks:g} checks before it fired; try {suggested:.4g}",
                evidence={"retrains": len(waits), "checks": checks, "threshold": threshold, "suggested": suggested},
            )  # fmt: skip


def _waits_of_those_that_paid(history: Sequence[Check], trigger: str) -> list[list[float]]:
    """For each promoted retrain that the trigger called for late: its values at the checks before."""
    waits = [
        _waited(history[:place], trigger)
        for place, check in enumerate(history)
        if check.event is not None
        and check.event.status is EventStatus.PROMOTED
        and check.event.trigger_type == trigger
    ]
    return [waited for waited in waits if len(waited) >= FEWEST_WAITED]


def _waited(before: Sequence[Check], trigger: str) -> list[float]:
    """Values of the trigger at the checks just before that were near its threshold and did not fire."""
    values: list[float] = []
    for check in reversed(before):
        leaf = next((leaf for leaf in _leaves(check) if leaf.trigger == trigger), None)
        if check.event is not None or leaf is None or leaf.fired or leaf.value is None or not leaf.threshold:
            break
        if leaf.value < NEAR * leaf.threshold:
            break
        if leaf.value < leaf.threshold:  # beyond it only chance was not ruled out yet
            values.append(leaf.value)
    return values


def _raise(history: Sequence[Check]) -> Iterator[Recommendation]:
    """Triggers whose retrains the gate would not promote: a higher threshold, or none of them at all."""
    judged: dict[str, list[Check]] = defaultdict(list)
    for check in history:
        if check.event is not None and check.event.status in _VERDICTS and check.event.details.shadow is None:
            judged[check.event.trigger_type].append(check)
    in_tree = {leaf.trigger for leaf in _leaves(history[-1])} if history else set()
    for trigger, checks in judged.items():
        if trigger in _BESIDE_TREES or trigger not in in_tree:
            continue
        unpaid = [c for c in checks if c.event is not None and c.event.status is not EventStatus.PROMOTED]
        if len(checks) < FEWEST_VERDICTS or len(unpaid) < UNPAID_SHARE * len(checks):
            continue
        numbers: dict[str, float] = {"retrains": len(checks), "not_promoted": len(unpaid)}
        told = f"{trigger} called for {len(checks)} retrains, of which {len(unpaid)} were held or rejected"
        values = [leaf.value for check in unpaid if (leaf := _decisive(check, trigger)) and leaf.value is not None]
        threshold = _threshold(history, trigger)
        if len(unpaid) == len(checks) >= FEWEST_TO_RETIRE and trigger not in HARM:
            reason = f"{told}: none has paid; take it out of the policy, or let it only add to another trigger"
            yield Recommendation(
                kind=RecommendationKind.RETIRE_TRIGGER, subject=trigger, reason=reason, evidence=numbers
            )
        elif values and threshold and median(values) > threshold:
            suggested = median(values)
            yield Recommendation(
                kind=RecommendationKind.RAISE_THRESHOLD, subject=trigger,
                reason=f"{told}; with {suggested:.4g} in place of {threshold:.4g} half of those would not have begun",
                evidence={**numbers, "threshold": threshold, "suggested": suggested},
            )  # fmt: skip


def _decisive(check: Check, trigger: str) -> TriggerResult | None:
    return next((leaf for leaf in _leaves(check) if leaf.trigger == trigger and leaf.fired), None)


def _threshold(history: Sequence[Check], trigger: str) -> float:
    """The trigger's threshold now; 0 if it has none."""
    leaves = (leaf for check in reversed(history) for leaf in _leaves(check) if leaf.trigger == trigger)
    return next((leaf.threshold for leaf in leaves if leaf.threshold), 0.0)


def _since_threshold(history: Sequence[Check], trigger: str, threshold: float) -> Sequence[Check]:
    """The checks since the trigger has had that threshold."""
    for place in range(len(history), 0, -1):
        leaves = [leaf for leaf in _leaves(history[place - 1]) if leaf.trigger == trigger]
        if any(leaf.threshold not in (None, threshold) for leaf in leaves):
            return history[place:]
    return history


def _leaves(check: Check) -> Sequence[TriggerResult]:
    return check.decision.triggers
