"""Trees of triggers as people write them in model files; `include.decision.policy.write` is the way back.

::

    when:
      all:                                   # any, all; they nest
        - any: [data_drift, performance]
        - model_age: 7d

A trigger is written as its name, or as ``name: settings``; `include.decision.policy.catalogue` has them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from include.decision.evidence import Trigger
from include.decision.policy.catalogue import TRIGGERS
from include.decision.policy.fields import at
from include.decision.policy.problems import problems_error, refuse
from include.decision.policy.trigger_entries import Nested
from include.errors import did_you_mean

_MOST_DEEP = 20


def read_tree(written: object, where: str = "") -> Trigger:
    """Read a tree; a `PydanticCustomError`, which is a ValueError, says where and what is known there.

    Triggers that stand side by side are all read, so that one error names the mistakes in each of them.

    >>> read_tree({"any": ["performance", {"model_age": "7d"}]}).triggers[1].age
    datetime.timedelta(days=7)
    """
    if where.count(".") + where.count("[") > 2 * _MOST_DEEP:
        refuse(where, None, f"more than {_MOST_DEEP} triggers inside one another")
    if isinstance(written, str):
        name, settings = written, None
    elif isinstance(written, Mapping) and len(written) == 1:
        name, settings = next(iter(written.items()))
        if settings is None:
            refuse(at(where, name), settings, "its settings are missing; leave out the colon, or write them")
    else:
        refuse(where, written, "a trigger is written as its name, or as one name and its settings")
    if name not in TRIGGERS:
        near = did_you_mean(str(name), list(TRIGGERS))
        refuse(where, name, f"unknown trigger{near}; known: {', '.join(TRIGGERS)}")
    try:
        return TRIGGERS[name].read(settings, at(where, name), NESTED)
    except PydanticCustomError:
        raise
    except ValueError as error:
        refuse(at(where, name), settings, str(error))


def _several(settings: Any, where: str) -> tuple[Trigger, ...]:
    if not isinstance(settings, list) or not settings:
        refuse(where, settings, "a list of triggers is needed")
    found, problems = [], []
    for place, each in enumerate(settings):
        try:
            found.append(read_tree(each, f"{where}[{place}]"))
        except PydanticCustomError as error:  # the others are read, too: all mistakes at once
            problems += (error.context or {})["problems"]
    if problems:
        raise problems_error(problems)
    return tuple(found)


NESTED = Nested(read=read_tree, several=_several)
