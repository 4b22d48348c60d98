"""Another site's page in a real browser, in which somebody is signed in: whatever it sends changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from tests.api.conftest import API, MODEL, Served
from tests.chromium import Chromium, missing

pytestmark = [
    pytest.mark.airflow, pytest.mark.sweep, pytest.mark.skipif(bool(missing()), reason=missing())
]  # fmt: skip

PAGE = b"<!doctype html><title>other</title><iframe name=hidden></iframe>"
SEND = """
window.sent = 0;
const form = document.createElement('form');
form.method = 'POST'; form.target = 'hidden'; form.enctype = 'text/plain'; form.action = URL_;
const field = document.createElement('input');
field.name = '{"reason": "other site", "a": "'; field.value = '"}'; form.append(field); document.body.append(form);
form.submit();
const body = '{"reason": "other site"}';
for (const kind of ['text/plain', 'application/json', 'application/x-www-form-urlencoded'])
  for (const mode of ['no-cors', 'cors'])
    fetch(URL_, {method: 'POST', mode, credentials: 'include', body, headers: {'Content-Type': kind}})
      .catch(() => 0).finally(() => window.sent += 1);
navigator.sendBeacon(URL_, body);
"""
OURS = """
fetch(URL_, {method: 'POST', credentials: 'same-origin', body: '{"text": "ours", "at": "2026-01-01T00:00:00Z"}',
  headers: {'Content-Type': 'application/json', 'X-Requested-With': 'retraining'}}).then(r => window.answer = r.status);
"""


class Other(BaseHTTPRequestHandler):
    """Serves one page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def other_port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Other) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_page_of_another_origin_changes_nothing_and_our_own_does(served: Served, other_port: int) -> None:
    """The other page is of the same site at another port, and then of another site; the cookie is fresh both times."""
    address = f"{API}/models/{MODEL}/annotations"
    count = "SELECT count(*) FROM model_annotations WHERE text IN ('other site', 'ours')"
    before, tried = served.record(count), served.log("retraining.annotate")
    port = served.url.rpartition(":")[2]
    with Chromium() as browser:
        for ours, other in (("localhost", "localhost"), ("localhost", "127.0.0.1")):
            browser.open(f"http://{ours}:{port}/api/v2/version")
            browser.wait_for(f"document.cookie = '_token={served.tokens['op']}; path=/; SameSite=Lax'; return true;")
            browser.open(f"http://{other}:{other_port}/")
            script = SEND.replace("URL_", json.dumps(f"http://{ours}:{port}{address}"))
            browser.wait_for(f"{script} return true;")
            browser.wait_for("return window.sent === 6;")
        assert served.record(count) == before
        assert served.log("retraining.annotate") == tried
        browser.open(f"http://localhost:{port}/api/v2/version")
        browser.wait_for(f"{OURS.replace('URL_', json.dumps(address))} return true;")
        assert browser.wait_for("return window.answer;") == 200
    assert served.record(count) == [(before[0][0] + 1,)]
