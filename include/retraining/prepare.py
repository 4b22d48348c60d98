"""Rows as a trainer may see them: labelled, readable, once each, with their hash on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import (
    NO_EXTRAS,
    CategoricalColumn,
    Column,
    NumericColumn,
    Possible,
    Profile,
    profile_table,
    to_floats,
    to_names,
)
from include.data.reference.profiles import ReferenceProfiles
from include.data.rows.declared import declared
from include.data.rows.spans import Span, within
from include.data.tables import next_features, table_hash
from include.errors import DataError
from include.registry.kinds import Kinds
from include.registry.spec import ModelSpec
from include.retraining.weights import require_weights, row_weights
from include.scoring import Task

ANYTHING = Possible()


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The features of a model, in order, which of them are categories, and which numbers of the others are values."""

    features: tuple[str, ...]
    categorical: tuple[str, ...]
    possible: Mapping[str, Possible] = field(default_factory=dict)

    @classmethod
    def of(cls, reference: Profile, inputs: Sequence[str]) -> Columns:
        """As the reference has them: text that turns up in a numeric column later does not make it categorical."""
        categorical = tuple(name for name in inputs if isinstance(reference.columns[name], CategoricalColumn))
        return cls(features=tuple(inputs), categorical=categorical, possible=_possible(reference.columns, inputs))

    def knowing(self, possible: Mapping[str, Possible]) -> Columns:
        """The same with what has been learnt since of which numbers are values; what was declared replaces it."""
        known = dict(self.possible)
        for name, told in possible.items():
            if name in self.features and name not in self.categorical:
                before = known.get(name, Possible())
                known[name] = told if told.declared else before.with_sentinels(told.sentinels)
        return replace(self, possible=known)

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
        new = [name for name in names if name not in known]
        kinds = {**known, **profile_table(table, new, extras=NO_EXTRAS, possible=declared(spec)).columns}
        categorical = {name for name, kind in kinds.items() if isinstance(kind, CategoricalColumn)}
        categorical -= {name for name in names if name in table.columns and _numbers(table[name])}
        for name, found in (known_kinds or {}).items():
            categorical = categorical | {name} if found.named else categorical - {name}
        categorical |= set(spec.categorical)
        return cls(
            features=tuple(names), categorical=tuple(name for name in names if name in categorical),
            possible=_possible(kinds, [name for name in names if name not in categorical]),
        )  # fmt: skip


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
        Rows left out, by reason: quarantined, unlabelled, unreadable (no feature of theirs can be read), duplicate
        (another delivery of a row, by the model's key); of a model with weights also unweighted (no usable weight) and
        weightless (weight 0).
    weight : array of shape (n,) or None
        How much each row counts, above 0; None where all count the same.
    emptied : mapping of str to int
        For each column, cells of the rows that are left that count as empty: text among numbers, impossible values.
    """

    features: pd.DataFrame
    target: npt.NDArray[Any]
    origin: npt.NDArray[np.intp]
    sha256: str
    dropped: Mapping[str, int]
    weight: npt.NDArray[np.float64] | None = None
    emptied: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.target)

    def slice(self, start: int, stop: int) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
        """Features and target of the rows ``start <= i < stop``."""
        return self.features.iloc[start:stop], self.target[start:stop]

    def weights(self, start: int, stop: int) -> npt.NDArray[np.float64] | None:
        """Weights of the rows ``start <= i < stop``; None where all count the same."""
        return None if self.weight is None else self.weight[start:stop]

    def latest(self, most: int) -> TrainingRows:
        """The last `most` rows, or all where there are fewer; hash and counts stay those of all rows."""
        start = max(len(self) - most, 0)
        features, target = self.slice(start, len(self))
        weight = self.weights(start, len(self))
        return replace(self, features=features, target=target, origin=self.origin[start:], weight=weight)

    def hash_of(self, start: int, stop: int, target: str) -> str:
        """Hash of features and target, the column `target`, of the rows ``start <= i < stop``."""
        features, labels = self.slice(start, stop)
        return table_hash(features.assign(**{target: labels}))


def prepare(
    spec: ModelSpec, parts: Sequence[pd.DataFrame], columns: Columns, quarantined: Sequence[Span] = (), copies: int = 0
) -> TrainingRows:
    """Merge `parts` in their order, leave out what must not be trained on, and hash the rest.

    Rows of `quarantined` spans, rows without a label, rows of which no feature can be read, and rows without a weight
    where the model has weights, are left out and counted. A model without timestamps has no spans. A cell with text in
    a numeric column, or with an impossible value, is an empty one, as it is when a version predicts; the rest of its
    row is trained on. Rows that are alike are rows: `copies`, other deliveries of a row, were left out when the rows
    were read, and are only counted here.
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
    bad = bad_cells(merged, columns)
    readable = _readable(merged, columns, bad)
    weight = row_weights(spec, merged)
    require_weights(spec, weight)
    usable = labelled & readable
    keep = usable if weight is None else usable & (weight > 0.0)
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
            "duplicate": copies,
            **({} if weight is None else _without_weight(weight[usable])),
        },
        weight=None if weight is None else weight[keep],
        emptied={name: n for name, cells in bad.items() if (n := int((cells & keep).sum()))},
    )


