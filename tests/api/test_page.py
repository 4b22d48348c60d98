"""The page in Airflow's server: who sees it, what each view says, and what it refuses."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.api.conftest import MODEL, Served

pytestmark = pytest.mark.airflow

PAGE = "/retraining/page"
VIEWS = (
    "fleet", "fleet?search=sal&sort=nearness", "fleet?health=failing", f"model?model={MODEL}", "model?model=other",
    f"model?model={MODEL}&days=1095&at=2026-02-11", f"decision?model={MODEL}", f"decision?model={MODEL}&run_id=broken",
    f"what-if?model={MODEL}&days=1095", f"what-if?model={MODEL}&performance_threshold=nonsense", "what-if?model=other",
    "history", f"history?model={MODEL}&answer=fired", "history?kind=events&status=promoted",
    f"versions?model={MODEL}&first=v1&second=v2", "versions?model=other", "health", "doctor", "statistics?days=1095",
    f"statistics?model={MODEL}",
)  # fmt: skip


def view(served: Served, path: str, caller: str = "viewer", status: int = 200) -> httpx.Response:
    answer = served.ask("GET", f"{PAGE}/{path}", caller)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    return answer


@pytest.mark.parametrize("path", VIEWS)
def test_every_view_is_there_for_who_may_read_and_for_nobody_else(served: Served, path: str) -> None:
    html = view(served, path).text
    assert "<script>" not in html
    assert " style=" not in html
    assert not re.findall(r"(?:href|src|action)=\"(?:/|https?:)", html)
    assert "Sign in" in view(served, path, "", 401).text
    view(served, path, "garbage", 403)


def test_every_address_of_the_page_reads_only_and_asks_for_the_right_to(served: Served) -> None:
    assert len(served.pages) >= 12
    for each in served.pages:
        assert each["kind"] == "PageRoute", each
        assert each["guards"][:2] == ["can_read", "same_site_only"], each
        assert each["methods"] == ["GET"], each


def test_why_a_model_was_not_retrained_stands_on_its_page_and_links_to_the_decision(served: Served) -> None:
    html = view(served, f"model?model={MODEL}&days=1095").text
    assert "No retrain" in html
    assert "price" in html
    assert f"decision?model={MODEL}&amp;run_id=broken" in html


def test_reason_that_is_markup_is_shown_as_text(served: Served) -> None:
    html = view(served, f"decision?model={MODEL}&run_id=broken").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_what_if_tells_what_other_settings_would_have_done_and_what_to_write(served: Served) -> None:
    html = view(served, f"what-if?model={MODEL}&days=1095&false_retrains_per_quarter=4").text
    assert "false_retrains_per_quarter: 4.0" in html
    assert "give a number" in view(served, f"what-if?model={MODEL}&performance_threshold=nonsense").text
    assert "greater than 0" in view(served, f"what-if?model={MODEL}&performance_threshold=-1").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("model?model=nosuch", 404), ("decision?model=nosuch", 404), (f"decision?model={MODEL}&run_id=nosuch", 404),
        ("model?model=../../etc/passwd", 422), ("fleet?sort=sideways", 422), ("fleet?cursor=abc", 422),
        (f"model?model={MODEL}&days=0", 422), (f"model?model={MODEL}&at=yesterday", 422),
        ("history?start=2026-13-01", 422),
        (f"versions?model={MODEL}&first=v1&second=v77", 404), ("export.csv?table=pg_authid", 422), ("model", 422),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_told_on_a_page(served: Served, path: str, status: int) -> None:
    html = view(served, path, status=status).text
    assert 'class="card problem"' in html
    assert str(served.url) not in html


def test_tab_on_another_dag_says_that_it_is_not_ours(served: Served) -> None:
    assert "Nothing here belongs to this DAG" in view(served, "fleet?dag_id=somebody_elses").text
    assert "Fleet" in view(served, "fleet?dag_id=automatic_model_retraining").text


def test_tables_come_as_csv_files(served: Served) -> None:
    answer = served.ask("GET", f"{PAGE}/export.csv?table=retraining_decisions&model={MODEL}", "viewer")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="retraining_decisions.csv"'
    assert answer.text.splitlines()[0].startswith('"model_name",')
    assert len(answer.text.splitlines()) >= 3


def test_files_of_the_page_are_for_those_who_may_read_too(served: Served) -> None:
    for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript")):
        answer = served.ask("GET", f"{PAGE}/files/{name}", "viewer")
        assert answer.headers["content-type"].startswith(kind)
        assert served.ask("GET", f"{PAGE}/files/{name}", "").status_code == 401
    assert served.ask("GET", f"{PAGE}/files/..%2Fanswers.py", "viewer").status_code in (404, 422)
