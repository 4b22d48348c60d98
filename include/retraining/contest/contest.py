"""Versions on the same rows, which none of them was trained or accepted on: the one way to compare them.

The gate, the former champions beside it, probation, shadow, the comparison of two versions and a replay all ask here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.rows.spans import Span, within
from include.data.tables import ModelTables, is_given_up, table_hash
from include.errors import CannotPredict, DataError
from include.records.entries import Version
from include.registry.spec import ModelSpec
from include.retraining.artifacts import StoredModel
from include.retraining.contest.predictions import judged_rows, recorded_rows, shared_moments, with_record
from include.retraining.prepare import Columns, TrainingRows, feature_table, prepare, target_values
from include.retraining.weights import counted
from include.scoring import LabelledRows


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two versions on the same rows, in time order.

    Parameters
    ----------
    rows : DataFrame of shape (n, number of columns)
        As they were read.
    before, after : LabelledRows
        The same with the predictions of the older version, and of the newer one.
    """

    rows: pd.DataFrame
    before: LabelledRows
    after: LabelledRows


@dataclass(frozen=True, kw_only=True)
class SharedRows:
    """Labelled rows that each of some versions can answer, in time order.

    Parameters
    ----------
    rows : DataFrame of shape (n, number of columns)
        As they were read.
    ready : TrainingRows
        The same with the features of all the versions, and what was left out.
    columns : Columns
        Of `ready`.
    stored : mapping of int to StoredModel
        The versions by their numbers.
    """

    rows: pd.DataFrame
    ready: TrainingRows
    columns: Columns
    stored: Mapping[int, StoredModel]

    def __len__(self) -> int:
        return len(self.ready)

    def features(self, columns: Columns) -> pd.DataFrame:
        """The rows as a version with these columns is given them; shape (n, number of features)."""
        return self.ready.features if columns == self.columns else feature_table(self.rows, columns)


def labelled_among(spec: ModelSpec, rows: pd.DataFrame) -> int:
    """How many of the rows have a label, and count."""
    return int(np.count_nonzero(~pd.isna(target_values(spec, rows[spec.target])) & counted(spec, rows)))


