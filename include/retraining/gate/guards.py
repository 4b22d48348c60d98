"""Guards of the gate: what a challenger must not make worse, however much better it is on the whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from include.registry.training import SLICES
from include.scoring import METRICS, LabelledRows, Metric, SliceRule
from include.scoring.paired import paired_gain

FEWEST_IN_SLICE = 50  # held-out rows that a slice needs to be judged


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """What one guard found.

    Parameters
    ----------
    name : str
        The metric, or of a slice ``metric, column: value``.
    champion, challenger : float
        The metric on the same rows.
    rows : int
    p_value : float
        Probability of doing so badly for a challenger that is no worse.
    level : float
        This guard's share of the level of all.
    """

    name: str
    champion: float
    challenger: float
    rows: int
    p_value: float
    level: float

    @property
    def worse(self) -> bool:
        """Whether the challenger is proven worse."""
        return self.p_value < self.level

    @property
    def sentence(self) -> str:
        """For example ``recall 0.71 against the champion's 0.9 on 300 rows (p 0.0001)``."""
        return (
            f"{self.name} {self.challenger:.4g} against the champion's {self.champion:.4g} on {self.rows} rows "
            f"(p {self.p_value:.2g})"
        )


@dataclass(frozen=True, kw_only=True)
class Guards:
    """Metrics, and slices, in which a challenger must not be proven worse.

    Each is tested by the gate's paired test, the other way round. They share the level equally, so that a challenger
    that is as good in all of them is held back by any of them at most that often.

    Parameters
    ----------
    metric : Metric
        The primary metric, which slices are judged by.
    names : sequence of str
        Metrics with row losses; ``slices`` for the slices.
    level : float
        Of all guards together. Measured at 0.05 with four or five guards, 400 and 1,000 rows, independent or
        autocorrelated by 0.9: 1 to 4 % of challengers that are as good are held back; 7 % of classifiers on 400
        autocorrelated rows.
    """

    metric: Metric
    names: Sequence[str]
    level: float

    def missing(self, champion: LabelledRows, challenger: LabelledRows) -> str:
        """Why a guard cannot look; an empty text if all can."""
        for name in self.names:
            hindrance = "" if name == SLICES else _hindrance(METRICS[name], champion, challenger)
            if hindrance:
                return f"guard {name} cannot be computed on the held-out rows: {hindrance}"
        return ""

    def look(self, champion: LabelledRows, challenger: LabelledRows) -> Sequence[Guarded]:
        """What each guard finds, those nearest to proving a harm first.

        Parameters
        ----------
        champion, challenger : LabelledRows
            The same rows in time order, with what the guards need (`missing`); slices are those of the challenger's.
        """
        found = [*self._metrics(champion, challenger), *self._slices(champion, challenger)]
        shared = (replace(one, level=self.level / len(found)) for one in found)
        return sorted(shared, key=lambda guarded: guarded.p_value)

    def _metrics(self, champion: LabelledRows, challenger: LabelledRows) -> Iterator[Guarded]:
        for name in self.names:
            if name != SLICES:
                yield self._compare(METRICS[name], name, champion, challenger)

    def _slices(self, champion: LabelledRows, challenger: LabelledRows) -> Iterator[Guarded]:
        """Slices with rows enough, in which the primary metric can be computed."""
        for column, values in challenger.slices.items() if SLICES in self.names else ():
            rule = SliceRule.cut(values)
            places = rule.assign(values)
            for place, value in enumerate(rule.names):
                inside = places == place
                one, other = champion.where(inside), challenger.where(inside)
                if other.evidence >= FEWEST_IN_SLICE and not _hindrance(self.metric, one, other):
                    yield self._compare(self.metric, f"{self.metric.name}, {column}: {value}", one, other)

    def _compare(self, metric: Metric, name: str, champion: LabelledRows, challenger: LabelledRows) -> Guarded:
        return Guarded(
            name=name, champion=metric.score(champion), challenger=metric.score(challenger), rows=len(challenger),
            p_value=1.0 - paired_gain(metric, champion, challenger).p_value, level=self.level,
        )  # fmt: skip


def _hindrance(metric: Metric, champion: LabelledRows, challenger: LabelledRows) -> str:
    return metric.hindrance(champion) or metric.hindrance(challenger)
