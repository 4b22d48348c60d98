"""Measures that a model's owner adds: a number or a category for each row, watched as inputs are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from include.data.sources.time_limit import within
from include.data.tables import ModelTables
from include.errors import DataError, SourceUnavailable
from include.registry.functions import import_function
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
    functions: dict[str, Callable[[pd.DataFrame], Any]] = {
        name: import_function(spec.name, f"measures.{name}", place) for name, place in spec.measures.items()
    }
    columns: dict[str, Any] = {}
    for name, function in functions.items():
        if name in table.columns:
            raise DataError(f"model {spec.name}: field measures.{name}: the rows have a column of that name already")
        where = f"model {spec.name}: field measures.{name}: {spec.measures[name]}"
        try:
            found = within(spec.timeout, where, partial(function, table))
            values = pd.Series(found, dtype=None if len(table) else float)
        except SourceUnavailable:
            raise
        except Exception as error:
            raise DataError(
                f"model {spec.name}: field measures.{name}: {spec.measures[name]} failed on {len(table)} rows: "
                f"{type(error).__name__}: {error}"
            ) from error
        if len(values) != len(table):
            raise DataError(
                f"model {spec.name}: field measures.{name}: {spec.measures[name]} returned {len(values)} values for "
                f"{len(table)} rows; one a row is needed"
            )
        columns[name] = values.to_numpy()
    return table.assign(**columns) if columns else table
