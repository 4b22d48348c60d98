"""Numbers that the tables give their rows: a move by replication, or a copy of rows alone, leaves them behind.

The next row would get a number that there is, be refused, and so on, a row at a time, until all are passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

# Those that must be distinct, whose highest an index finds, and whose position this user may see.
_NUMBERED = """
    SELECT c.relname::text, a.attname::text, s.oid::regclass::text
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attidentity = 'a'
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid = a.attnum
        AND d.deptype = 'i'
    JOIN pg_class s ON s.oid = d.objid
    WHERE c.relnamespace = to_regnamespace(quote_ident(%s)) AND NOT c.relispartition
      AND CASE WHEN s.relkind = 'S' THEN has_sequence_privilege(s.oid, 'SELECT') END  -- in this order
      AND has_table_privilege(c.oid, 'SELECT')
      AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indkey[0] = a.attnum)
    ORDER BY c.relname
"""
_BEHIND = """
    SELECT highest FROM (SELECT max({column}) AS highest FROM {table}) there, {sequence} given
    WHERE highest >= last_value + is_called::integer
"""


def behind(connection: psycopg.Connection[Any], schema: str) -> Iterator[tuple[str, str, int]]:
    """The tables whose next number is taken: each with its sequence, and the highest number that there is."""
    with psycopg.Cursor(connection) as cursor:
        for table, column, sequence in cursor.execute(_NUMBERED, (schema,)).fetchall():
            names = {
                "table": sql.Identifier(schema, table), "column": sql.Identifier(column), "sequence": sql.SQL(sequence)
            }  # fmt: skip
            for (highest,) in cursor.execute(sql.SQL(_BEHIND).format(**names)).fetchall():
                yield table, sequence, highest


def lead_on(connection: psycopg.Connection[Any], schema: str) -> None:
    """Let each table go on after its highest number; who may not is told by whoever looks."""
    with connection.transaction(), psycopg.Cursor(connection) as cursor:
        for _, sequence, highest in list(behind(connection, schema)):
            cursor.execute("SELECT setval(%s::regclass, %s)", (sequence, highest))
