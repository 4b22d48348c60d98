"""What the records database refuses, in words that a person can act on."""

from __future__ import annotations

#: Not all functions: who may call those of the audit chain's triggers may forge entries.
LET_CALL = (
    "SET search_path TO retraining (or whatever the schema of the records is called); GRANT EXECUTE ON FUNCTION "
    "records_place, retraining_lock_key, improvement_percent, gain_of_look TO retraining_writer, retraining_reader, "
    "retraining_metrics"
)
_POOLER = (
    "a pooler in between does not do it: let it lend whole sessions or transactions (PgBouncer's pool_mode), and two "
    "to each task at once (default_pool_size), or let AIRFLOW_CONN_RETRAINING_DB name the server itself"
)
_UNLOCK = (
    "see who by: SELECT pid, usename, query, state_change FROM pg_stat_activity WHERE pid IN (SELECT pid FROM pg_locks "
    "WHERE granted AND mode = 'AccessExclusiveLock'); wait, or end it by: SELECT pg_terminate_backend(pid)"
)


def refusal_of(error: Exception) -> str:
    """What to do about what the database refuses to do at all; empty for any other error."""
    from psycopg import errors  # here: a command that needs no database must not wait for it

    from include.records.schema import READ_ONLY

    where = "the records database"
    if isinstance(error, errors.UndefinedTable | errors.UndefinedColumn):
        return (
            f"{where} lacks a table or column, or this user may not see it: run `python -m include.cli migrate` as the "
            "owner of the records; where they are there, have the owner run: GRANT retraining_writer TO this user"
        )
    if isinstance(error, errors.InsufficientPrivilege):
        return (
            f"{where}: {error.diag.message_primary or error}; have the owner of the records run: GRANT "
            "retraining_writer TO the user of AIRFLOW_CONN_RETRAINING_DB (retraining_reader is enough to read), or, if "
            f"a function is refused: {LET_CALL}; who migrates has to be the owner"
        )
    if isinstance(error, errors.UniqueViolation) and error.diag.constraint_name == f"{error.diag.table_name}_key":
        return (
            f"{where}: {error.diag.message_primary}; after a move by replication, or a copy of rows alone, the numbers "
            "of rows begin anew: let the owner of the records run `python -m include.cli migrate`, which leads them on"
        )
    if isinstance(error, errors.ProtocolViolation):
        return f"{where}: {error.diag.message_primary or error}; {_POOLER}"
    if isinstance(error, errors.LockNotAvailable):
        return f"{where}: another session has locked what is needed ({error.diag.message_primary}); {_UNLOCK}"
    return f"{where}: {READ_ONLY}" if isinstance(error, errors.ReadOnlySqlTransaction) else ""
