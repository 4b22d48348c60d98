"""Believes a trigger only when it fires again and again."""

from __future__ import annotations

from dataclasses import dataclass

from include.decision.evidence import Evidence, PastCheck, Trigger, TriggerResult
from include.decision.triggers.combinators import AllOf, AnyOf, AtLeast
from include.decision.triggers.tree import members

MOST_CHECKS = 1000


@dataclass(frozen=True, kw_only=True)
class Persistence:
    """Fires when `trigger` fires now, and `count` times in the last `checks` checks, this one included.

    Earlier answers are read from the recorded decisions on this champion; those from before its promotion, and those
    of rules that were set differently then, do not count.

    Parameters
    ----------
    trigger : Trigger
        A single one, or `AnyOf`, `AllOf`, `AtLeast` of such: what was measured can be counted, not what was held back.
    count, checks : int
        ``1 <= count <= checks``.
    """

    trigger: Trigger
    count: int
    checks: int

    def __post_init__(self) -> None:
        """Refuse counts that make no sense, and triggers whose past answers are not on record."""
        if not 1 <= self.count <= self.checks <= MOST_CHECKS:
            raise ValueError(f"{self.count} of {self.checks} checks: at least 1, at most as many as there are checks")
        _refuse_held(self.trigger)

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Ask `trigger`, and count how often it fired before."""
        result = self.trigger.decide(evidence)
        since, now = evidence.champion_since, evidence.now
        past = sorted((c for c in evidence.past if c.at < now and (since is None or c.at > since)), key=lambda c: c.at)
        seen = sum(_fired(self.trigger, check) for check in past[::-1][: self.checks - 1]) + result.fired
        fired = result.fired and seen >= self.count
        waits = f"seen in {seen} of the last {self.checks} checks, {self.count} needed: not before the next check"
        return TriggerResult(
            trigger="persistence", fired=fired, reason=result.reason, value=float(seen), threshold=float(self.count),
            distance=float(self.count - seen), blocked_by=waits if result.fired and not fired else "", parts=(result,),
        )  # fmt: skip


def _fired(trigger: Trigger, check: PastCheck) -> bool:
    """What the tree would have said to what its single triggers answered then."""
    if isinstance(trigger, AnyOf | AllOf | AtLeast):
        return sum(_fired(member, check) for member in trigger.triggers) >= trigger.needed
    return check.fired(str(getattr(trigger, "label", "")))


def _refuse_held(trigger: Trigger) -> None:
    if members(trigger) and not isinstance(trigger, AnyOf | AllOf | AtLeast):
        raise ValueError("persistence counts what was measured: put cooldown, warm_up and persistence around it")
    for member in members(trigger):
        _refuse_held(member)
