"""Text from outside, made harmless in HTML and SVG. Column names can be anything."""

from __future__ import annotations

import html
import re

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")  # would turn the text around it round


def escape(text: object, *, quote: bool = True) -> str:
    r"""`text` for an element, and with `quote` for a quoted attribute; what no document may hold becomes a mark.

    >>> escape('<script>"\ud800\x00')
    '&lt;script&gt;&quot;?\ufffd'
    """
    known = str(text).encode("utf-8", "replace").decode()
    return html.escape(_DIRECTION.sub("\ufffd", _CONTROL.sub("\ufffd", known)), quote=quote)


def shorten(text: str, most: int) -> str:
    """`text`, not yet escaped, with an ellipsis in place of what is beyond `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"
