"""All that a schema has in it, as text: two databases with the same have the same tables."""

from __future__ import annotations

from typing import Any

import psycopg

_NAMESPACE = "n.nspname = 'retraining'"
#: A question each: every row is one line of the answer. Months are left out: each database has its own.
_QUESTIONS = {
    "relation": f"""
        SELECT c.relname, c.relkind, c.reloptions, c.relacl, pg_get_partkeydef(c.oid),
               obj_description(c.oid, 'pg_class')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {_NAMESPACE} AND c.relkind IN ('r', 'p', 'v', 'S') AND NOT c.relispartition""",
    "column": f"""
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
               a.attacl, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE {_NAMESPACE} AND a.attnum > 0 AND NOT a.attisdropped AND NOT c.relispartition
          AND c.relkind IN ('r', 'p', 'v')""",
    "view": f"""
        SELECT c.relname, pg_get_viewdef(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {_NAMESPACE} AND c.relkind = 'v'""",
    "constraint": f"""
        SELECT c.relname, k.conname, pg_get_constraintdef(k.oid), k.convalidated
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {_NAMESPACE} AND NOT c.relispartition AND k.conparentid = 0""",
    "index": f"""
        SELECT c.relname, pg_get_indexdef(i.indexrelid), i.indisvalid
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {_NAMESPACE} AND NOT c.relispartition""",
    "trigger": f"""
        SELECT pg_get_triggerdef(t.oid), t.tgenabled
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {_NAMESPACE} AND NOT t.tgisinternal AND NOT c.relispartition""",
    "function": f"""
        SELECT pg_get_functiondef(f.oid), f.proacl, obj_description(f.oid, 'pg_proc')
        FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace WHERE {_NAMESPACE}""",
    "schema": f"SELECT n.nspacl, obj_description(n.oid, 'pg_namespace') FROM pg_namespace n WHERE {_NAMESPACE}",
}


def catalogue(connection: psycopg.Connection[Any]) -> set[str]:
    """Every object of the records' schema with its definition, comment and grants."""
    connection.execute("SET search_path TO retraining")
    return {
        f"{kind}: {row}"
        for kind, question in _QUESTIONS.items()
        for row in connection.execute(question.encode()).fetchall()
    }
