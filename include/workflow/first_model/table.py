"""What `init` and `validate` show of the columns: a table that fits the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

LEAST_WIDTH = 20  # of the last column, which is wrapped


def columns_table(head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Lines of a table; the last column is wrapped, the others are cut where they are long.

    Parameters
    ----------
    head : sequence of str
        Names of its columns.
    rows : sequence of sequences of str
        One text a column.
    width : int
        Letters in a line.
    """
    clean = [[_plain(cell) for cell in row] for row in (head, *rows)]
    sizes = [max(len(row[place]) for row in clean) for place in range(len(head) - 1)]
    while sizes and sum(sizes) + 2 * len(sizes) + LEAST_WIDTH > width and max(sizes) > LEAST_WIDTH // 4:
        sizes[sizes.index(max(sizes))] -= 1
    rest = max(width - sum(sizes) - 2 * len(sizes), LEAST_WIDTH)
    for number, row in enumerate(clean):
        left = "  ".join(_cut(cell, size).ljust(size) for cell, size in zip(row[:-1], sizes, strict=True))
        wrapped = textwrap.wrap(row[-1], rest) or [""]
        yield f"{left}  {wrapped[0]}".rstrip()
        indent = " " * (sum(sizes) + 2 * len(sizes))
        yield from (f"{indent}{line}" for line in wrapped[1:])
        if number == 0:
            yield "  ".join("-" * size for size in [*sizes, min(rest, max(len(each[-1]) for each in clean))])


def _plain(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 1] + "…"
