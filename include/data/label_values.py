"""Labels and recorded predictions that are none: numbers that stand for "no value" (-999), or outside the `range`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from include.data.profile import NO_EXTRAS, NumericColumn, profile_table, to_floats, with_possible
from include.data.profile.possible import ANYTHING, Possible
from include.data.profile.sentinels import sentinels_of_many
from include.data.rows.declared import declared
from include.data.tables import ModelTables
from include.registry.spec import ModelSpec
from include.scoring import Task


def without_impossible_labels(spec: ModelSpec, tables: ModelTables) -> ModelTables:
    """The tables with such labels empty, as if they had not arrived, and a word on how many of the recent ones.

    What stands for no value is found among the reference's labels and beside them, as in any column of numbers. A model
    that trades has returns for labels, in which nothing is looked for.
    """
    if spec.task is not Task.REGRESSION or spec.trading is not None or spec.target not in tables.reference.columns:
        return tables
    possible = _possible(spec, tables)
    if possible == ANYTHING:
        return tables
    floats = to_floats(tables.history[spec.target])[0]
    wrong = possible.only(floats)[1]
    if not wrong:
        return tables
    if possible.declared:
        told = f"{spec.target}: {wrong} labels are outside its `range` and count as not arrived"
    else:
        named = ", ".join(f"{number:g}" for number in possible.sentinels)
        told = (
            f"{spec.target}: {wrong} labels are no values ({named}) and count as not arrived; mend the source, or, if "
            f"they are values, write `range: {{{spec.target}: [null, null]}}`"
        )
    return replace(
        tables,
        reference=_emptied(tables.reference, spec.target, possible),
        recent=_emptied(tables.recent, spec.target, possible),
        history=_emptied(tables.history, spec.target, possible),
        told=(*tables.told, told),
    )


def without_impossible_predictions(spec: ModelSpec, tables: ModelTables) -> ModelTables:
    """The tables with recorded predictions empty that stand for no value, so that the champion predicts instead.

    0 is a prediction, however far from the others.
    """
    name = spec.prediction
    if spec.task is not Task.REGRESSION or spec.trading is not None or name is None or name not in tables.history:
        return tables
    found = {
        each
        for table in (tables.history, tables.recent) if name in table
        for each in sentinels_of_many(to_floats(table[name])[0]) if each != 0.0
    }  # fmt: skip
    if not found:
        return tables
    possible = ANYTHING.with_sentinels(tuple(found))
    wrong = possible.only(to_floats(tables.history[name])[0])[1]
    named = ", ".join(f"{number:.15g}" for number in possible.sentinels)
    told = f"{name}: {wrong} recorded predictions are no values ({named}) and count as missing; mend what writes them"
    return replace(
        tables,
        reference=_emptied(tables.reference, name, possible),
        recent=_emptied(tables.recent, name, possible),
        history=_emptied(tables.history, name, possible),
        told=(*tables.told, told),
    )


def _possible(spec: ModelSpec, tables: ModelTables) -> Possible:
    said = declared(spec).get(spec.target)
    if said is not None:
        return said
    known = profile_table(tables.reference, [spec.target], kinds=_as_number(spec, tables), extras=NO_EXTRAS)
    column = with_possible(known, tables.history, len(tables.recent)).columns[spec.target]
    return column.possible if isinstance(column, NumericColumn) else ANYTHING


def _as_number(spec: ModelSpec, tables: ModelTables) -> dict[str, Any]:
    return {name: kind for name, kind in tables.kinds.items() if name == spec.target and not kind.named}


def _emptied(table: pd.DataFrame, column: str, possible: Possible) -> pd.DataFrame:
    if column not in table:
        return table
    floats, cells = possible.only(to_floats(table[column])[0])
    return table.assign(**{column: floats}) if cells else table
