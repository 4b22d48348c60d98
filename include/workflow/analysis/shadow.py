"""Shadow: a challenger that has passed the gate is scored beside the champion before it is published.

The held-out rows lie close to those that it was trained on, and of many challengers some are lucky with them. With
`gate.shadow: n` what has passed the gate stays a candidate for n checks more. At the last one the gate decides again,
on the rows that have arrived since (`include.retraining.shadow_end`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from include.data.tables import ModelTables
from include.decision.looks import ShadowCheck
from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import ArtifactError, DataError, TrainingError
from include.records.entries import Run, Version
from include.records.store import Store
from include.retraining.contest.contest import labelled_among
from include.retraining.executor import RetrainingExecutor
from include.retraining.gate.gate import GateVerdict, PromotionGate
from include.scoring import METRICS
from include.scoring.paired import FEWEST_ROWS


def check_shadow(
    store: Store, executor: RetrainingExecutor, champion: Version, tables: ModelTables, run: Run, *, broken: bool
) -> Sequence[Signal]:
    """One signal while a version is in shadow beside the champion; none before and after.

    Its detail says which check this was (`check`, of `checks`), whether it counts, and whether the shadow is over. A
    dry run does not count, nor does one of a time at or before that of the training. An end that came to nothing,
    because its process died or failed, comes again at the next check. A model file that asks for fewer checks meanwhile
    makes the shadow shorter, one that asks for more does not make it longer.

    Parameters
    ----------
    broken : bool
        Whether the recent rows are too broken to judge anything by: then the check does not count.
    """
    version = store.shadow(executor.spec.name)
    if version is None or version.shadow_checks is None:
        return []
    earlier = store.looks(executor.spec.name, SignalKind.SHADOW, champion.version, before=run.as_of)
    kept = (ShadowCheck.of(signal) for signal in earlier)
    done = max((each.check for each in kept if each.version == version.version and each.counted), default=0)
    checks = max(1, min(version.shadow_checks, executor.spec.gate.shadow))
    looks = not broken and run.as_of > store.event(version.event_id).run.as_of
    check = ShadowCheck(
        version=version.version, champion=champion.version, check=min(done + 1 if looks else done, checks),
        checks=checks, counted=looks and not run.dry_run, over=looks and done + 1 >= checks,
    )  # fmt: skip
    if not looks:
        waiting = "the recent rows are broken" if broken else "it was trained on later rows than this check has"
        return [_signal(executor, check, Verdict.INCONCLUSIVE, f"{waiting}: the check does not count")]
    return [_Look(executor, champion, version).at(tables, check)]


@dataclass(frozen=True)
class _Look:
    """A champion, and the version in shadow beside it."""

    executor: RetrainingExecutor
    champion: Version
    version: Version

    def at(self, tables: ModelTables, check: ShadowCheck) -> Signal:
        """Score both on the labelled rows that neither has seen; the verdict waits for the last check."""
        spec = self.executor.spec
        contest = self.executor.contest
        needs = self.version.details.shadow
        assert needs is not None  # it is in shadow
        rows, needed = contest.since(self.version, tables), needs.rows
        labelled = labelled_among(spec, rows)
        seen = {"rows": float(labelled)}
        few = f"{labelled} labelled rows that neither has seen, {needed} needed at the end"
        if labelled < FEWEST_ROWS:
            return _signal(self.executor, check, Verdict.INCONCLUSIVE, few, seen)
        try:
            pair = contest.between(self.champion, self.version, rows)
        except (ArtifactError, DataError, TrainingError) as error:  # the end of the shadow says what follows from it
            return _signal(self.executor, check, Verdict.NO_DATA, f"cannot be compared: {error}", seen)
        name, rule = spec.metric, spec.gate
        gate = PromotionGate.bare(METRICS[name], level=rule.level, minimum_gain=rule.minimum_gain)
        found = gate.judge(pair.before, pair.after)
        if found.p_value is None:
            return _signal(self.executor, check, Verdict.INCONCLUSIVE, found.reason, seen)
        told = f"{name} {found.scores[name]:.4g} against {self.champion.label}'s {found.champion_scores[name]:.4g} on "
        told += f"{found.rows} rows that neither has seen (p {found.p_value:.2g})"
        if not check.over or labelled < needed:
            verdict, told = Verdict.INCONCLUSIVE, told if labelled >= needed else f"{told}, {needed} needed at the end"
        else:
            verdict = Verdict.CHANGED if found.verdict is GateVerdict.PROMOTE else Verdict.STABLE
        seen |= {"champion_score": found.champion_scores[name], "challenger_score": found.scores[name]}
        signal = _signal(self.executor, check, verdict, told, seen)
        return replace(signal, value=found.gain, p_value=found.p_value)


def _signal(
    executor: RetrainingExecutor, check: ShadowCheck, verdict: Verdict, reason: str,
    seen: Mapping[str, float] | None = None,
) -> Signal:  # fmt: skip
    spec = executor.spec
    return Signal(
        kind=SignalKind.SHADOW, statistic=spec.metric, verdict=verdict, reason=f"{check.progress}: {reason}",
        threshold=spec.gate.minimum_gain, level=spec.gate.level, detail={**check.detail, **(seen or {})},
    )  # fmt: skip
