"""What every detector is given, and the protocol that it fulfils."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_
from typing import ClassVar, Protocol

from include.data.profile import NO_EXTRAS, CategoricalColumn, Column, Extra, NumericColumn, Profile
from include.data.reference.calibration import Calibration
from include.data.reference.trends import FARTHEST
from include.data.rows.arrivals import Arrivals
from include.data.rows.odd_times import OddTimes
from include.decision.signals import Signal
from include.detectors.statistics.running_errors import RunningErrors
from include.registry.kinds import Kinds, unwatched
from include.scoring import Baseline, LabelledRows, Metric, PredictedRows
from include.scoring.statistics import effective_size

STEADY = "moves steadily through the reference"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Reference and recent rows of one model, as far as detectors need to know them.

    Parameters
    ----------
    reference, recent : Profile
        Of the same columns; the recent one was counted into the reference's bins.
    labelled : LabelledRows or None
        Recent rows whose label has arrived, with the champion's predictions; None where there are none.
    unlabelled : PredictedRows or None
        Recent rows whose label has not arrived, with the champion's probabilities; None where there are none.
    metric : Metric or None
        The model's primary metric.
    baseline : Baseline or None
        How good the champion was when it was accepted.
    calibration : Calibration or None
        How much a row of each column tells, as measured on the reference; None where it is too short for that.
    outputs : mapping of str to (Profile, Profile)
        Under ``target`` and ``prediction`` the profiles of the reference's and of the recent rows' one column.
    of_outputs : mapping of str to Calibration
        The calibrations of these.
    running : RunningErrors or None
        The champion's errors so far, the recent rows counted in; None without timestamps or labels.
    minimum_rows : int
        With fewer recent rows nothing is called changed, but for a column that is gone.
    arrivals : Arrivals or None
        How many rows came and how old the newest is; None without timestamps, or without rows before the recent ones.
    source_empty : bool
        Whether the source of a model with timestamps holds no row at all of before this check.
    new_columns : tuple of str
        Columns of the recent rows that the reference does not have.
    kinds : mapping of str to ColumnKind
        Of the columns, as far as they are known.
    ahead : mapping of str to float
        For each column that moves steadily how far the recent rows are from the reference's middle, in lengths of the
        reference. Its reference is where it would be by now.
    odd_times : OddTimes or None
        Rows that are left out because their time stands apart from all others.
    looked_at : int or None
        Of very many recent rows how many `labelled`, `unlabelled`, `running` and `outputs` are of, evenly over the
        window; None where it is all that the profile has counted.
    """

    reference: Profile
    recent: Profile
    labelled: LabelledRows | None = None
    unlabelled: PredictedRows | None = None
    metric: Metric | None = None
    baseline: Baseline | None = None
    calibration: Calibration | None = None
    outputs: Mapping[str, tuple[Profile, Profile]] = field(default_factory=dict)
    of_outputs: Mapping[str, Calibration] = field(default_factory=dict)
    running: RunningErrors | None = None
    minimum_rows: int = 100
    arrivals: Arrivals | None = None
    source_empty: bool = False
    new_columns: tuple[str, ...] = ()
    odd_times: OddTimes | None = None
    looked_at: int | None = None
    kinds: Kinds = field(default_factory=dict)
    ahead: Mapping[str, float] = field(default_factory=dict)

    @property
    def watched(self) -> Comparison:
        """Without the columns whose distribution says nothing: identifiers, text, what moves with time by itself."""
        names = unwatched(self.kinds)
        return replace(self, reference=self.reference.without(names), recent=self.recent.without(names))

    @property
    def coverage(self) -> float:
        """Share of the recent rows whose label has arrived, in [0, 1]; 0 without recent rows."""
        rows = self.recent.rows if self.looked_at is None else self.looked_at
        return len(self.labelled or ()) / rows if rows else 0.0

    def effective_rows(self, name: str, column: Column, rows: int, *, spread: bool = False) -> float:
        """How many independent rows `rows` of the column are worth, for statements on its level or on its spread.

        Both reference and recent rows count as the reference's do: a jump among the recent ones would make neighbours
        alike, and so hide itself.
        """
        if self.calibration is not None:
            measured = self.calibration.inflation.get(name)
            measured = self.calibration.spread_inflation.get(name, measured) if spread else measured
            if measured is not None:
                return rows / measured
        return effective_size(rows, column.lag1)

    def reference_rows(self, name: str, column: Column, rows: int) -> float:
        """How many independent rows the reference's are worth for statements on its level by now.

        Of a column that moves steadily they tell the less the further it has moved since: with evenly spread times the
        variance of a line at a distance d from their middle, in lengths of the reference, is ``1 + 12 d²`` times that
        of the mean. None are left beyond `FARTHEST`. A column that never changed in a calibrated reference tells
        nothing of how often it does: all its rows are one.
        """
        if self.never_changed(name):
            return 1.0
        ahead = self.ahead.get(name, 0.0)
        return 0.0 if ahead > FARTHEST else self.effective_rows(name, column, rows) / (1.0 + 12.0 * ahead**2)

    def never_changed(self, name: str) -> bool:
        """Whether a column has one value in all of a reference that is long enough to calibrate.

        Such is a rate that is set in steps, or the year of a tariff. No model has learnt from it. A column of numbers
        that varies has more than one edge, also in a phase of a season in which it does not.
        """
        column = self.reference.columns.get(name)
        if self.calibration is None or name not in self.calibration.inflation:
            return False
        if isinstance(column, CategoricalColumn):
            return sum(rows > 0 for rows in column.counts.values()) == 1 and not column.rest
        return isinstance(column, NumericColumn) and len(column.edges) == 1

    def how_counted(self, name: str) -> str:
        """What the effective rows of a column rest on, for the record; empty where they were measured as they should.

        A reference shorter than 20 recent windows allows less than a full calibration, and none at all below 40 rows.
        """
        if self.calibration is None or name not in self.calibration.inflation:
            return "effective rows from its autocorrelation: the reference is too short to calibrate"
        notes = []
        if self.calibration.block_rows < self.calibration.window_rows:
            notes.append(f"calibrated on stretches of {self.calibration.block_rows} rows: the reference is short")
        if name in self.ahead:
            notes.append(f"it {STEADY}: compared with where it would be by now")
        elif name in self.calibration.trending:
            notes.append(f"it {STEADY} itself")
        return "; ".join(notes)

    def too_far(self, name: str) -> str:
        """Why nobody can say where a column that moves steadily would be by now; empty if one can, or it does not."""
        ahead = self.ahead.get(name, 0.0)
        if ahead <= FARTHEST:
            return ""
        return f"it {STEADY}, whose middle is {ahead:.1f} times its length ago: where it would be by now is not known"


def varying(columns: Iterable[Column]) -> int:
    """How many columns vary in the reference, at least 1: one that does not cannot be called changed by chance."""
    return max(sum(column.varies for column in columns), 1)


def values_in(column: Column) -> int:
    """Number of cells with a value: finite numbers, or cells with a category."""
    return column.finite if isinstance(column, NumericColumn) else column.present


class Detector(Protocol):
    """Computes what changed. Holds settings only, never data; the same comparison gives the same signals.

    `extras` is what it reads of the profiles besides counts and moments.
    """

    extras: ClassVar[Extra]

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """Compare reference and recent rows; one signal for each thing measured, also when nothing changed."""
        ...


def extras_of(detectors: Iterable[Detector]) -> Extra:
    """What the profiles have to hold for all of these detectors."""
    return reduce(or_, (detector.extras for detector in detectors), NO_EXTRAS)
