"""Templates of messages."""

from __future__ import annotations

import time

import pytest

from include.interfaces.notifications.text import LONGEST_TEXT, title_and_text
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
