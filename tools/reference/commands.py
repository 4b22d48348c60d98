"""The commands of ``python -m include.cli`` with their flags, as argparse knows them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from include.cli.__main__ import make_parser
from tools.reference.tables import table


def known_commands() -> Mapping[str, argparse.ArgumentParser]:
    """Each command's parser by its name, in the order of the help."""
    found = next(each for each in make_parser()._actions if isinstance(each, argparse._SubParsersAction))
    parsers: Mapping[str, argparse.ArgumentParser] = found.choices
    return parsers


def flags_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """The arguments and flags of a command, but for ``--help``."""
    return [each for each in parser._actions if "--help" not in each.option_strings]


def commands() -> str:
    """A heading, a sentence and a table for each command."""
    parts, before = list[str](), dict[str, list[tuple[str, str, str]]]()
    for name, parser in known_commands().items():
        rows = [(_name(each), _value(each), _told(each)) for each in flags_of(parser)]
        parts.append(f"### {name}\n\n{' '.join((parser.description or '').split())}")
        like = next((other for other, known in before.items() if len(known) > 1 and set(known) < set(rows)), "")
        if like:
            parts.append(f"What `{like}` takes, and:")
        own = [row for row in rows if not like or row not in before[like]]
        parts += [table(("argument", "value", "what it says"), own)] if own else []
        before[name] = rows
    return "\n\n".join(parts)


def _name(action: argparse.Action) -> str:
    if action.option_strings:
        needed = ", needed" if action.required else ""
        return ", ".join(f"`{each}`" for each in action.option_strings) + needed
    several = " …" if action.nargs == "+" else ""
    return f"`{action.dest}`{several}{', may be left out' if action.nargs == '?' else ''}"


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if action.choices is not None:
        return ", ".join(f"`{each}`" for each in action.choices if each)
    many = " …" if action.nargs == "+" else ""
    return f"{action.metavar or action.dest.upper()}{many}" if action.option_strings else ""


def _told(action: argparse.Action) -> str:
    return (action.help or "") % {**vars(action), "prog": ""}
