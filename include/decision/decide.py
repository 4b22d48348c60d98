"""Weighs a policy's answer: severity, confidence, root cause, what blocks, recommendation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from include.decision.cause import RootCause, root_cause, stopped_source
from include.decision.confidence import MEASURED, confidence
from include.decision.costs import Worth
from include.decision.decision import Cause, Decision, Severity
from include.decision.evidence import Evidence, Trigger, TriggerResult
from include.decision.nearness import nearest
from include.decision.severity import severity_of
from include.decision.signals import ANSWERS, HARM, RECORDED, Signal, SignalKind, Verdict
from include.decision.triggers.declined import turned_down
from include.decision.triggers.new_data import NEW_DATA
from include.decision.triggers.requests import FIRST_VERSION, MANUAL, RED_TEAM
from include.decision.waiting import in_shadow, of_the_past, shadow_of

#: Which of several fired triggers gives a decision its type: harm before drift, drift before facts such as age.
_WEIGHT = (MANUAL, FIRST_VERSION, RED_TEAM, NEW_DATA, SignalKind.RETRAIN_GAIN, SignalKind.PERFORMANCE,
           SignalKind.CONCEPT_DRIFT, SignalKind.DATA_DRIFT, SignalKind.OUTLIERS)  # fmt: skip


def decide(policy: Trigger, evidence: Evidence, worth: Worth | None = None) -> Decision:
    """Ask `policy` and weigh its answer.

    Broken data blocks every retrain, also a requested one: a model trained on a broken feed learns the fault.
    So does a champion that failed its probation: this run rolls it back, the next one sees what the restored one needs.
    A version in shadow keeps all others waiting; its last check fires whatever the policy says, and nothing besides it.
    A run of a past date retrains nothing unless it is forced.
    With `worth` a retrain that only measurements ask for has to be worth more than it costs, where labels can tell.
    """
    answer, shadow = policy.decide(evidence), shadow_of(evidence)
    leaves = (*answer.leaves(), *([] if shadow is None else [shadow]))
    over = shadow is not None and shadow.fired
    wanted = answer.fired or bool(answer.blocked_by) or over
    fired = [shadow] if shadow is not None and over else sorted(_different(answer.fired_leaves()), key=_weight)
    measured = [leaf for leaf in fired if leaf.trigger in MEASURED]
    mixed = 0 < len(measured) < len(fired)
    weighed = measured if mixed and not _without_measurements(policy, evidence) else fired
    costly = worth.objection(evidence) if worth is not None and measured and weighed == measured else ""
    blocks = () if over else tuple(filter(None, [answer.blocked_by, costly]))
    if wanted:
        blocks += (*_broken(evidence), *_gives_way(evidence), *in_shadow(evidence), *of_the_past(evidence))
    triggered, cause, near = (answer.fired or over) and not blocks, root_cause(evidence), nearest(answer)
    severity, stopped, waits = severity_of(weighed), stopped_source(evidence), "; ".join(in_shadow(evidence))
    reason = _reason(fired) if fired else _quiet_reason(evidence, leaves, cause)
    return Decision(
        triggered=triggered,
        trigger_type=fired[0].trigger if fired else "",
        reason="; ".join(
            filter(None, [stopped.reason if stopped is not None else "", told_of_champion(evidence), waits, reason])
        ),
        severity=severity,
        confidence=confidence(evidence, weighed, leaves),
        root_cause=cause.sentence,
        blocked_by=blocks,
        recommendation=_recommendation(
            evidence, triggered=triggered, blocks=blocks, severity=severity, fired=fired, leaves=leaves
        ),
        triggers=leaves,
        cause=cause.cause,
        features=cause.features,
        loss_explained=cause.loss_explained,
        expected_gain=None if worth is None else worth.expected_gain(evidence),
        training_cost=None if worth is None else worth.training_cost,
        nearest_trigger=near.trigger,
        nearness=near.share,
    )


def _different(leaves: Sequence[TriggerResult]) -> list[TriggerResult]:
    """Each answer once: a request that two triggers of a tree listen to is one."""
    return list({(leaf.trigger, leaf.reason): leaf for leaf in reversed(leaves)}.values())[::-1]


def _weight(leaf: TriggerResult) -> int:
    return _WEIGHT.index(leaf.trigger) if leaf.trigger in _WEIGHT else len(_WEIGHT)


def _without_measurements(policy: Trigger, evidence: Evidence) -> bool:
    """Whether facts alone, such as a request or the model's age, ask for a retrain: chance has no part in it."""
    answer = policy.decide(replace(evidence, signals=(), past=()))
    return answer.fired or bool(answer.blocked_by)


