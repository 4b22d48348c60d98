"""What somebody may have meant by a name that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """The end of a message about `name`: the known one most like it, upper and lower case alike; empty for none.

    >>> did_you_mean("MODELZ", ["models", "reason"])
    "; did you mean 'models'?"
    >>> did_you_mean("colour", ["models", "reason"])
    ''
    """
    folded = {each.casefold(): each for each in reversed(known)}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1)
    return f"; did you mean {folded[near[0]]!r}?" if near else ""
