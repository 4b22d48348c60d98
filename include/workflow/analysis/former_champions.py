"""Does an earlier champion do better on the recent rows than the present one?

The world sometimes turns back. A version that was replaced for good reason, or came from before a spell that has ended,
may fit the recent rows better than the champion; then going back costs nothing, and training another one would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from include.data.tables import ModelTables
from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import ArtifactError, DataError, TrainingError
from include.records.entries import ChampionChange, ChangeKind, Version
from include.records.store import Store
from include.retraining.executor import RetrainingExecutor
from include.retraining.gate.gate import proven_better
from include.retraining.retrain_gain import MOST_ROWS
from include.scoring import METRICS, LabelledRows
from include.scoring.paired import paired_gain


def compare_former(
    store: Store, executor: RetrainingExecutor, champion: Version, changes: Sequence[ChampionChange],
    tables: ModelTables, *, level: float,
) -> Sequence[Signal]:  # fmt: skip
    """One signal for each of the latest former champions; none for models without timestamps, or without any.

    Each is compared with the champion on the labelled recent rows that neither was trained on, by the gate's paired
    test. The level is shared between them, so that one is taken for better than a champion that is as good at most that
    often. What somebody rolled back by hand stays so: that version does not come back by itself, and the one that
    was chosen instead is not replaced before the next promotion.

    Parameters
    ----------
    changes : sequence of ChampionChange
        All changes of the model's champion, oldest first.
    tables : ModelTables
        Without rows that are in quarantine.
    level : float
        Probability, on one check, of going back for no reason.
    """
    spec = executor.spec
    if spec.timestamp is None or champion.data_until is None or not champion.artifact_path:
        return []
    if not changes or changes[-1].kind is ChangeKind.ROLLBACK:
        return []
    former = former_champions(changes, store.versions(spec.name), champion)[: spec.probation.former]
    look = _Look(executor=executor, champion=champion, recent=tables.recent, level=level / max(len(former), 1))
    return [look.at(version) for version in former]


def better_one(signals: Sequence[Signal]) -> Signal | None:
    """The signal of the former champion that does best, if any does better than the champion."""
    found = [s for s in signals if s.kind is SignalKind.FORMER_CHAMPION and s.changed and s.value is not None]
    return max(found, key=lambda signal: signal.value or 0.0, default=None)


def former_champions(
    changes: Sequence[ChampionChange], versions: Sequence[Version], champion: Version
) -> list[Version]:
    """The versions of a model that were champion before and may come back, the latest first.

    Not those that somebody rolled back from by hand, or whose artifact or last row is not on record.
    """
    out = {champion.version}
    for change in changes:
        if change.kind is ChangeKind.ROLLBACK and change.from_version is not None:
            out = (out | {change.from_version}) - ({change.to_version} - {champion.version})
    replaced = dict.fromkeys(change.from_version for change in reversed(changes))
    by_number = {version.version: version for version in versions if version.version not in out}
    known = [by_number[number] for number in replaced if number in by_number]
    return [version for version in known if version.artifact_path and version.data_until is not None]


@dataclass(frozen=True, kw_only=True)
class _Look:
    """The champion and the recent rows, to be compared with one former champion after the other."""

    executor: RetrainingExecutor
    champion: Version
    recent: pd.DataFrame
    level: float

    def at(self, former: Version) -> Signal:
        """Compare one."""
        spec = self.executor.spec
        assert spec.timestamp is not None  # the only models that come here
        assert former.data_until is not None
        unseen = self.recent[self.recent[spec.timestamp] >= pd.Timestamp(former.data_until)]
        try:
            pair = self.executor.contest.between(former, self.champion, unseen, most=MOST_ROWS, slices=False)
        except (ArtifactError, DataError, TrainingError) as error:  # no reason not to go on with the champion
            return self._signal(former, Verdict.NO_DATA, f"cannot be compared: {error}")
        if pair.after.evidence < spec.minimum_rows:
            reason = f"{pair.after.amount} labelled rows that neither has seen, {spec.minimum_rows} needed"
            return self._signal(former, Verdict.INCONCLUSIVE, reason)
        return self._judge(former, pair.after, pair.before)

    def _judge(self, former: Version, champion: LabelledRows, before: LabelledRows) -> Signal:
        spec, metric = self.executor.spec, METRICS[self.executor.spec.metric]
        hindrance = metric.hindrance(champion) or metric.hindrance(before)
        if hindrance:
            return self._signal(former, Verdict.INCONCLUSIVE, f"{metric.name} cannot be computed: {hindrance}")
        found = paired_gain(metric, champion, before)
        better = proven_better(found, level=self.level, minimum_gain=spec.gate.minimum_gain)
        current, then = metric.score(champion), metric.score(before)
        return self._signal(
            former, Verdict.CHANGED if better else Verdict.STABLE,
            f"{metric.name} {then:.4g} against {self.champion.label}'s {current:.4g} on {len(champion)} rows that "
            f"neither has seen (p {found.p_value:.2g})",
            value=found.gain, p_value=found.p_value,
            detail={"champion_score": current, "former_score": then, "rows": float(len(champion))},
        )  # fmt: skip

    def _signal(
        self, former: Version, verdict: Verdict, reason: str, value: float | None = None, p_value: float | None = None,
        detail: dict[str, float] | None = None,
    ) -> Signal:  # fmt: skip
        return Signal(
            kind=SignalKind.FORMER_CHAMPION, statistic=f"{self.executor.spec.metric} {former.label}", verdict=verdict,
            reason=f"{former.label}, champion before: {reason}", value=value, threshold=0.0, p_value=p_value,
            level=self.level, detail={**(detail or {}), "version": float(former.version)},
        )  # fmt: skip
