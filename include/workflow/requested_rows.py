"""Rows that a request brings along for its retraining: trained on besides the model's own, never judged by."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pandas as pd
from pydantic import ValidationError

from include.data.class_columns import in_one_coding
from include.data.label_values import without_impossible_labels
from include.data.sources.packing import without_packing
from include.data.tables import ModelTables
from include.errors import ConfigurationError, DataError, SourceUnavailable
from include.records.entries import Run
from include.registry.source import SOURCES, FileSource
from include.registry.spec import ModelSpec
from include.retraining.accepted import Champion
from include.workflow.deployment import Deployment

_ALSO = {".pq": "parquet"}
_TEXT = (".txt", ".tsv", ".dat")  # are read as CSV
_ENDING = re.compile(r"\.[a-z][a-z0-9]*$")


def with_requested_rows(
    deployment: Deployment, spec: ModelSpec, tables: ModelTables, run: Run, champion: Champion | None, path: str
) -> ModelTables:
    """The tables with the rows at `path` before the recent ones, or of a first version among the reference.

    Rows that are there already are left out, and so are those from the first recent moment on: by these the gate
    judges, so that they come from the model's own source alone.

    Raises
    ------
    ConfigurationError
        When `path` is no place that rows can be read from.
    DataError, SourceUnavailable
        When what is there cannot be read.
    """
    other = spec.model_copy(update={"source": requested_source(spec, path)})
    kinds = tables.kinds if champion is None else champion.reference.kinds
    try:
        read = deployment.read(other, deployment.data_dir, as_of=run.as_of, kinds=kinds)
    except (DataError, SourceUnavailable) as error:
        where = f"model {spec.name}: training_data_path {path!r}, which a request brings"
        raise type(error)(f"{where}: {error}; correct the path or what is there, and request it again") from error
    read = without_impossible_labels(spec, in_one_coding(spec, read, () if champion is None else champion.classes))
    rows = (read.history if spec.source.timed else read.reference).reindex(columns=tables.history.columns)
    if spec.timestamp is not None and len(tables.recent):
        rows = rows[rows[spec.timestamp] < tables.recent[spec.timestamp].iloc[0]]
    if champion is None:
        return replace(tables, reference=_merged(spec, tables.reference, rows))
    return replace(tables, history=_merged(spec, tables.history, rows))


def _merged(spec: ModelSpec, known: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Both, in time order where there are times; the known ones last where there are none."""
    here, there = (pd.util.hash_pandas_object(_plain(table), index=False) for table in (known, rows))
    merged = pd.concat([rows[~there.isin(set(here)).to_numpy()], known], ignore_index=True)
    return merged if spec.timestamp is None else merged.sort_values(spec.timestamp, kind="stable", ignore_index=True)


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Cells by which rows are told apart: text for all that is no number."""
    numbers = table.select_dtypes("number").columns
    return table.assign(**{str(name): table[name].astype(str) for name in table.columns if name not in numbers})


def requested_source(spec: ModelSpec, path: str) -> FileSource:
    """A source like the model's own, at another place."""
    kind = _kind(spec, path)
    said: dict[str, Any] = {"kind": kind}
    said |= {"path": path} if spec.source.timed else {"reference_path": path, "recent_path": path}
    known = spec.source
    if isinstance(known, FileSource) and known.kind == kind:
        said |= known.model_dump(exclude_unset=True, exclude={"kind", "path", "reference_path", "recent_path"})
    if isinstance(known, FileSource) and "://" in path:
        said["connection"] = known.connection
    try:
        return FileSource.model_validate(said)
    except ValidationError as error:
        problems = [str(each["msg"]) for each in error.errors()]
        raise ConfigurationError(f"model {spec.name}: training_data_path {path!r}", *problems) from error


def _kind(spec: ModelSpec, path: str) -> str:
    """The kind of source that reads files with that ending; of another ending than any reader's, the model's own."""
    low, own = path.lower(), spec.source
    endings = {ending: kind for kind, entry in SOURCES.items() for ending in entry.endings} | _ALSO
    if (found := next((kind for ending, kind in endings.items() if low.endswith(ending)), None)) is not None:
        return found
    ending = _ENDING.search(without_packing(low))
    if isinstance(own, FileSource) and (ending is None or f"{own.place}".lower().endswith(ending[0])):
        return str(own.kind)
    if ending is None or ending[0] in _TEXT:
        return "csv"
    raise ConfigurationError(
        f"model {spec.name}: training_data_path {path!r}",
        f"no reader knows the ending {ending[0]}; bring files that end in {', '.join(sorted(endings))}",
    )
