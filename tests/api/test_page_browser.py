"""The page in a real browser: one action of each kind, Airflow's frame and theme, the clicks that questions take."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import psycopg
import pytest

from include.records.postgres import PostgresStore
from tests.airflow_home import AirflowHome
from tests.api.conftest import MODEL, ROLES, Served, fill, serve, token
from tests.api.questions import answer_of, ask_person
from tests.chromium import Chromium, missing
from tests.records.examples import open_event, own_records, postgres_store
from tests.stage import Stage
from tools.embedded_postgres import EmbeddedPostgres

pytestmark = [
    pytest.mark.airflow, pytest.mark.end_to_end, pytest.mark.sweep,
    pytest.mark.skipif(bool(missing()), reason=missing()),
]  # fmt: skip

DARKER = "oklch(0.45 0.2 300.0)"
BRAND = {"tokens": {"colors": {"brand": {"600": {"value": "oklch(0.52 0.2 300.0)"}, "700": {"value": DARKER}}}}}
VIEWS = (
    "fleet", f"model?model={MODEL}&days=1095", "model?model=other", f"decision?model={MODEL}&run_id=broken",
    f"what-if?model={MODEL}&days=1095", "history", "history?kind=events", f"versions?model={MODEL}&first=v1&second=v2",
    "health", "statistics?days=1095",
)  # fmt: skip
#: Of each action: what is filled in, and a query that counts what it leaves on record.
ACTIONS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "retrain": ({"reason": "by hand"}, "SELECT count(*) FROM retraining_requests WHERE reason = 'by hand'"),
    "advanced": (
        {"reason": "with settings", "hyperparameters": '{"max_iter": 20}', "notes": "ticket 7"},
        "SELECT count(*) FROM retraining_requests WHERE hyperparameters @> '{\"max_iter\": 20}'",
    ),
    "dry-run": ({"reason": "only look"}, ""),
    "annotate": (
        {"text": "prices <b>turned</b> round", "at": "2026-02-05T12:00"},
        "SELECT count(*) FROM model_annotations WHERE text LIKE 'prices%%'",
    ),
    "mute": ({"until": "2100-01-01T00:00", "reason": "known"}, "SELECT count(*) FROM notification_mutes"),
    "canary": ({"share": "5", "reason": "try it"}, "SELECT count(*) FROM canary_shares WHERE share = 5"),
    "rollback": (
        {"reason": "too slow"},
        "SELECT count(*) FROM model_deployment_history WHERE reason = 'too slow' AND deployed_by = 'op'",
    ),
    "pause": ({"reason": "sensor is replaced"}, "SELECT count(*) FROM model_pauses WHERE paused"),
    "resume": ({"reason": "back again"}, "SELECT count(*) FROM model_pauses WHERE NOT paused"),
}


@pytest.fixture(scope="module")
def page(
    postgres: EmbeddedPostgres, airflow_home: AirflowHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server of these tests' own: what they do changes what is on record."""
    folder = tmp_path_factory.mktemp("page")
    with own_records(postgres) as uri:
        stage = Stage(folder, PostgresStore(partial(psycopg.connect, uri)))  # type: ignore[arg-type]
        fill(stage)
        for found in serve(airflow_home, uri, stage, folder, {"AIRFLOW__API__THEME": json.dumps(BRAND)}):
            found.tokens.update({role: token(found.url, role) for role in ROLES})
            assert found.ask("POST", "/start").status_code == 200
            yield found


@pytest.fixture
def browser(page: Served) -> Iterator[Chromium]:
    with Chromium(patience=60.0) as started:
        sign_in(started, page, "op")
        started.requested()
        yield started


def sign_in(browser: Chromium, page: Served, role: str) -> None:
    browser.open(f"{page.url}/api/v2/version")
    browser.run(f"document.cookie = '_token={page.tokens[role]}; path=/; SameSite=Lax';")


