"""Who may do what: every route of the app for everybody, and no route that is open."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.api.conftest import MODEL, ROLES, Served
from tests.sweeps import first_of
from tools.layout import PROJECT_ROOT

pytestmark = pytest.mark.airflow

RIGHTS = {"read": "can_read", "act": "can_act", "operate": "can_operate", "answer": "can_answer"}
DOCS = PROJECT_ROOT / "docs" / "rest-api.md"
#: What stands for a parameter of a path, and what is sent to a route that needs a body or a query.
PARAMETERS = {
    "model_name": MODEL,
    "event_id": "1",
    "quarantine_id": "99",
    "mute_id": "99",
    "table": "model_retraining_events",
}
SENT: Mapping[str, dict[str, Any]] = {
    "POST /models/{model_name}/rollback": {"json": {"reason": "matrix", "to": "v7"}},
    "POST /models/{model_name}/canary": {"json": {"version": "v9", "share": 1.0, "reason": "matrix"}},
    "POST /events/{event_id}/approval": {"json": {"approve": False}},
    "POST /quarantines/{quarantine_id}/lift": {"json": {"reason": "matrix"}},
    "GET /models/{model_name}/compare": {"params": {"version1": "v1", "version2": "v2"}},
    "GET /models/{model_name}/distribution": {"params": {"run_id": "first", "feature": "price"}},
    "POST /models/{model_name}/pause": {"json": {"reason": "matrix"}},
    "POST /models/{model_name}/resume": {"json": {"reason": "matrix"}},
    "POST /mutes": {"json": {"reason": "matrix", "until": "2100-01-01T00:00:00Z"}},
    "POST /mutes/{mute_id}/unmute": {"json": {"reason": "matrix"}},
    "POST /models/{model_name}/annotations": {"json": {"at": "2026-02-01T00:00:00Z", "text": "matrix"}},
    "POST /models/{model_name}/marks": {"json": {"run_id": "first", "verdict": "right", "reason": "matrix"}},
    "GET /marks": {"params": {"since": "2026-01-01", "until": "2027-01-01"}},
    "GET /statistics": {"params": {"start": "2026-01-01", "end": "2030-01-01"}},
    "GET /audit": {"params": {"start": "2026-01-01", "end": "2027-01-01"}},
}


def documented() -> dict[str, str]:
    """Of each method and path in the table of docs/rest-api.md the right that it needs."""
    rows = re.findall(r"^\| `(GET|POST|PUT|DELETE) (/\S+)` \| (\w+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    return {f"{method} {path}": right for method, path, right in rows}


def routes(served: Served) -> list[str]:
    """Method and path of each route, without where the app and the API are mounted."""
    paths = [(method, each["path"]) for each in served.routes for method in each["methods"]]
    return [f"{method} {path.removeprefix('/api/v1')}" for method, path in paths]


def filled(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda found: PARAMETERS[found[1]], path)


def test_table_of_rights_names_every_route_and_no_other(served: Served) -> None:
    assert sorted(documented()) == sorted(routes(served))


def test_every_route_asks_for_its_right_and_refuses_other_sites_first(served: Served) -> None:
    """Also one that somebody adds and forgets to guard: the walk finds whatever the app serves."""
    assert served.routes
    for each in served.routes:
        assert each["kind"] == "OnceRoute", each
        assert each["guards"][:2] == ["can_read", "same_site_only"], each
        for method in each["methods"]:
            right = documented()[f"{method} {each['path'].removeprefix('/api/v1')}"]
            assert right == "read" or RIGHTS[right] in each["guards"], each
            writes = method != "GET" and right != "read"
            assert ("note" in each["guards"]) == writes, each


def test_metrics_are_for_their_own_token_alone(served: Served) -> None:
    [scraped] = served.scraped
    assert (scraped["methods"], scraped["guards"][0]) == (["GET"], "may_scrape")
    for caller in ("", *ROLES, "garbage"):
        assert served.ask("GET", "/retraining/metrics", caller).status_code == 404


@pytest.mark.parametrize("everybody", first_of([False, True], 1))
def test_everybody_gets_what_the_table_of_rights_says(served: Served, everybody: bool) -> None:
    """Every route for nobody, for the role with the fewest rights, and in turn or all for others and broken tokens."""
    rights, wrong, calls = documented(), [], 0
    others = [*(role for role in ROLES if role != "viewer"), "garbage", "a.b.c"]
    for number, route in enumerate(routes(served)):
        method, path = route.split(" ")
        for caller in ("", "viewer", *(others if everybody else [others[number % len(others)]])):
            status = served.ask(method, filled(path), caller, **SENT.get(route, {})).status_code
            calls += 1
            if caller == "":
                right = status == 401
            elif caller not in ROLES or (caller == "viewer" and rights[route] != "read"):
                right = status == 403
            else:
                right = status < 500 and status not in (401, 403)
            if not right:
                wrong.append((route, caller, status))
    served.ask("POST", "/start")  # one of the routes has stopped it
    assert wrong == []
    assert calls == (2 + (len(others) if everybody else 1)) * len(served.routes)


def test_what_is_refused_is_a_problem_with_a_text(served: Served) -> None:
    for caller, status in (("", 401), ("garbage", 403)):
        answer = served.ask("GET", "/status", caller)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code == status
        assert isinstance(answer.json()["detail"], str)
    assert served.ask("GET", "/status", "").headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/retraining/docs", "/retraining/redoc", "/retraining/openapi.json", "/retraining/"])
def test_no_page_of_the_framework_is_served(served: Served, path: str) -> None:
    assert served.ask("GET", path, "admin").status_code == 404


def test_what_may_not_be_read_is_not_written_either_and_leaves_no_trace(served: Served) -> None:
    before = served.log("retraining.rollback")
    served.ask("POST", f"/models/{MODEL}/rollback", "viewer", json={"reason": "mine"})
    assert served.log("retraining.rollback") == before


REFUSING = """
import sys
sys.modules["airflow.api_fastapi.core_api.security"] = None
from fastapi.testclient import TestClient
from include.interfaces.api.app import create_app
app = create_app()
client = TestClient(app, raise_server_exceptions=False)
token = {"Authorization": "Bearer x", "X-Requested-With": "retraining"}
for route in app.routes:
    for method in route.methods:
        answer = client.request(method, route.path.replace("{model_name}", "m"), headers=token, json={})
        print(method, route.path, answer.status_code, answer.headers["content-type"])
"""


def test_authorization_that_cannot_be_imported_refuses_everybody() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", REFUSING], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    lines = [line.split(" ", 3) for line in run.stdout.splitlines() if line.startswith(("GET", "POST"))]
    assert len(lines) > 20
    pages = [line for line in lines if line[1].startswith("/page/")]
    assert len(pages) > 10
    assert {(line[2], line[3]) for line in pages} == {("503", "text/html; charset=utf-8")}
    scraped = [line for line in lines if line[1] == "/metrics"]
    assert [line[2] for line in scraped] == ["404"]  # no token is configured: there are no metrics
    rest = [line for line in lines if line not in (*pages, *scraped)]
    assert {(line[2], line[3]) for line in rest} == {("503", "application/problem+json")}
