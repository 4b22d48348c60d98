"""Which recorded checks each policy would have fired on: in lines, in a file, and against an earlier result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.workflow.backtest.policies import NamedPolicy
from include.workflow.backtest.recorded import Record, decide_again


@dataclass(frozen=True, kw_only=True)
class Fired:
    """One policy over all recorded checks.

    Parameters
    ----------
    policy : str
        Its name.
    checks : int
        Recorded checks that it decided.
    reasons : tuple of (datetime, str)
        Of those that fired, when and why.
    """

    policy: str
    checks: int
    reasons: tuple[tuple[datetime, str], ...]

    @property
    def sentence(self) -> str:
        """How many of how many."""
        return f"{len(self.reasons)} of {self.checks} recorded checks would have fired"


@dataclass(frozen=True, kw_only=True)
class RecordedBacktest:
    """All policies over the same recorded checks of one model."""

    model: str
    policies: tuple[Fired, ...]

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "model": self.model,
            "recorded": [
                {
                    "policy": found.policy,
                    "checks": found.checks,
                    "fired": [{"at": at.isoformat(), "reason": reason} for at, reason in found.reasons],
                }
                for found in self.policies
            ],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> RecordedBacktest:
        """Read what `to_json` wrote."""
        return cls(
            model=stored["model"],
            policies=tuple(
                Fired(
                    policy=found["policy"],
                    checks=found["checks"],
                    reasons=tuple((datetime.fromisoformat(each["at"]), each["reason"]) for each in found["fired"]),
                )
                for found in stored["recorded"]
            ),
        )


def run_recorded(record: Record, policies: Sequence[NamedPolicy]) -> RecordedBacktest:
    """Decide all recorded checks by each policy."""
    found = []
    for policy in policies:
        checks = decide_again(record, policy)
        reasons = tuple((check.at, check.decision.reason) for check in checks if check.decision.triggered)
        found.append(Fired(policy=policy.name, checks=len(checks), reasons=reasons))
    return RecordedBacktest(model=record.spec.name, policies=tuple(found))


def summary(result: RecordedBacktest) -> Iterator[str]:
    """For each policy how many checks fired, and a line for each of them."""
    for found in result.policies:
        yield f"{found.policy}: {found.sentence}"
        yield from (f"  {at:%Y-%m-%d %H:%M}  {reason}" for at, reason in found.reasons)


def changes(now: RecordedBacktest, before: RecordedBacktest) -> Iterator[str]:
    """A line for each policy: what the earlier result says of it, if anything."""
    earlier = {found.policy: found for found in before.policies}
    yield f"against the earlier result of {before.model}"
    for found in now.policies:
        if found.policy not in earlier:
            yield f"  {found.policy:14s} not in the earlier result"
            continue
        other = earlier[found.policy]
        yield f"  {found.policy:14s} {other.sentence.split(' recorded')[0]} -> {found.sentence.split(' recorded')[0]}"
