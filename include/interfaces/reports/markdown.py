"""A report as Markdown, for pull requests, tickets and chats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from include.interfaces.reports.escaping import in_markdown
from include.interfaces.reports.nearness import held_back
from include.interfaces.reports.numbers import moment, number, span
from include.interfaces.reports.text import answer, next_step
from include.workflow.report import MOST_SIGNALS, RetrainingReport

escape = in_markdown


def to_markdown(report: RetrainingReport) -> str:
    """The report; whatever came from outside is escaped, so that a column's name cannot become markup."""
    parts = (_summary, _outcome, _triggers, _evidence, _after)
    return "\n".join(line for part in parts for line in part(report))


def _summary(report: RetrainingReport) -> Iterator[str]:
    decision, analysis = report.decision, report.analysis
    yield f"# {escape(analysis.model_name)}: {answer(decision)}"
    yield ""
    yield f"- **Reason:** {escape(decision.reason)}"
    yield f"- **Severity, confidence:** {decision.severity}, {decision.confidence:.1%}"
    if decision.root_cause:
        yield f"- **Root cause:** {escape(decision.root_cause)}"
    for block in decision.blocked_by:
        yield f"- **Blocked by:** {escape(block)}"
    told, said = next_step(decision, report.event)
    yield f"- **{told}:** {escape(said)}"
    yield (
        f"- **Window:** {span(analysis.window_start, analysis.window_end)}, {analysis.rows} rows, "
        f"{analysis.labelled_rows} of them labelled"
    )
    yield f"- **Run:** {escape(analysis.run.run_id)}, requested by {escape(analysis.run.requested_by)}"


def _outcome(report: RetrainingReport) -> Iterator[str]:
    event = report.event
    if report.change is not None:
        yield from ("", f"**Champion {escape(report.change.sentence)}**")
    if event is None:
        return
    yield from ("", "## What came of it", "")
    yield f"Event {event.id}, **{event.status}**: {escape(event.outcome or event.error)}"
    if event.scores:
        yield from table(
            ("metric", "champion", "challenger"),
            [(name, number(event.champion_scores.get(name)), number(value)) for name, value in event.scores.items()],
        )


def _triggers(report: RetrainingReport) -> Iterator[str]:
    yield from ("", "## Triggers")
    yield from table(
        ("trigger", "fired", "value", "threshold", "to go", "why"),
        [
            (leaf.label or leaf.trigger, "yes" if leaf.fired else "no", number(leaf.value), number(leaf.threshold),
             number(leaf.distance), "; ".join(filter(None, [held_back(leaf), leaf.reason])))
            for leaf in report.decision.triggers
        ],
    )  # fmt: skip


def _evidence(report: RetrainingReport) -> Iterator[str]:
    changed = report.changed
    if report.analysis.removed:
        yield from ("", f"**Removed:** {escape(report.analysis.removed)}")
    if changed:
        yield from ("", f"## What changed ({len(changed)} of {len(report.analysis.signals)} signals)")
        yield from table(
            ("kind", "column", "statistic", "value", "threshold", "what"),
            [
                (str(signal.kind), signal.feature, signal.statistic, number(signal.value), number(signal.threshold),
                 signal.reason)
                for signal in changed[:MOST_SIGNALS]
            ],
        )  # fmt: skip
    if report.analysis.measurements:
        yield from ("", "## Performance of the champion")
        yield from table(
            ("metric", "value", "90 % interval"),
            [
                (each.metric, number(each.value), f"{number(each.low)} … {number(each.high)}")
                for each in report.analysis.measurements
            ],
        )


def _after(report: RetrainingReport) -> Iterator[str]:
    if report.requests:
        yield from ("", "## Requests", "")
        for kept in report.requests:
            state = "waiting" if kept.consumed is None else "consumed by this run"
            request = kept.request
            yield f"- {request.id} ({request.kind}, {state}), {escape(request.requested_by)}: {escape(request.reason)}"
    if report.mark is not None:
        said = f"{str(report.mark.verdict).replace('_', ' ')}, says {report.mark.by}: {report.mark.reason}"
        yield from ("", f"**In hindsight:** {escape(said)}")
    if report.budget is not None and report.budget.marked:
        yield from (
            "",
            f"**False retrains of 90 days:** {report.budget.marked} marked, {report.budget.allowed:g} allowed",
        )
    if report.failures:
        yield from ("", "## What failed lately")
        yield from table(
            ("when (UTC)", "run", "step", "error"),
            [(moment(each.at), each.run_id, str(each.step), f"{each.error_type}: {each.error}")
             for each in report.failures],
        )  # fmt: skip
    if report.recommendations:
        yield from ("", "## Recommendations", "")
        for each in report.recommendations:
            yield f"- **{each.kind.replace('_', ' ')}** {escape(each.subject)}: {escape(each.reason)}"
    yield ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table; the cells of `rows` are escaped."""
    yield ""
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(escape(cell) for cell in row)} |"
