"""Whether a pooler lends the session of a claim to others between two transactions."""

from __future__ import annotations

from contextlib import closing, suppress
from threading import Thread
from typing import Any

import psycopg

from include.errors import ConfigurationError
from include.records.postgres.session import Connect, Session

DIRECT = "RETRAINING_DB_DIRECT"
LOOKS = 4  # a busy pool may lend the same session twice by chance
SECONDS = 5.0  # after which a second connection without an answer waits for a whole session: nothing is shared


def require_own_session(connection: psycopg.Connection[Any], connect: Connect) -> None:
    """Do nothing where `connection` has a session of the server for itself.

    A pooler of transactions (PgBouncer's ``pool_mode = transaction`` or ``statement``) lends one session to several
    clients in turn. A lock of that session says nothing about who retrains a model.

    Parameters
    ----------
    connect : callable
        Opens another connection the same way; called only where a pooler is in between.

    Raises
    ------
    ConfigurationError
        When the session is others' too.
    """
    first = _process(connection)
    if first == connection.info.backend_pid:
        return
    found: list[bool] = []

    def look() -> None:
        with suppress(psycopg.Error), closing(connect()) as other:
            other.autocommit = True
            found.append(any(_lent(connection, first, other, asked) for asked in range(1, LOOKS + 1)))

    looking = Thread(target=look, daemon=True)
    looking.start()
    looking.join(SECONDS)
    if found and found[0]:
        raise ConfigurationError(
            "connection retraining_db (AIRFLOW_CONN_RETRAINING_DB)",
            "leads to a pooler that lends a session of the server to several clients in turn (such as PgBouncer with "
            "pool_mode = transaction): a lock there cannot say who retrains a model, and two might at once. Set "
            f"{DIRECT} to an address (postgresql://user:password@host:port/database), or to the name of an Airflow "
            "connection, that leads straight to the same database; all else may go on through the pooler",
        )


def _lent(connection: psycopg.Connection[Any], first: int, other: psycopg.Connection[Any], asked: int) -> bool:
    """Whether the other client gets this one's session, or this one has got another since.

    The other asks once more each time: a pool that lends its sessions by turns may give each of two the same for ever.
    """
    return any(_process(other) == first for _ in range(asked)) or _process(connection) != first


def _process(connection: psycopg.Connection[Any]) -> int:
    return int(Session(connection).one("find_session", {})["pid"])
