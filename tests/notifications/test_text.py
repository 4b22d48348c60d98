"""Templates of messages."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import apprise
import pytest
import requests

from include.interfaces.notifications.text import LONGEST_TEXT, harmless, title_and_text
from include.records.entries import Phase
from tests.contracts.test_store_messages import message


def test_template_of_the_owner_makes_the_text() -> None:
    routing = {"title": "{{ subject }}: {{ what }}", "text": "{{ error|upper }}{% if owner %} ({{ owner }}){% endif %}"}
    assert title_and_text([message(routing=routing)]) == ("housing: retraining fails", "NO ROWS (ada)")
    assert title_and_text([message(Phase.OVER, routing=routing)])[0] == "housing: over: retraining fails"


@pytest.mark.parametrize("template", [
    "{{ headline.__class__.__mro__ }}", "{% for i in range(10**9) %}x{% endfor %}", "{{ nobody }}", "{% if %}",
    "{{ 'x' * 10000000000 }}", "{{ 10 ** 10 ** 7 }}", "{{ '%9999999999d' % 1 }}", "{{ scores.update({'a': 1}) }}",
    "{{ headline|attr('__init__') }}", "{{ headline|center(9999999999) }}", "{{ '{0.__class__}'.format(headline) }}",
    "{% include '/etc/passwd' %}", "{{ lipsum }}", "{{ duration / 0 }}",
])  # fmt: skip
def test_template_that_reaches_out_or_cannot_be_used_is_told_in_the_usual_text(template: str) -> None:
    begun = time.monotonic()
    _, text = title_and_text([message(routing={"text": template})])
    assert text.startswith(
        "retraining failed\nOwner: ada\nRun: run-1\nThe template notify.text of housing cannot be used"
    )
    assert time.monotonic() - begun < 2.0


def test_text_of_others_is_no_template_and_has_an_end() -> None:
    _, text = title_and_text([message(headline="{{ 7 - 1 }} {% raw %}" + "x" * 2 * LONGEST_TEXT)])
    assert text.startswith("{{ 7 - 1 }} {% raw %}x")
    assert len(text) == LONGEST_TEXT


@pytest.mark.parametrize("text", [
    "<!channel>", "<@U123>", "<#C1>", "@here", "(@here)", ".@here", "x@everyone", "@@channel", "<!subteam^S1>",
    "<http://evil.example|approve here>", "[approve](http://evil.example)", "<https://evil.example>", "</cmd:1>",
    "<script>alert(1)</script>", "<b>x</b>", "<:name:1>", "![x](http://evil.example/x.png)",
])  # fmt: skip
def test_text_of_others_calls_nobody_and_is_no_link_under_other_words(text: str) -> None:
    told = harmless(text)
    assert told.replace("\u200b", "") == text
    assert not any(
        acting in told for acting in ("<!", "<@", "<#", "<h", "<s", "<b", "</", "<:", "](", "@here", "@everyone")
    )


@pytest.mark.parametrize("text", ["0 < 3", "x<3 and y <= 4", "me@shop.example", "a [1] (2)", "3 > 2", "<- there"])
def test_text_that_does_nothing_stays_readable(text: str) -> None:
    assert harmless(text).replace("\u200b", "") == text


@pytest.mark.parametrize("text", ["TypeError: '<' not supported", "<class 'float'> is no number", "no <b> here"])
@pytest.mark.parametrize(
    "address", ["tgram://123456789:abcdefg_hijklmnop/12315544/", "discord://4174216298/JHMHI8qBe7bk"]
)
def test_no_service_leaves_anything_of_a_text_out(address: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []

    class Answer:
        status_code, content, text, ok = 200, b"{}", "", True
        headers: Mapping[str, str] = {}

    def post(*_: Any, data: str, **__: Any) -> Answer:
        sent.append(json.loads(data))
        return Answer()

    monkeypatch.setattr(requests, "post", post)
    service = apprise.Apprise.instantiate(address)
    service.notify(body=harmless(text), title="T", body_format=apprise.NotifyFormat.TEXT)
    told = json.dumps(sent, ensure_ascii=False).replace("\u200b", "").replace("&lt;", "<").replace("&gt;", ">")
    assert text.replace("'", "&apos;") in told or text in told
