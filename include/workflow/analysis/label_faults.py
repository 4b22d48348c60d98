"""Recent labels that are broken as a column may be: whatever is trained on them learns it, and the gate judges by them.

Labels in another unit, and labels of which one is repeated: 0 for those that are still to come, the last one carried
on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.class_columns import ClassCells
from include.data.profile import NO_EXTRAS, NumericColumn, Profile, profile_table, to_floats
from include.data.reference.profiles import TARGET
from include.data.rows.spans import within
from include.data.tables import ModelTables
from include.detectors.broken_rows import Pardon
from include.detectors.faults import Located, RecentWindow, locate_faults
from include.detectors.repeated_labels import Labels, repeated_class, repeated_number, those_repeated
from include.detectors.stuck import HELD
from include.detectors.units import UnitChangeDetector
from include.registry.spec import ModelSpec
from include.retraining.executor import Champion
from include.scoring import Task

Floats = npt.NDArray[np.float64]


def faults_of_labels(
    spec: ModelSpec, champion: Champion, window: RecentWindow, tables: ModelTables, pardons: Sequence[Pardon]
) -> list[Located]:
    """What is broken about the recent labels, and in which rows.

    Parameters
    ----------
    window : RecentWindow
        With the recent rows as they came.
    pardons : sequence of Pardon
        Where labels are in order though they do not look so.
    """
    if spec.target not in window.table.columns:
        return []
    found = _in_another_unit(spec, champion, window, pardons)
    if found:
        return found
    return _repeated(spec, window, tables, pardons)


def _in_another_unit(
    spec: ModelSpec, champion: Champion, window: RecentWindow, pardons: Sequence[Pardon]
) -> list[Located]:
    """Cents for euros."""
    known = champion.reference.outputs.get(TARGET)
    column = None if known is None else known.columns.get(TARGET)
    if not isinstance(column, NumericColumn):
        return []
    reference = Profile(rows=column.rows, columns={spec.target: column})
    recent = profile_table(window.table, [spec.target], against=reference, extras=NO_EXTRAS)
    labels = replace(window.comparison, reference=reference, recent=recent, calibration=None, ahead={})
    found = [signal for signal in UnitChangeDetector().detect(labels) if signal.changed]
    return locate_faults(found, replace(window, comparison=labels), pardons)


def _repeated(spec: ModelSpec, window: RecentWindow, tables: ModelTables, pardons: Sequence[Pardon]) -> list[Located]:
    """One label again and again; the earlier labels it is compared with are those that are not in quarantine."""
    values, names = _numbered(spec, tables)
    there = len(values) - len(tables.recent)
    earlier = values[:there]
    if spec.timestamp is not None and window.times is not None:
        earlier = earlier[~within(tables.history[spec.timestamp].iloc[:there], tables.quarantined)]
    labels = Labels(
        recent=_arrived(values[there:]), earlier=_arrived(earlier),
        ordered=window.times is not None and tables.sample is None,
    )  # fmt: skip
    signals = [*(repeated_class(spec.target, names, labels) if names else repeated_number(spec.target, labels))]
    if not signals:
        return []
    those = those_repeated(values[there:], signals[0].detail.get(HELD), labels.earlier)
    column = pd.DataFrame({spec.target: those})
    return locate_faults(signals, replace(window, table=column), pardons)


def _numbered(spec: ModelSpec, tables: ModelTables) -> tuple[Floats, tuple[str, ...]]:
    """All labels as numbers, NaN where none has arrived; of classes their codes and names."""
    if spec.task is Task.REGRESSION:
        return to_floats(tables.history[spec.target])[0], ()
    codes, names = ClassCells.of(tables.history[spec.target]).in_turn()
    return np.where(codes >= 0, codes, np.nan), names


def _arrived(values: Floats) -> Floats:
    return values[np.isfinite(values)]
