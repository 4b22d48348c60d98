"""The command line: ``python -m include.cli``, a file a group of commands."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, as ``python -m include.cli`` does; its exit code."""
    from include.cli import __main__ as command_line

    return command_line.main(arguments)