@dataclass(frozen=True, kw_only=True)
class Contest:
    """Has versions of one model predict the same rows.

    Parameters
    ----------
    spec : ModelSpec
    load : callable
        Loads a version; an `ArtifactError` where its artifact is missing or damaged.
    there : collection of str, optional
        Columns that rows have today, where those to be predicted may be older. By default the columns of the rows.
    """

    spec: ModelSpec
    load: Callable[[Version], StoredModel]
    there: Collection[str] | None = None

    def since(self, version: Version, tables: ModelTables) -> pd.DataFrame:
        """All rows since the version's last, however long ago the recent window begins; none that is in quarantine.

        Of very many rows an even part.
        """
        if self.spec.timestamp is None or version.data_until is None:
            return tables.recent
        history = tables.evenly_since(version.data_until)
        times = history[self.spec.timestamp]
        return history[(times >= pd.Timestamp(version.data_until)) & ~within(times, tables.quarantined)]

    def seen(self, version: Version, kept: pd.DataFrame, rows: pd.DataFrame) -> npt.NDArray[np.bool_] | None:
        """Which of the rows are no later than what the version was trained or accepted on; None if unknown.

        Parameters
        ----------
        kept : DataFrame
            The rows in question.
        rows : DataFrame
            Those that they are of, as they were read: without timestamps a version is known by their hash.
        """
        if self.spec.timestamp is not None:
            if version.data_until is None:
                return None
            return np.asarray(kept[self.spec.timestamp] < pd.Timestamp(version.data_until), dtype=bool)
        if not version.recent_hash:  # trained on the reference rows, which are not among these
            return np.zeros(len(kept), dtype=bool)
        return np.ones(len(kept), dtype=bool) if table_hash(rows) == version.recent_hash else None

    def answers(self, version: Version, rows: pd.DataFrame, beside: LabelledRows) -> LabelledRows:
        """What the version answers on `rows`, whose labels, weights and moments are those of another version's answers.

        Raises
        ------
        ArtifactError
            When its artifact is missing or damaged.
        CannotPredict
            When it needs a column that the rows and the model file are without.
        DataError
            When it needs another column that the rows are without.
        TrainingError
            When it gives no probabilities and the metric needs them.
        """
        stored = self.load(version)
        self._require_columns(version, stored, rows)
        features = feature_table(rows, stored.columns)
        table = rows if beside.slices else None
        return judged_rows(
            self.spec, stored.predictor, features, beside.actual, table, beside.weight, beside.moment
        )  # fmt: skip

    def beside(self, version: Version, ours: LabelledRows, rows: pd.DataFrame) -> Pair:
        """The same rows as a version answers them, beside `ours`; a version from elsewhere by what the rows carry.

        Rows that carry no prediction of it are left out for both, where they are the exception. Raises as `answers`.

        Parameters
        ----------
        ours : LabelledRows
            Answers of the newer version on `rows`.
        rows : DataFrame
            As they were read.
        """
        if version.artifact_path:
            return Pair(rows=rows, before=self.answers(version, rows, ours), after=ours)
        there = with_record(self.spec, rows)
        ours, rows = ours.where(there), rows[there]
        return Pair(rows=rows, before=recorded_rows(self.spec, ours.actual, rows, ours.weight), after=ours)

    def between(
        self, before: Version, after: Version, rows: pd.DataFrame, *, most: int | None = None, slices: bool = True
    ) -> Pair:
        """Both versions on the labelled ones of `rows`, or on the latest `most` of them. Raises as `answers`.

        With `slices` the rows keep those that the model file names, and a `DataError` says which column is gone.
        """
        shared = self.shared([after], rows, most=most)
        if not len(shared):
            empty = LabelledRows(actual=np.empty(0), predicted=np.empty(0))
            return Pair(rows=shared.rows, before=empty, after=empty)
        return self.beside(before, self.answered(shared.stored[after.version], shared, slices=slices), shared.rows)

    def shared(
        self, versions: Sequence[Version], rows: pd.DataFrame, *, most: int | None = None,
        quarantined: Sequence[Span] = (),
    ) -> SharedRows:  # fmt: skip
        """The labelled ones of `rows` that all these versions can read, or the latest `most` of them.

        Raises as `answers`; rows of `quarantined` spans are left out.
        """
        stored = {}
        for version in versions:
            if version.version not in stored:
                stored[version.version] = self.load(version)
                self._require_columns(version, stored[version.version], rows)
        columns = _together([each.columns for each in stored.values()])
        ready = prepare(self.spec, [rows], columns, quarantined)
        if most is not None:
            ready = ready.latest(most)
        return SharedRows(rows=rows.iloc[ready.origin], ready=ready, columns=columns, stored=stored)

    def answered(self, stored: StoredModel, shared: SharedRows, *, slices: bool = False) -> LabelledRows:
        """What a loaded version answers on shared rows; with `slices` as in `between`. Raises as `answers`."""
        return judged_rows(
            self.spec, stored.predictor, shared.features(stored.columns), shared.ready.target,
            shared.rows if slices else None, shared.ready.weight, shared_moments(self.spec, shared.rows),
        )  # fmt: skip

    def _require_columns(self, version: Version, stored: StoredModel, rows: pd.DataFrame) -> None:
        there = rows.columns if self.there is None else self.there
        gone = [name for name in stored.columns.features if name not in there]
        if given_up := [name for name in gone if is_given_up(self.spec, name)]:
            raise CannotPredict(
                f"{version.label} cannot predict any more: the rows and the model file are without its "
                f"{', '.join(given_up)}"
            )
        if gone:
            raise DataError(
                f"model {self.spec.name}: no column {', '.join(gone)} in the rows, which {version.label} needs"
            )


def _together(known: Sequence[Columns]) -> Columns:
    """The columns of the one version, or those of any of several."""
    if len(known) == 1:
        return known[0]
    return Columns(
        features=tuple(dict.fromkeys(name for each in known for name in each.features)),
        categorical=tuple(dict.fromkeys(name for each in known for name in each.categorical)),
    )
