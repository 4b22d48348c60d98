"""The text of a message: templates in a sandbox, and what comes from others made inert."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from include.records.entries import Notification, Phase
from include.records.inert import ACTING

TITLE = "[{{ severity }}] {{ subject }}: {{ what }}"
TEXT = """{{ headline }}
{% if way_out %}
What to do: {{ way_out }}
{% endif %}{% for each in more %}
Also: {{ each }}
{% endfor %}{% if reason and kind != 'approval' %}
Why it was to be retrained: {{ reason }}
{% endif %}{% if began %}
Began: {{ began }}
{% endif %}{% if owner %}
Owner: {{ owner }}
{% endif %}{% if run_id %}
Run: {{ run_id }}
{% endif %}"""
LONGEST_TITLE, LONGEST_TEXT = 250, 8000
MOST_LINES = 100  # of a digest
#: What a template may use; each is there in any case.
NAMES: Mapping[str, Any] = {
    "began": "", "by": "", "champion": "", "champion_scores": {}, "columns": [], "duration": 0.0, "error": "",
    "event_id": None, "headline": "", "kind": "", "model_name": "", "more": [], "outcome": "", "owner": "",
    "phase": "", "reason": "", "run_id": "", "scores": {}, "severity": "", "since": "", "subject": "",
    "trigger_type": "", "version": "", "way_out": "", "what": "", "written_at": "",
}  # fmt: skip
FILTERS = (
    "abs", "capitalize", "default", "first", "float", "int", "join", "last", "length", "list", "lower", "replace",
    "round", "sort", "string", "title", "trim", "truncate", "upper",
)  # fmt: skip
_WORDS = {
    "promoted": "a new champion", "held": "the champion stays", "rejected": "a challenger was turned down",
    "failed": "retraining fails", "rolled_back": "rolled back", "quarantined": "rows are in quarantine",
    "approval": "approval wanted",
}  # fmt: skip
#: Would call people together in a chat, be a link under other words, or be taken for markup and left out.
_ACTS = re.compile(r"(?<![\w.])@(?=\w)|@(?=(?:here|everyone|channel|all)\b)|<(?=[^\s\d<=])|\](?=\()", re.IGNORECASE)
_APART = "\u200b"


def words_of(notification: Notification) -> Mapping[str, Any]:
    """What a template may use of a notification, without what would act on whoever reads it."""
    each = notification
    about = {
        "model_name": each.model_name, "subject": each.subject, "kind": each.kind, "phase": str(each.phase),
        "severity": str(each.severity), "headline": each.headline, "run_id": each.run_id, "what": what(each),
        "written_at": f"{each.written_at:%Y-%m-%d %H:%M} UTC",
    }  # fmt: skip
    facts = {name: value for name, value in each.facts.items() if name in NAMES}
    return {**NAMES, **harmless(facts), **harmless(about), "owner": _plain(each.owner)}


def what(notification: Notification) -> str:
    """What it is about, in two or three words."""
    known = _WORDS.get(notification.kind, notification.kind.replace("_", " "))
    return f"over: {known}" if notification.phase is Phase.OVER else known


def title_and_text(notifications: Sequence[Notification]) -> tuple[str, str]:
    """Title and text of one message: of one notification by its templates, of many a line each."""
    if len(notifications) > 1:
        return _digest(notifications)
    [one] = notifications
    words, told = words_of(one), []
    rendered = []
    for name, usual, longest in (("title", TITLE, LONGEST_TITLE), ("text", TEXT, LONGEST_TEXT)):
        own = str(one.routing.get(name, ""))
        try:
            text = _template(own or usual).render(words)
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, MemoryError) as error:
            text = _template(usual).render(words)
            told.append(f"The template notify.{name} of {one.subject} cannot be used: {_plain(str(error))}")
        rendered.append(_cut(_lines(text), longest))
    title, text = rendered[0].replace("\n", " "), "\n".join([rendered[1], *told])
    return title, text


def harmless(value: Any) -> Any:
    r"""A value as JSON has it; no text in it acts on who reads it, calls people together, or is markup.

    >>> harmless({"a": ["x\u202ey", 2]})
    {'a': ['xy', 2]}
    """
    if isinstance(value, str):
        return _ACTS.sub(lambda found: f"{found[0]}{_APART}", _plain(value))
    if isinstance(value, Mapping):
        return {str(harmless(str(name))): harmless(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [harmless(each) for each in value]
    return value


def _plain(text: str) -> str:
    """Text without what is not to be seen."""
    return ACTING.sub("", text.replace("\t", " "))


def _digest(notifications: Sequence[Notification]) -> tuple[str, str]:
    order = sorted(notifications, key=lambda each: (each.phase is Phase.OVER, -_grave(each), each.subject))
    lines = [
        f"[{each.severity}] {harmless(each.subject)}: {harmless(each.headline)}"
        + (f" ({_plain(each.owner)})" if each.owner else "")
        for each in order[:MOST_LINES]
    ]  # fmt: skip
    if len(order) > MOST_LINES:
        lines.append(f"and {len(order) - MOST_LINES} more")
    models = len({each.subject for each in notifications})
    begun = sum(each.phase is not Phase.OVER for each in notifications)
    title = f"[{order[0].severity}] {models} models: {begun} to tell" + (
        f", {len(order) - begun} over" if begun < len(order) else ""
    )
    return title, _cut("\n".join(lines), LONGEST_TEXT)


def _grave(notification: Notification) -> int:
    return ("LOW", "MEDIUM", "HIGH", "CRITICAL").index(notification.severity)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Without what can make a long text, or a large number, out of a short one."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Refuse the operator."""
        raise SecurityError(f"the operator {operator} is not allowed in a template")


@lru_cache(maxsize=200)
def _template(source: str) -> Template:
    """A template that can reach nothing but what it is given."""
    sandbox = _Sandbox(undefined=StrictUndefined, trim_blocks=True)  # apprise escapes
    sandbox.globals.clear()
    sandbox.filters = {name: sandbox.filters[name] for name in FILTERS}
    return sandbox.from_string(source)


def _lines(text: str) -> str:
    return re.sub(r"\n{2,}", "\n", text).strip()


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
