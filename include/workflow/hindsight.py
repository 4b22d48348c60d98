"""What failed, and what people said in hindsight: what that advises. Pure: records in, advice out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from include.records.entries import Budget, FailedStep, Failing, Mark
from include.workflow.advice import Recommendation, RecommendationKind


def look_back(
    model_name: str, failing: Sequence[Failing], marks: Sequence[Mark], budget: Budget | None
) -> list[Recommendation]:
    """Advice on one model, the most urgent first.

    Parameters
    ----------
    failing : sequence of Failing
        Its steps that failed in the latest runs.
    marks : sequence of Mark
        Of the decisions of the 90 days that `budget` is about.
    budget : Budget or None
        None where it is not known: the model file cannot be read.
    """
    return [*_failed(model_name, failing), *_overdrawn(marks, budget)]


def _failed(model_name: str, failing: Sequence[Failing]) -> Iterator[Recommendation]:
    for each in sorted(failing, key=lambda each: each.step is not FailedStep.ANALYZE):
        if not each.lasts:
            continue
        runs = f"{each.runs} runs" if each.runs > 1 else "the last run"
        blind = "; it is not watched meanwhile" if each.step is FailedStep.ANALYZE else ""
        yield Recommendation(
            kind=RecommendationKind.FIX_FAILURE, subject=model_name, evidence={"runs": each.runs},
            reason=f"{each.step} failed in {runs} since {each.since:%Y-%m-%d %H:%M} UTC: {each.error}{blind}",
        )  # fmt: skip


def _overdrawn(marks: Sequence[Mark], budget: Budget | None) -> Iterator[Recommendation]:
    if budget is None or not budget.overdrawn:
        return
    [(trigger, times)] = Counter(mark.trigger_type for mark in marks if mark.spends).most_common(1)
    yield Recommendation(
        kind=RecommendationKind.FEWER_FALSE_ALARMS, subject=trigger,
        reason=f"retrains of 90 days that were marked as false alarms: {budget.marked}, and the budget allows "
               f"{budget.allowed:g}; {trigger} called for {times} of them: raise its threshold",
        evidence={"marked": budget.marked, "allowed": budget.allowed, "of_trigger": times},
    )  # fmt: skip
