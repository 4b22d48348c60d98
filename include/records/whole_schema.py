"""What the files of ``sql/schema`` make, by name: a restore that met errors, or a person, may leave some of it out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from include.records.migration_files import SqlFile

_COMMENT = re.compile(r"^\s*--.*$", re.MULTILINE)
_MADE = {
    "relation": re.compile(r"^\s*CREATE (?:TABLE|VIEW|(?:UNIQUE )?INDEX) (?:IF NOT EXISTS )?(\w+)", re.MULTILINE),
    "function": re.compile(r"^\s*CREATE (?:OR REPLACE )?FUNCTION (\w+)\(", re.MULTILINE),
    "trigger": re.compile(r"^\s*CREATE (?:CONSTRAINT )?TRIGGER (\w+)", re.MULTILINE),
    "constraint": re.compile(r"\bCONSTRAINT (\w+)\s+(?:PRIMARY|UNIQUE|CHECK|FOREIGN|REFERENCES|EXCLUDE)\b"),
}


def lost(files: Iterable[SqlFile], there: Collection[tuple[str, str]]) -> list[str]:
    """What the files make and a database does not have, or has switched off, such as ``relation one_champion``.

    Parameters
    ----------
    there : collection of (str, str)
        Kind and name of what it has.
    """
    made = [
        (kind, name)
        for file in files
        for kind, pattern in _MADE.items()
        for name in pattern.findall(_COMMENT.sub("", file.text))
    ]
    return [f"{kind} {name}" for kind, name in dict.fromkeys(made) if (kind, name) not in there]
