"""Trees of triggers as people write them in model files; `include.decision.policy.write` is the way back.

::

    when:
      all:                                   # any, all; they nest
        - any: [data_drift, performance]
        - model_age: 7d

A trigger is written as its name, or as ``name: settings``:

- ``retrain_gain``, ``performance``, ``concept_drift``, ``data_drift``, ``outliers``, ``data_quality``; with
  ``{without_labels: true}`` only while labels are too few, with ``{without_gain: true}`` only where it is not measured
  what a retrain would gain, with ``{strength: 2}`` only from twice the threshold on;
- ``performance_below: 0.8``, for metrics where large is good; without a number that of the model's type;
- ``model_age: 7d``, ``schedule: 0 2 * * *`` (UTC), ``data_volume: 20%`` or ``data_volume: 5000`` (rows), or both:
  ``data_volume: {rows: 5000, share: 20%}``; without a number those of the preset, or of the model's type;
- ``new_data``, with ``{requests_only: true}`` only when somebody reports them; ``red_team``, ``manual``,
  ``first_version``;
- ``model_size``, ``inference_latency``, ``training_cost`` with ``{above: 200}`` or ``{below: 50}``; other probes as
  ``probe: {name: queue, above: 10}``;
- ``own: my_rules:QueueTrigger``, or with what it is made with ``own: {trigger: my_rules:QueueTrigger, settings: {most:
  10}}``: a rule of the owner's, see `include.decision.triggers.own`.

Combinations: ``any: [...]``, ``all: [...]``, ``at_least: {count: 2, of: [...]}``, ``cooldown: {period: 7d, of: ...}``,
``warm_up: {period: 2d, of: ...}``, ``persistence: {count: 2, checks: 3, of: ...}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from include.decision.evidence import Trigger
from include.decision.policy.catalogue import TRIGGERS, Nested
from include.decision.policy.fields import at
from include.decision.policy.problems import problems_error, refuse
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
