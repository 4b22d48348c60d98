"""Results of a red team or a test suite: which cases fail, from JUnit XML or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat  # declarations are refused below, so that no entity can be expanded

from include.errors import DataError

MOST_BYTES = 32 << 20
_LONGEST_NAME = 200
_LISTS = ("cases", "tests", "results", "testcases", "failures")
_NAMES = ("nodeid", "name", "id", "title", "test", "description")
_FLAGS = ("passed", "success", "ok", "pass")
_WORDS = ("outcome", "status", "verdict", "result", "state")
_FAILED = {"failed", "fail", "failure", "error", "errored", "broken"}
_PASSED = {"passed", "pass", "ok", "success", "succeeded", "skipped", "skip", "disabled", "xfailed", "pending"}
_FORMS = 'JUnit XML, or JSON such as {"cases": [{"name": "jailbreak 7", "passed": false}]}'


@dataclass(frozen=True, kw_only=True)
class SuiteResults:
    """What a suite found.

    Parameters
    ----------
    cases : int
        How many it tried, those skipped included.
    failing : tuple of str
        Names of those that failed, each once, in the order of the file.
    """

    cases: int
    failing: tuple[str, ...]


def read_results(content: bytes, where: str) -> SuiteResults:
    """Read a result file.

    Parameters
    ----------
    content : bytes
    where : str
        Its place, for messages.

    Raises
    ------
    DataError
        For a file that is too large, broken, or neither of both forms; for XML with a document type, whose entities
        could be expanded without end.
    """
    if len(content) > MOST_BYTES:
        raise DataError(f"{where}: {len(content)} bytes; a result file may have {MOST_BYTES}, split it")
    begins = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if begins in (b"{", b"["):
        return _of_json(content, where)
    return _of_xml(content, where)


@dataclass
class _Cases:
    """JUnit's elements as they come."""

    cases: int = 0
    declared: int = 0
    elements: int = 0
    failing: dict[str, None] = field(default_factory=dict)
    inside: str = ""
    is_suite: bool = False

    def begin(self, tag: str, given: dict[str, str]) -> None:
        name = tag.rpartition("}")[2].rpartition(":")[2]
        self.is_suite |= self.elements == 0 and name in ("testsuites", "testsuite")
        self.elements += 1
        if name == "testsuite":
            self.declared += sum(_count(given.get(each)) for each in ("failures", "errors"))
        elif name == "testcase":
            self.cases += 1
            parts = (given.get("classname", ""), given.get("name", ""))
            self.inside = _shown(".".join(part for part in parts if part)) or f"case {self.cases}"
        elif name in ("failure", "error") and self.inside:
            self.failing[self.inside] = None

    def end(self, tag: str) -> None:
        if tag.rpartition("}")[2].rpartition(":")[2] == "testcase":
            self.inside = ""


def _of_xml(content: bytes, where: str) -> SuiteResults:
    found = _Cases()

    def refuse(*_: object) -> None:
        raise DataError(f"{where}: it has a document type, which could expand without end; write it without DOCTYPE")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler = found.begin, found.end
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DataError(f"{where}: not whole, or neither XML nor JSON: {error}; write {_FORMS}") from error
    if not found.is_suite:
        raise DataError(f"{where}: XML, but no testsuites or testsuite at its top; write {_FORMS}")
    if found.declared and not found.failing:
        found.failing[f"{found.declared} without a name"] = None
    return SuiteResults(cases=found.cases, failing=tuple(found.failing))


def _of_json(content: bytes, where: str) -> SuiteResults:
    try:
        read = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not valid JSON, or not whole: {error}") from error
    listed = _listed(read)
    if listed is None:
        raise DataError(f"{where}: no list of cases in it; write {_FORMS}")
    name_of_list, cases = listed
    failing: dict[str, None] = {}
    for number, case in enumerate(cases, 1):
        name, failed = _case(case, number, where, named_failures=name_of_list == "failures")
        if failed:
            failing[name] = None
    return SuiteResults(cases=len(cases), failing=tuple(failing))


def _listed(read: Any) -> tuple[str, list[Any]] | None:
    """The list of cases, at the top or one level down, and its name."""
    if isinstance(read, list):
        return "", read
    for found in _objects(read):
        for name in _LISTS:
            if isinstance(found.get(name), list):
                return name, found[name]
    return None


def _objects(read: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(read, dict):
        yield read
        yield from (inner for inner in read.values() if isinstance(inner, dict))


def _case(case: Any, number: int, where: str, *, named_failures: bool) -> tuple[str, bool]:
    if isinstance(case, str) and named_failures:
        return _shown(case), True
    if not isinstance(case, dict):
        raise DataError(f"{where}, case {number}: found {type(case).__name__}; write {_FORMS}")
    name = next((_shown(case[each]) for each in _NAMES if isinstance(case.get(each), str)), "") or f"case {number}"
    flags = [case[each] for each in _FLAGS if isinstance(case.get(each), bool)]
    words = [case[each].strip().lower() for each in _WORDS if isinstance(case.get(each), str)]
    if flags:
        return name, not flags[0]
    if words and words[0] in _FAILED | _PASSED:
        return name, words[0] in _FAILED
    if named_failures:
        return name, True
    raise DataError(
        f"{where}, case {number} ({name}): it does not say whether it passed; write `passed: true` or `false`, or a "
        f"`status` of {', '.join(sorted(_PASSED | _FAILED))}"
    )


def _count(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 9 else 0


def _shown(text: str) -> str:
    """A name as it can stand in a sentence: printable, in one line, not too long."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(plain.split())[:_LONGEST_NAME]
