"""Command line: ``python -m include.cli init | validate | explain | check | execute | status | history | …``."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import sys
from collections.abc import Sequence

from include.cli import (
    backtest,
    completion,
    documents,
    examining,
    first_model,
    keeping,
    overview,
    people,
    plain_files,
    quarantines,
    replay,
    requests,
    settings,
    system,
    trying,
    versions,
)
from include.cli.answer import BAD_INPUT, DONE, NOT_READ, UNREACHABLE, Answer, note, show, to_json
from include.errors import RetrainingError, SourceUnavailable
from include.records.masking import mask
from include.workflow.log_lines import clean_logs, without_secrets
from include.workflow.refusals import refusal_of
from include.workflow.threads import let_idle_threads_sleep

#: The groups of commands, in the order of the help.
GROUPS = (
    first_model, plain_files, backtest, replay, settings, system, examining, overview, requests, versions, quarantines,
    people, documents, trying, keeping, completion,
)  # fmt: skip


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})  # of a disk that output is led to
_ADDRESS = (
    "AIRFLOW_CONN_RETRAINING_DB is no valid Postgres URI; write postgresql://user:password@host:port/database, without "
    "quotes and without a driver such as +psycopg2, special characters per cent-encoded"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code, as `include.cli.answer.CODES` says."""
    let_idle_threads_sleep()
    clean_logs()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    if sys.stdout is None:  # whoever started it closed it
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as long as the process lives
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal without our letters still shows the rest
    options = make_parser().parse_args(arguments)
    code = NOT_READ
    try:
        found = options.command(options)
        code = found.code if isinstance(found, Answer) else int(found or DONE)
        if isinstance(found, Answer):
            show(found, as_json=options.json)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has seen enough; the answer is as it was
        _say_no_more()
        return code
    except KeyboardInterrupt:
        note("interrupted")
        return 130
    except RetrainingError as error:
        away = isinstance(error, SourceUnavailable)
        code = getattr(options, "unreachable", UNREACHABLE) if away else BAD_INPUT
        return _failed(options, type(error).__name__, f"{error}", code)
    except Exception as error:
        told, code = _trouble(error)
        if not told:
            without_secrets(error)
            raise
        return _failed(options, "", told, code)
    return code


def _say_no_more() -> None:
    """Lead what is left of the output to nowhere, so that it is not tried again at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(options: argparse.Namespace, kind: str, told: str, code: int) -> int:
    """Say on standard error what went wrong, and with ``--json`` also where a document is waited for."""
    note(f"{kind}: {told}" if kind else told)
    if options.json:
        print(to_json({"error": {"type": kind or "Unusable", "detail": mask(told), "exit_code": code}}))
    return code


def _trouble(error: Exception) -> tuple[str, int]:
    """What a file or the database of the records refuses, in a line; empty for what is a fault of ours.

    An address that cannot be read is not repeated: it holds a password.
    """
    import psycopg

    if isinstance(error, OSError) and error.errno in _FULL:
        _say_no_more()
        return f"the output cannot be written: {error.strerror}", BAD_INPUT
    if isinstance(error, OSError):
        return (f"{error.strerror or error}: {error.filename}" if error.filename else ""), BAD_INPUT
    if told := refusal_of(error):
        lacking = isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn)
        return told, BAD_INPUT if lacking else UNREACHABLE
    if isinstance(error, psycopg.OperationalError):
        return f"the records database (AIRFLOW_CONN_RETRAINING_DB) cannot be used: {error}", UNREACHABLE
    unreadable = type(error) is psycopg.ProgrammingError and error.sqlstate is None
    return (_ADDRESS if unreadable else ""), BAD_INPUT


def make_parser() -> argparse.ArgumentParser:
    """What reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m include.cli", description="Keeps production models good.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, *, help: str, description: str | None) -> argparse.ArgumentParser:
        # without abbreviations: --token would be --token-file, and its value is told in a message
        made = commands.add_parser(name, help=help, description=description, allow_abbrev=False)
        made.add_argument("--json", action="store_true", help="print one JSON document")
        return made

    for group in GROUPS:
        group.add_commands(add)
    return parser


if __name__ == "__main__":
    sys.exit(main())
