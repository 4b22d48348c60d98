"""Text that holds whole numbers, and what is to be known of it before floats are made of them."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from include.data.arrays import beyond_floats


@dataclass(frozen=True, kw_only=True)
class Whole:
    """What is to be known of whole numbers: whether some begin with a zero, and whether floats could tell them apart.

    A number of more than one digit that begins with a zero is a code: 01234 is not 1234.
    """

    led: bool
    large: bool


def whole_numbers(cells: pa.Array, nothing: pa.Array) -> Whole | None:
    """Text that holds whole numbers of 64 bits, besides words for `nothing`; None for other text."""
    try:
        numbers = cells.cast(pa.int64())
    except pa.ArrowInvalid:
        bare = pc.utf8_trim_whitespace(cells)
        cells = bare.filter(pc.invert(pc.is_in(bare, nothing)))
        try:
            numbers = cells.cast(pa.int64())
        except pa.ArrowInvalid:
            return None
    led = cells.filter(pc.starts_with(cells, "0"))
    return Whole(
        led=bool(len(led)) and bool(pc.any(pc.greater(pc.binary_length(led), 1)).as_py()), large=beyond_floats(numbers)
    )
