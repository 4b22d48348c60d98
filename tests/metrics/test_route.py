"""Who may scrape: whoever brings the token, and nobody where there is none."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from include import workflow
from include.interfaces.metrics.exposition import MEDIA_TYPE
from include.interfaces.metrics.router import TOKEN
from tests.metrics.served import PATH, app_of, serving
from tests.reading.conftest import House

SECRET = "a-long-token-for-the-scraper"
OPENED: list[str] = []


@pytest.fixture(scope="module")
def url(lived: House) -> Iterator[str]:
    with serving(app_of(lived.deployment, OPENED)) as address:
        yield address + PATH


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, SECRET)


def scraped(url: str, header: str | None) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=60.0) as client:
        return client.get(url, headers=[] if header is None else [(b"Authorization", header.encode("latin-1"))])


@pytest.mark.parametrize("header", [f"Bearer {SECRET}", f"bearer {SECRET}", f"Bearer  {SECRET}"])
def test_token_is_let_in(url: str, header: str) -> None:
    answer = scraped(url, header)
    assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA_TYPE)
    assert answer.headers["cache-control"] == "no-store"
    assert "model_age_seconds" in {family.name for family in text_string_to_metric_families(answer.text)}


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", SECRET, f"Basic {SECRET}", f"Bearer {SECRET}x", f"Bearer {SECRET[:-1]}",
     f"Bearer {SECRET.upper()}", f"Bearer {SECRET} {SECRET}", "Bearer \xe9"],
)  # fmt: skip
def test_any_other_is_refused_before_the_records_are_opened(url: str, header: str | None) -> None:
    OPENED.clear()
    answer = scraped(url, header)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert "model_name" not in answer.text
    assert OPENED == []


@pytest.mark.parametrize("configured", [None, "", "  "])
def test_without_a_configured_token_there_is_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch, configured: str | None
) -> None:
    if configured is None:
        monkeypatch.delenv(TOKEN)
    else:
        monkeypatch.setenv(TOKEN, configured)
    assert {scraped(url, header).status_code for header in (None, "Bearer", f"Bearer {SECRET}")} == {404}


def test_records_that_cannot_be_reached_are_a_503(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_deployment: workflow.Deployment) -> None:
        raise psycopg.OperationalError("no route to host")

    monkeypatch.setattr(workflow, "scrape", away, raising=False)
    assert scraped(url, f"Bearer {SECRET}").status_code == 503
