"""Two versions side by side, in lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from include.interfaces.reports.lineage_text import aligned
from include.interfaces.reports.numbers import moment, number
from include.retraining.contest.same_rows import SameRows
from include.scoring import METRICS
from include.workflow.version_comparison import Figure, VersionComparison, figures_of


def comparison_text(found: VersionComparison) -> Iterator[str]:
    """The comparison in lines."""
    first, second = found.labels
    yield f"{found.first.model_name}: {first} ({found.first.status}) and {second} ({found.second.status})"
    for when, figures in found.metrics.items():
        yield f"\nMetrics {when}, each on rows of its own: which is better cannot be told from them"
        yield from _figure_table(figures, found.labels, judged=False)
    if found.gate:
        yield f"\nAt the gate, on the same held-out rows: {found.gate}"
    yield "\nTraining"
    told = {**found.differing, **found.data}
    yield from aligned([("", first, second), *((name, _said(a), _said(b)) for name, (a, b) in told.items())])
    if found.resources:
        yield "\nResources"
        yield from _figure_table(found.resources, found.labels, judged=False)
    for each in found.on_same_rows:
        yield from _same_rows_text(each, found.labels)
    if found.obstacle:
        yield f"\nNot scored on the same rows: {found.obstacle}"


def _same_rows_text(each: SameRows, labels: tuple[str, str]) -> Iterator[str]:
    when = "" if each.start is None or each.end is None else f", {moment(each.start)} to {moment(each.end)} UTC"
    yield f"\nBoth on the same {each.rows:,} labelled row{'' if each.rows == 1 else 's'}{when}"
    for label, seen in zip(labels, each.seen, strict=True):
        if seen is None:
            yield f"  maybe UNFAIR: the records cannot tell which of the rows {label} was trained on"
        elif seen:
            yield f"  UNFAIR: {seen:,} of the rows are no later than what {label} was trained or accepted on"
    if each.fair:
        yield "  fair: neither has seen any of them"
    yield from _figure_table(figures_of(*each.scores), labels, judged=each.gain is not None)
    yield f"  {_verdict(each, labels)}"


def _verdict(each: SameRows, labels: tuple[str, str]) -> str:
    if each.gain is None or each.low is None or each.high is None:
        return f"nothing tested: {each.note}"
    word = f"no difference proven between {labels[0]} and {labels[1]}"
    if each.low > 0.0 or each.high < 0.0:
        better, worse = reversed(labels) if each.low > 0.0 else labels
        word = f"{better} is better than {worse}"
    relative = METRICS[each.metric].loss_from_zero
    form, what = ("+.1%", "loss cut") if relative else ("+.4g", "gain")
    return (
        f"{word}: {what} by {labels[1]} {each.gain:{form}} in {each.metric} ({1 - each.level:.0%} interval "
        f"{each.low:{form}} to {each.high:{form}}, p {each.p_value:.2g})"
    )


def _figure_table(figures: Sequence[Figure], labels: tuple[str, str], *, judged: bool) -> Iterator[str]:
    """Figures of both; which is better only where enough rows that both answered say so."""
    rows: list[tuple[str, ...]] = [("", *labels, "change", "percent", *(["better"] if judged else []))]
    for each in figures:
        better = {"first": labels[0], "second": labels[1]}.get(each.better, each.better or "-")
        percent = "-" if each.percent is None else f"{each.percent:+.1f} %"
        change = "-" if each.change is None else f"{each.change:+.4g}"
        told = (each.name, number(each.first), number(each.second), change, percent)
        rows.append((*told, better) if judged else told)
    yield from (f"  {line}" for line in aligned(rows))


def _said(value: object) -> str:
    return "-" if value is None else str(value)
