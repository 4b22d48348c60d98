"""The gate: is the challenger better than the champion on the same rows, beyond chance?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

from include.errors import ConfigurationError
from include.registry.spec import ModelSpec
from include.retraining.gate.constants import Constant
from include.retraining.gate.guards import Guarded, Guards
from include.scoring import METRICS, LabelledRows, Metric, score_all
from include.scoring.metric import NO_ROW_LOSS
from include.scoring.paired import FEWEST_ROWS, PairedGain, paired_gain


class GateVerdict(StrEnum):
    """What becomes of the challenger."""

    PROMOTE = "promote"  # proven better, and above every floor
    HOLD = "hold"  # not proven better: the champion stays
    REJECT = "reject"  # proven worse, on the whole or for a guard, or below a floor


LEVEL = 0.05  # where the model file says nothing else


def proven_better(found: PairedGain, *, level: float, minimum_gain: float) -> bool:
    """Whether a gain lets a version take the place of another: it is beyond chance, and large enough to matter.

    >>> proven_better(PairedGain(gain=0.02, error=0.005, freedom=90.0, p_value=0.001), level=0.05, minimum_gain=0.03)
    False
    """
    return found.p_value < level and found.gain >= minimum_gain


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """The gate's answer and the figures behind it.

    Parameters
    ----------
    verdict : GateVerdict
    reason : str
    scores, champion_scores : mapping of str to float
        Metrics on the same held-out rows; the champion's are empty for a first version.
    rows : int
        Held-out rows.
    gain : float or None
        Relative cut of the mean row loss by the challenger, of the Sharpe ratio its rise; positive is better.
    gain_low, gain_high : float or None
        Interval of the gain at the gate's level, two-sided.
    p_value : float or None
        Probability of such a gain from a challenger that is no better.
    guards : sequence of Guarded
        What the guards found on a challenger that is better on the whole, those nearest to proving a harm first.
    former : sequence of Guarded
        The same beside former champions (`include.retraining.gate.former_champions`).
    constant : float or None
        Of a first version: the primary metric of the constant that it was compared with; gain and p-value are beside
        that.
    """

    verdict: GateVerdict
    reason: str
    scores: Mapping[str, float]
    champion_scores: Mapping[str, float]
    rows: int
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    p_value: float | None = None
    guards: Sequence[Guarded] = ()
    former: Sequence[Guarded] = ()
    constant: float | None = None

    @property
    def details(self) -> dict[str, Any]:
        """What a version's details keep of it."""
        told = ("rows", "gain", "gain_low", "gain_high", "p_value", "guards", "former", "constant")
        return {"verdict": str(self.verdict), **{name: asdict(self)[name] for name in told}}


