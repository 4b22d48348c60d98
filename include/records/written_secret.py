"""One secret in all the ways in which it may be written in a text."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.entities import html5
from urllib.parse import quote, quote_plus

BLOT = "***"
_LONG_ENOUGH = 6  # characters of a stretch of letters and digits that is told from chance
_WIDEST = 40  # characters that one other character is written in at most: percent signs and backslashes, nested
_SHORTEST_BROKEN = 8  # characters of one that is looked for over the ends of lines: shorter ones come by chance
_BREAK = r"[ \t\r\"'|│\\]{0,40}\n[ \t\"'|│>]{0,40}"  # an end of a line, and what frames and quotes put around it
#: What other ways of writing are made of, as it is and as an address has it.
_AND, _NUMBER, _SEMICOLON = "(?:&|%(?:25)?26)", "(?:#|%(?:25)?23)", "(?:;|%(?:25)?3[bB])"
_ESCAPE = r"(?:\\|`|%(?:25)?5[cC])"
_FEWEST_BYTES = 9  # of a secret that is looked for as base64 or hexadecimal: shorter ones would be found by chance


@dataclass(frozen=True)
class Written:
    """A secret, ready to be looked for.

    Addresses, JSON, shells, markup and their nestings write other characters in many ways, but leave ASCII letters and
    digits as they are: a secret with a long stretch of them is where its stretches follow one another with little
    between. Of another one each other character is looked for in each way in which it may be written.

    Parameters
    ----------
    stretches : tuple of str
        Its longest stretch of letters and digits, if that is long enough; else all of them.
    spread : re.Pattern or None
        All its stretches, and what is between them; None without any.
    literal : tuple of str
        Ways that are looked for as they are, the longest first.
    broken : tuple of str
        Ways that are looked for over the ends of lines.
    """

    stretches: tuple[str, ...]
    spread: re.Pattern[str] | None
    literal: tuple[str, ...]
    broken: tuple[str, ...]

    @classmethod
    def of(cls, secret: str) -> Written:
        """Get ready to look for it."""
        encoded = tuple(dict.fromkeys(_encoded(secret.encode())))
        ways = tuple(sorted({*usual_ways(secret), *encoded}, key=lambda each: (-len(each), each)))
        broken = tuple(way for way in ways if len(way) >= _SHORTEST_BROKEN and "\n" not in way)
        parts = re.split(r"([^A-Za-z0-9]+)", secret)
        stretch = max(parts[::2], key=len)
        if len(stretch) < _LONG_ENOUGH:
            stretches = tuple(filter(None, parts[::2]))
            return cls(stretches, re.compile("".join(_in_any_way(parts))) if stretches else None, ways, broken)
        return cls((stretch,), re.compile("".join(_pattern(parts)), re.DOTALL), encoded, broken)

    def without(self, text: str) -> str:
        """The text with a blot in place of it."""
        if self.spread is not None and all(stretch in text for stretch in self.stretches):
            text = self.spread.sub(BLOT, text)
        for way in self.literal:
            if way in text:
                text = text.replace(way, BLOT)
        return text


def without_broken(text: str, secrets: Iterable[Written]) -> str:
    """`text` with a blot in place of those that lines break, as a terminal, a frame or MIME does."""
    if "\n" not in text:
        return text
    joined = re.sub(_BREAK, "", text)
    for way in (way for secret in secrets for way in secret.broken if way in joined):
        text = re.sub(f"(?:{_BREAK})?".join(map(re.escape, way)), BLOT, text)
    return text


def usual_ways(secret: str) -> set[str]:
    """A secret as it is, and as addresses, JSON and Python write it."""
    quoted = quote(secret, safe="")
    ways = {secret, quote(secret), quoted, quote_plus(secret), quote(quoted, safe=""), repr(secret)[1:-1]}
    return ways | {json.dumps(secret)[1:-1], json.dumps(json.dumps(secret))[3:-3]}


def _pattern(parts: list[str]) -> Iterator[str]:
    """Stretches as they are, and what is between two of them: at least one character, at most each at its widest.

    What is before the first stretch and after the last is no letter and no digit, and taken along where it is written
    as it is. The nearest place of each stretch is the one that counts: tried with all others it would take for ever.
    """
    yield re.escape(parts[0])
    for place in range(1, len(parts), 2):
        between, stretch = re.escape(parts[place]), re.escape(parts[place + 1])
        if (place == 1 and not parts[0]) or not stretch:
            yield f"(?:{between})?{stretch}"
        else:
            wide = _WIDEST * sum(map(len, parts[max(place - 2, 1) : place + 1 : 2]))  # the one before may end too early
            yield f"(?>.{{1,{wide}}}?{stretch})"


def _in_any_way(parts: list[str]) -> Iterator[str]:
    """Stretches as they are, each character between them as addresses, markup, JSON, shells, SQL and MIME write it.

    What is taken of a text is not given back, so that none is read in two ways.
    """
    yield re.escape(parts[0])
    for between, stretch in zip(parts[1::2], parts[2::2], strict=True):
        for same in re.finditer(r"(.)\1*", between, re.DOTALL):
            yield f"(?>{_in_ways(same[1], len(same[0]))})"
        yield re.escape(stretch)


def _in_ways(character: str, times: int) -> str:
    """The pattern of a character that comes so many times, each perhaps doubled or behind backslashes."""
    one = _way(character)
    if character == "\\":
        return rf"{one}{{{times},{16 * times}}}"
    if character == "'":  # in shells it is put between quotes of the other kind
        escapes, quote_mark = f"{_ESCAPE}{{0,16}}", _way('"')
        one = f"{one}(?:(?:{escapes}{quote_mark}{escapes}{one}){{2}})?"
    return rf"(?:{_ESCAPE}{{0,16}}{one}){{{times},{2 * times}}}"


def _way(character: str) -> str:
    """The pattern of one; ways that begin as others do come before them."""
    octets = [f"(?i:{octet:02x})" for octet in character.encode("utf-8", "surrogatepass")]
    names = "|".join(name.rstrip(";") for name, sign in html5.items() if sign == character) or "#"
    number = f"0{{0,5}}{ord(character)}|[xX]0{{0,5}}(?i:{ord(character):x})"
    ways = [
        rf"{_AND}(?:amp{_SEMICOLON}){{0,3}}(?:{_NUMBER}(?:{number})|{names}){_SEMICOLON}",
        "".join(f"(?:=|%3[dD]){octet}" for octet in octets),
        rf"{_ESCAPE}{{1,16}}(?:[uU]0{{0,6}}|x0{{0,2}})(?i:{ord(character):x})",
        "".join(rf"%(?:25){{0,3}}{octet}" for octet in octets), re.escape(character),
    ]  # fmt: skip
    return f"(?:{'|'.join(ways)}{'|[+]|%2[bB]' if character == ' ' else ''})"


def _encoded(secret: bytes) -> Iterator[str]:
    """What a longer text in base64 or hexadecimal digits has in it, wherever in that text the secret stands."""
    if len(secret) < _FEWEST_BYTES:
        return
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            written = encode(b"x" * before + secret)
            # four characters are three bytes: those that hold a byte before or after the secret are not its own
            yield written[4 if before else 0 : len(written) - (4 if (before + len(secret)) % 3 else 0)].decode()
    yield secret.hex()
    yield secret.hex().upper()
