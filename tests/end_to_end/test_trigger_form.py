"""The form that triggers the DAG, in a real browser: it opens ready, offers models, and works at the first click."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chromium import Chromium, missing
from tests.models import models_dir
from tools.layout import ADMIN, DAG_ID
from tools.local_stack import LocalStack

SUBMIT = "[data-testid=trigger-dag-submit]"
SUBMIT_READY = f"const b = document.querySelector('{SUBMIT}'); return b && !b.disabled && b.innerText.trim()"
OPEN_FORM = """
const button = [...document.querySelectorAll('button')].find(each => each.innerText.trim().startsWith('Trigger'));
if (button) button.click();
return Boolean(button);
"""
OFFERED = "return [...document.querySelectorAll('#element_models [role=option]')].map(each => each.innerText)"
RUN_PAGE = "const found = location.href.match(/runs\\/([^/?]+)/); return found && decodeURIComponent(found[1])"

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.sweep,
    pytest.mark.skipif(bool(missing()), reason=f"no browser to try: {missing()}"),
]


def test_form_opens_ready_offers_the_models_and_works_at_the_first_click(tmp_path: Path) -> None:
    folder = models_dir(tmp_path / "models")
    with LocalStack(tmp_path / "home", models_dir=folder) as stack, Chromium() as page:
        site = f"http://127.0.0.1:{stack.api_port}"
        page.open(site)
        page.type("input[name=username]", ADMIN)
        page.type("input[name=password]", stack.layout.admin_password())
        page.click("button[type=submit]")
        page.wait_for("return !location.href.includes('login')")
        page.open(f"{site}/dags/{DAG_ID}")
        page.wait_for(OPEN_FORM)
        page.wait_for("return document.querySelector('#element_reason')")
        page.wait_for(SUBMIT_READY)
        page.click("#element_models")
        assert page.wait_for(OFFERED) == ["quiet"]
        if shown := os.environ.get("SCREENSHOTS"):
            page.save_screenshot(Path(shown) / "trigger_form.png")
        page.click("#element_reason")
        page.click(SUBMIT)
        run_id = page.wait_for(RUN_PAGE)
        assert stack.wait(run_id) == "success"
        note = stack.api.request("GET", f"/dags/{DAG_ID}/dagRuns/{run_id}")["note"]
        assert note == "quiet: retrained, promoted v1"
