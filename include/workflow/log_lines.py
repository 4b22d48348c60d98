"""What this package logs, wherever that is led: no secret in it, nothing that acts on a terminal, no line forged."""

from __future__ import annotations

import logging
from contextlib import suppress

from include.records.inert import inert
from include.records.masking import mask

ROOM = "include"  # the logger above all of this package's


def clean_line(text: str) -> str:
    r"""`text` as a log may hold it: of several lines all but the first are indented, so that none looks like a record.

    >>> clean_line("no answer: password=abc\nERROR \x1b[2J")
    'no answer: password=***\n    ERROR \\x1b[2J'
    """
    return _clean(text).replace("\n", "\n    ")


def _clean(text: str) -> str:
    return inert(mask(text))


def clean_logs() -> None:
    """Have the records of this package's loggers cleaned before any handler has them; once, however often called."""
    logger = logging.getLogger(ROOM)
    if not any(isinstance(each, _Cleaning) for each in logger.handlers):
        logger.handlers.insert(0, _Cleaning())


def without_secrets(error: BaseException) -> BaseException:
    """The same error, with no secret in what it says, nor in what those behind it say, as a traceback shows them.

    Nor is there anything left that acts on a terminal.
    """
    for each in reversed(_chain(error)):  # so that what is behind one says none any more
        with suppress(AttributeError):  # of a class that lets nobody set them
            each.args = tuple(_clean(part) if isinstance(part, str) else part for part in each.args)
        if isinstance(each, OSError) and isinstance(each.filename, str):
            each.filename = _clean(each.filename)
        if notes := getattr(each, "__notes__", None):
            each.__notes__ = [_clean(str(note)) for note in notes]
        suppressed = each.__suppress_context__
        each.__cause__, each.__context__ = _sayable(each.__cause__), _sayable(each.__context__)
        each.__suppress_context__ = suppressed  # a cause sets it
    return error


def _chain(error: BaseException) -> list[BaseException]:
    """An error and all that a traceback shows with it."""
    found, seen = [error], {id(error)}
    for each in found:  # it grows while it is gone through
        behind = each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        for other in (each.__cause__, each.__context__, *behind):
            if other is not None and id(other) not in seen:
                seen.add(id(other))
                found.append(other)
    return found


def _sayable(error: BaseException | None) -> BaseException | None:
    """An error as it is to be shown; where it makes its text of more than its arguments, one that says the same."""
    try:
        if error is None or (told := _clean(f"{error}")) == f"{error}":
            return error
    except Exception:  # it cannot say anything, and a traceback shows that
        return error
    said = RuntimeError(f"{type(error).__name__}: {told}").with_traceback(error.__traceback__)
    said.__cause__, said.__context__, said.__suppress_context__ = (
        error.__cause__, error.__context__, error.__suppress_context__
    )  # fmt: skip
    return said


def _message(record: logging.LogRecord) -> str:
    """What is logged, also where its parts do not fit its text: who logs is not stopped by that."""
    try:
        return record.getMessage()
    except Exception:
        return f"{record.msg} {record.args}"


class _Cleaning(logging.Handler):
    """Rewrites records in place; it is the first that they come to, as handlers of a logger come before those above."""

    def emit(self, record: logging.LogRecord) -> None:
        record.msg, record.args = clean_line(_message(record)), None
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            shown = _sayable(without_secrets(error)) or error
            record.exc_info = (type(shown), shown, error.__traceback__)
        others = [*logging.getLogger(ROOM).handlers[1:], *logging.getLogger().handlers]
        last = logging.lastResort  # which Python asks where there is no handler, and so not this one
        if last is not None and not others and record.levelno >= last.level:
            last.handle(record)