def _broken(evidence: Evidence) -> tuple[str, ...]:
    return tuple(signal.reason for signal in evidence.signals if signal.blocks)


def _gives_way(evidence: Evidence) -> tuple[str, ...]:
    """Why the champion is rolled back in this run; empty if it is not."""
    failed = (signal for signal in evidence.of_kind(SignalKind.PROBATION) if signal.changed)
    better = (signal for signal in evidence.of_kind(SignalKind.FORMER_CHAMPION) if signal.changed)
    return (
        *(f"failed its probation: {signal.reason}" for signal in failed),
        *(f"a former champion does better: {signal.reason}" for signal in better),
    )


def _nothing_to_learn(evidence: Evidence) -> Signal | None:
    """What was measured of a retrain's gain, where the champion is worse and it is nothing; else None."""
    if not any(signal.changed for signal in evidence.of_kind(SignalKind.PERFORMANCE)):
        return None
    stable = (s for s in evidence.of_kind(SignalKind.RETRAIN_GAIN) if s.verdict is Verdict.STABLE)
    return next(stable, None)


def told_of_champion(evidence: Evidence, statistic: str = "") -> str:
    """Why the champion does not answer here, or that others answer in its place; empty where neither is so."""
    found = (each for each in evidence.of_kind(SignalKind.CHAMPION) if statistic in ("", each.statistic))
    return next((signal.reason for signal in found), "")


def _harm(evidence: Evidence) -> Signal | None:
    """A proven harm, or a proven gain of a retrain; else None."""
    return next((signal for kind in HARM for signal in evidence.of_kind(kind) if signal.changed), None)


def _leaf_of(kind: SignalKind, leaves: Sequence[TriggerResult]) -> TriggerResult | None:
    return next((leaf for leaf in leaves if leaf.trigger == kind), None)


def _enough_rows(evidence: Evidence) -> bool:
    return all(signal.verdict is Verdict.STABLE for signal in evidence.of_kind(SignalKind.SUFFICIENCY))


def _reason(fired: Sequence[TriggerResult]) -> str:
    if len(fired) == 1:
        return f"{fired[0].trigger}: {fired[0].reason}"
    return f"several triggers: {', '.join(leaf.trigger for leaf in fired)}; {fired[0].reason}"


def _quiet_reason(evidence: Evidence, leaves: Sequence[TriggerResult], cause: RootCause) -> str:
    if failed := _gives_way(evidence):
        return "; ".join(failed)
    if broken := _broken(evidence):
        return "; ".join(broken)
    if not _enough_rows(evidence):
        return "; ".join(signal.reason for signal in evidence.of_kind(SignalKind.SUFFICIENCY))
    if (gain := _nothing_to_learn(evidence)) is not None:
        return f"the champion is worse, but {gain.reason}: a retrain would not mend it"
    if (harm := _harm(evidence)) is not None:
        leaf = _leaf_of(harm.kind, leaves)
        if leaf is None:
            return f"{harm.reason}, which the policy does not look at"
        return f"{leaf.reason}; the policy asks for more than that" if leaf.fired else leaf.reason
    if cause.cause is Cause.COVARIATE_SHIFT:
        seen = _leaf_of(SignalKind.PERFORMANCE, leaves)
        return f"inputs drifted ({', '.join(cause.features[:5])}), yet no harm is seen: {seen.reason if seen else ''}"
    stopped = stopped_source(evidence)
    if changed := [signal.reason for signal in evidence.signals if signal.changed and signal is not stopped]:
        return f"nothing that asks for a retrain, but: {'; '.join(changed[:3])}"
    return "nothing changed beyond chance" if stopped is None else ""


