"""The files that go to and come from a training script; ``docs/training_scripts.md`` is their description."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field, FiniteFloat, ValidationError

from include.errors import TrainingError
from include.registry.section import Section
from include.retraining.prepare import Columns
from include.retraining.trainers.pickles import UNREADABLE, find_pickle
from include.retraining.trainers.trainer import checked_probabilities
from include.scoring import Task

SCHEMA_VERSION = 1
PREDICTION, PROBABILITY = "prediction", "probability_"
_MOST_RESULT_BYTES = 2**20
_ITS_OWN = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP)  # not such as a disk that is full
_Name = Annotated[str, Field(max_length=100)]


class ScriptResult(Section):
    """What a training script reports: metrics that it measured, and the classes if it gives probabilities of them."""

    schema_version: Literal[1]
    metrics: dict[_Name, FiniteFloat] = Field(default_factory=dict, max_length=100)
    classes: list[_Name] = Field(default_factory=list, max_length=1000)


def write_rows(
    file: Path, features: pd.DataFrame, columns: Columns, target: tuple[str, npt.NDArray[Any]] | None = None,
    weight: tuple[str, npt.NDArray[np.float64]] | None = None,
) -> None:  # fmt: skip
    """Write rows as Parquet: doubles and strings, with nulls; weight and target, given as name and values, are last."""
    arrays = {
        name: pa.array(features[name], from_pandas=True, type=pa.string() if name in columns.categorical else None)
        for name in columns.features
    }
    if weight is not None:
        arrays[weight[0]] = pa.array(weight[1])
    if target is not None:
        arrays[target[0]] = pa.array(target[1])
    pq.write_table(pa.table(arrays), file)


def write_request(file: Path, **fields: object) -> None:
    """Write a request; paths as text, what JSON does not know as its text."""
    content = {"schema_version": SCHEMA_VERSION, **fields}
    file.write_text(json.dumps(content, indent=2, default=str), encoding="utf-8")


def read_result(file: Path, made_by: str) -> ScriptResult:
    """Read the result of a training script; a `TrainingError` says what is wrong with it."""
    _refuse_unless_regular(file, made_by)
    if file.stat().st_size > _MOST_RESULT_BYTES:
        raise TrainingError(f"{made_by}: {file.name} is larger than {_MOST_RESULT_BYTES} bytes")
    try:
        return ScriptResult.model_validate_json(file.read_bytes())
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, line['loc']))}: {line['msg']}" for line in error.errors()[:5])
        raise TrainingError(f"{made_by}: {file.name} is not as it should be: {wrong}") from error


@contextmanager
def left_by(made_by: str) -> Iterator[None]:
    """Read what a script left; what it has locked, or put too deep, is a fault of its own."""
    try:
        yield
    except OSError as error:
        if error.errno not in _ITS_OWN:
            raise
        raise TrainingError(
            f"{made_by}: what it left cannot be read: {os.strerror(error.errno)}: {str(error.filename)[:200]}; let the "
            "user of this process read all of it, and put it less deep"
        ) from error


def written_files(folder: Path, made_by: str) -> list[str]:
    """What a script left in `folder`, relative to it, in order.

    Raises
    ------
    TrainingError
        For anything but regular files and folders (a link may point to a secret, a pipe may never end), for a pickle,
        which is not opened, for an archive that cannot be looked into, and for nothing at all.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise TrainingError(f"{made_by}: the output folder was replaced by something else: refused")
    found = []
    for path in sorted(_below(folder)) if folder.exists() else ():
        _refuse_unless_regular(path, made_by)
        if where := _pickle_in(path, made_by):
            raise TrainingError(
                f"{made_by}: {where} looks like a pickle, which runs code when it is opened: refused, not opened; "
                "store weights or parameters in a format that holds data only"
            )
        found.append(str(path.relative_to(folder)))
    if not found:
        raise TrainingError(f"{made_by}: ended with exit code 0, but wrote no model into the output folder")
    return found


