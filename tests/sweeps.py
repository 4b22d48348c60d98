"""Of a family of cases the first few run in `make test`; `make test-all` sweeps over the others, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest


def first_of(cases: Iterable[Any], number: int) -> Sequence[Any]:
    """The cases for `pytest.mark.parametrize`: the first `number` plain, the others marked as a sweep."""
    return [case if place < number else pytest.param(case, marks=pytest.mark.sweep) for place, case in enumerate(cases)]
