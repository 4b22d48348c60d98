"""Words among numbers: ERR, n.d. or "below limit" in a column that holds quantities, however often they are there."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from include.data.kinds.durations import clocks
from include.data.kinds.numbers import LEAST_NUMBERS, MOST_WORDS, MOSTLY
from include.registry.kinds import Kinds

FEWEST = 20  # different numbers, below which a word beside them is one more name: 1, 2, 3 and "more"
OWN = 0.5  # share of the cells that are alone with their number, from which on whole numbers are no names either
_DECIMALS = r"^[+-]?\d*\.\d"
_in_json = partial(json.dumps, ensure_ascii=False, default=str)


def words_among(names: pa.Array, times: npt.NDArray[Any], dates: pa.Array) -> tuple[str, ...]:
    """The few words in a column that is one of numbers, times of day or dates but for them; empty in any other.

    Stores 101 to 150 and "web" are names: numbers have decimals here, or hardly one comes twice.

    Parameters
    ----------
    names : array of text
        The different cells.
    times : array of int
        How often each is there.
    dates : array of bool
        Which of them look like dates.
    """
    numbers = np.isfinite(pd.to_numeric(pd.Series(names.to_pylist(), dtype=object), errors="coerce").to_numpy(float))
    decimals = np.asarray(pc.match_substring_regex(names, _DECIMALS))
    total = int(times.sum())
    quantities = max(int(times[numbers & part].sum()) for part in (decimals, times == 1)) >= OWN * total
    for mine in (numbers & quantities, np.asarray(clocks(names)), np.asarray(dates)):
        share = int(times[mine].sum()) / total
        if FEWEST <= mine.sum() >= len(names) - MOST_WORDS and LEAST_NUMBERS <= share < MOSTLY:
            return tuple(names.filter(pa.array(~mine)).to_pylist())
    return ()


def told_words(kinds: Kinds) -> list[str]:
    """A sentence for each column with such words, with what to write in YAML: in JSON's quotes, as ``#REF!`` needs."""
    return [
        f"{name}: cells such as {' and '.join(map(repr, kind.words))} among its numbers or times count as empty; write "
        f"`missing: {_in_json(kind.words)}` in `source`, or `columns: {{{_in_json(name)}: category}}` if they are names"
        for name, kind in kinds.items()
        if kind.words and not kind.declared
    ]
