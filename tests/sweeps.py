"""Of a family of cases the first few run in `make test`; `make test-all` sweeps over the others, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest


def first_of(cases: Iterable[Any], number: int) -> Sequence[Any]:
    """The cases for `pytest.mark.parametrize`: the first `number` plain, the others marked as a sweep.

    A case that is a tuple is one value for each of several names.
    """
    return _marked(cases, lambda place: place < number)


def each_nth(cases: Iterable[Any], step: int) -> Sequence[Any]:
    """The same with each `step`-th case plain: of a product of lists every value, if no length is a multiple of it."""
    return _marked(cases, lambda place: place % step == 0)


def _marked(cases: Iterable[Any], plain: Callable[[int], bool]) -> Sequence[Any]:
    several = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [
        pytest.param(*values, marks=[] if plain(place) else [pytest.mark.sweep]) for place, values in enumerate(several)
    ]
