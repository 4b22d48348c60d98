"""The calls of two systems that people may come from, as docs/rest-api.md translates them: each is taken."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from tests.api.conftest import API, MODEL, Served
from tests.api.test_access import DOCS

pytestmark = pytest.mark.airflow

LINES = [
    line.replace("distilbert", MODEL).replace("iris", MODEL).replace('"accuracy": 0.85, "f1": 0.82', '"rmse": 9.5')
    for line in re.findall(r"\| `(curl [^`]+)` \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
]
FEWEST = 12


def test_table_translates_every_call() -> None:
    assert len(LINES) >= FEWEST


@pytest.fixture(autouse=True)
def _started(served: Served) -> None:
    """Whatever other tests have left."""
    served.ask("POST", "/start")


@pytest.mark.parametrize("line", LINES)
def test_translated_call_is_taken(served: Served, line: str) -> None:
    words = shlex.split(line)[1:]
    method, body, headers, address = "GET", None, {}, ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = words.pop(0)
            json.loads(body)
        else:
            address = word
    assert address.startswith("$API/")
    answer = served.ask(method, address.replace("$API", API), headers=headers, content=body)
    assert answer.status_code in (200, 202), answer.text
    if address.endswith("/stop"):
        served.ask("POST", "/start")
