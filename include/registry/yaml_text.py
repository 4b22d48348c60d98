"""YAML as people write it, bounded: no text makes the reading long, large or deep, nor says one thing twice."""

from __future__ import annotations

import copy
import math
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from include.errors import ConfigurationError

MOST_BYTES = 1 << 18  # of a file; 5,000 names of columns are some 100 KiB
MOST_NODES = 50_000  # values, each counted as often as an alias (``*name``) repeats it
MOST_LEVELS = 40
BARE_WORD = "YAML takes a bare yes, no, on, off, true or false for a truth value: quote it if it is text, as in 'no'"
LONGEST_NUMBER = 400  # characters; beyond it Python needs long for a number, or refuses to show it
_DEEP = f"it is nested deeper than {MOST_LEVELS} levels"
_MERGE = "tag:yaml.org,2002:merge"  # ``<<``, whose fields give way to those beside it
_Quick = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that is given twice, where YAML would silently take the last; and what goes beyond the bounds."""

    _levels = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Read one node; see `yaml.SafeLoader`."""
        self._levels += 1
        if self._levels > MOST_LEVELS:
            raise yaml.YAMLError(_DEEP)
        node = super().compose_node(parent, index)
        self._levels -= 1
        if isinstance(node, yaml.MappingNode):
            keys = (key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE)
            if twice := sorted(repeated(keys)):
                raise yaml.constructor.ConstructorError(None, None, f"given twice: {', '.join(twice)}", node.start_mark)
        return node

    def get_single_node(self) -> Any:
        """Read the whole document; see `yaml.SafeLoader`."""
        node = super().get_single_node()
        if node is not None:
            _expanded(node, {})
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Build a value; see `yaml.SafeLoader`. A day that there is not is told with its line."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
            if not isinstance(node, yaml.ScalarNode):
                raise
            shown = f"{node.value[:40]!r} is none of its type ({error}); quote it if it is text"
            raise yaml.constructor.ConstructorError(None, None, shown, node.start_mark) from error


for _kind in ("binary", "omap", "pairs", "set"):  # of a set the order is another one in each process
    yaml.add_constructor(f"tag:yaml.org,2002:{_kind}", _StrictLoader.construct_undefined, Loader=_StrictLoader)


def read_yaml(path: Path, kind: str) -> Any:
    """What a YAML file holds.

    Parameters
    ----------
    kind : str
        What the file is, for the message.

    Raises
    ------
    ConfigurationError
        Whatever is wrong with it: it cannot be read, is no YAML, or is longer or deeper than any such file has to be.
    """
    with _told(path, kind):
        return copy.deepcopy(_parsed(_text_of(path, kind)))


def read_quickly(path: Path, kind: str, words: Collection[str]) -> Any:
    """What a YAML file with one of these words in it holds; None for one without.

    It is as bounded as `read_yaml`, and takes a tenth of its time, for who reads all files again and again: a key that
    is given twice goes unnoticed. Raises as that.
    """
    with _told(path, kind):
        text = _text_of(path, kind)
        if not any(word in text for word in words):
            return None
        _require_shallow(text)
        return yaml.load(text, Loader=_QuickLoader)  # noqa: S506  # a SafeLoader


class _QuickLoader(_Quick):  # type: ignore[misc,valid-type]  # libyaml's, where it is there
    """Refuses what comes to too many values."""

    def get_single_node(self) -> Any:
        """Read the whole document; see `yaml.SafeLoader`."""
        node = super().get_single_node()
        if node is not None:
            _expanded(node, {})
        return node


def _require_shallow(text: str) -> None:
    """Refuse what is nested deeper than it has to be: libyaml would take all of the stack, and the process with it."""
    level = 0
    for event in yaml.parse(text, Loader=_Quick):
        if isinstance(event, yaml.CollectionStartEvent):
            level += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            level -= 1
        if level > MOST_LEVELS:
            raise yaml.YAMLError(_DEEP)


def _text_of(path: Path, kind: str) -> str:
    """The text of a file that is one, and no longer than any such file has to be."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise ConfigurationError(path, f"cannot be read: a {kind} is a file; remove it or write it as one")
    if found.st_size > MOST_BYTES:
        raise ConfigurationError(path, f"a {kind} has at most {MOST_BYTES >> 10} KiB; it has {found.st_size >> 10}")
    with path.open("rb") as opened:
        return opened.read(MOST_BYTES + 1).decode("utf-8-sig")


@contextmanager
def _told(path: Path, kind: str) -> Iterator[None]:
    """Whatever is wrong with a file as a `ConfigurationError`."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(path, f"line {line} is not UTF-8; save the {kind} as UTF-8") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(path, f"not valid YAML: {' '.join(str(error).split())}") from error
    except (ArithmeticError, LookupError, TypeError, AttributeError, RecursionError) as error:  # of PyYAML's own
        raise ConfigurationError(path, f"not valid YAML: a value is none of its type: {error!r}") from error


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    """What the text holds; the steps of a run read the same one."""
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506  # a SafeLoader


def as_cell(value: object) -> object:
    """What stands for an empty cell; a ValueError where a bare word has become something else.

    False would be taken for 0, and empty every 0 there is.
    """
    if isinstance(value, bool):
        raise ValueError(BARE_WORD)
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        word = "null" if value is None else f"{value}"
        raise ValueError(f"quote it if it is text, as in '{word}'; cells that are empty or NaN are known as such")
    return value


def repeated(names: Iterable[Any]) -> set[Any]:
    """Those that are there more than once.

    >>> repeated(["a", "b", "a"])
    {'a'}
    """
    return {name for name, count in Counter(names).items() if count > 1}


def _expanded(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node comes to where each alias is written out; a `YAMLError` where they are too many."""
    if (size := known.get(id(node))) is not None:
        if not size:
            raise yaml.YAMLError("an alias leads to what it is a part of")
        return size
    known[id(node)] = 0
    if isinstance(node, yaml.ScalarNode):
        if len(node.value) > LONGEST_NUMBER and node.tag.endswith((":int", ":float")):
            raise yaml.YAMLError(f"a number has at most {LONGEST_NUMBER} characters")
        parts: Iterable[yaml.Node] = ()
    elif isinstance(node, yaml.MappingNode):
        parts = (part for pair in node.value for part in pair)
    else:
        parts = node.value
    size = 1
    for part in parts:
        size += _expanded(part, known)
        if size > MOST_NODES:
            raise yaml.YAMLError(f"it comes to more than {MOST_NODES:,} values")
    known[id(node)] = size
    return size
