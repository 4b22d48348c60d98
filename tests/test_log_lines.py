"""What is logged, and what a traceback shows: no secret, nothing that acts on a terminal, no line forged."""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from include.errors import ConfigurationError, DataError
from include.workflow.log_file import log_to
from include.workflow.log_lines import ROOM, clean_logs, without_secrets

MARK = "m4rk" + "4711"  # in two parts: a traceback shows the lines of this file
SECRET = f"password={MARK}"
ACTING = "\x1b[2J\u202e\u200f"
FORGED = "2026-11-30 12:00:00,000 INFO include.x: approved"


class Settings(BaseModel):
    """Whose error says what it was given, and has no arguments."""

    password: int


def validated() -> Exception:
    try:
        Settings.model_validate({"password": MARK})
    except ValidationError as error:
        return error
    raise AssertionError


def noted() -> Exception:
    error = ValueError("refused")
    error.add_note(SECRET)
    return error


ERRORS: dict[str, Callable[[], Exception]] = {
    "ours": lambda: DataError(SECRET), "a setting": lambda: ConfigurationError("field url", f"x://me:{MARK}@h"),
    "another's": lambda: RuntimeError(SECRET, 3), "a key": lambda: KeyError(SECRET), "with a note": noted,
    "of a file": lambda: FileNotFoundError(2, "no such file", f"s3://key:{MARK}@bucket/x"), "validated": validated,
    "a group": lambda: ExceptionGroup("two", [ValueError(SECRET), OSError(f"Authorization: Bearer {MARK}")]),
    "acting": lambda: ValueError(f"{ACTING}{SECRET}"),
}  # fmt: skip


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """A logger of the package, whose handlers are as they were afterwards."""
    above = logging.getLogger(ROOM)
    handlers, level = list(above.handlers), above.level
    clean_logs()
    clean_logs()
    yield logging.getLogger(f"{ROOM}.workflow.tried")
    for handler in set(above.handlers) - set(handlers):
        handler.close()
        above.removeHandler(handler)
    above.setLevel(level)


def raised(told: Exception, behind: Exception, *, meant: bool) -> BaseException:
    try:
        try:
            raise behind
        except Exception as error:
            if meant:
                raise told from error
            raise told  # noqa: B904  # the other one is its context
    except Exception as error:
        return error


@pytest.mark.parametrize("meant", [True, False])
@pytest.mark.parametrize("behind", ERRORS.values(), ids=ERRORS)
def test_traceback_shows_no_secret_of_an_error_and_those_behind_it(
    behind: Callable[[], Exception], meant: bool
) -> None:
    for told in ERRORS.values():
        if told is validated:
            continue  # it is never the last: what reads settings raises an error of ours from it
        error = raised(told(), behind(), meant=meant)
        shown = "".join(traceback.format_exception(without_secrets(error)))
        assert MARK not in shown
        assert not set(ACTING[0]) & set(shown)
        assert ("direct cause" in shown) == meant
        assert ("During handling" in shown) == (not meant)


def test_records_are_clean_wherever_they_are_led(logger: logging.Logger, tmp_path: Path) -> None:
    log_to(tmp_path / "own.log")
    elsewhere = logging.StreamHandler(io.StringIO())
    logging.getLogger().addHandler(elsewhere)
    try:
        logger.warning("%s: %s", "sales", f"{SECRET}\n{FORGED}{ACTING}")
        try:
            raise raised(DataError("x"), RuntimeError(f"{SECRET}\n{FORGED}"), meant=True)
        except DataError:
            logger.exception("not looked at: %s", SECRET)
    finally:
        logging.getLogger().removeHandler(elsewhere)
    for written in (elsewhere.stream.getvalue(), (tmp_path / "own.log").read_text()):
        assert MARK not in written
        assert not set("\x1b\u202e\u200f") & set(written)
        assert "not looked at: password=***" in written
    lines = (tmp_path / "own.log").read_text().splitlines()
    assert [line for line in lines if line.startswith(FORGED)] == []
    assert len([line for line in lines if not line.startswith(" ")]) == 2


class Silent(Exception):
    """One that cannot say what it is."""

    def __str__(self) -> str:
        raise ValueError


class Fixed(Exception):
    """One whose arguments nobody sets."""

    args = property(lambda self: (SECRET,))  # type: ignore[assignment]

    def __str__(self) -> str:
        return SECRET


@pytest.mark.parametrize("error", [Silent(), Fixed(), validated()], ids=["silent", "fixed", "validated"])
def test_no_record_stops_who_logs_or_shows_a_secret(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    logger.error("%d of %s", "three", SECRET)
    try:
        raise raised(DataError("x"), error, meant=True) from error
    except DataError:
        logger.exception("one behind")
    try:
        raise error
    except type(error):
        logger.exception("the last")
    assert [record.message for record in caplog.records] == [
        "%d of %s ('three', 'password=***", "one behind", "the last"
    ]  # fmt: skip
    assert MARK not in caplog.text


def test_without_any_handler_python_still_tells_warnings(
    logger: logging.Logger, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    logger.info("nobody wants it")
    logger.warning("somebody does: %s", SECRET)
    assert capsys.readouterr().err == "somebody does: password=***\n"
