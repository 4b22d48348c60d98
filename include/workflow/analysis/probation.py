"""Probation: is a new champion worse than the one it replaced, on rows that neither has seen?

The gate promotes a challenger no better than the champion about once in twenty times, and a challenger that was better
on the held-out rows may have been lucky with them. So a promoted version is looked at a few more times, on the labelled
rows that arrive after its promotion, until there are as many as the gate had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from include.data.tables import ModelTables
from include.decision.looks import ProbationLook
from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import ArtifactError, DataError
from include.records.entries import ChampionChange, ChangeKind, Run, Version
from include.records.store import Store
from include.retraining.contest.contest import labelled_among
from include.retraining.executor import RetrainingExecutor
from include.retraining.gate.gate import GateVerdict, PromotionGate
from include.scoring import METRICS, LabelledRows, Metric
from include.scoring.paired import FEWEST_ROWS


@dataclass(frozen=True, kw_only=True)
class ProbationTest:
    """One look at a new champion beside its predecessor.

    It fails when it does worse than the predecessor beyond chance (the gate's paired test, the other way round), and
    than it promised: its metric on the rows that the gate held out.

    Parameters
    ----------
    metric : Metric
    level : float
        Probability of failing a champion that is no worse than its predecessor, over all looks together.
    looks : int
        Looks that a probation has; they share the level equally. Measured with 3 looks at 60 to 1,000 rows in all,
        level 0.05, RMSE, errors independent or autocorrelated by 0.5 and 0.9: 2 to 5 % of champions equal to their
        predecessors fail when all break their promise, hardly fewer when half of them do.
    promised : float or None
        None when nothing was promised: then the predecessor alone counts.
    """

    metric: Metric
    level: float
    looks: int
    promised: float | None

    def look(self, predecessor: LabelledRows, champion: LabelledRows) -> Signal:
        """Compare both on the same rows, in time order."""
        result = PromotionGate.bare(self.metric, level=self.level / self.looks).judge(predecessor, champion)
        if result.p_value is None or result.gain is None:
            return self._signal(Verdict.INCONCLUSIVE, result.reason)
        name, p_worse = self.metric.name, 1.0 - result.p_value
        now, before = result.scores[name], result.champion_scores[name]
        broken = self.promised is None or self.metric.worsening(baseline=self.promised, recent=now) > 0.0
        promise = "nothing promised" if self.promised is None else f"{self.promised:.4g} promised"
        reason = f"{name} {now:.4g} against the predecessor's {before:.4g} on {result.rows} rows that neither has seen"
        return self._signal(
            Verdict.CHANGED if result.verdict is GateVerdict.REJECT and broken else Verdict.STABLE,
            f"{reason} (p {p_worse:.2g}), {promise}",
            value=-result.gain, p_value=p_worse,
            detail={"champion_score": now, "predecessor_score": before, "rows": float(result.rows)},
        )  # fmt: skip

    def _signal(
        self, verdict: Verdict, reason: str, value: float | None = None, p_value: float | None = None,
        detail: dict[str, float] | None = None,
    ) -> Signal:  # fmt: skip
        return Signal(
            kind=SignalKind.PROBATION, statistic=self.metric.name, verdict=verdict, reason=reason, value=value,
            threshold=0.0, p_value=p_value, level=self.level / self.looks, detail=detail or {},
        )  # fmt: skip


def check_probation(
    store: Store, executor: RetrainingExecutor, champion: Version, changes: Sequence[ChampionChange],
    tables: ModelTables, run: Run, *, broken: bool,
) -> Sequence[Signal]:  # fmt: skip
    """One signal while the champion is on probation; none before and after.

    On probation is a version whose promotion was the last change of champion, and that replaced another. With n looks
    the first is made once it has a nth of the labelled rows that the gate judged it on, the last once it has them all;
    checks in between wait. What failed and was not rolled back, as in a dry run, stays failed.

    Parameters
    ----------
    changes : sequence of ChampionChange
        All changes of the model's champion, oldest first.
    broken : bool
        Whether the recent rows are too broken to judge anything by: then there is no look.
    """
    spec = executor.spec
    last = changes[-1] if changes else None
    if last is None or last.from_version is None or last.kind is not ChangeKind.PROMOTION:
        return []
    earlier = store.looks(spec.name, SignalKind.PROBATION, champion.version, before=run.as_of)
    done = max((ProbationLook.of(signal).look for signal in earlier), default=0)
    if last.to_version != champion.version or not spec.probation.checks:
        return []
    if (failed := verdict_of(earlier)) is not None:
        return [failed]
    if done >= spec.probation.checks:
        return []
    predecessor = next(version for version in store.versions(spec.name) if version.version == last.from_version)
    return [_Probation(executor, champion, predecessor).check(tables, done, broken=broken)]


def verdict_of(signals: Sequence[Signal]) -> Signal | None:
    """The signal of a probation that failed; None for none."""
    return next((signal for signal in signals if signal.kind is SignalKind.PROBATION and signal.changed), None)


@dataclass(frozen=True)
class _Probation:
    """A champion on probation, and the version before it."""

    executor: RetrainingExecutor
    champion: Version
    predecessor: Version

    def check(self, tables: ModelTables, done: int, *, broken: bool) -> Signal:
        """Make the next look if its rows are there; the signal's detail says which look it was."""
        spec = self.executor.spec
        contest = self.executor.contest
        rows = contest.since(self.champion, tables)
        labelled = labelled_among(spec, rows)
        looks, enough = spec.probation.checks, self._enough
        look = min(looks, labelled * looks // enough) if labelled >= FEWEST_ROWS else 0
        if look <= done or broken:
            waiting = "the recent rows are broken" if broken else f"look {done + 1} of {looks} needs more"
            return self._signal(done, Verdict.INCONCLUSIVE, f"{labelled} of {enough} labelled rows, {waiting}")
        baseline = self.champion.baseline
        promised = None if baseline is None else baseline.scores.get(spec.metric)
        test = ProbationTest(metric=METRICS[spec.metric], level=spec.gate.level, looks=looks, promised=promised)
        try:
            pair = contest.between(self.predecessor, self.champion, rows)
            found = test.look(pair.before, pair.after)
        except (ArtifactError, DataError) as error:  # no reason to stop watching the champion
            return self._signal(done, Verdict.NO_DATA, f"cannot be compared: {error}")
        made = done if found.verdict is Verdict.INCONCLUSIVE else look
        return replace(
            found, reason=f"{self._label}: {found.reason}", detail={**found.detail, **self._look(made).detail}
        )

    @property
    def _enough(self) -> int:
        """Labelled rows that end the probation: as many as the gate had."""
        judged = 0 if self.champion.baseline is None else self.champion.baseline.rows
        return max(judged or self.executor.spec.minimum_rows, FEWEST_ROWS)

    @property
    def _label(self) -> str:
        return f"{self.champion.label} on probation after {self.predecessor.label}"

    def _look(self, number: int) -> ProbationLook:
        return ProbationLook(look=number, version=self.champion.version, predecessor=self.predecessor.version)

    def _signal(self, look: int, verdict: Verdict, reason: str) -> Signal:
        return Signal(
            kind=SignalKind.PROBATION, statistic=self.executor.spec.metric, verdict=verdict,
            reason=f"{self._label}: {reason}", detail=self._look(look).detail,
        )  # fmt: skip
