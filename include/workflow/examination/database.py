"""The records database: reached, fit, of the code's schema, with rights that are enough and not too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg

from include.decision.decision import Severity
from include.errors import ConfigurationError
from include.records.entries.examination import Finding, Seen, Told
from include.records.masking import mask
from include.records.migration_files import (
    MIGRATIONS,
    SCHEMA_FILES,
    Applied,
    SqlFile,
    missing_steps,
    read_schema,
    read_steps,
)
from include.records.postgres.examination import RecordsSeen, ServerSeen
from include.records.postgres.session import sql_name
from include.records.whole_schema import lost
from include.workflow.examination.subject import Subject
from include.workflow.migrate import OWN_SCHEMA, elsewhere
from include.workflow.refusals import LET_CALL

WHERE = "the records database"
TRIED = (140000, 190000)  # from Postgres 14 to 18
CLOCK = timedelta(seconds=5)
SPARE = 10  # connections besides those of tasks: page, command line, monitoring
SHOWN = 8  # names in one finding
LOOSE = "loose month"
EACH = 2  # connections of a task that retrains


def server(subject: Subject) -> Iterator[Told]:
    """Version, time zone, isolation, timeouts, and whether it may be written to."""
    found = subject.server
    told = f"Postgres {found.version // 10000}"
    if not TRIED[0] <= found.version < TRIED[1]:
        late = found.version >= TRIED[1]
        yield Finding(
            subject=WHERE, told=f"its server is {told}; 14 to 18 were tried out",
            way_out="update this package before you update the server further" if late else "upgrade it to 14 or later",
            severity=Severity.LOW if late else Severity.CRITICAL,
        )  # fmt: skip
    if found.read_only == "on":
        yield Finding(
            subject=WHERE, told="its transactions are read-only: nothing can be written down",
            way_out="name the primary in AIRFLOW_CONN_RETRAINING_DB, or ALTER DATABASE … RESET "
            "default_transaction_read_only",
            severity=Severity.CRITICAL,
        )  # fmt: skip
    if found.session_timezone != "UTC":
        yield Finding(
            subject=WHERE, told=f"its sessions keep the time zone {found.session_timezone}, though UTC was set",
            way_out="let the pooler in between pass on set_config, or name the server itself",
            severity=Severity.HIGH,
        )  # fmt: skip
    usual = {
        "time zone": found.timezone, "isolation": found.isolation, "statement_timeout": found.statement_timeout,
        "idle_in_transaction_session_timeout": found.idle_in_transaction, "idle_session_timeout": found.idle_session,
    }  # fmt: skip
    yield Seen(told=f"{told}; {', '.join(f'{name} {value}' for name, value in usual.items())}; sessions set their own")


def room(subject: Subject) -> Iterator[Told]:
    """Connections: those that server, user and database may have, against what tasks want at once."""
    found = subject.server
    tasks = 4 if subject.surroundings is None else subject.surroundings.parallelism
    wanted = EACH * tasks + SPARE
    yield Seen(told=f"{found.connections} of {found.max_connections} connections are in use")
    for whose, used, most, reserved, way_out in _limits(found):
        if 0 <= most < wanted + reserved or 0 <= most < used + SPARE + reserved:
            kept = f", {reserved} are kept for superusers" if reserved else ""
            yield Finding(
                subject=WHERE, told=f"{used} of {most} connections{whose} are in use{kept}; {tasks} tasks at once want "
                f"up to {EACH * tasks}, page and commands {SPARE} more",
                way_out=f"{way_out} {max(wanted, used + SPARE) + reserved} or more, lower Airflow's parallelism, or "
                "put a pooler in between (RETRAINING_DB_DIRECT names the server itself for claims)",
                severity=Severity.MEDIUM,
            )  # fmt: skip


def _limits(found: ServerSeen) -> Iterator[tuple[str, int, int, int, str]]:
    """What connections are limited by: whose, how many are used, the limit, how many are kept, how it is raised."""
    yield "", found.connections, found.max_connections, found.reserved, "raise max_connections to"
    user, database = sql_name(found.login_name), sql_name(found.database_name)
    yield f" of the user {user}", found.of_user, found.user_limit, 0, f"ALTER ROLE {user} CONNECTION LIMIT"
    yield (
        f" of the database {database}", found.of_database, found.database_limit, 0,
        f"ALTER DATABASE {database} CONNECTION LIMIT",
    )  # fmt: skip


def pooler(subject: Subject) -> Iterator[Told]:
    """A pooler that lends sessions cannot hold the right to retrain a model."""
    why, direct = subject.records.lends_sessions(), subject.settings.direct
    if why and not direct:
        yield Finding(subject=WHERE, told=why.partition("; all else")[0], severity=Severity.HIGH,
                      way_out="set RETRAINING_DB_DIRECT to an address that leads straight to the server")  # fmt: skip
    elif direct and "://" in direct:
        yield from _direct(subject, direct)
    else:
        yield Seen(told="a pooler, which RETRAINING_DB_DIRECT leads past" if why else "sessions are the clients' own")


def _direct(subject: Subject, address: str) -> Iterator[Told]:
    wrong = ""
    try:
        records = RecordsSeen(partial(psycopg.connect, address, connect_timeout=2))
        if records.identity() != subject.records.identity():
            wrong = "leads to other records than the connection retraining_db"
        elif why := records.lends_sessions():
            wrong = why.partition("; all else")[0]
        elif (found := records.server()).read_only == "on" or not (found.may_write and found.may_call):
            wrong = f"nothing can be written through it (user {found.user_name}): no retrain can end"
    except psycopg.Error as error:
        wrong = f"cannot be reached: {mask(' '.join(str(error).split()))}"
    if wrong:
        yield Finding(
            subject="RETRAINING_DB_DIRECT", told=wrong, severity=Severity.HIGH,
            way_out="correct it, or leave it out where there is no pooler: each retrain takes its lock there",
        )  # fmt: skip
    else:
        yield Seen(told="RETRAINING_DB_DIRECT leads straight to the same records")


def rights(subject: Subject) -> Iterator[Told]:
    """Who this program is in the database."""
    found = subject.server
    if found.superuser:
        yield Finding(
            subject=WHERE, told=f"its user {found.user_name} is a superuser: no rule of the records binds it",
            way_out="CREATE ROLE airflow_writer LOGIN PASSWORD '…'; GRANT retraining_writer TO airflow_writer; and "
            "name that user in AIRFLOW_CONN_RETRAINING_DB, the owner only for `migrate`",
            severity=Severity.LOW,
        )  # fmt: skip
    if not found.may_write:
        yield Finding(
            subject=WHERE, told=f"its user {found.user_name} may not write events: each run fails at its decision",
            way_out="let the owner of the tables run `python -m include.cli migrate`, which gives roles the rights "
            f"that a restore has left out, and: GRANT retraining_writer TO {sql_name(found.user_name)}",
            severity=Severity.CRITICAL,
        )  # fmt: skip
    elif not found.may_call:
        yield Finding(
            subject=WHERE, told=f"its user {found.user_name} may not call the functions of the records: no model is "
            "retrained", way_out=f"let the owner of the tables run: {LET_CALL}", severity=Severity.CRITICAL,
        )  # fmt: skip
    yield Seen(told=f"the user is {found.user_name}")


def schema(subject: Subject) -> Iterator[Told]:
    """Whether tables and code fit each other."""
    applied = {name: Applied(*told) for name, told in subject.records.applied().items()}
    files, wrong = read_schema(SCHEMA_FILES), ""
    try:
        missing = missing_steps(files, read_steps(MIGRATIONS), applied) if applied else files
    except ConfigurationError as error:
        missing, wrong = [], "; ".join(error.problems)
    if missing and (applied or subject.server.may_write):  # else they are there, and this user may not see them
        yield Finding(subject=WHERE, told=f"it lacks {', '.join(file.name for file in missing)}",
                      way_out="python -m include.cli migrate", severity=Severity.CRITICAL)  # fmt: skip
    if wrong:
        yield Finding(
            subject=WHERE, told=f"its tables are those of another version of this package: {wrong}",
            way_out="install the version that migrated it, or a later one, on scheduler, workers and here; then "
            "python -m include.cli migrate",
            severity=Severity.CRITICAL,
        )  # fmt: skip
    if applied and not missing and not wrong:
        yield from _whole(subject, files)
    name, shared = subject.records.schemas()
    if shared:
        yield Finding(subject=WHERE, told=elsewhere(name, shared), way_out=OWN_SCHEMA, severity=Severity.LOW)
    yield Seen(told="tables and code were compared by the files of sql/schema and sql/migrations")


def _whole(subject: Subject, files: Sequence[SqlFile]) -> Iterator[Told]:
    there = subject.records.objects()
    if loose := sorted(name for kind, name in there if kind == LOOSE):
        month, whole = loose[0][-7:].replace("_", "-"), loose[0][:-8]
        yield Finding(
            subject=WHERE, told=f"{', '.join(loose[:SHOWN])}: of a month, and no part of the whole: a restore met "
            "errors, or somebody detached it; nobody reads its rows, and runs of that month fail",
            way_out=f"let the owner of the tables run: ALTER TABLE {whole} ATTACH PARTITION {loose[0]} FOR VALUES FROM "
            f"('{month}-01 00:00+00') TO (the first of the next month); or give it another name, if it is put aside",
            severity=Severity.HIGH,
        )  # fmt: skip
    if taken := subject.records.behind():
        yield Finding(
            subject=WHERE, told=f"the next number of {', '.join(taken)} is taken: a move by replication, or a copy of "
            "rows alone, leaves the sequences behind; runs fail until they are passed",
            way_out="let the owner of the tables run: python -m include.cli migrate", severity=Severity.CRITICAL,
        )  # fmt: skip
    if gone := lost(files, there):
        more = f" and {len(gone) - SHOWN} more" if len(gone) > SHOWN else ""
        yield Finding(
            subject=WHERE, told=f"{', '.join(gone[:SHOWN])}{more}: gone, or switched off; a restore met errors, or "
            "somebody took it away, and what it guards against may happen",
            way_out="restore a whole dump into an empty database; or let the owner of the tables run what sql/schema "
            "says of each (of a trigger that is off: ALTER TABLE … ENABLE TRIGGER …)",
            severity=Severity.HIGH,
        )  # fmt: skip


def clock(subject: Subject) -> Iterator[Told]:
    """The clocks of the server and of this machine."""
    before = datetime.now(UTC)
    theirs = subject.records.server().at
    apart = max(before - theirs, theirs - datetime.now(UTC), timedelta(0))
    if apart > CLOCK:
        yield Finding(
            subject="the clock of this machine", told=f"is {apart.total_seconds():.0f} s from that of the database "
            "server: windows and cooldowns end early or late",
            way_out="set both by NTP (chrony, systemd-timesyncd)", severity=Severity.MEDIUM,
        )  # fmt: skip
    else:
        yield Seen(told="the clocks of server and machine agree within 5 s")
