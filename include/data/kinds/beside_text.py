"""Numbers that stand beside other text in their cells: 12.5 kg, ~3.2, 21.5 °C. Which quantity that is nobody says."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

LOOK = 256  # different cells that are looked at
FEW = 20  # different cells, up to which they are as good as names: sizes such as 0.5 L and 1.5 L
NEARLY_ALL, DECIMALS = 0.95, 0.25  # share of them that hold one number, and that of decimals among them: no codes then
#: No letter before it, as in codes (E11.9, v1.2), and no hyphen behind it (3.11-rc).
_ONE_NUMBER = r"^[^\d\pL]{0,4}\d+([ '.,\x{2019}\x{a0}\x{2009}\x{202f}]\d+)?([^\d-]\D{0,9}|\D{0,9}\pL[23])?$"
_DECIMALS, _NOTHING_ELSE = r"\d[.,]\d", r"^[+-]?[\d.,]+$"


def number_beside_text(cells: pa.Array) -> str:
    """One of different cells in which a number stands beside other text, where nearly all hold one number; else none.

    >>> number_beside_text(pa.array([f"{tenth / 10} kg" for tenth in range(30)]))
    '0.0 kg'
    """
    cells = cells.slice(0, LOOK)
    if len(cells) <= FEW:
        return ""
    numbers = cells.filter(pc.match_substring_regex(cells, _ONE_NUMBER))
    decimals = pc.sum(pc.match_substring_regex(numbers, _DECIMALS)).as_py() or 0
    if len(numbers) < NEARLY_ALL * len(cells) or decimals < DECIMALS * len(numbers):
        return ""
    more = pc.invert(pc.match_substring_regex(numbers, _NOTHING_ELSE))
    return next(iter(numbers.filter(more).slice(0, 1).to_pylist()), "")
