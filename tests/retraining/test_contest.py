from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include.data.rows.spans import Span
from include.data.tables import ModelTables
from include.records.entries import TrainingDetails, Version, VersionStatus
from include.registry.spec import ModelSpec
from include.retraining.artifacts import StoredModel
from include.retraining.contest.contest import Contest, labelled_among
from include.retraining.gate.shadow_needs import untrained_rows
from include.scoring import Baseline
from include.scoring.intervals import mean_error
from tests.stage import REFERENCE_DAYS, Stage, day, sales

BASE = Version(
    model_name="sales", version=2, event_id=2, status=VersionStatus.CHAMPION,
    created_at=datetime(2026, 1, 1, tzinfo=UTC), parent=1, baseline=Baseline(scores={}, rows=40), data_until=day(40),
)  # fmt: skip


def contest(spec: ModelSpec) -> Contest:
    return Contest(spec=spec, load=never)


def never(version: Version) -> StoredModel:
    raise AssertionError(f"{version.label} need not be loaded")


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Any, ModelTables]:
    stage = Stage(tmp_path)
    stage.add("sales", sales(60), label_delay="2d")
    spec = stage.deployment.spec("sales")
    return spec, stage.deployment.read(spec, stage.data, as_of=day(60))


def test_unseen_are_all_rows_since_also_those_before_the_window(tables: tuple[Any, ModelTables]) -> None:
    spec, known = tables
    found = contest(spec).since(BASE, known)
    assert len(found) == 20 * 24 > len(known.recent)
    assert labelled_among(spec, found) == 18 * 24


def test_rows_in_quarantine_are_left_out(tables: tuple[Any, ModelTables]) -> None:
    spec, known = tables
    aside = replace(known, quarantined=(Span(day(50), day(51)), Span(day(REFERENCE_DAYS), day(REFERENCE_DAYS + 1))))
    assert len(contest(spec).since(BASE, aside)) == 19 * 24


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        ({}, 40), ({"details": TrainingDetails(refit=True)}, 0), ({"parent": None}, 0), ({"baseline": None}, 0),
        ({"details": TrainingDetails(refit=True, untrained_rows=96)}, 96),  # those of its shadow
    ],
)  # fmt: skip
def test_rows_that_a_version_was_judged_on_and_never_trained_on(changes: dict[str, Any], rows: int) -> None:
    assert untrained_rows(replace(BASE, **changes)) == rows


def test_whatever_judges_is_told_which_rows_share_their_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage, seen = Stage(tmp_path), {"given": 0, "told": 0}
    table = sales(50, change=35)
    stage.add("sales", table.assign(at=table["at"].dt.floor("D")), window="10d", training=None)
    known = mean_error

    def noted(*values: Any, **given: Any) -> tuple[float, float]:
        seen["given"] += 1
        seen["told"] += given.get("moment") is not None
        return known(*values, **given)

    stage.run("sales", day(32))
    monkeypatch.setattr("include.scoring.paired.mean_error", noted)
    monkeypatch.setattr("include.scoring.intervals.mean_error", noted)
    assert stage.run("sales", day(46)).event is not None
    assert seen["told"] == seen["given"] >= 4
