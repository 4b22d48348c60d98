"""Of a family of cases the first few run in `make test`; `make test-all` sweeps over the others, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest


def first_of(cases: Iterable[Any], number: int) -> Sequence[Any]:
    """The cases for `pytest.mark.parametrize`: the first `number` plain, the others marked as a sweep.

    A case that is a tuple is one value for each of several names.
    """
    several = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [
        pytest.param(*values, marks=[pytest.mark.sweep] if place >= number else [])
        for place, values in enumerate(several)
    ]
