"""The SQL files, by name; SQL lives in ``sql/``, one query a file, so that people can read and run it too."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from include.errors import ConfigurationError

SQL = Path(__file__).resolve().parents[3] / "sql"
QUERIES = SQL / "queries"


@cache
def query(name: str, folder: Path = QUERIES) -> bytes:
    """Return the text of ``sql/queries/<name>.sql``, read once; its values are driver parameters, ``%(name)s``."""
    path = folder / f"{name}.sql"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        known = ", ".join(sorted(other.stem for other in folder.glob("*.sql"))) or "none"
        raise ConfigurationError(path, f"no such query; known: {known}") from None
