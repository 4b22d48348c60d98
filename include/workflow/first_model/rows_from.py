"""Has a model file read its rows from another place; what else stands in it, comments too, stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from include.errors import ConfigurationError
from include.registry.home import at_home
from include.registry.loader import load_model_file, model_file
from include.registry.source import SOURCES, FileSource, SampleSource
from include.workflow.first_model.written import write_file


def read_rows_from(models_dir: Path, model_name: str, place: str) -> Path:
    """Write another path into the source of a model file; the file.

    Of a pair of files that without timestamps holds the recent rows, it is these. A model of the sample rows of this
    package reads files from then on.

    Parameters
    ----------
    place : str
        A file, a folder, a glob or an ``s3://`` address; relative ones start from the working directory.

    Raises
    ------
    ConfigurationError
        Where there is nothing, for a model whose rows a query selects, and where the file would not load.
    """
    file = model_file(models_dir, model_name)
    source = load_model_file(file).source
    where = place if "://" in place else str(at_home(place, f"--data {model_name}").absolute())
    if "://" not in place and not any(Path("/").glob(where.lstrip("/"))):
        raise ConfigurationError(f"--data {model_name}", f"there is no file {where}")
    if not isinstance(source, FileSource | SampleSource):
        raise ConfigurationError(file, "its rows come from a query: no path can stand for it; edit the file")
    kind = next((name for name, each in SOURCES.items() if where.endswith(each.endings or ("\0",))), "")
    kind = kind or (source.kind if isinstance(source, FileSource) else "csv")
    text = file.read_text(encoding="utf-8")
    changes = _fields(source, where, kind)
    write_file(file, _with_fields(text, changes, whole=isinstance(source, SampleSource)), force=True)
    return file


def _fields(source: FileSource | SampleSource, where: str, kind: str) -> dict[str, str]:
    if source.timed:
        return {"kind": kind, "path": where}
    if isinstance(source, SampleSource):
        return {"kind": kind, "reference_path": where, "recent_path": where}
    return {"kind": kind, "recent_path": where}


def _with_fields(text: str, changes: dict[str, str], *, whole: bool) -> str:
    """The text of a model file with other fields in its source, or with these alone."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)  # it has been loaded
    source = next(value for name, value in root.value if name.value == "source")
    if whole:
        fields = ", ".join(f"{name}: {json.dumps(value)}" for name, value in changes.items())
        end = source.end_mark if source.flow_style else source.value[-1][1].end_mark  # a block ends behind comments
        return f"{text[: source.start_mark.index]}{{{fields}}}{text[end.index :]}"
    for name, value in reversed(source.value):
        if name.value in changes:
            begin, end = value.start_mark.index, value.end_mark.index
            text = f"{text[:begin]}{json.dumps(changes[name.value])}{text[end:]}"
    return text
