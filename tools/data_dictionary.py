"""Writes ``docs/tables.md``, the data dictionary, from the comments in ``sql/schema``.

Run as ``python -m tools.data_dictionary`` after a change of the schema. It starts a Postgres of its own, makes the
tables in it, and asks them for their comments; a test fails while the page is out of date.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from include.records.postgres.session import SCHEMA
from include.records.schema import migrate
from tools.embedded_postgres import EmbeddedPostgres
from tools.layout import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "tables.md"

INTRODUCTION = """# The tables of the records

*Made by `python -m tools.data_dictionary` from the comments in `sql/schema`; change those, not this page.*

All tables are in the schema `retraining`, which `python -m include.cli migrate` puts first in the search path of the
database: `SELECT * FROM model_retraining_events` works as it stands. (Only the owner of a database may set that for
all users. Where somebody else migrates, other users write `retraining.model_retraining_events`, or set their own path:
`ALTER ROLE ann SET search_path TO retraining, public`.) All times are UTC.

**Who may do what.** `migrate` makes three roles, if it may; nobody logs in as one, they are granted:
`GRANT retraining_reader TO ann`.

| role | for | may |
|---|---|---|
| `retraining_writer` | a workflow that does not own the tables | read all, add rows, change what the workflow does |
| `retraining_reader` | analysts and auditors | read all tables and views |
| `retraining_metrics` | a scraper | read names, times, numbers and states; no settings, no text that people wrote |

**Old months.** `model_drift_monitoring`, `model_performance_tracking` and `retraining_analyses` grow with every run,
and are kept in a partition a month. `RETRAINING_KEEP_MONTHS=24 python -m include.cli retention`, run by the owner of
the tables, removes the months before the last 24 ([operations](operations.md#retention)).

What was decided, trained, compared and put into production stays for ever, with the rows that each run saw
(`retraining_runs`); `dropped_months` says what was removed, when and by whom, and so do reports. Within a month nothing
can be deleted or changed once it was decided on.

**The audit chain.** `audit_chain` has an entry for each state of each row of `retraining_decisions` (with its row of
`retraining_runs`), `model_retraining_events`, `model_version_management` and `model_deployment_history`, hashed
together with the entry before it: `python -m include.cli audit verify` says whether all is as it was written down.

**Indexes.** `python -m benchmarks.query_plans` fills a database with a million events of 40 models in two years, and
lets Postgres say how it would run each query of `sql/queries`: none reads a growing table from end to end, but those
that are to return or count all of its rows.
"""

_RELATIONS = """
    SELECT c.oid, c.relname AS name, c.relkind = 'v' AS is_view, obj_description(c.oid, 'pg_class') AS comment
    FROM pg_class c
    WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
    ORDER BY c.relkind = 'v', c.oid
"""
_COLUMNS = """
    SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required,
           a.attgenerated <> '' AS generated, col_description(a.attrelid, a.attnum) AS comment
    FROM pg_attribute a WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_KEYS = """
    SELECT pg_get_constraintdef(k.oid) AS definition FROM pg_constraint k
    WHERE k.conrelid = %s AND k.contype IN ('p', 'u', 'f') ORDER BY k.contype = 'f', k.contype, k.conname COLLATE "C"
"""
_GUARDS = """
    SELECT regexp_replace(
        pg_get_indexdef(i.indexrelid), '^CREATE UNIQUE INDEX (\\S+) ON \\S+ USING \\w+', 'UNIQUE \\1'
    ) AS definition
    FROM pg_index i
    WHERE i.indrelid = %s AND i.indisunique AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
    ORDER BY 1
"""


def dictionary(connection: psycopg.Connection[Any]) -> str:
    """Return the page for the records that the connection leads to."""
    with psycopg.Cursor(connection, row_factory=dict_row) as cursor:
        relations = cursor.execute(_RELATIONS, (SCHEMA,)).fetchall()
        parts = [INTRODUCTION, "## Tables\n"]
        for relation in relations:
            if relation["is_view"] and "## Views\n" not in parts:
                parts.append("## Views\n")
            columns = cursor.execute(_COLUMNS, (relation["oid"],)).fetchall()
            keys = cursor.execute(_KEYS, (relation["oid"],)).fetchall()
            keys += cursor.execute(_GUARDS, (relation["oid"],)).fetchall()
            parts.append(_section(relation, columns, [key["definition"] for key in keys]))
    return "\n".join(parts)


def _section(relation: dict[str, Any], columns: list[dict[str, Any]], keys: list[str]) -> str:
    lines = [f"### {relation['name']}", "", relation["comment"] or "", ""]
    lines += ["| column | type | meaning |", "|---|---|---|"]
    for column in columns:
        kind = column["type"].replace("timestamp with time zone", "timestamptz")
        optional = "" if relation["is_view"] or column["required"] or column["generated"] else ", may be NULL"
        lines.append(f"| `{column['name']}` | {kind}{optional} | {_cell(column['comment'] or '')} |")
    lines += ["", *(f"- {_cell(key)}" for key in keys)]
    return "\n".join(lines).rstrip() + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def main() -> int:
    """Write the page."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres") as server:
        server.create_databases("records")
        with psycopg.connect(server.uri("records")) as connection:
            migrate(connection)
            PAGE.write_text(dictionary(connection), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
