"""Text from outside, made harmless in HTML and SVG. Column names can be anything."""

from __future__ import annotations

import html
import re

from include.records.inert import inert

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_LINE = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_MARKUP = re.compile(r"([\\`*_{}\[\]|~])")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")  # would turn the text around it round


def escape(text: object, *, quote: bool = True) -> str:
    r"""`text` for an element, and with `quote` for a quoted attribute; what no document may hold becomes a mark.

    >>> escape('<script>"\ud800\x00')
    '&lt;script&gt;&quot;?\ufffd'
    """
    known = str(text).encode("utf-8", "replace").decode()
    return html.escape(_DIRECTION.sub("\ufffd", _CONTROL.sub("\ufffd", known)), quote=quote)


def one_line(text: object) -> str:
    r"""`text` on one line that drives no terminal and forges no line.

    >>> one_line("a\x1b[2J\n#2  fine\u202e")
    'a\\x1b[2J #2  fine\\u202e'
    """
    return inert(" ".join(_LINE.split(str(text).strip())))


def inert_line(text: str) -> str:
    """`one_line` for one of several: what it is indented by stays."""
    plain = text.lstrip(" ")
    return " " * (len(text) - len(plain)) + one_line(plain)


def in_markdown(text: object) -> str:
    r"""`text` as Markdown that shows it as it is, on one line.

    >>> in_markdown("a\n# <b> ![x](http://y)")
    'a # &lt;b&gt; !\\[x\\](http://y)'
    """
    return escape(_MARKUP.sub(r"\\\1", " ".join(one_line(text).split())), quote=False)


def fence(text: str) -> str:
    """A block of Markdown that shows `text` as it is, and that nothing in it can end.

    >>> fence("a ``` b").splitlines()[0]
    '````'
    """
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    mark = "`" * max(3, longest + 1)
    return f"{mark}\n{text}\n{mark}"


def shorten(text: str, most: int) -> str:
    """`text`, not yet escaped, with an ellipsis in place of what is beyond `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"
