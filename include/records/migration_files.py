"""The files of ``sql/schema`` and ``sql/migrations``: read, and held against what a database says it has."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from include.errors import ConfigurationError
from include.records.postgres.queries import SQL

SCHEMA_FILES = SQL / "schema"
MIGRATIONS = SQL / "migrations"

_SCHEMA_NAME = re.compile(r"\d{2}_[a-z0-9_]+\.sql")
_STEP_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")
_OUTSIDE = re.compile(r"\A-- outside of a transaction\b", re.IGNORECASE)
_QUOTE = re.compile(r"\$\w*\$")


@dataclass(frozen=True, kw_only=True)
class SqlFile:
    """One file.

    Parameters
    ----------
    sha256 : str
        Of its text, with lines that end as on every system.
    """

    path: Path
    text: str
    sha256: str

    @property
    def name(self) -> str:
        """Its name, by which a database knows it."""
        return self.path.name

    @property
    def outside(self) -> bool:
        """Whether its statements are run one by one, outside of a transaction."""
        return bool(_OUTSIDE.match(self.text))

    def statements(self) -> Iterator[str]:
        """Its statements, each of which ends with a semicolon at the end of a line."""
        lines: list[str] = []
        quote = ""
        for line in self.text.splitlines():
            if not lines and (not line.strip() or line.lstrip().startswith("--")):
                continue
            lines.append(line)
            for found in _QUOTE.findall(line):
                quote = "" if found == quote else quote or found
            if not quote and line.rstrip().endswith(";"):
                yield "\n".join(lines)
                lines = []
        if lines:
            yield "\n".join(lines)


@dataclass(frozen=True)
class Applied:
    """What a database says of one file."""

    sha256: str
    at: datetime


def read_schema(folder: Path) -> list[SqlFile]:
    """The files that make a new database, in order; a `ConfigurationError` for a folder without order."""
    files = _read(folder, _SCHEMA_NAME, "NN_name.sql")
    if not files:
        raise ConfigurationError(folder, "no files of the schema found")
    return files


def read_steps(folder: Path) -> list[SqlFile]:
    """The migrations, in order; a `ConfigurationError` for a folder without order, or with a gap."""
    files = _read(folder, _STEP_NAME, "NNNN_name.sql") if folder.is_dir() else []
    numbers = [int(file.name[:4]) for file in files]
    if missing := sorted({*range(1, len(files) + 1)} - {*numbers}):
        raise ConfigurationError(folder, f"number {missing[0]:04} is missing: they count from 0001 without gaps")
    return files


def missing_steps(schema: Sequence[SqlFile], steps: Sequence[SqlFile], applied: Mapping[str, Applied]) -> list[SqlFile]:
    """The migrations that a database has not got.

    Raises
    ------
    ConfigurationError
        When the database has one that is not here (a newer version was there), one that has changed since, or was made
        of other files of the schema although no migration lies between.
    """
    known = {step.name: step for step in steps}
    newer = [name for name in applied if _STEP_NAME.fullmatch(name) and name not in known]
    if newer:
        raise ConfigurationError(
            "the records database",
            f"a newer version of this project has brought it up to date: it has {', '.join(sorted(newer))}, which is "
            "not known here. Migrate with that version or a later one; to go back to this one, restore a dump that was "
            "made before",
        )
    for step in steps:
        if step.name in applied and applied[step.name].sha256 != step.sha256:
            raise ConfigurationError(
                step.path,
                "changed after it was applied to this database; restore it, and put the change into a new file",
            )
    missing = [step for step in steps if step.name not in applied]
    if not missing:
        _refuse_other_schema(schema, steps, applied)
    return missing


def _refuse_other_schema(schema: Sequence[SqlFile], steps: Sequence[SqlFile], applied: Mapping[str, Applied]) -> None:
    made = [each.at for name, each in applied.items() if not _STEP_NAME.fullmatch(name)]
    if made and any(applied[step.name].at > max(made) for step in steps):
        return  # it was made of files of an earlier version
    for file in schema:
        if file.name not in applied or applied[file.name].sha256 != file.sha256:
            raise ConfigurationError(
                file.path,
                "changed after it was applied to this database, and no migration leads there; restore it, and put the "
                "change into a new file of sql/migrations, too",
            )


def _read(folder: Path, form: re.Pattern[str], told: str) -> list[SqlFile]:
    paths = sorted(folder.glob("*.sql"))
    problems = [f"{path.name}: expected {told}" for path in paths if not form.fullmatch(path.name)]
    numbers = [path.name.partition("_")[0] for path in paths]
    problems += [f"number {number} is used twice" for number in sorted(set(numbers)) if numbers.count(number) > 1]
    if problems:
        raise ConfigurationError(folder, *problems)
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return [
        SqlFile(path=path, text=text, sha256=hashlib.sha256(text.encode()).hexdigest())
        for path, text in zip(paths, texts, strict=True)
    ]