def show(browser: Chromium, page: Served, view: str) -> None:
    browser.open(f"{page.url}/retraining/page/{view}")
    browser.wait_for("return document.readyState === 'complete' && document.querySelector('main') !== null;")


def act(browser: Chromium, key: str, filled: Mapping[str, str]) -> str:
    """Fill the dialog of an action in, send it, and return what it says then."""
    browser.click(f"[data-opens='{key}']")
    for name, text in filled.items():
        script = "const f = document.querySelector(arguments[0]); f.value = arguments[1];"
        script += "f.dispatchEvent(new Event('input', {bubbles: true}));"
        browser.run(script, f"#{key} [name='{name}']", text)
    previewed = str(browser.run("return document.querySelector(arguments[0]).textContent", f"#{key} [data-preview]"))
    assert previewed.startswith("POST /retraining/api/v1/"), previewed
    for text in filled.values():
        assert text[:16] in previewed.replace('\\"', '"') or text.startswith("{"), (text, previewed)
    browser.click(f"#{key} button[type=submit]")
    place = f"document.querySelector('#{key} [data-told]')"
    return str(browser.wait_for(f"const p = {place}; return /good|bad/.test(p.className) && p.textContent;"))


def finish(browser: Chromium, key: str) -> None:
    """Close a dialog that is done, which shows the view anew."""
    browser.run("window.before = true;")
    browser.click(f"#{key} [data-closes]")
    browser.wait_for("return window.before === undefined && document.readyState === 'complete';")


def test_one_action_of_each_kind_is_done_and_on_record(page: Served, browser: Chromium) -> None:
    for key, (filled, query) in ACTIONS.items():
        show(browser, page, f"model?model={MODEL}&days=1095")
        before = page.record(query)[0][0] if query else 0
        told = act(browser, key, filled)
        assert told.startswith("Done"), (key, told)
        if query:
            assert page.record(query)[0][0] == before + 1, key
        finish(browser, key)
    show(browser, page, f"model?model={MODEL}&days=1095")
    shown = str(browser.run("return document.getElementById('metric').textContent"))
    assert "prices <b>turned</b> round" in shown
    assert browser.complaints() == []


def test_marks_quarantines_mutes_and_the_schedule_have_their_actions_too(page: Served, browser: Chromium) -> None:
    show(browser, page, f"decision?model={MODEL}&run_id=broken")
    assert act(browser, "right", {"reason": "the feed was broken"}).startswith("Done")
    assert page.record("SELECT verdict FROM decision_marks ORDER BY id DESC LIMIT 1") == [("right",)]
    show(browser, page, f"model?model={MODEL}&days=1095")
    key = str(browser.run("return document.querySelector('[data-opens^=lift-]').dataset.opens"))
    assert act(browser, key, {"reason": "the rows are mended"}).startswith("Done")
    assert page.record("SELECT count(*) FROM quarantined_spans WHERE lifted_by = 'op'")[0][0] >= 1
    for key, paused in (("stop", True), ("start", False)):
        show(browser, page, "health")
        assert act(browser, key, {}).startswith("Done")
        assert page.ask("GET", "/status").json()["is_running"] is not paused


def test_what_waits_for_a_person_is_approved_and_refused(
    page: Served, browser: Chromium, airflow_home: AirflowHome
) -> None:
    store = postgres_store(page.records_uri)
    for key, chosen in (("approve", "Approve"), ("refuse", "Reject")):
        event = open_event(store, run_id=f"asks-to-{key}", model_name=MODEL)
        ask_person(airflow_home, event.run.run_id, MODEL)
        show(browser, page, f"decision?model={MODEL}&run_id={event.run.run_id}")
        told = act(browser, f"{key}-{event.id}", {"reason": "as agreed"})
        assert told.startswith("Done"), told
        assert answer_of(page.metadata_uri, event.run.run_id) == ([chosen], "op")
        finish(browser, f"{key}-{event.id}")


