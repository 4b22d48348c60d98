from __future__ import annotations

import json

import pytest

from include.data.sources.suite_results import MOST_BYTES, SuiteResults, read_results
from include.errors import DataError

JUNIT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="red team" tests="4" failures="1" errors="1">
 <testcase classname="jailbreak" name="role play"><failure message="answered">…</failure></testcase>
 <testcase classname="jailbreak" name="suffix"/>
 <testcase name="leak"><error/></testcase>
 <testcase name="slow"><skipped/></testcase>
</testsuite></testsuites>"""
LAUGHS = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;">]>
<testsuite><testcase name="&lol2;"><failure/></testcase></testsuite>"""
OUTSIDE = """<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]>
<testsuite><testcase name="&file;"/></testsuite>"""
PARAMETER = """<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><testsuite/>"""


def of(text: str | bytes) -> SuiteResults:
    return read_results(text.encode() if isinstance(text, str) else text, "results.xml")


def test_failures_and_errors_of_junit_are_failing_and_skipped_ones_are_not() -> None:
    assert of(JUNIT) == SuiteResults(cases=4, failing=("jailbreak.role play", "leak"))
    assert of("\ufeff" + JUNIT.partition("?>")[2]).failing == ("jailbreak.role play", "leak")
    assert of(JUNIT.replace("utf-8", "utf-16").encode("utf-16")).cases == 4
    assert of(
        '<j:testsuite xmlns:j="urn:junit"><j:testcase name="a"><j:error/></j:testcase></j:testsuite>'
    ).failing == ("a",)


def test_failures_that_a_suite_only_counts_are_not_lost() -> None:
    assert of('<testsuite failures="2"><testcase name="a"/></testsuite>').failing == ("2 without a name",)


@pytest.mark.parametrize("text", [LAUGHS, OUTSIDE, PARAMETER, LAUGHS.replace("lol2;", "lol;")])
def test_a_document_type_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"results\.xml: it has a document type"):
        of(text)


@pytest.mark.parametrize(
    ("content", "failing"),
    [
        ({"cases": [{"name": "a", "passed": False}, {"name": "b", "passed": True}]}, ("a",)),
        ([{"id": "a", "status": "FAILED"}, {"id": "b", "status": "Skipped"}], ("a",)),
        ({"tests": [{"nodeid": "t.py::x", "outcome": "error"}], "summary": {}}, ("t.py::x",)),
        ({"results": {"results": [{"description": "inject", "success": False}]}}, ("inject",)),
        ({"failures": ["a", "b", "a"]}, ("a", "b")),
        ({"failures": [{"name": "a", "message": "no"}]}, ("a",)),
        ({"cases": []}, ()),
        ({"cases": [{"passed": False}, {"name": "", "ok": False}]}, ("case 1", "case 2")),
        ([{"name": "a\n\u202eb\x00 c", "pass": False}], ("a b c",)),
    ],
)
def test_json_in_the_forms_of_suites(content: object, failing: tuple[str, ...]) -> None:
    assert of(json.dumps(content)).failing == failing


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "not whole"), ("<testsuite><testcase", "not whole"), ("<html></html>", "no testsuites or testsuite"),
        ('{"cases": [', "not valid JSON"), ("[" * 200_000, "not valid JSON"), ("{}", "no list of cases"),
        ('[{"name": "a"}]', "does not say whether it passed"), ('[{"name": "a", "status": "maybe"}]', "case 1"),
        ("[1]", "case 1: found int"), ('{"cases": "a"}', "no list of cases"), (b"\xff\xfe\x00", "not whole"),
        ('<?xml version="1.0" encoding="klingon"?><testsuite/>', "not whole"), (b"PK\x03\x04", "not whole"),
        ("<testsuite/>" + " " * MOST_BYTES, "split it"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_by_name(content: str | bytes, told: str) -> None:
    with pytest.raises(DataError, match=r"^results\.xml") as refused:
        of(content)
    assert told in str(refused.value)
