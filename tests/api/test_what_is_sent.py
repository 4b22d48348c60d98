"""What callers, other sites and attackers send: refused, or inert; never an error of ours, never a trace."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import MODEL, ROLES, Served
from tests.sweeps import each_nth

pytestmark = pytest.mark.airflow

RETRAIN = f"/models/{MODEL}/retrain"
HOSTILE = [
    "'; DROP TABLE retraining_runs; --", "../../../../etc/passwd", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..\\..\\x",
    "a\x00b", "x\r\nX-Injected: a=b", "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "{{7*7}}",
    "${jndi:ldap://x}", "😀" * 40, "a" * 5000, "", ".", "..", "-", "SALES", "http://169.254.169.254/latest/meta-data",
]  # fmt: skip
QUERIED = (
    ("/requests", "model_name"), ("/quarantines", "model_name"), (f"/models/{MODEL}/report", "run_id"),
    (f"/models/{MODEL}/compare?version2=v1", "version1"), ("/models", "search"), ("/decisions", "cursor"),
    (f"/models/{MODEL}/distribution?run_id=first", "feature"), ("/failures", "run_id"),
)  # fmt: skip


def refused(answer: httpx.Response) -> bool:
    """A clean no: a problem with a text, and nothing of what happened inside."""
    told = answer.text
    return (
        400 <= answer.status_code < 500
        and "Traceback" not in told
        and "/site-packages/" not in told
        and isinstance(answer.json()["detail"], str)
    )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X-Requested-With": "XMLHttpRequest"}, 403),
        ({"X-Requested-With": "retraining"}, 200),
        ({"X-Requested-With": "retraining", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"X-Requested-With": "retraining", "Sec-Fetch-Site": "same-site"}, 403),
        ({"X-Requested-With": "retraining", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"X-Requested-With": "retraining", "Origin": "http://evil.example"}, 403),
        ({"X-Requested-With": "retraining", "Origin": "null"}, 403),
        ({"X-Requested-With": "retraining", "Origin": "HERE"}, 200),
    ],
)
def test_write_by_cookie_has_to_come_from_our_own_page(served: Served, headers: dict[str, str], status: int) -> None:
    sent = {name: served.url if value == "HERE" else value for name, value in headers.items()}
    answer = served.ask("POST", "/start", "", headers={"Cookie": f"_token={served.tokens['op']}", **sent})
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "site", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://a.b"}]
)
def test_write_from_another_site_is_refused_with_a_token_too(served: Served, site: dict[str, str]) -> None:
    """Airflow can be set up to add a token to every request: a token does not say where that comes from."""
    assert served.ask("POST", "/start", headers=site).status_code == 403


def test_form_and_plain_text_of_another_site_do_nothing(served: Served) -> None:
    before = served.record("SELECT count(*) FROM retraining_requests")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        headers = {"Cookie": f"_token={served.tokens['op']}", "Content-Type": kind, "Sec-Fetch-Site": "cross-site"}
        assert served.ask("POST", RETRAIN, "", headers=headers, content='{"reason": "x"}').status_code == 403
        answer = served.ask("POST", RETRAIN, headers={"Content-Type": kind}, content='{"reason": "x"}')
        assert refused(answer), answer.text
    assert served.record("SELECT count(*) FROM retraining_requests") == before


def test_body_that_is_too_long_is_refused_before_anything_else(served: Served) -> None:
    for content in (b"x" * 300_000, (b"x" * 65_536 for _ in range(8))):
        answer = served.ask("POST", RETRAIN, content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


@pytest.mark.parametrize(
    "content",
    [
        b"{", b"[" * 50_000, b"\xff\xfe", b'{"reason": "\\ud800"}', b'{"reason": 1}', b"null", b"[]",
        b'{"reason": "a\\u0000b"}', b'{"reason": "x", "hyperparameters": {"max_iter": NaN}}', b'{"reason": " "}',
        b'{"reason": "x", "created_by": "root"}', b'{"reason": "x", "hyperparameters": {"max_iter": 1e999}}',
        b'{"reason": "x", "reason2": "y"}', b'"x"',
    ],
)  # fmt: skip
def test_body_that_is_no_such_request_is_refused(served: Served, content: bytes) -> None:
    answer = served.ask("POST", RETRAIN, content=content, headers={"Content-Type": "application/json"})
    if content == b"null":
        assert answer.status_code == 202
    else:
        assert refused(answer), answer.text


@pytest.mark.parametrize("text", each_nth(HOSTILE, 3))
def test_hostile_name_reaches_nothing(served: Served, text: str) -> None:
    from urllib.parse import quote

    for path in ("/models/{}/lineage", "/models/{}/config", "/models/{}/report", "/events/{}"):
        if text in (".", ".."):
            continue  # a client resolves them before it sends anything
        answer = served.ask("GET", path.format(quote(text, safe="")))
        assert answer.status_code in (404, 422), (path, answer.status_code)
        assert "root:" not in answer.text
    for path, name in QUERIED:
        answer = served.ask("GET", path, params={**dict(httpx.URL(path).params), name: text})
        assert answer.status_code < 500, answer.text
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.strip() and "\x00" not in text and len(text) < 500])
def test_hostile_reason_is_kept_as_it_is_and_shown_inert(served: Served, text: str) -> None:
    answer = served.ask("POST", RETRAIN, json={"reason": text, "start_run": False})
    assert answer.status_code == 202, answer.text
    kept = answer.json()["request"]
    assert (kept["reason"], kept["requested_by"]) == (text, "op")
    assert answer.headers["x-content-type-options"] == "nosniff"
    [known] = [each for each in served.ask("GET", "/requests").json()["entries"] if each["id"] == kept["id"]]
    assert known["reason"] == text


def test_markup_in_a_reason_is_inert_in_every_format_of_a_report(served: Served) -> None:
    markup = "<script>alert(1)</script>"
    page = served.ask("GET", f"/models/{MODEL}/report", params={"run_id": "broken", "format": "html"})
    assert page.status_code == 200
    assert markup not in page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy
    told = served.ask("GET", f"/models/{MODEL}/report", params={"run_id": "broken"})
    assert told.json()["run"]["reason"] == markup
    assert markup not in served.ask("GET", f"/models/{MODEL}/report", params={"run_id": "broken", "format": "md"}).text


@pytest.mark.parametrize(
    "place", ["/etc/passwd", "../secrets.csv", "a/../../b.csv", "~/x.csv", "http://169.254.169.254/x.csv", "s3://b/../c",
              "file:///etc/passwd", "a\nb.csv", "\\\\host\\share"]
)  # fmt: skip
def test_rows_of_a_request_lie_in_the_data_folder_or_in_storage(served: Served, place: str) -> None:
    sent = {"reason": "rows", "training_data_path": place, "start_run": False}
    assert refused(served.ask("POST", RETRAIN, json=sent))


def test_number_is_no_time(served: Served) -> None:
    for text in ("0.5", "1e9", "-1", "1700000000", "0001-01-01", "99999-01-01"):
        assert refused(served.ask("GET", "/failures", params={"until": text}))
    assert refused(served.ask("POST", "/mutes", json={"until": 4e9, "reason": "a number"}))


def test_method_that_is_not_there_is_answered_with_those_that_are(served: Served) -> None:
    for path, methods in (("/mutes", "GET, POST"), ("/status", "GET"), (f"/models/{MODEL}/rollback", "POST")):
        answer = served.ask("PUT", path)
        assert (answer.status_code, answer.headers["allow"]) == (405, methods)
        assert answer.headers["content-type"] == "application/problem+json"


def test_every_answer_carries_the_headers_that_keep_a_browser_in_check(served: Served) -> None:
    for path, caller in (("/status", "op"), ("/status", ""), ("/nowhere", "op"), ("/models/UPPER/config", "op")):
        headers = served.ask("GET", path, caller).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_audit_log_of_airflow_has_every_write_with_its_caller_and_no_secret(served: Served) -> None:
    sent = {"reason": "audited", "start_run": False, "hyperparameters": {"password": "hush", "max_iter": 7}}
    assert served.ask("POST", RETRAIN, "user", json=sent).status_code == 422
    owner, dag, extra = served.log("retraining.retrain")[-1]
    told: dict[str, Any] = json.loads(extra)
    assert (owner, dag, told["reason"]) == ("user", "automatic_model_retraining", "audited")
    assert "hush" not in extra


def test_audit_log_takes_whatever_is_sent(served: Served) -> None:
    long = {"reason": "x", "run_id": "a\x00b" * 200, "dag_id": "d" * 5000, "logical_date": "never"}
    for content in (json.dumps(long).encode(), b"{", b"[" * 9000):
        answer = served.ask("POST", RETRAIN, content=content, params={"run_id": "z" * 4000},
                            headers={"Content-Type": "application/json"})  # fmt: skip
        assert refused(answer), answer.text


def test_who_asks_is_whoever_the_token_belongs_to(served: Served) -> None:
    for role in ROLES[1:]:
        answer = served.ask("POST", RETRAIN, role, json={"reason": f"I am {role}", "start_run": False})
        assert answer.json()["request"]["requested_by"] == role
