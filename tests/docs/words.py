"""Words that only those who wrote the code understand, and where they stand."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.docs.reading import sentences

#: What a newcomer stumbles over, and what to say instead.
DIALECT = {
    r"\basked\b": "requested; called for; predicts with; looked up in",
    r"\b(?:a|an|its|of|the) reach\b": "connections; as a verb it is plain English",
    r"\bmoderation\b": "say what is done: warned of, left out, refused",
    r"\brivals?\b": "the other version; the policies it is compared with",
    r"\bunseen\b(?! categor)": "new; rows that no version was trained on",
    r"\bunusable\b": "that cannot be used; left out",
    r"\bknown_\w+": "say known to whom: of the registry, of the champion",
    r"\bnobody'?s\b": "what belongs to no one; no answer",
    r"without a word": "without a result",
}
_CODE = re.compile(r"```.*?```|`[^`\n]*`|>>> .*|^\s*'.*'$", re.DOTALL | re.MULTILINE)


def dialect_in(text: str) -> list[str]:
    """The words of the list that stand in a text, code in it left out."""
    plain = _CODE.sub(" ", text)
    return [found[0] for word in DIALECT for found in re.finditer(word, plain, re.IGNORECASE)]


#: The same in names of modules and classes.
DIALECT_NAME = re.compile(r"asked|reach|moderation|(?<!ar)rival|unseen|unusable|^_?known_", re.IGNORECASE)


def told_in(file: Path) -> Iterator[str]:
    """The sentences of a module: texts with a blank in them; the others are names."""
    return (text for text in sentences(file) if " " in text.strip())


def comments_in(file: Path) -> Iterator[str]:
    """The comments of a module."""
    with file.open("rb") as opened:
        yield from (token.string for token in tokenize.tokenize(opened.readline) if token.type == tokenize.COMMENT)
