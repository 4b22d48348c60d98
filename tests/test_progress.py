from __future__ import annotations

import io
import time

from include.cli.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_takes_long_is_told_once_where_nobody_watches() -> None:
    out = io.StringIO()
    with progress("reading rows", patience=0.01, stream=out):
        time.sleep(0.1)
    assert out.getvalue() == "reading rows …\n"


def test_what_is_quick_is_not_told() -> None:
    out = io.StringIO()
    with progress("reading rows", patience=5.0, stream=out):
        pass
    assert out.getvalue() == ""


def test_terminal_shows_the_seconds_and_is_clean_afterwards() -> None:
    out = Terminal()
    with progress("reading rows", patience=0.01, stream=out):
        time.sleep(0.1)
    assert out.getvalue().startswith("\rreading rows … 0 s")
    assert out.getvalue().endswith("\r\033[K")
