"""Text from outside, made harmless in HTML and SVG. Column names can be anything."""

from __future__ import annotations

import html
import re

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_LINE = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_MARKUP = re.compile(r"([\\`*_{}\[\]|~])")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")  # would turn the text around it round
# Control characters, deletions, what turns the direction of writing, lone surrogates, and all that Unicode gives no
# look of its own (Default_Ignorable_Code_Point), but for the two signs that make a symbol a picture.
ACTING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def escape(text: object, *, quote: bool = True) -> str:
    r"""`text` for an element, and with `quote` for a quoted attribute; what no document may hold becomes a mark.

    >>> escape('<script>"\ud800\x00')
    '&lt;script&gt;&quot;?\ufffd'
    """
    known = str(text).encode("utf-8", "replace").decode()
    return html.escape(_DIRECTION.sub("\ufffd", _CONTROL.sub("\ufffd", known)), quote=quote)


def inert(text: str, *, in_json: bool = False) -> str:
    r"""The text with every character that acts on a terminal written out; ends of lines are kept.

    Parameters
    ----------
    in_json : bool
        As JSON escapes them, so that a document stays the same document.

    Examples
    --------
    >>> inert("a\x1b[2Jb")
    'a\\x1b[2Jb'
    >>> inert('"\x9b"', in_json=True)
    '"\\u009b"'
    """
    return ACTING.sub(_json_escape if in_json else _escape, text)


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


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if found[0] in _SHORT:
        return _SHORT[found[0]]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(found: re.Match[str]) -> str:
    return "".join(f"\\u{unit:04x}" for unit in _units(ord(found[0])))


def _units(code: int) -> tuple[int, ...]:
    """UTF-16 units, as JSON writes a character."""
    return (code,) if code < 0x10000 else (0xD800 + ((code - 0x10000) >> 10), 0xDC00 + ((code - 0x10000) & 0x3FF))
