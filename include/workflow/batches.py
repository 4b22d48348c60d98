"""Divides models into batches, each of which is checked by one task: a task costs more than a quiet check does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

FEW = 20  # models that have a batch each; more than Airflow runs at once, which by default are 16
SIZE = 25  # models of a batch: then starting its tasks costs each model less than the check of it
MOST = 200  # batches; with more models they grow
_LONGEST = 64  # characters of a model's name; that of a file which is none may have more, and Airflow takes 250 in all


def batches_of(names: Sequence[str]) -> list[list[str]]:
    """The models in their order, in batches whose sizes differ by one at most.

    Up to `FEW` models are a batch each. Of more there are so many batches that no worker is idle while another has a
    long one (`FEW`), that none is longer than `SIZE`, and that there are `MOST` at most, which counts for more.

    Examples
    --------
    >>> batches_of(["demand", "iris"])
    [['demand'], ['iris']]
    >>> [len(batch) for batch in batches_of([f"m{number}" for number in range(21)])].count(2)
    1
    >>> len(batches_of([f"m{number}" for number in range(1_300)]))
    52
    >>> len(batches_of([f"m{number}" for number in range(9_000)]))
    200
    """
    count = min(len(names), max(FEW, -(-len(names) // SIZE)), MOST)
    if count == 0:
        return []
    size, longer = divmod(len(names), count)
    ends = [number * size + min(number, longer) for number in range(count + 1)]
    return [list(names[begin:end]) for begin, end in pairwise(ends)]


def is_of_several(label: str) -> bool:
    """Whether a label is of a batch of more than one model.

    >>> is_of_several("demand"), is_of_several(label_of(["demand", "iris"]))
    (False, True)
    """
    return " … " in label and label.endswith(" models)")


def label_of(names: Sequence[str]) -> str:
    """What a batch is called: as its model, or by its first and last one.

    Examples
    --------
    >>> label_of(["demand"])
    'demand'
    >>> label_of(["demand", "energy", "iris"])
    'demand … iris (3 models)'
    """
    if len(names) == 1:
        return names[0]
    first, last = (each if len(each) <= _LONGEST else f"{each[: _LONGEST - 1]}…" for each in (names[0], names[-1]))
    return f"{first} … {last} ({len(names)} models)"
