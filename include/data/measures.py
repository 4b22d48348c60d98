"""Measures that a model's owner adds: a number or a category for each row, watched as inputs are."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from include.data.owners import answer_of_owner
from include.data.tables import ModelTables
from include.errors import DataError
from include.registry.spec import ModelSpec


def with_measures(spec: ModelSpec, tables: ModelTables) -> ModelTables:
    """The tables with a column for each measure that the model file names, computed from the rows.

    Raises
    ------
    ConfigurationError
        When a measure's function cannot be imported.
    DataError
        When it fails, does not return one value a row, or the rows have a column of its name.
    SourceUnavailable
        When it has not ended after the model's `timeout`.
    """
    if not spec.measures:
        return tables
    return replace(
        tables,
        reference=measured(spec, tables.reference),
        recent=measured(spec, tables.recent),
        history=measured(spec, tables.history),
    )


def measured(spec: ModelSpec, table: pd.DataFrame) -> pd.DataFrame:
    """One table with a column for each measure; raises as `with_measures`."""
    columns: dict[str, Any] = {}
    for name, place in spec.measures.items():
        where = f"model {spec.name}: field measures.{name}"
        if name in table.columns:
            raise DataError(f"{where}: the rows have a column of that name already")
        as_column = partial(pd.Series, dtype=None if len(table) else float)
        values = answer_of_owner(spec, f"measures.{name}", place, table, read=as_column)
        if len(values) != len(table):
            raise DataError(
                f"{where}: {place} returned {len(values)} values for {len(table)} rows; one a row is needed"
            )  # fmt: skip
        columns[name] = values.to_numpy()
    return table.assign(**columns) if columns else table
