"""Flags that many commands share, each under one name and with one meaning."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from include.cli.arguments import moment, rows
from include.cli.remote import add_flags

Add = Callable[..., argparse.ArgumentParser]


def on_records(add: Add, name: str, told: str, command: Callable[..., object]) -> argparse.ArgumentParser:
    """A command on the records, or with ``--url`` through the REST API."""
    parser = add(name, help=told, description=command.__doc__)
    add_flags(parser)
    parser.set_defaults(command=command)
    return parser


def one_model(parser: argparse.ArgumentParser) -> None:
    """The model that it is about."""
    parser.add_argument("model", help="name of a model")


def any_model(parser: argparse.ArgumentParser) -> None:
    """The model that it is about, or all."""
    parser.add_argument("--model", default="", help="name of a model (default: all)")


def reason(parser: argparse.ArgumentParser, by: str = "who decides", *, needed: bool = True) -> None:
    """Why, and who says so."""
    parser.add_argument("--reason", required=needed, default="", help="why; kept on record")
    parser.add_argument("--by", default="", help=f"{by} (default: the user of this process)")


def period(parser: argparse.ArgumentParser, default: str = "") -> None:
    """From when on, and before when."""
    told = f" (default: {default})" if default else ""
    parser.add_argument("--from", dest="start", type=moment, help=f"first moment of the period{told}")
    parser.add_argument("--to", dest="end", type=moment, help="its end, excluded")


def limit(parser: argparse.ArgumentParser, most: int = 20) -> None:
    """How many rows."""
    parser.add_argument("--limit", type=rows, default=most, help="most rows to show, 1 to 200 (default: %(default)s)")


def cursor(parser: argparse.ArgumentParser) -> None:
    """Which page."""
    parser.add_argument("--cursor", default="", help="a further page, as the one before names it")


def out(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    parser.add_argument("--out", type=Path, help="file to write (default: the terminal)")
