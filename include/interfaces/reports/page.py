"""A report as one HTML file that needs nothing else: no script, no font, no request."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from include.data.reference.distributions import Distribution
from include.decision.evidence import TriggerResult
from include.decision.nearness import nearness
from include.interfaces.reports import plots
from include.interfaces.reports.document import opening, table
from include.interfaces.reports.escaping import escape, shorten
from include.interfaces.reports.nearness import held_back
from include.interfaces.reports.numbers import moment, number, span
from include.interfaces.reports.text import answer, next_step
from include.records.entries import Event
from include.workflow.report import MOST_SIGNALS, RetrainingReport

LENGTH = 300  # characters of a reason, a name or an error that are shown


def to_html(report: RetrainingReport) -> str:
    """The page. All that came from outside is escaped, and no part of it grows with the number of columns."""
    title = f"{report.analysis.model_name}: {answer(report.decision)}"
    sections = (
        _banner, _outcome, _triggers, _course, _performance, _distributions, _signals, _data, _requests, _hindsight,
        _advice, _backtest, _versions,
    )  # fmt: skip
    body = (part for section in sections for part in section(report))
    return "\n".join(
        [opening(title), *_header(report), "<main>", *body, "</main>", *_footer(report), "</body></html>\n"]
    )


def _header(report: RetrainingReport) -> Iterator[str]:
    analysis = report.analysis
    champion = "no champion yet" if analysis.champion_version is None else f"champion v{analysis.champion_version}"
    yield f"<header><h1>{escape(analysis.model_name)}</h1>"
    yield f'<p class="soft">{champion}, as of {moment(analysis.run.as_of)} UTC</p></header>'


def _banner(report: RetrainingReport) -> Iterator[str]:
    decision = report.decision
    state = "yes" if decision.triggered else "blocked" if decision.blocked_by else "no"
    yield f'<section class="banner {state}"><p class="answer">{escape(answer(decision).capitalize())}</p>'
    yield f'<p class="reason">{_text(decision.reason)}</p><dl>'
    yield f"<dt>Severity</dt><dd>{decision.severity}, confidence {decision.confidence:.1%}</dd>"
    if decision.root_cause:
        yield f"<dt>Root cause</dt><dd>{_text(decision.root_cause)}</dd>"
    if decision.blocked_by:
        yield f"<dt>Blocked by</dt><dd>{'<br>'.join(_text(block) for block in decision.blocked_by)}</dd>"
    told, said = next_step(decision, report.event)
    yield f"<dt>{told}</dt><dd>{_text(said)}</dd></dl></section>"


def _outcome(report: RetrainingReport) -> Iterator[str]:
    event = report.event
    if report.change is not None:
        yield f'<section><h2>Champion <span class="chip warn">{report.change.kind}</span></h2>'
        yield f"<p>{_text(report.change.sentence)}</p></section>"
    if event is None:
        return
    kind = {"promoted": "good", "failed": "bad", "abandoned": "bad"}.get(str(event.status), "warn")
    yield f'<section><h2>What came of it <span class="chip {kind}">{event.status}</span></h2>'
    yield f"<p>{_text(event.outcome or event.error or 'not executed yet')}</p>"
    if event.scores:
        yield from table(("metric", "champion", "challenger"), _scores(event), numbers=(1, 2))
        yield '<p class="sub">Both on the same held-out rows.</p>'
    yield "</section>"


def _scores(event: Event) -> list[tuple[str, str, str]]:
    before = event.champion_scores
    return [(escape(name), number(before.get(name)), number(value)) for name, value in event.scores.items()]


def _triggers(report: RetrainingReport) -> Iterator[str]:
    leaves = report.decision.triggers
    measured = [leaf for leaf in leaves if leaf.threshold and (leaf.value is not None or leaf.fired)]
    yield "<section><h2>How far each trigger is from firing</h2>"
    yield '<p class="key">The mark is where it fires: large enough and, where chance is tested, beyond it. '
    yield "A bar is full at twice the threshold.</p>"
    bars = (_bar(leaf) for leaf in sorted(measured, key=lambda leaf: -nearness(leaf)))
    yield f'<ul class="triggers">{"".join(bars)}</ul>'
    others = [leaf for leaf in leaves if leaf not in measured]
    if others:
        rows = [(escape(_name(leaf)), "yes" if leaf.fired else "no", _text(leaf.reason)) for leaf in others]
        yield '<div class="facts">'
        yield from table(("without a measure", "fired", "why"), rows)
        yield "</div>"
    yield "</section>"


def _name(leaf: TriggerResult) -> str:
    return shorten((leaf.label or leaf.trigger).replace("_", " "), LENGTH)


def _bar(leaf: TriggerResult) -> str:
    state = ' <span class="chip warn">fired</span>' if leaf.fired else ""
    value = "beyond measure," if leaf.value is None else number(leaf.value)
    figure = f"{value} of {number(leaf.threshold)}{state}"
    width = min(nearness(leaf) / 2.0, 1.0)
    why = "; ".join(filter(None, [held_back(leaf), leaf.reason, leaf.blocked_by]))
    return (
        f'<li class="trigger{" fired" if leaf.fired else ""}"><span class="name">{escape(_name(leaf))}</span>'
        f'<span class="track" aria-hidden="true"><i style="width:{width:.1%}"></i><b></b></span>'
        f'<span class="figure">{figure}</span><span class="why">{_text(why)}</span></li>'
    )


def _course(report: RetrainingReport) -> Iterator[str]:
    drawn = plots.course(report)
    if not drawn:
        return
    yield f"<section><h2>{escape(report.metric)} over time</h2>"
    yield '<p class="key"><span style="--c:var(--now)">measured at each check, with 90 % interval</span>'
    yield '<span style="--c:var(--before)">promised when the champion was accepted (dashed)</span></p>'
    yield drawn
    yield '<p class="sub">Triangle: a retrain was promoted. Diamond: held or rejected. Cross: failed.</p>'
    rows = [(moment(at), number(value), number(low), number(high)) for at, value, low, high in report.course]
    yield "<details><summary>As a table</summary>"
    yield from table(("check", escape(report.metric), "from", "to"), rows, numbers=(1, 2, 3))
    yield "</details></section>"


def _performance(report: RetrainingReport) -> Iterator[str]:
    measured = report.analysis.measurements
    if measured:
        rows = [(escape(m.metric), number(m.value), number(m.low), number(m.high), f"{m.rows:,}") for m in measured]
        yield "<section><h2>The champion on the recent rows</h2>"
        yield from table(("metric", "value", "90 % from", "to", "rows"), rows, numbers=(1, 2, 3, 4))
        yield "</section>"


def _distributions(report: RetrainingReport) -> Iterator[str]:
    drawn = report.analysis.distributions
    if not drawn:
        return
    yield "<section><h2>What changed: reference against recent</h2>"
    yield '<p class="key"><span style="--c:var(--before-fill)">reference: what the champion was accepted on</span>'
    yield '<span style="--c:var(--now)">recent, drawn evenly where it lies beyond the reference</span></p>'
    yield '<div class="cards">'
    for each in drawn:
        yield f'<div class="card"><h3>{_text(each.name)}</h3><p class="sub">{_said(report, each)}</p>'
        yield f"{plots.distribution(each)}</div>"
    yield "</div></section>"


def _said(report: RetrainingReport, drawn: Distribution) -> str:
    """The strongest signal on the column, and how many values are missing if that changed."""
    kinds = {"input": ("data_drift", "data_quality", "outliers"), "output": (f"{drawn.name}_drift",)}[drawn.role]
    signals = (signal for signal in report.changed if signal.kind in kinds and signal.feature == drawn.name)
    said = next((signal.reason.removeprefix(f"{drawn.name}: ") for signal in signals), "")
    if abs(drawn.recent_missing - drawn.reference_missing) >= 0.01:
        said += f"; without a value {drawn.reference_missing:.0%} → {drawn.recent_missing:.0%}"
    return _text(said.removeprefix("; "))


def _signals(report: RetrainingReport) -> Iterator[str]:
    changed = report.changed
    if report.analysis.removed:
        yield f"<section><h2>Signals</h2><p>{_text(report.analysis.removed)}</p></section>"
        return
    if not changed:
        return
    rows = [
        (escape(signal.kind.replace("_", " ")), _text(signal.feature or "-"), escape(signal.statistic),
         number(signal.value), number(signal.threshold), _text(signal.reason))
        for signal in changed[:MOST_SIGNALS]
    ]  # fmt: skip
    yield f"<section><h2>Signals: {len(changed)} of {len(report.analysis.signals)} changed</h2>"
    yield "<details open>" if len(rows) <= 12 else "<details>"  # as many as can be taken in
    yield f"<summary>{len(rows)} shown, the most telling first</summary>"
    yield from table(("kind", "column", "statistic", "value", "threshold", "what"), rows, numbers=(3, 4))
    yield "</details></section>"


def _data(report: RetrainingReport) -> Iterator[str]:
    analysis = report.analysis
    share = f" ({analysis.labelled_rows / analysis.rows:.0%})" if analysis.rows else ""
    yield "<section><h2>The rows</h2><dl>"
    yield f"<dt>Window</dt><dd>{span(analysis.window_start, analysis.window_end)}</dd>"
    yield f"<dt>Rows</dt><dd>{analysis.rows:,}</dd><dt>With a label</dt><dd>{analysis.labelled_rows:,}{share}</dd>"
    troubles = "<br>".join(_text(signal.reason) for signal in report.quality[:MOST_SIGNALS])
    found = troubles or _text(analysis.removed) or "nothing found"
    yield f"<dt>Data quality</dt><dd>{found}</dd></dl></section>"


def _requests(report: RetrainingReport) -> Iterator[str]:
    if not report.requests:
        return
    rows = [
        (moment(kept.request.requested_at), str(kept.request.kind), _text(kept.request.requested_by),
         _text(kept.request.reason), "waiting" if kept.consumed is None else "consumed by this run")
        for kept in report.requests[-MOST_SIGNALS:]
    ]  # fmt: skip
    yield "<section><h2>Requests</h2>"
    yield from table(("when", "kind", "who", "why", "state"), rows)
    yield "</section>"


def _hindsight(report: RetrainingReport) -> Iterator[str]:
    """What people said of the decision, what that has spent of the budget, and what failed lately."""
    mark, budget = report.mark, report.budget
    if mark is not None or (budget is not None and budget.marked):
        yield "<section><h2>In hindsight</h2><dl>"
        if mark is not None:
            said = escape(str(mark.verdict).replace("_", " "))
            yield f"<dt>This decision</dt><dd>{said}, says {_text(mark.by)}: {_text(mark.reason)}</dd>"
        if budget is not None:
            yield f"<dt>False retrains of 90 days</dt><dd>{budget.marked} marked, {budget.allowed:g} allowed</dd>"
        yield "</dl></section>"
    if report.failures:
        rows = [
            (moment(each.at), _text(each.run_id), str(each.step), _text(f"{each.error_type}: {each.error}"))
            for each in report.failures
        ]
        yield "<section><h2>What failed lately</h2>"
        yield from table(("when (UTC)", "run", "step", "error"), rows)
        yield "</section>"


def _advice(report: RetrainingReport) -> Iterator[str]:
    if not report.recommendations:
        return
    yield '<section><h2>Recommendations from the history</h2><ul class="advice">'
    for each in report.recommendations:
        name = escape(each.kind.replace("_", " ").capitalize())
        yield f"<li><strong>{name}</strong> ({_text(each.subject)}): {_text(each.reason)}</li>"
    yield "</ul></section>"


def _backtest(report: RetrainingReport) -> Iterator[str]:
    """As an image, so that its style sheet and the page's do not meddle with each other."""
    if report.backtest:
        data = base64.b64encode(report.backtest.encode("utf-8", "replace")).decode()
        yield "<section><h2>Last backtest of policies</h2>"
        yield f'<img alt="Policies compared on this model\'s history" src="data:image/svg+xml;base64,{data}"></section>'


def _versions(report: RetrainingReport) -> Iterator[str]:
    if not report.versions:
        return
    rows = []
    for version in reversed(report.versions):
        promised = None if version.baseline is None else version.baseline.scores.get(report.metric)
        size = version.details.training_data_size
        rows.append((version.label, str(version.status), moment(version.created_at), number(promised),
                     "-" if size is None else f"{size:,}", version.artifact_sha256[:12] or "-"))  # fmt: skip
    yield "<section><h2>Versions</h2>"
    head = ("version", "status", "trained", f"{escape(report.metric)} when accepted", "rows", "artifact")
    yield from table(head, rows, numbers=(3, 4))
    yield "</section>"


def _footer(report: RetrainingReport) -> Iterator[str]:
    run = report.analysis.run
    why = f" ({_text(run.reason)})" if run.reason else ""
    yield f"<footer>Run {_text(run.run_id)}, requested by {_text(run.requested_by)}{why}. Times are UTC.</footer>"


def _text(text: str) -> str:
    return escape(shorten(text, LENGTH))
