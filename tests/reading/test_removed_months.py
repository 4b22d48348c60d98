"""Retention: old months go, whole, once, and all that reads them says so afterwards."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from include import workflow
from include.errors import ConfigurationError, NotOnRecord, RetrainingError, SourceUnavailable
from include.interfaces.reports.files import FORMATS
from include.records.entries.retention import KEPT_BY_MONTH
from include.records.postgres import retention as postgres_retention
from include.records.postgres.retention import drop_month, kept_months
from include.workflow import retention
from include.workflow.backtest.recorded import read_record
from include.workflow.settings import months_kept
from tests.reading.conftest import House, ago
from tests.records.examples import make_measurement
from tests.sweeps import first_of

DAY = 24.0
THREE = dict.fromkeys(KEPT_BY_MONTH, 3)


@pytest.fixture
def old(house: House) -> House:
    """A model with checks of this year, those of long ago with all that there is to be removed."""
    house.register("housing")
    house.train(hours=400 * DAY, run_id="first")
    for days in (300, 200, 1):
        house.check(hours=days * DAY, run_id=f"day-{days}", champion_version=1, measurements=(make_measurement(1),))
    house.train(hours=150 * DAY, run_id="second", champion_version=1)
    return replace(house, deployment=replace(house.deployment, connect=house.store.connect))


def there(house: House) -> set[tuple[str, str]]:
    return {(month.table, f"{month.month:%Y-%m}") for month in kept_months(house.store.connect)}


def test_everything_is_kept_unless_somebody_says_otherwise(old: House, monkeypatch: pytest.MonkeyPatch) -> None:
    before = there(old)
    assert workflow.retain(old.deployment, by="ada").due == []
    monkeypatch.setenv("RETRAINING_KEEP_MONTHS", "6")
    shown = workflow.retain(old.deployment, by="ada", preview=True)
    assert {month.table for month in shown.due} == set(KEPT_BY_MONTH.values())
    assert (list(shown.dropped), there(old)) == ([], before)
    assert all(month.bytes > 0 for month in shown.due)


def test_months_that_are_older_go_once_and_the_others_stay(old: House) -> None:
    found = workflow.retain(old.deployment, by="ada", keep=THREE)
    kept = dict(there(old))
    assert len(found.dropped) == len(found.due) == 12
    assert all(months >= f"{datetime.now(UTC) - timedelta(days=100):%Y-%m}" for months in kept.values())
    assert {month.dropped_by for month in found.dropped} == {"ada"}
    assert sum(month.rows for month in found.dropped if month.table == KEPT_BY_MONTH["signals"]) == 8
    assert workflow.retain(old.deployment, by="ada", keep=THREE).due == []
    old.check(hours=200 * DAY, run_id="replayed")  # a run for a time that is gone makes its month again
    assert len(workflow.retain(old.deployment, by="ada", keep=THREE).dropped) == 3


def test_each_kind_is_kept_as_long_as_is_said(old: House) -> None:
    found = workflow.retain(old.deployment, by="ada", keep={"signals": 5, "analyses": 8})
    assert {month.table for month in found.dropped} == {KEPT_BY_MONTH["signals"], KEPT_BY_MONTH["analyses"]}
    signals = [month for month in found.dropped if month.table == KEPT_BY_MONTH["signals"]]
    assert len(signals) > len(found.dropped) - len(signals) > 0
    old.check(
        hours=200 * DAY, run_id="again", measurements=(make_measurement(1),)
    )  # of a month of which a part is gone
    assert old.store.decisions(run_id="again")[0][0].signals


KEEPING = [
    ("", {}), ("24", dict.fromkeys(KEPT_BY_MONTH, 24)), (" 24 ", dict.fromkeys(KEPT_BY_MONTH, 24)),
    ("signals=12", {"signals": 12}), ("signals=12, measurements = 36", {"signals": 12, "measurements": 36}),
    ("-1", None), ("2", None), ("signals=2", None), ("0", None), ("decisions=12", None), ("signals", None),
    ("signals=", None), ("signals=1.5", None), ("24 months", None), ("=3", None), ("signals=12;analyses=3", None),
    ("signals=12, signals=3", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), KEEPING)
def test_what_is_kept_is_read_or_refused(text: str, expected: dict[str, int] | None) -> None:
    def read() -> dict[str, int]:
        found = months_kept(text, "RETRAINING_KEEP_MONTHS")
        retention.check_kept(found, "RETRAINING_KEEP_MONTHS")
        return found

    if expected is None:
        with pytest.raises(ConfigurationError, match="RETRAINING_KEEP_MONTHS"):
            read()
    else:
        assert read() == expected


def test_nobody_has_nothing_removed(old: House) -> None:
    with pytest.raises(ConfigurationError, match="say who"):
        workflow.retain(old.deployment, by=" ", keep=THREE)


def test_reports_of_a_removed_month_say_so_and_keep_what_was_decided(old: House) -> None:
    before = workflow.report_of(old.deployment, "housing", "second")
    workflow.retain(old.deployment, by="ada", keep=THREE)
    told = f"were removed by retention on {datetime.now(UTC):%Y-%m-%d}"
    for run in ("second", "day-200"):
        found = workflow.report_of(old.deployment, "housing", run)
        for form, render in FORMATS.items():
            assert told in render(found), form
    after = workflow.report_of(old.deployment, "housing", "second")
    assert (after.decision, after.event) == (before.decision, before.event)
    assert "removed by retention" not in FORMATS["html"](workflow.report_of(old.deployment, "housing", "day-1"))


def test_page_of_a_removed_month_says_so(old: House) -> None:
    workflow.retain(old.deployment, by="ada", keep=THREE)
    view = workflow.model_view(old.deployment, "housing", start=ago(310 * DAY), end=ago(190 * DAY))
    assert "measurements, signals of" in view.removed
    assert len(view.decisions.rows) == 2
    assert workflow.model_view(old.deployment, "housing", start=ago(2 * DAY)).removed == ""
    with pytest.raises(NotOnRecord, match="removed by retention on 20"):
        workflow.distribution_at(old.deployment, "housing", "day-200", "price")


def test_checks_of_removed_months_are_not_decided_again_as_if_they_had_seen_nothing(old: House) -> None:
    whole = {"start": ago(310 * DAY), "end": ago(0)}
    assert workflow.what_if(old.deployment, "housing", **whole).checks == 4
    workflow.retain(old.deployment, by="ada", keep=THREE)
    found = workflow.what_if(old.deployment, "housing", **whole)
    assert found.checks == 1
    assert "3 checks up to" in found.left_out[0]
    assert "removed by retention on" in found.left_out[0]
    with pytest.raises(NotOnRecord, match="removed by retention on"):
        workflow.what_if(old.deployment, "housing", start=ago(310 * DAY), end=ago(190 * DAY))
    record = read_record(old.store, old.deployment.spec("housing"))
    assert [analysis.run.run_id for analysis in record.analyses] == ["day-1"]


def test_export_of_a_removed_month_says_so(old: House) -> None:
    workflow.retain(old.deployment, by="ada", keep={"signals": 3})
    period = {"start": ago(310 * DAY), "end": ago(190 * DAY)}
    assert "signals of" in workflow.removed_of(old.deployment, "model_drift_monitoring", **period)
    assert workflow.removed_of(old.deployment, "model_performance_tracking", **period) == ""
    assert workflow.removed_of(old.deployment, "model_drift_monitoring", start=ago(2 * DAY)) == ""


@pytest.mark.parametrize("after", first_of([2, 0, 5], 1))
def test_retention_that_is_killed_is_finished_by_the_next(
    old: House, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = list[Any]()

    def die(connect: Any, month: Any, by: str) -> Any:
        if len(calls) == after:
            raise KeyboardInterrupt
        calls.append(month)
        return drop_month(connect, month, by)

    monkeypatch.setattr(retention, "drop_month", die)
    with pytest.raises(KeyboardInterrupt):
        workflow.retain(old.deployment, by="ada", keep=THREE)
    monkeypatch.undo()
    assert len(workflow.retain(old.deployment, by="ada", keep=THREE).dropped) == 12 - after


def test_two_at_once_remove_each_month_once(old: House) -> None:
    found, problems = list[Any](), list[Exception]()

    def remove(name: str) -> None:
        try:
            found.extend(workflow.retain(old.deployment, by=name, keep=THREE).dropped)
        except RetrainingError as error:
            problems.append(error)

    threads = [threading.Thread(target=remove, args=(name,)) for name in ("ada", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len({(month.table, month.month) for month in found}) == len(found) == 12


def test_who_reads_all_the_time_is_not_pushed_aside_and_writers_go_on(
    old: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_retention, "PAUSE_SECONDS", 0.2)
    [month, *_] = kept_months(old.store.connect)
    problems, waits = list[Exception](), list[float]()

    def remove() -> None:
        try:
            drop_month(old.store.connect, month, "ada", patience_seconds=2.0)
        except SourceUnavailable as error:
            problems.append(error)

    with old.store.connect() as reader:  # a backup
        reader.execute("SET search_path TO retraining")
        reader.execute("SELECT count(*) FROM retraining_runs")
        removing = threading.Thread(target=remove)
        removing.start()
        for number in range(5):
            begun = time.monotonic()
            old.check(hours=number + 3.0, run_id=f"beside-{number}")
            waits.append(time.monotonic() - begun)
        removing.join()
    assert [type(error) for error in problems] == [SourceUnavailable]
    assert "a backup?" in str(problems[0])
    assert max(waits) < 1.5
    assert drop_month(old.store.connect, month, "ada") is not None


def test_month_that_is_not_over_cannot_be_removed(old: House) -> None:
    old.check(hours=0.0, run_id="now")  # yesterday may have been in a month that is over
    month = kept_months(old.store.connect)[-1]
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="is not over"):
        drop_month(old.store.connect, month, "ada")
