"""What a profile can hold besides counts and moments of each column: whoever asks for it says what it will read."""

from __future__ import annotations

from enum import Flag, auto


class Extra(Flag):
    """Sums over pairs, of rows or of columns; each costs further passes over the rows.

    Attributes
    ----------
    NEIGHBOURS
        Of each column's values in consecutive rows: autocorrelations, which otherwise are 0. Of recent rows none are
        ever read: a jump among them would make neighbours alike, and so hide itself.
    CROSS
        Of each two numeric columns' scores in the same row: `Profile.cross`, which otherwise is None.
    """

    NEIGHBOURS = auto()
    CROSS = auto()


NO_EXTRAS = Extra(0)
ALL_EXTRAS = Extra.NEIGHBOURS | Extra.CROSS
