"""Rows as a trainer may see them: labelled, readable, once each, with their hash on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.kinds import Kinds
from include.data.profile import CategoricalColumn, Profile, profile_table, to_floats, to_names
from include.data.reference import ReferenceProfiles
from include.data.spans import Span, within
from include.data.tables import next_features, table_hash
from include.errors import DataError
from include.registry.spec import ModelSpec
from include.scoring import Task


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The features of a model, in order, and which of them are categories."""

    features: tuple[str, ...]
    categorical: tuple[str, ...]

    @classmethod
    def of(cls, reference: Profile, inputs: Sequence[str]) -> Columns:
        """As the reference has them: text that turns up in a numeric column later does not make it categorical."""
        categorical = tuple(name for name in inputs if isinstance(reference.columns[name], CategoricalColumn))
        return cls(features=tuple(inputs), categorical=categorical)

    def same(self, other: Columns) -> bool:
        """Whether these are the same columns, of the same kinds, in whatever order."""
        return set(self.features) == set(other.features) and set(self.categorical) == set(other.categorical)

    @classmethod
    def of_challenger(
        cls, spec: ModelSpec, champion: ReferenceProfiles, table: pd.DataFrame, known_kinds: Kinds | None = None
    ) -> Columns:
        """As the model file has them now; of what kind they are, `known_kinds` say.

        Of a column that is not among these the champion's reference tells, of a new one its cells in `table`.

        A column of numbers is a category for as long as the model file lists it so.
        """
        names = next_features(spec, table, champion.inputs)
        known = champion.profile.columns
        kinds = {**known, **profile_table(table, [name for name in names if name not in known], lag1=False).columns}
        categorical = {name for name, kind in kinds.items() if isinstance(kind, CategoricalColumn)}
        categorical -= {name for name in names if name in table.columns and _numbers(table[name])}
        for name, found in (known_kinds or {}).items():
            categorical = categorical | {name} if found.kind.named else categorical - {name}
        categorical |= set(spec.categorical)
        return cls(features=tuple(names), categorical=tuple(name for name in names if name in categorical))


@dataclass(frozen=True, kw_only=True)
class TrainingRows:
    """Prepared rows, oldest first.

    Parameters
    ----------
    features : DataFrame of shape (n, number of features)
        Floats (NaN for missing), and strings or None for categories.
    target : array of shape (n,)
        Floats for regression, else strings.
    origin : array of shape (n,)
        Position of each row among the merged rows.
    sha256 : str
        Hash of features and target of all rows.
    dropped : mapping of str to int
        Rows left out, by reason: quarantined, unlabelled, unreadable, duplicate.
    """

    features: pd.DataFrame
    target: npt.NDArray[Any]
    origin: npt.NDArray[np.intp]
    sha256: str
    dropped: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.target)

    def slice(self, start: int, stop: int) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        """Features and target of the rows ``start <= i < stop``."""
        return self.features.iloc[start:stop], self.target[start:stop]

    def hash_of(self, start: int, stop: int, target: str) -> str:
        """Hash of features and target, the column `target`, of the rows ``start <= i < stop``."""
        features, labels = self.slice(start, stop)
        return table_hash(features.assign(**{target: labels}))


def prepare(
    spec: ModelSpec, parts: Sequence[pd.DataFrame], columns: Columns, quarantined: Sequence[Span] = ()
) -> TrainingRows:
    """Merge `parts` in their order, leave out what must not be trained on, and hash the rest.

    Rows of `quarantined` spans, rows without a label, exact duplicates of an earlier row, and rows with text in a
    numeric column are left out and counted. A model without timestamps has no spans.
    """
    merged = pd.concat(list(parts), ignore_index=True) if len(parts) > 1 else parts[0].reset_index(drop=True)
    missing = [name for name in columns.features if name not in merged.columns]
    if missing:
        raise DataError(f"model {spec.name}: field features: no column {', '.join(missing)} in the rows to train on")
    trusted = np.ones(len(merged), dtype=bool)
    if spec.timestamp is not None:
        trusted = ~within(merged[spec.timestamp], quarantined)
    target = target_values(spec, merged[spec.target])
    labelled = ~pd.isna(target) & trusted
    wanted = [name for name in (spec.timestamp, *columns.features, spec.target) if name is not None]
    duplicate = _repeated(merged[wanted])
    readable = np.ones(len(merged), dtype=bool)
    for name in columns.features:
        if name not in columns.categorical:
            readable &= ~(np.isnan(to_floats(merged[name])[0]) & merged[name].notna().to_numpy())
    keep = labelled & readable & ~duplicate
    features = feature_table(merged[keep], columns)
    chosen = target[keep].astype(float) if spec.task is Task.REGRESSION else target[keep].astype(str)
    return TrainingRows(
        features=features,
        target=chosen,
        origin=np.flatnonzero(keep),
        sha256=table_hash(features.assign(**{spec.target: chosen})),
        dropped={
            "quarantined": int((~trusted).sum()),
            "unlabelled": int((~labelled & trusted).sum()),
            "unreadable": int((labelled & ~readable).sum()),
            "duplicate": int((labelled & readable & duplicate).sum()),
        },
    )


def _numbers(values: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _repeated(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Rows that are there before, to the letter; whatever a column holds can be compared as text."""
    mixed = [name for name in rows.columns if rows[name].dtype == object]
    return np.asarray(rows.assign(**{name: rows[name].astype(str) for name in mixed}).duplicated())


def feature_table(table: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """The features of `table` as a trainer or a version sees them: floats, and strings or None for categories."""
    made: dict[str, Any] = {}
    for name in columns.features:
        if name in columns.categorical:
            made[name] = pd.Series(to_names(table[name]), index=table.index, dtype=object)
        else:
            floats = to_floats(table[name])[0]
            made[name] = np.where(np.isfinite(floats), floats, np.nan)
    return pd.DataFrame(made, index=table.index)


def target_values(spec: ModelSpec, values: pd.Series[Any], field: str = "target") -> npt.NDArray[Any]:
    """Labels or predictions as an array: floats (NaN where missing), or class names (None where missing).

    A cell that is no number counts as missing; a DataError where more than half of them are none.
    """
    if spec.task is Task.REGRESSION:
        floats, unreadable = to_floats(values)
        there = int(values.notna().sum()) if unreadable else 0
        if 2 * unreadable > there:
            raise DataError(
                f"model {spec.name}: field {field}: {unreadable} of {there} values of {values.name!r} are not numbers; "
                "correct the column, or name another"
            )
        return np.where(np.isfinite(floats), floats, np.nan)
    return to_names(values)


def labels_of(spec: ModelSpec, rows: pd.DataFrame) -> npt.NDArray[Any]:
    """The labels that have arrived."""
    values = target_values(spec, rows[spec.target])
    return values[~pd.isna(values)]


def just_after(times: pd.Series[Any]) -> datetime:
    """The first moment after the last of `times`, ascending."""
    moment: datetime = times.iloc[-1].to_pydatetime()
    return moment + timedelta(microseconds=1)


def first_moment(spec: ModelSpec, rows: pd.DataFrame) -> datetime | None:
    """Time of the first of `rows`, in time order; None without timestamps."""
    if spec.timestamp is None:
        return None
    moment: datetime = rows[spec.timestamp].iloc[0].to_pydatetime()
    return moment
