"""Mistakes in a model file that a reader of a part of it finds: where, what was found, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

from pydantic_core import PydanticCustomError

PROBLEM = "problem"  # the type of the errors; each of their `problems` has `where` in the part, `found` and `problem`


def refuse(where: str, found: object, problem: str) -> NoReturn:
    """Raise an error with one problem."""
    raise problems_error([{"where": where, "found": repr(found), "problem": problem}])


def problems_error(problems: Sequence[Mapping[str, str]]) -> PydanticCustomError:
    """One error, which is a ValueError, with several problems."""
    told = " | ".join(f"{each['where']}: found {each['found']}; {each['problem']}".lstrip(": ") for each in problems)
    return PydanticCustomError(PROBLEM, "{told}", {"told": told, "problems": list(problems)})
