"""Cells of a column of numbers that hold something and yet no value: impossible ones and infinite ones, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from include.data.profile import NumericColumn, Possible, Quantity


def without_value(name: str, column: NumericColumn) -> Iterator[tuple[str, float, str]]:
    """The statistic, the share of all cells, and how many that are and what to do; nothing where there are none."""
    if column.impossible:
        share = column.impossible / column.rows
        told = f"{name}: {share:.2%} of the cells are impossible ({_described(column.possible, column.quantity)}) and"
        way_out = f"mend the source, or, if they are values, write `range: {{{name}: [null, null]}}`"
        yield "impossible", share, f"{told} count as empty; {way_out}"
    if column.infinite:
        share = column.infinite / column.rows
        yield "infinite", share, f"{name}: {share:.2%} of the cells are infinite and count as empty; mend the source"


def _described(possible: Possible, quantity: Quantity) -> str:
    """Which numbers are impossible, in words."""
    limits = [f"{word} {_shown(end, quantity)}" for word, end in (("below", possible.low), ("above", possible.high))
              if end is not None]  # fmt: skip
    return ", ".join([*(_shown(number, quantity) for number in possible.sentinels), *limits])


def _shown(number: float, quantity: Quantity) -> str:
    if quantity != "datetime":
        return f"{number:.15g}"
    return (datetime(1970, 1, 1) + timedelta(seconds=number)).date().isoformat()  # noqa: DTZ001 - years before 1 have no zone
