"""The audit of a period as text, JSON, Markdown and HTML. Nothing is left out, and nothing in it is of the moment."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from include.interfaces.reports import markdown
from include.interfaces.reports.document import opening, table
from include.interfaces.reports.escaping import escape
from include.interfaces.reports.lineage_text import aligned
from include.records.entries import Audit, AuditEntry, ChampionPeriod
from include.records.json_values import clean_json

SCHEMA_VERSION = 1
COUNTED = ("model", "decisions", "fired", "dry runs", "blocked", "quiet")
COUNTS = ("what", "times")
REIGNED = ("model", "champion", "from", "to", "how", "by", "why", "trained on", "artifact")
HAPPENED = ("when (UTC)", "model", "what", "version", "who", "why", "on which data", "outcome", "on record as")
MISSING = ("when (UTC)", "model", "gap", "run", "what")
_HASH = re.compile(r"\b[0-9a-f]{64}\b")  # may be broken over lines
NO_GAP = (
    "None found: every event closed, no run failed to look at its models, every analysis was decided on, and all data "
    "is on record."
)


def to_json_text(audit: Audit) -> str:
    """The audit as JSON text: every field of every entry."""
    made = {
        "schema_version": SCHEMA_VERSION, "from": audit.start, "to": audit.end, "model": audit.model_name or None,
        "counts": audit.counts, "decisions": [asdict(each) for each in audit.decisions],
        "champions": [asdict(each) for each in audit.champions], "gaps": [asdict(each) for each in audit.gaps],
        "entries": [asdict(each) for each in audit.entries],
    }  # fmt: skip
    return json.dumps(clean_json(made), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def to_text(audit: Audit) -> str:
    """The audit for a terminal; an entry takes a line and one each for why, data and outcome."""
    return "\n".join([title(audit), *_text_parts(audit), ""])


def to_markdown(audit: Audit) -> str:
    """The audit as Markdown; whatever came from outside is escaped."""
    parts = [f"# {markdown.escape(title(audit))}"]
    for heading, head, rows, without in _tables(audit):
        parts += ["", f"## {heading}", *(markdown.table(head, rows) if rows else ("", without))]
    return "\n".join([*parts, ""])


def to_html(audit: Audit) -> str:
    """The audit as a page that needs nothing else: no script, no font, no request; all from outside is escaped."""
    parts = [opening(title(audit)), f"<header><h1>{escape(title(audit))}</h1></header><main>"]
    for heading, head, rows, without in _tables(audit):
        parts.append(f"<section><h2>{escape(heading)}</h2>")
        cells = [[_HASH.sub(r'<span class="hash">\g<0></span>', escape(cell)) for cell in row] for row in rows]
        figures = range(1, len(head)) if head in (COUNTED, COUNTS) else ()
        parts += table(head, cells, numbers=figures) if rows else [f"<p>{without}</p>"]
        parts.append("</section>")
    return "\n".join(
        [*parts, "</main><footer>Times are UTC; the end of the period is excluded.</footer></body></html>\n"]
    )


FORMATS: Mapping[str, Callable[[Audit], str]] = {
    "text": to_text,
    "json": to_json_text,
    "md": to_markdown,
    "html": to_html,
}


def title(audit: Audit) -> str:
    """What it is an audit of, and of which period."""
    return f"Audit of {audit.model_name or 'all models'}, {_time(audit.start)} to {_time(audit.end)} UTC"


def _tables(audit: Audit) -> Iterator[tuple[str, Sequence[str], Sequence[Sequence[str]], str]]:
    """Heading, head, rows, and what to say where there is none."""
    yield "Decisions", COUNTED, _decision_rows(audit), "No decision was made."
    yield "Counts", COUNTS, [(_words(name), str(n)) for name, n in audit.counts.items()], "Nothing happened."
    yield "Who was champion when", REIGNED, [_reign(each) for each in audit.champions], "There was no champion."
    yield "What happened", HAPPENED, [_happened(each) for each in audit.entries], "Nothing happened."
    rows = [(_time(each.at), each.model_name, _words(each.kind), each.run_id, each.what) for each in audit.gaps]
    yield "Gaps in the records", MISSING, rows, NO_GAP


def _text_parts(audit: Audit) -> Iterator[str]:
    for heading, head, rows, without in _tables(audit):
        yield f"\n{heading}"
        if not rows:
            yield f"  {without}"
        elif head is HAPPENED:
            for entry in audit.entries:
                yield from _entry_text(entry)
        else:
            yield from (
                f"  {line}" for line in aligned([head, *([" ".join(cell.split()) for cell in row] for row in rows)])
            )


def _entry_text(entry: AuditEntry) -> Iterator[str]:
    when, model, what, version, who, why, data, outcome, record = (" ".join(cell.split()) for cell in _happened(entry))
    yield f"  {when}  {model}  {what}{f' {version}' if version else ''}{f' by {who}' if who else ''}  ({record})"
    for name, told in (("why", why), ("data", data), ("outcome", outcome)):
        if told:
            yield f"      {name}: {told}"


def _decision_rows(audit: Audit) -> list[Sequence[str]]:
    return [
        (each.model_name, *(str(n) for n in (each.decisions, each.fired, each.dry_runs, each.blocked, each.quiet)))
        for each in audit.decisions
    ]


def _reign(period: ChampionPeriod) -> Sequence[str]:
    data = _data(period.training_data_path, period.training_data_size, period.training_data_hash, None, None)
    until = "now" if period.until is None else _time(period.until)
    artifact = f"{period.artifact_path}, sha256 {period.artifact_sha256}" if period.artifact_path else ""
    return (
        period.model_name, f"v{period.version}", _time(period.since), until, period.kind, period.deployed_by,
        period.reason, data, artifact,
    )  # fmt: skip


def _happened(entry: AuditEntry) -> Sequence[str]:
    version = "" if entry.version is None else f"v{entry.version}"
    if entry.other_version is not None:
        version += f"{' ' if version else ''}(before: v{entry.other_version})"
    data = _data(entry.data_path, entry.data_rows, entry.data_hash, entry.data_from, entry.data_until)
    run = f", run {entry.run_id}" if entry.run_id else ""
    return (
        _time(entry.at), entry.model_name, _words(entry.action), version, entry.who, entry.why, data,
        entry.outcome, f"{entry.source} {entry.source_id}{run}",
    )  # fmt: skip


def _words(name: str) -> str:
    return name.replace("_", " ")


def _data(path: str, rows: int | None, sha256: str, start: datetime | None, end: datetime | None) -> str:
    told = [
        path,
        "" if rows is None else f"{rows:,} rows",
        "" if start is None else f"from {_time(start)}",
        "" if end is None else f"until {_time(end)}",
        f"sha256 {sha256}" if sha256 else "",
    ]
    return ", ".join(part for part in told if part)


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