def _below(folder: Path) -> Iterator[Path]:
    """All that is in a folder, at any depth, but for folders; an `OSError` where one may not be looked into."""

    def told(error: OSError) -> NoReturn:
        raise error

    for place, folders, files in os.walk(folder, onerror=told):
        found = [Path(place, name) for name in (*folders, *files)]
        yield from (path for path in found if path.is_symlink() or not path.is_dir())


def _pickle_in(path: Path, made_by: str) -> str:
    """Where in a file a pickle is; empty for none."""
    try:
        return find_pickle(path)
    except UNREADABLE as error:
        raise TrainingError(
            f"{made_by}: {path.name} cannot be looked into: {error}; a zip archive has to be whole, without a password"
        ) from error


def copy_files(source: Path, names: Sequence[str], destination: Path) -> None:
    """Copy files by their names relative to both folders."""
    for name in names:
        (destination / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, destination / name)


def read_predictions(file: Path, rows: int, task: Task, made_by: str) -> npt.NDArray[Any]:
    """Predictions of `rows` rows: finite floats, or names of classes."""
    values = _column(file, PREDICTION, rows, made_by)
    if task is Task.CLASSIFICATION:
        return _names(values, f"{made_by}: column {PREDICTION!r}")
    return _floats(values, f"{made_by}: column {PREDICTION!r}")


def read_probabilities(file: Path, rows: int, classes: Sequence[str], made_by: str) -> npt.NDArray[np.float64]:
    """Probabilities of shape (rows, classes); each row sums to 1."""
    columns = [_floats(_column(file, f"{PROBABILITY}{name}", rows, made_by), made_by) for name in classes]
    return checked_probabilities(np.column_stack(columns), made_by)


def _column(file: Path, name: str, rows: int, made_by: str) -> Any:
    _refuse_unless_regular(file, made_by)
    try:
        table = pq.ParquetFile(file)
        if (times := table.schema_arrow.names.count(name)) != 1:
            there = "has no column" if not times else f"has {times} columns"
            raise TrainingError(f"{made_by}: {file.name} {there} {name!r}")
        if table.metadata.num_rows != rows:
            raise TrainingError(f"{made_by}: {file.name} has {table.metadata.num_rows} rows, {rows} were wanted")
        column = table.read(columns=[name]).column(name).combine_chunks()
    except (pa.ArrowException, OSError) as error:
        raise TrainingError(f"{made_by}: {file.name} cannot be read as Parquet: {error}") from error
    if column.null_count:
        raise TrainingError(f"{made_by}: {column.null_count} values of {name!r} are missing")
    return column


def _names(values: Any, what: str) -> npt.NDArray[Any]:
    """Names of classes; numbers and truth values are names as well, bytes are text in UTF-8."""
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    try:
        if pa.types.is_floating(kind):
            return np.array([str(value) for value in _floats(values, what)])
        if pa.types.is_nested(kind) or pa.types.is_temporal(kind):
            raise TrainingError(f"{what}: {kind} are no names of classes; write text")
        text = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
        return np.array([str(value) for value in (values.cast(pa.string()) if text else values).to_pylist()])
    except pa.ArrowException as error:
        raise TrainingError(f"{what}: no names of classes: {error}") from error


def _floats(values: Any, what: str) -> npt.NDArray[np.float64]:
    try:
        floats: npt.NDArray[np.float64] = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except (pa.ArrowException, NotImplementedError) as error:
        raise TrainingError(f"{what}: not numbers: {error}") from error
    if not np.isfinite(floats).all():
        raise TrainingError(f"{what}: not all values are finite")
    return floats


def _refuse_unless_regular(path: Path, made_by: str) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError as error:
        raise TrainingError(f"{made_by}: ended with exit code 0, but wrote no {path.name}") from error
    if not stat.S_ISREG(mode):
        raise TrainingError(f"{made_by}: {path.name} is no regular file: refused")