@dataclass(frozen=True, kw_only=True)
class PromotionGate:
    """Paired comparison on rows later than anything either model was trained on.

    See `include.scoring.paired.paired_gain` for the test.

    Parameters
    ----------
    metric : Metric
    level : float, default 0.05
        Share of challengers no better than the champion that are promoted all the same. Measured at 0.05 and 1,000
        rows: 4 to 6 % by RMSE, with independent errors and with errors autocorrelated by 0.9. By accuracy 4 to 5 %,
        where it is also a matter of runs who of the two is right 6 to 9 %: it looks at neighbours only.
        With scores autocorrelated by 0.9, 400 rows: 7 to 10 % by other metrics of classifiers, 13 % by accuracy.
    minimum_gain : float, default 0
        Smallest relative cut of the mean loss worth a promotion.
    floors : mapping of str to float
        Worst acceptable value of each metric named.
    guards : sequence of str, default none
        Metrics, and ``slices``, in which the challenger must not be proven worse; see
        `include.retraining.gate.guards`. They share `level`.

    Raises
    ------
    ConfigurationError
        For a metric without row losses, which can have a floor only.
    """

    metric: Metric
    level: float = LEVEL
    minimum_gain: float = 0.0
    floors: Mapping[str, float]
    guards: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Refuse a metric that no test can compare models by."""
        if self.metric.losses is None:
            raise ConfigurationError("metric", f"{self.metric.name} {NO_ROW_LOSS}")

    @classmethod
    def of(cls, spec: ModelSpec) -> Self:
        """The gate of a model, as its file has it."""
        gate = spec.gate
        return cls(
            metric=METRICS[spec.metric], level=gate.level, minimum_gain=gate.minimum_gain, floors=gate.floors,
            guards=gate.guards,
        )  # fmt: skip

    @classmethod
    def bare(cls, metric: Metric, *, level: float, minimum_gain: float = 0.0) -> Self:
        """The paired comparison alone, without floors and guards: for a look that publishes nothing."""
        return cls(metric=metric, level=level, minimum_gain=minimum_gain, floors={})

    def judge_first(self, challenger: LabelledRows, constants: Iterable[Constant] = ()) -> GateResult:
        """Judge a first version: it has to reach the floors, and to be better than a constant.

        Parameters
        ----------
        constants : iterable of Constant
            The same rows as constants answer them; it is compared with the best that could be foreseen. On fewer than
            20 rows, where nothing can be proven, it is enough to do better. Empty: the floors alone count.
        """
        result = self._alone(challenger, "first version: no champion to beat")
        asked = [each for each in constants if not self.metric.hindrance(each.rows)]
        foreseen = [each for each in asked if each.foreseen]
        if not foreseen or result.verdict is not GateVerdict.PROMOTE:
            return result
        best = max(foreseen, key=self._goodness)
        found = paired_gain(self.metric, best.rows, challenger) if len(challenger) > 1 else None
        few = found is None or len(self.metric.judged(challenger)) < FEWEST_ROWS
        better = found is not None and found.gain > 0.0 and (few or found.p_value < self.level)
        result = replace(
            result, constant=self.metric.score(best.rows), gain=None if found is None else found.gain,
            p_value=None if found is None or few else found.p_value,
        )  # fmt: skip
        hindsight = [each for each in asked if better and not each.foreseen]
        beside = self._beside(result, challenger, best, hindsight)
        if better:
            word = "better" if few else "proven better"
            return replace(result, reason=f"{result.reason}, {word} than a constant: {beside}")
        chance = " beyond chance" if found is not None and found.gain > 0.0 else ""
        reason = (
            f"first version, no better than a constant{chance}: {beside}; look for features that tell more, wrong "
            "labels or kinds of columns, or write gate.better_than_constant: false if the target is near noise"
        )
        return replace(result, verdict=GateVerdict.HOLD, reason=reason)

    def _goodness(self, constant: Constant) -> float:
        score = self.metric.score(constant.rows)
        return score if self.metric.larger_is_better else -score

    def _beside(
        self, result: GateResult, challenger: LabelledRows, best: Constant, hindsight: Sequence[Constant]
    ) -> str:
        """The scores of a version and of a constant, how many rows they are of, and what does better in hindsight."""
        name = self.metric.name
        rows = f"{len(challenger):,} held-out rows" + ("" if result.p_value is None else f", p {result.p_value:.2g}")
        told = f"{name} {result.scores[name]:.4g} of the model, {result.constant:.4g} of {best.words}, on {rows}"
        for each in hindsight:
            score = self.metric.score(each.rows)
            if (score > result.scores[name]) if self.metric.larger_is_better else (score < result.scores[name]):
                return f"{told} (known beforehand {each.words}, would have had {score:.4g})"
        return told

    def judge_alone(self, challenger: LabelledRows, why: str) -> GateResult:
        """The same for a challenger of a champion that cannot predict; `why` stands in the reason."""
        why = f"{why}: judged alone"
        result = self._alone(challenger, why)
        if result.verdict is GateVerdict.PROMOTE and challenger.evidence < FEWEST_ROWS:
            return replace(result, verdict=GateVerdict.HOLD, reason=f"{why}; {_too_few(challenger)}")
        return result

    def _alone(self, challenger: LabelledRows, why: str) -> GateResult:
        scores = score_all(self.metric.task, challenger)
        result = GateResult(
            verdict=GateVerdict.PROMOTE, reason=f"{why}, above every floor", scores=scores, champion_scores={},
            rows=len(challenger),
        )  # fmt: skip
        if below := self._below_floor(scores, challenger):
            return replace(result, verdict=GateVerdict.REJECT, reason=below)
        name = self.metric.name
        if name not in scores:
            hindrance = self.metric.hindrance(challenger) or "it is not a number"
            reason = (
                f"{why}; but {name} cannot be computed on the held-out rows: {hindrance}; no later check would have a "
                f"baseline of {name} to compare with: correct the rows, or choose another metric (field metric)"
            )
            return replace(result, verdict=GateVerdict.HOLD, reason=reason)
        return result

    def judge(self, champion: LabelledRows, challenger: LabelledRows) -> GateResult:
        """Judge a challenger.

        Parameters
        ----------
        champion, challenger : LabelledRows
            The same rows, in time order, with the predictions of the one and of the other.
        """
        result = GateResult(
            verdict=GateVerdict.HOLD, reason="", scores=score_all(self.metric.task, challenger),
            champion_scores=score_all(self.metric.task, champion), rows=len(challenger),
        )  # fmt: skip
        below = self._below_floor(result.scores, challenger)
        if below:
            return replace(result, verdict=GateVerdict.REJECT, reason=below)
        if self.metric.judged(challenger).evidence < FEWEST_ROWS:
            return replace(result, reason=_too_few(self.metric.judged(challenger)))
        hindrance = self.metric.hindrance(champion) or self.metric.hindrance(challenger)
        if hindrance:
            return replace(result, reason=f"{self.metric.name} cannot be computed on the held-out rows: {hindrance}")
        return self._guarded(champion, challenger, self._compare(champion, challenger, result))

    def _guarded(self, champion: LabelledRows, challenger: LabelledRows, result: GateResult) -> GateResult:
        """A promotion only where no guard is against it."""
        if result.verdict is not GateVerdict.PROMOTE or not self.guards:
            return result
        guards = Guards(metric=self.metric, names=self.guards, level=self.level)
        missing = guards.missing(champion, challenger)
        if missing:
            return replace(result, verdict=GateVerdict.HOLD, reason=f"{result.reason}; but {missing}")
        found = guards.look(champion, challenger)
        worse = next((guarded for guarded in found if guarded.worse), None)
        if worse is None:
            return replace(result, guards=found)
        reason = f"{result.reason}; but proven worse for a guard: {worse.sentence}"
        return replace(result, verdict=GateVerdict.REJECT, reason=reason, guards=found)

    def _compare(self, champion: LabelledRows, challenger: LabelledRows, result: GateResult) -> GateResult:
        found = paired_gain(self.metric, champion, challenger)
        width, better = found.half_width(self.level), found.p_value
        verdict, word = GateVerdict.HOLD, "not proven better"
        if proven_better(found, level=self.level, minimum_gain=self.minimum_gain):
            verdict, word = GateVerdict.PROMOTE, "proven better"
        elif 1.0 - better < self.level:
            verdict, word = GateVerdict.REJECT, "proven worse"
        name = self.metric.name
        size = f"loss cut {found.gain:+.1%}" if self.metric.loss_from_zero else f"gain {found.gain:+.4g}"
        left_out = self.metric.left_out(challenger)
        return replace(
            result, verdict=verdict, gain=found.gain, gain_low=found.gain - width, gain_high=found.gain + width,
            p_value=better, reason=f"{word}: {name} {result.scores[name]:.4g} against the champion's "
            f"{result.champion_scores[name]:.4g} on {result.rows} held-out rows ({size}, p {better:.2g})"
            + (f"; {left_out}" if left_out else ""),
        )  # fmt: skip

    def _below_floor(self, scores: Mapping[str, float], rows: LabelledRows) -> str:
        for name, floor in self.floors.items():
            metric = METRICS[name]
            if name not in scores:
                return f"{name} cannot be computed, but has a floor: {metric.hindrance(rows) or 'it is not a number'}"
            if not (scores[name] >= floor if metric.larger_is_better else scores[name] <= floor):
                return f"{name} {scores[name]:.4g} does not reach the floor {floor:g}"
        return ""


def _too_few(rows: LabelledRows) -> str:
    return f"only {rows.amount} held-out labelled rows, {FEWEST_ROWS} needed to prove anything"
