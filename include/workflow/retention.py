"""Retention: remove old months of signals, measurements and analyses, as the deployment says; never what was decided.

Decisions, events, versions, changes of champion, approvals, requests and what people said are kept for ever, and with
them which rows each run saw. What goes is what the checks measured in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from include.errors import ConfigurationError
from include.records.entries.retention import KEPT_BY_MONTH, KeptMonth, Retention
from include.records.postgres.retention import drop_month, kept_months
from include.workflow.deployment import Deployment, now
from include.workflow.settings import KEEP_MONTHS, Settings

FEWEST = 3  # months: what a quarter's budget of false retrains, a probation and a shadow look back to


def retain(
    deployment: Deployment, *, by: str, keep: Mapping[str, int] | None = None, preview: bool = False,
    at: datetime | None = None,
) -> Retention:  # fmt: skip
    """Remove the months that are older than is kept, each table's each month in a transaction of its own.

    Repeating it is safe, also at once with others, and goes on where a call that died stopped.

    Parameters
    ----------
    by : str
        Who has them removed; kept on record.
    keep : mapping of str to int, optional
        Whole months before the present one (UTC) that are kept, for ``signals``, ``measurements`` and ``analyses``;
        what is not named is kept for ever. By default as ``RETRAINING_KEEP_MONTHS`` says.
    preview : bool
        Only say what would be removed.
    at : datetime, optional
        Present time, for tests.

    Raises
    ------
    ConfigurationError
        For fewer than `FEWEST` months, an unknown word, an empty name, and a user who does not own the tables.
    SourceUnavailable
        When the tables are in use all the time; what was removed before stays so.
    """
    if not by.strip():
        raise ConfigurationError("by", "found nothing: say who has the months removed")
    wanted = dict(Settings.from_environment().keep_months if keep is None else keep)
    check_kept(wanted, KEEP_MONTHS if keep is None else "keep")
    if not wanted:
        return Retention(keep=wanted, due=[])
    before = {KEPT_BY_MONTH[word]: months_before(at or now(), months) for word, months in wanted.items()}
    due = [each for each in kept_months(deployment.connected) if _is_due(each, before)]
    if preview:
        return Retention(keep=wanted, due=due)
    dropped = [drop_month(deployment.connected, month, by) for month in due]
    return Retention(keep=wanted, due=due, dropped=[each for each in dropped if each is not None])


def check_kept(keep: Mapping[str, int], where: str) -> None:
    """Do nothing for months that can be kept; else a `ConfigurationError`."""
    unknown = [word for word in keep if word not in KEPT_BY_MONTH]
    few = [f"{word}={months}" for word, months in keep.items() if months < FEWEST]
    if unknown:
        raise ConfigurationError(where, f"found {', '.join(unknown)}; allowed: {', '.join(KEPT_BY_MONTH)}")
    if few:
        raise ConfigurationError(
            where, f"found {', '.join(few)}; {FEWEST} months at least: budgets and probations look back a quarter"
        )


def months_before(at: datetime, months: int) -> datetime:
    """First moment of the month (UTC) that is so many months before that of `at`.

    >>> print(months_before(datetime(2026, 2, 28, tzinfo=UTC), 3))
    2025-11-01 00:00:00+00:00
    """
    number = max(at.astimezone(UTC).year * 12 + at.astimezone(UTC).month - 1 - months, 12)
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


def _is_due(month: KeptMonth, before: Mapping[str, datetime]) -> bool:
    return month.table in before and month.month < before[month.table]
