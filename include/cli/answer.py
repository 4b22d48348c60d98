"""What a command answers: a document for machines, lines for people, and an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from include.records.inert import inert
from include.records.masking import mask

DONE, NOTHING, BAD_INPUT, UNREACHABLE, NOT_READ = 0, 1, 2, 3, 141

#: What each exit code says; the documentation prints it.
CODES = {
    DONE: "it is done, or the answer is yes",
    NOTHING: "the answer is no, there is nothing of that kind, or something needs attention",
    BAD_INPUT: "what was given is wrong, or cannot be done now; a line on standard error says what and what to do",
    UNREACHABLE: "the records, Airflow or a source cannot be reached",
    NOT_READ: "whoever read the output went away before the command had an answer",
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command found or did.

    Parameters
    ----------
    document : Any
        Of numbers, text, lists and mappings: what ``--json`` prints. Values of the records are told field by field.
    lines : iterable of str
        The same for people; control characters in them are made visible when they are printed.
    code : int
        One of `CODES`.
    """

    document: Any
    lines: Iterable[str]
    code: int = DONE


def show(answer: Answer, *, as_json: bool) -> None:
    """Print an answer, as one JSON document or as lines."""
    if as_json:
        print(to_json(answer.document))
    else:
        for line in answer.lines:
            print(inert(line))


def plain(value: object) -> Any:
    """A value of the records as JSON holds it, in the shape in which the REST API tells it; no number is infinite."""
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(value, inf_nan_mode="null", fallback=_unknown)


def to_json(document: object) -> str:
    """One JSON document, in which no character acts on a terminal."""
    return inert(json.dumps(plain(document), indent=2, allow_nan=False, ensure_ascii=False), in_json=True)


def note(text: str) -> None:
    """Tell something that is no part of the answer, such as what went wrong, on standard error; no secret in it."""
    print(inert(mask(text)), file=sys.stderr)


def note_removed(said: str) -> None:
    """Tell what retention removed of an answer, where it removed any."""
    if said:
        note(f"not all that there was: {said}")


def _unknown(value: Any) -> Any:
    return dict(value) if hasattr(value, "keys") else str(value)
