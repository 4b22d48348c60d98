"""One line of the catalogue, and the ways in which it can be shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Who(StrEnum):
    """Whose work a line belongs to; the value is a heading of the page."""

    ENGINEER = "The ML engineer: registers a model, reads why it was (not) retrained, uses the library"
    OPERATOR = "The operator on call: watches, triggers, approves, rolls back, silences"
    ANALYST = "The analyst and the auditor: SQL on the records"
    PLATFORM = "The platform engineer: deploys, scales, scrapes"


@dataclass(frozen=True)
class Python:
    """Python code, in which ``d`` is the deployment and the tables of `tools.capabilities.scene` are there.

    Parameters
    ----------
    code : str
        An `assert` in it is what has to hold.
    """

    code: str


@dataclass(frozen=True)
class Command:
    """Lines of the command line, without ``python -m include.cli``, one after another.

    Parameters
    ----------
    lines : tuple of str
        ``{url}`` is the address of the Airflow whose token the environment holds.
    codes : tuple of int
        Exit codes that are right; 1 is an answer, too: no, or nothing.
    says : str
        A regular expression that the output of one of them has to hold.
    """

    lines: tuple[str, ...]
    codes: tuple[int, ...] = (0,)
    says: str = ""


@dataclass(frozen=True)
class Sql:
    """A query on the records; what comes back has to have a row."""

    query: str


@dataclass(frozen=True)
class Call:
    """A request to the web server.

    Parameters
    ----------
    method : str
    path : str
        From ``/retraining/api/v1`` on; with ``/retraining/metrics`` or ``/api/v2`` in front that of the server.
    body : str
        JSON; empty for none.
    says : str
        A regular expression that the answer has to hold.
    """

    method: str
    path: str
    body: str = ""
    says: str = ""


@dataclass(frozen=True)
class ByTests:
    """Tests, as pytest names them: for what takes a scheduler, a death or a thousand repetitions to be seen."""

    nodes: tuple[str, ...]


@dataclass(frozen=True)
class NotBuilt:
    """Nothing here does that; why, and what does in its place."""

    why: str


Shown = Python | Command | Sql | Call | ByTests | NotBuilt


@dataclass(frozen=True)
class Row:
    """A line of the catalogue.

    Parameters
    ----------
    id : str
        A letter and a number: that of the plan (D data, T triggers, R retraining, E records, I interfaces, N what is
        new here), or of another system (see `tools.capabilities.names`).
    what : str
        Markdown.
    who : Who
    shown : Shown
    names : tuple of str
        What the other systems call it: exactly those of `tools.capabilities.names`.
    """

    id: str
    what: str
    who: Who
    shown: Shown
    names: tuple[str, ...] = ()
