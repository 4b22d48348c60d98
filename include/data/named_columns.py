"""Columns that a model file names and the rows do not have: a guard under a wrong name guards nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from include.data.tables import ModelTables
from include.errors import DataError, did_you_mean
from include.registry.kinds import Kinds
from include.registry.spec import ModelSpec

SHOWN = 30  # names of columns that a message lists


def require_named_columns(spec: ModelSpec, tables: ModelTables) -> ModelTables:
    """The same tables, with a word on columns of recorded predictions that are not there (yet).

    Raises
    ------
    DataError
        When `range` or `columns` names a column that the rows do not have: what it asks for would not be in effect.
    """
    found = [str(name) for name in tables.history.columns]
    wrong = [
        f"field {field}: no column {name!r} in the rows{did_you_mean(name, found)}"
        for field, name in _guarded(spec, found)
    ]
    if wrong:
        more = ", …" if len(found) > SHOWN else ""
        raise DataError(
            f"model {spec.name}: {'; '.join(wrong)}; correct the name, or take it out; found: "
            f"{', '.join(found[:SHOWN])}{more}"
        )
    return _telling(tables, _unrecorded(spec, found))


def with_unnamed_told(spec: ModelSpec, tables: ModelTables, known: Kinds) -> ModelTables:
    """The same for rows that a champion is watched on: told, as nothing is to stop its watch.

    Of the columns that it has learnt from, `known`, data quality says that they are gone.
    """
    found = [str(name) for name in tables.history.columns]
    guarded = [(field, name) for field, name in _guarded(spec, found) if name not in known]
    told = [
        f"{field}: no column {name!r} in the rows, so it has no effect{did_you_mean(name, found)}"
        for field, name in guarded
    ]
    return _telling(tables, [*told, *_unrecorded(spec, found)])


def ineffective(spec: ModelSpec, learnt: Collection[str]) -> list[str]:
    """What of `range` and `columns` does nothing for a champion that has learnt from these columns; a phrase each."""
    roles = {
        spec.timestamp, spec.target, spec.prediction, spec.weight, *spec.probability_columns, *spec.slices, *spec.key,
        *spec.measures, *(spec.features or ()), *spec.source.timestamp.columns,
    }  # fmt: skip
    unlearnt = {name for name, kind in spec.declared_kinds.items() if not kind.kind.learnt}
    candidates = [*learnt, *(name for name in roles if name is not None)]
    return [
        f"{field} names {name!r}{did_you_mean(name, candidates)}"
        for field, name in _guarded(spec, candidates) if name not in unlearnt
    ]  # fmt: skip


def _guarded(spec: ModelSpec, found: Collection[str]) -> Iterator[tuple[str, str]]:
    """Field and column of what is said of single columns that are not there."""
    for field, names in (("range", spec.range), ("columns", spec.columns)):
        yield from ((field, name) for name in names if name not in found)


def _unrecorded(spec: ModelSpec, found: list[str]) -> list[str]:
    """Columns of predictions and probabilities that are not there, which may still come."""
    named = [("prediction", spec.prediction)] if spec.prediction is not None else []
    named += [("probabilities" if spec.probabilities else "probability", name) for name in spec.probability_columns]
    return [
        f"{field}: no column {name!r} in the rows, so nothing is taken as recorded{did_you_mean(name, found)}"
        for field, name in named if name not in found
    ]  # fmt: skip


def _telling(tables: ModelTables, told: list[str]) -> ModelTables:
    return replace(tables, told=(*tables.told, *told)) if told else tables
