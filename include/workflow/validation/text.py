"""A validation as lines for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import timedelta

from include.workflow.first_model.table import columns_table
from include.workflow.validation.findings import Validation


def lines(found: Validation, width: int) -> Iterator[str]:
    """All that was found, the problems last, wrapped to `width` letters a line."""
    for line in _lines(found, width):
        yield from textwrap.wrap(line, width, subsequent_indent="  ") if len(line) > width else [line]


def _lines(found: Validation, width: int) -> Iterator[str]:
    if found.rows:
        yield from _rows(found)
        shown = [
            (name, use.kind, use.use, "yes" if use.compared else "no", use.why) for name, use in found.columns.items()
        ]
        yield from columns_table(("column", "kind", "use", "compared", "why"), shown, width)
        yield from _statistics(found)
    for finding in found.findings:
        advice = f" -> {finding.advice}" if finding.advice else ""
        yield f"{str(finding.weight).upper()} {finding.field}: {finding.text}{advice}"
    if not found.exit_code:
        yield f"{found.model} can run."


def _rows(found: Validation) -> Iterator[str]:
    yield from (f"Found: {line}" for line in found.told)
    span = ""
    if found.first is not None and found.last is not None:
        span = f", {found.first:%Y-%m-%d %H:%M} to {found.last:%Y-%m-%d %H:%M} UTC"
    cadence = "" if found.cadence is None else f", usually {plain_length(found.cadence)} apart"
    yield f"Rows: {found.rows:,}{span}{cadence}; {found.labelled / found.rows:.0%} labelled"
    yield f"Reference: {found.reference_rows:,} rows. A usual window: {found.window_rows:,} rows"


def _statistics(found: Validation) -> Iterator[str]:
    left = ", ".join(f"{rows:,} {reason}" for reason, rows in found.left_out.items())
    yield f"Left out of training: {left or 'nothing'}"
    if found.reference_length:
        yield f"Length of the reference: {found.reference_length}"
    if found.budget:
        budget = found.budget
        yield (
            f"False alarms: at most about {budget['expected_per_quarter']:.2g} useless retrains a quarter on an "
            f"unchanged model (policy.false_retrains_per_quarter is {budget['false_retrains_per_quarter']:g}; a check "
            f"asks by chance once in {1.0 / budget['level']:,.0f})"
        )
    for each in found.power:
        yield f"Seen four times out of five, roughly: {each}"
    if found.first_version:
        yield f"First version, tried now: {found.first_version}"
    if found.seconds is not None and found.peak_mib is not None:
        training = "" if found.training_seconds is None else f"; a first training {found.training_seconds:.1f} s"
        yield f"A check took {found.seconds:.1f} s here, reading included, and {found.peak_mib:,.0f} MiB{training}"


def plain_length(length: timedelta) -> str:
    """A length of time in its largest fitting unit: 14 days, 6 hours."""
    seconds = length.total_seconds()
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= size:
            number = f"{seconds / size:.3g}"
            return f"{number} {unit.removesuffix('s') if number == '1' else unit}"
    return f"{seconds:.3g} seconds"
