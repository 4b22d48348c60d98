"""One command, run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from include.cli.__main__ import main


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What it printed as JSON; an error for anything beside it."""
        return json.loads(self.out)


Say = Callable[..., Said]


def saying(capsys: pytest.CaptureFixture[str]) -> Say:
    """What runs a command and tells what it said."""

    def run(*words: str) -> Said:
        capsys.readouterr()
        try:
            code = main(words)
        except SystemExit as ended:
            code = int(ended.code or 0)
        found = capsys.readouterr()
        return Said(code, found.out, found.err)

    return run
