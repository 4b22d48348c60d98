"""Text of others that acts on no terminal and no reader: what would is written out."""

from __future__ import annotations

import re

# Control characters, deletions, what turns the direction of writing, lone surrogates, and all that Unicode gives no
# look of its own (Default_Ignorable_Code_Point), but for the two signs that make a symbol a picture.
ACTING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


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