def test_who_may_only_look_is_told_so_and_nothing_happens(page: Served, browser: Chromium) -> None:
    sign_in(browser, page, "viewer")
    show(browser, page, f"model?model={MODEL}")
    told = act(browser, "retrain", {"reason": "not mine to ask"})
    assert not told.startswith("Done")
    assert page.record("SELECT count(*) FROM retraining_requests WHERE reason = 'not mine to ask'") == [(0,)]


def test_no_view_asks_anybody_outside_or_complains_in_any_theme_and_width(page: Served, browser: Chromium) -> None:
    for theme in ("light", "dark"):
        for width in (1300, 380):
            browser.run("localStorage.setItem('theme', arguments[0])", theme)
            browser.resize(width, 900)
            for view in VIEWS:
                show(browser, page, view)
                assert browser.run("return document.documentElement.dataset.theme") == theme
                wide = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide <= 0, (view, width)
    assert browser.complaints() == []
    assert [each for each in browser.requested() if not each.startswith((page.url, "data:"))] == []


def test_page_has_the_colours_and_follows_the_theme_of_airflow_in_whose_frame_it_is(
    page: Served, browser: Chromium
) -> None:
    browser.run("localStorage.setItem('theme', 'light')")
    browser.open(f"{page.url}/plugin/retraining")
    inside = "const inner = document.querySelector('iframe')?.contentDocument?.documentElement;"
    browser.wait_for(f"{inside} return inner?.dataset.theme === 'light';")
    colour = f"{inside} return getComputedStyle(inner).getPropertyValue('--brand-700');"
    assert str(browser.wait_for(colour)).strip() == DARKER
    other = "const f = document.createElement('iframe'); f.src = 'api/v2/version'; document.body.append(f);"
    browser.run(f"{other} f.onload = () => f.contentWindow.localStorage.setItem('theme', 'dark');")
    browser.wait_for(f"{inside} return inner?.dataset.theme === 'dark';")


QUESTIONS: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "why was it not retrained": ("fleet", (f"tbody a[href*='decision?model={MODEL}']",), "price"),
    "who is nearest to a retrain": ("fleet", ("thead a[href*='sort=nearness']",), MODEL),
    "what is unhealthy": ("fleet", (), "unwatched"),
    "what is wrong with the monitor": ("fleet", ("nav a[href='health']",), "Health of the monitor"),
    "champion on a day, and who decided": (
        "fleet", (f"tbody th a[href='model?model={MODEL}']", "DAY", "#versions form button"), "decided by",
    ),
    "roll it back": (
        "fleet", (f"tbody th a[href='model?model={MODEL}']", "[data-opens=rollback]"), "In production now",
    ),
}  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_question_of_somebody_on_call_takes_at_most_three_clicks(
    page: Served, browser: Chromium, question: str
) -> None:
    view, clicks, answer = QUESTIONS[question]
    show(browser, page, view)
    for selector in clicks:
        if selector == "DAY":  # it is typed, or chosen in the browser's own calendar
            today = "document.getElementById('at').value = new Date().toISOString().slice(0, 10)"
            browser.wait_for(f"return document.getElementById('at') && ({today});")
        else:
            browser.click(selector)
    assert len([each for each in clicks if each != "DAY"]) <= 3
    browser.wait_for(f"return document.body.textContent.includes({json.dumps(answer)});")


@pytest.mark.skipif("AXE_CORE" not in os.environ, reason="AXE_CORE names no axe.min.js (of the npm package axe-core)")
def test_accessibility_has_no_serious_finding(page: Served, browser: Chromium) -> None:
    script = Path(os.environ["AXE_CORE"]).read_text(encoding="utf-8")
    found = []
    for theme in ("light", "dark"):
        browser.run("localStorage.setItem('theme', arguments[0])", theme)
        for view in VIEWS:
            show(browser, page, view)
            asked = "return axe.run(document).then(r => r.violations.map(v => [v.id, v.impact]))"
            browser.run(f"{script};window.axe = axe;")
            found += [(theme, view, *each) for each in browser.run(asked) if each[1] in ("serious", "critical")]
    assert found == []