def _recommendation(
    evidence: Evidence, *, triggered: bool, blocks: Sequence[str], severity: Severity, fired: Sequence[TriggerResult],
    leaves: Sequence[TriggerResult],
) -> str:  # fmt: skip
    advice = _advice(evidence, triggered=triggered, blocks=blocks, severity=severity, fired=fired, leaves=leaves)
    if stopped_source(evidence) is None:
        return advice
    rest = advice if triggered or blocks or _broken(evidence) or _gives_way(evidence) else "Nothing is to be trained."
    return f"Mend the source: no row comes any more. {rest}"


def _advice(
    evidence: Evidence, *, triggered: bool, blocks: Sequence[str], severity: Severity, fired: Sequence[TriggerResult],
    leaves: Sequence[TriggerResult],
) -> str:  # fmt: skip
    """What to do where rows come."""
    broken = dict.fromkeys(signal.feature for signal in evidence.signals if signal.blocks)
    if broken:
        return f"Mend the source of {', '.join(broken)}; do not retrain on these rows.{_way_out(evidence)}"
    if _gives_way(evidence):
        return "Roll back; nothing needs to be trained."
    if triggered and fired and fired[0].trigger == SignalKind.SHADOW:
        return "Let the gate judge the version in shadow once more; nothing needs to be trained."
    if triggered and fired and fired[0].trigger == FIRST_VERSION:
        return "Train the first version from the reference rows."
    if told_of_champion(evidence, ANSWERS):
        first = "train a version as a first one" if triggered else "start a run with `force`, which trains a first one"
        return f"Bring back what the champion needs, or {first}: it does not answer."
    if triggered:
        when = {Severity.CRITICAL: "at once", Severity.HIGH: "now"}.get(severity, "in this run")
        return f"Retrain {when}; the gate decides whether the challenger is published."
    if waits := blocks or in_shadow(evidence):
        return f"Wait: {'; '.join(waits)}."
    if not _enough_rows(evidence):
        return "Nothing to do until more rows arrive."
    return _advice_on_harm(evidence, leaves) if _harm(evidence) is not None else "Leave the champion alone."


def _way_out(evidence: Evidence) -> str:
    """What else ends a block: somebody says that the rows are right, or that the column is not needed."""
    kinds = {signal.statistic for signal in evidence.signals if signal.blocks}
    if "missing" in kinds:  # the predictions that were given
        return ""
    ways = [] if kinds == {"column_gone"} else ["lift the quarantine (`quarantines`, `lift`)"]
    ways += ["give the column's `range`"] if "impossible" in kinds else []
    return f" If this is as it should be: {', '.join([*ways, 'or name `features` without the column'])}."


def _advice_on_harm(evidence: Evidence, leaves: Sequence[TriggerResult]) -> str:
    """What to do about a proven harm for which nothing is trained."""
    if told_of_champion(evidence, RECORDED):
        return "Put the champion to use, or see what it is given there: a retrain changes nothing until then."
    if _nothing_to_learn(evidence) is not None:
        return "Look for a cause outside the model, such as harder rows or a missing feature; a retrain would not help."
    kinds = [kind for kind in HARM if any(signal.changed for signal in evidence.of_kind(kind))]
    if any(turned_down(evidence, kind) for kind in kinds):
        return "Try another estimator or other features: what was trained for this did not beat the champion."
    if any(leaf.fired for leaf in leaves if leaf.trigger in kinds):
        return "Leave the champion alone until the rest of the policy agrees, or ask for a retrain by hand."
    return "Wait for more labelled rows: the champion does worse, and whether a retrain would mend it is not known yet."
