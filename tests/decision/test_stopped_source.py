"""A source that stopped leads the headline and the advice, whatever else there is to say."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from include.decision.decision import Cause
from include.interfaces.reports.text import banner
from tests.stage import Stage, Step, day, sales

STOPPED = "the source stopped: its newest row is of 2026-02-04 23:00 UTC, "


def stopped_at(tmp_path: Path, moment: float, *, change: int | None = None, **asked: object) -> Step:
    """The feed ends on the 35th day; the check is at `moment`."""
    stage = Stage(tmp_path)
    stage.add("sales", sales(35, change=change))
    stage.run("sales", day(30))
    return stage.run("sales", day(moment), **asked)


@pytest.mark.parametrize(
    ("moment", "age"), [(38, "3 days, 1:00:00 old"), (49, "14 days, 1:00:00 old"), (400, "365 days")]
)
def test_stopped_source_is_the_headline_also_without_any_recent_row(tmp_path: Path, moment: int, age: str) -> None:
    step = stopped_at(tmp_path, moment)
    decision = step.decision
    assert (step.analysis.rows == 0) is (moment > 45)
    assert decision.reason.startswith(STOPPED + age)
    assert decision.recommendation.startswith("Mend the source: no row comes any more.")
    assert decision.cause is Cause.DATA_QUALITY
    assert not decision.triggered
    assert banner(decision).splitlines()[3].startswith(f"Reason: {STOPPED}")


def test_stopped_source_leads_also_what_is_retrained_for(tmp_path: Path) -> None:
    decision = stopped_at(tmp_path, 38, force=True, reason="please").decision
    assert decision.triggered
    assert decision.reason.startswith(STOPPED)
    assert "please" in decision.reason
    assert decision.recommendation.startswith("Mend the source: no row comes any more. Retrain in this run")


def test_source_that_sends_rows_leads_nothing(tmp_path: Path) -> None:
    decision = stopped_at(tmp_path, 35).decision
    assert "stopped" not in decision.reason
    assert "Mend" not in decision.recommendation


def test_odd_time_is_told_by_the_first_run_and_by_later_ones_and_left_out(tmp_path: Path) -> None:
    stage, table = Stage(tmp_path), sales(35)
    odd = table.iloc[:1].assign(at=pd.Timestamp(0, tz="UTC"), sales=1e6)
    stage.add("sales", pd.concat([odd, table]), reference={"end": "2026-01-31"})
    for step in (stage.run("sales", day(30)), stage.run("sales", day(34))):
        told = [signal.reason for signal in step.analysis.signals if signal.statistic == "odd_times"]
        assert len(told) == 1
        assert "1970-01-01" in told[0]
    assert stage.store.versions("sales")[0].details.training_data_size == 720
