"""Asks the records, or the REST API where ``--url`` names one: both answer in the same shape."""

from __future__ import annotations

import argparse
import getpass
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from include.cli import remote
from include.cli.answer import plain
from include.cli.progress import progress
from include.errors import ConfigurationError

if TYPE_CHECKING:  # imported late: every command reads this file
    from include.workflow.deployment import Deployment


def ask(
    options: argparse.Namespace, direct: Callable[[Deployment], object], method: str, *where: object,
    params: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None,
) -> Any:  # fmt: skip
    """What is on record, as JSON holds it.

    Parameters
    ----------
    direct : callable
        Asks the use case, without ``--url``.
    method : str
    where : str
        Parts of the path of the route that does the same.
    params, body : mapping
        What the route is sent.
    """
    if remote.address_of(options):
        if getattr(options, "by", ""):
            raise ConfigurationError("--by", "through --url whoever has the token asks: leave it out")
        with progress(f"asking {remote.address_of(options)}"):
            return remote.request(options, method, remote.path(*where), params=plain(params), body=plain(body))
    with progress("asking the records"):
        return plain(direct(opened()))


def opened() -> Deployment:
    """This deployment, as the environment says."""
    from include.workflow.deployment import open_deployment

    return open_deployment()


def known(deployment: Deployment, model_name: str) -> None:
    """Do nothing for a model that is known, or without a name; else a `NotOnRecord`."""
    from include import workflow

    if model_name:
        workflow.check_model(deployment, model_name)


def entries(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entries of a page."""
    return list(found["entries"])


def more(found: Mapping[str, Any]) -> Iterator[str]:
    """The line behind a page that is not the last one."""
    if found["next_cursor"]:
        total = "" if found["total_entries"] is None else f" of {found['total_entries']}"
        yield f"the first {len(found['entries'])}{total}; more: --cursor {found['next_cursor']}"


def page(rows: Any, found: Any = None) -> dict[str, Any]:
    """Rows in the shape of a page of the REST API."""
    return {
        "entries": list(rows),
        "next_cursor": (found.next_cursor or None) if found is not None else None,
        "previous_cursor": (found.previous_cursor or None) if found is not None else None,
        "total_entries": len(rows) if found is None else found.total,
    }


def who(options: argparse.Namespace) -> str:
    """Who asks: as ``--by`` says, or the user of this process."""
    return str(options.by or user_name())


def user_name() -> str:
    """Who runs this process; its number, such as ``uid 1000690000``, where the machine knows no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # containers run as any number, without an entry in passwd
        return f"uid {os.getuid()}"


def local_only(options: argparse.Namespace, command: str) -> None:
    """Refuse ``--url`` for what only this machine can do."""
    if getattr(options, "url", ""):
        raise ConfigurationError("--url", f"{command} works on the records and files of this machine: leave it out")


def when(text: object) -> str:
    """A time of a document in minutes, in UTC; a dash for none.

    >>> when("2026-05-03T12:30:59.5Z")
    '2026-05-03 12:30'
    """
    if not isinstance(text, str) or not text:
        return "-"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{found.astimezone(UTC) if found.tzinfo else found:%Y-%m-%d %H:%M}"


def number(value: object) -> str:
    """A number in four digits; a dash for none."""
    return f"{value:.4g}" if isinstance(value, int | float) else "-"


def share(value: object) -> str:
    """A share in per cent; a dash for none."""
    return f"{value:.0%}" if isinstance(value, int | float) else "-"