def _without_weight(weight: npt.NDArray[np.float64]) -> dict[str, int]:
    return {"unweighted": int(np.isnan(weight).sum()), "weightless": int((weight == 0.0).sum())}


def bad_cells(table: pd.DataFrame, columns: Columns) -> dict[str, npt.NDArray[np.bool_]]:
    """For each column of numbers that has any, the cells that hold something and yet no value, shape (n,)."""
    found = {}
    for name in columns.features:
        if name in columns.categorical:
            continue
        floats = columns.possible.get(name, ANYTHING).only(to_floats(table[name])[0])[0]
        if pd.api.types.is_float_dtype(table[name]) and name not in columns.possible:
            cells = np.isinf(floats)
        else:
            cells = ~np.isfinite(floats) & table[name].notna().to_numpy()
        if cells.any():
            found[name] = cells
    return found


def _readable(table: pd.DataFrame, columns: Columns, bad: Mapping[str, npt.NDArray[np.bool_]]) -> npt.NDArray[np.bool_]:
    """All rows but those with a bad cell and without any feature that can be read."""
    readable = np.ones(len(table), dtype=bool)
    if bad:
        places = np.flatnonzero(np.logical_or.reduce(list(bad.values())))
        left = np.zeros(len(places), dtype=bool)
        for name in columns.features:
            there = table[name].notna().to_numpy()[places]
            left |= there & ~bad[name][places] if name in bad else there
        readable[places] = left
    return readable


def _possible(columns: Mapping[str, Column], names: Sequence[str]) -> dict[str, Possible]:
    """What is known of which numbers are values; nothing of columns that may hold any."""
    found = {name: columns[name] for name in names if name in columns}
    return {
        name: column.possible
        for name, column in found.items()
        if isinstance(column, NumericColumn) and column.possible != ANYTHING
    }


def _numbers(values: pd.Series[Any]) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def feature_table(table: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """The features of `table` as a trainer or a version sees them: floats, and strings or None for categories."""
    made: dict[str, Any] = {}
    for name in columns.features:
        if name in columns.categorical:
            made[name] = pd.Series(to_names(table[name]), index=table.index, dtype=object)
        else:
            floats = columns.possible.get(name, ANYTHING).only(to_floats(table[name])[0])[0]
            made[name] = np.where(np.isfinite(floats), floats, np.nan)
    return pd.DataFrame(made, index=table.index)


def target_values(spec: ModelSpec, values: pd.Series[Any], field: str = "target") -> npt.NDArray[Any]:
    """Labels or predictions as an array: floats (NaN where missing), or class names (None where missing).

    A cell that is no number counts as missing; a DataError where more than half of them are none.
    """
    if spec.task is Task.REGRESSION:
        floats, unreadable = to_floats(values)
        if field == "target":
            floats = declared(spec).get(spec.target, ANYTHING).only(floats)[0]
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
