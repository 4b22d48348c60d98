"""Secrets that can be found again wherever they were written: in rows, in files, in messages."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

#: Trains nothing: it tells all that it knows, in every way in which programs write it, and gives up.
TELLER = """
import base64, json, os, sys, urllib.parse
for name, value in os.environ.items():
    if "m4rk" not in value:
        continue
    for told in (value, urllib.parse.quote(value), urllib.parse.quote_plus(value), repr(value), json.dumps(value),
                 base64.b64encode(value.encode()).decode(), base64.urlsafe_b64encode(value.encode()).decode(),
                 urllib.parse.quote(urllib.parse.quote(value, safe=""), safe=""), json.dumps(json.dumps(value))):
        print(told)
    print(f"licence refused: {value} of {name}", file=sys.stderr)
    print(f"licence {value} of {name}", file=sys.stderr)
sys.exit(f"cannot go on with {os.environ['SHOP_LICENCE']}")
"""


@dataclass
class Marks:
    """Secrets, each with a core that no encoding of text changes, by the place that they are at home in."""

    cores: dict[str, str] = field(default_factory=dict)

    def secret(self, place: str) -> str:
        """A new one, with characters that addresses, JSON and shells write in other ways."""
        core = self.cores.setdefault(place, f"m4rk{len(self.cores):02}x{os.urandom(4).hex()}")
        return f"ä {core}/@:%+'\"{core}#é"

    def found_in(self, content: bytes) -> set[str]:
        """The places whose secret is in there, in the clear, as base64 or as hexadecimal digits."""
        return {place for place, core in self.cores.items() if any(form in content for form in _forms(core))}

    def leaks(self, written: Iterable[tuple[str, bytes]]) -> list[str]:
        """What was found where, among pieces of writing with the places they were found in; a sentence each."""
        return sorted(f"{secret}: {where}" for where, content in written for secret in self.found_in(content))


def _forms(core: str) -> Iterator[bytes]:
    yield core.encode()
    yield core.encode().hex().encode()
    for before in range(3):  # base64 of it, wherever in a text it stands
        written = base64.b64encode(b"x" * before + core.encode())
        yield written[4 if before else 0 : -4]


def rows_of(uri: str, schema: str) -> Iterator[tuple[str, bytes]]:
    """Every row of every table, by the table's name."""
    with psycopg.connect(uri) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall()
        for (name,) in names:
            table = sql.Identifier(schema, name)
            for (row,) in connection.execute(sql.SQL("SELECT to_jsonb(t)::text FROM {} t").format(table)):
                yield f"{schema}.{name}", row.encode()


def files_below(*folders: Path) -> Iterator[tuple[str, bytes]]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield f"{path}", path.read_bytes()
