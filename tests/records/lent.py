"""Records that a test borrows: its database is emptied and lent again, which costs a tenth of making another one.

A database whose tables, rules or rights are not as they were made is dropped instead.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg
from psycopg import sql

from include.records.schema import migrate
from tools.embedded_postgres import EmbeddedPostgres

TEMPLATE = "records"
RESTING = 3  # that many wait their turn: who is renamed must have lost the session that emptied it
_NUMBERS = itertools.count(1)

_OTHERS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"

#: What has been written, and months that were made; two tables have rows in new records, and must have them still.
_LEFT = """
SELECT CASE WHEN c.relispartition AND NOT c.oid = ANY (%(made)s) THEN 'DROP TABLE ' ELSE 'DELETE FROM ' END
       || c.oid::regclass
FROM pg_class c
WHERE c.relnamespace = 'retraining'::regnamespace AND c.relkind = 'r'
  AND c.relname NOT IN ('schema_migrations', 'records_identity')
  AND (pg_relation_size(c.oid) > 0 OR c.relispartition AND NOT c.oid = ANY (%(made)s))
"""
_NUMBERED = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE schemaname = 'retraining' AND last_value IS NOT NULL
"""
_LOOKS = """
WITH own AS (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
     tables AS (SELECT * FROM pg_class WHERE relnamespace IN (SELECT oid FROM own)),
     routines AS (SELECT oid, xmin FROM pg_proc WHERE pronamespace IN (SELECT oid FROM own))
SELECT
    (SELECT array_agg(oid::bigint ORDER BY oid) FROM tables WHERE relispartition),
    (SELECT string_agg(concat_ws(' ', oid, relname, relkind, relowner, relacl), ',' ORDER BY oid) FROM tables),
    (SELECT sum(xmin::text::bigint) FROM pg_attribute WHERE attrelid IN (SELECT oid FROM tables)),
    (SELECT sum(xmin::text::bigint) FROM pg_constraint WHERE connamespace IN (SELECT oid FROM own)),
    (SELECT sum(xmin::text::bigint) FROM pg_rewrite WHERE ev_class IN (SELECT oid FROM tables)),
    (SELECT string_agg(concat_ws(' ', oid, tgenabled), ',' ORDER BY oid) FROM pg_trigger),
    (SELECT string_agg(concat_ws(' ', oid, xmin), ',' ORDER BY oid) FROM routines),
    (SELECT array_agg(oid::bigint ORDER BY oid) FROM own),
    (SELECT string_agg(concat_ws(' ', setrole, setconfig), ',' ORDER BY setrole)
     FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()),
    (SELECT string_agg(m::text, ',' ORDER BY m) FROM retraining.schema_migrations m),
    (SELECT string_agg(i::text, ',' ORDER BY i) FROM retraining.records_identity i)
"""


class Lent:
    """The databases of one server that are lent, all copies of one with empty records.

    The template has the month of `now`, in which most tests write.
    """

    def __init__(self, server: EmbeddedPostgres, now: datetime) -> None:
        self._server = server
        self._admin = psycopg.connect(server.uri(), autocommit=True)
        self._resting: deque[str] = deque()
        server.create_databases(TEMPLATE)
        with psycopg.connect(server.uri(TEMPLATE)) as connection:
            migrate(connection)
            connection.execute("SELECT prepare_month(%s)", [now])
            self._looks = connection.execute(_LOOKS).fetchone()

    def close(self) -> None:
        """Lend no more."""
        self._admin.close()

    @contextmanager
    def borrow(self, of: str = "") -> Iterator[str]:
        """URI of empty records that nobody else has, or of a copy of those of the database `of`, that nobody is in."""
        name = f"records_{next(_NUMBERS)}"
        if not of and len(self._resting) >= RESTING:
            self._run("ALTER DATABASE {} RENAME TO {}", self._resting.popleft(), name)
        else:
            self._run("CREATE DATABASE {} TEMPLATE {}", name, of or TEMPLATE)
            self._run("ALTER DATABASE {} SET search_path TO retraining, {}, public", name, "$user")
        yield self._server.uri(name)
        if not of and self._is_as_made(name):
            self._resting.append(name)
        else:
            self._run("DROP DATABASE {} WITH (FORCE)", name)

    def _run(self, statement: str, *names: str) -> None:
        self._admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _is_as_made(self, name: str) -> bool:
        """Empty the records and tell whether they are now as they were lent."""
        assert self._looks is not None
        with psycopg.connect(self._server.uri(name), autocommit=True) as connection:
            connection.execute(_OTHERS, [name])
            if connection.execute("SELECT to_regnamespace('retraining')").fetchone() == (None,):
                return False
            left = connection.execute(_LEFT, {"made": self._looks[0]}).fetchall()
            empty = ["SET session_replication_role = replica", *(statement for (statement,) in left), _NUMBERED]
            connection.execute("; ".join(empty).encode())
            return connection.execute(_LOOKS).fetchone() == self._looks
