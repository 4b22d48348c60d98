"""A backtest in lines of text: a table of all policies, and the differences between two results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from include.workflow.backtest.trial import Backtest, Trial

_HEADINGS = ("policy", "score", "retrains", "not promoted", "did not pay", "days to recovery", "training cost", "gain",
             "frontier")  # fmt: skip


def table(backtest: Backtest) -> Iterator[str]:
    """A line a policy, and what the columns mean."""
    rows = [_HEADINGS, *(_row(backtest, trial) for trial in backtest.trials)]
    if not backtest.priced:
        place = _HEADINGS.index("gain")
        rows = [row[:place] + row[place + 1 :] for row in rows]
    windows = len(backtest.trials[0].windows)
    yield f"{backtest.model}: {backtest.metric} over {windows} windows, {backtest.trials[0].rows} labelled rows"
    yield from _aligned(rows)
    unit = "the unit of policy.costs" if backtest.priced else "retrains"
    yield f"not promoted, did not pay: false retrains. Cost in {unit}. * = no other is better at no more retrains."


def differences(now: Backtest, before: Backtest) -> Iterator[str]:
    """A line for each policy that both have."""
    earlier = {trial.policy: trial for trial in before.trials}
    yield f"against the earlier result of {before.model} ({before.metric})"
    for trial in now.trials:
        if trial.policy in earlier:
            other = earlier[trial.policy]
            yield (
                f"  {trial.policy:14s} {other.score:.5g} -> {trial.score:.5g}   "
                f"retrains {other.retrains} -> {trial.retrains}"
            )
        else:
            yield f"  {trial.policy:14s} not in the earlier result"


def _row(backtest: Backtest, trial: Trial) -> tuple[str, ...]:
    days, costs, gain = backtest.days_to_recovery(trial), backtest.training_costs(trial), backtest.gain(trial)
    return (
        trial.policy,
        f"{trial.score:.5g}",
        str(trial.retrains),
        str(trial.not_promoted),
        str(trial.not_paid(backtest.metric)),
        "-" if days is None else f"{days:.1f}",
        "-" if costs is None else f"{costs:.4g}",
        "-" if gain is None else f"{gain:.4g}",
        "*" if backtest.on_frontier(trial) else "",
    )


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join([first.strip().ljust(widths[0]), *others]).rstrip()
