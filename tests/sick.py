"""A sick model beside a healthy one, which must not notice it."""

from __future__ import annotations

from pathlib import Path

from include.decision.decision import Decision
from include.decision.signals import Signal
from include.errors import RetrainingError
from include.records.entries import EventStatus
from tests.stage import REFERENCE_DAYS, Stage, Step, day, sales

FIRST, LATER = day(REFERENCE_DAYS), day(REFERENCE_DAYS + 12)
DAYS = REFERENCE_DAYS + 12


def healthy_stage(root: Path) -> Stage:
    """A stage with one healthy model."""
    stage = Stage(root)
    stage.add("healthy", sales(DAYS, seed=1))
    return stage


def both(stage: Stage, **asked: object) -> list[Step | RetrainingError]:
    """The sick model's first version and later check; the healthy one must not notice that there is a sick one."""
    first, later = stage.run_all(FIRST), stage.run_all(LATER, **asked)
    healthy = first["healthy"], later["healthy"]
    assert isinstance(healthy[0], Step)
    assert healthy[0].event is not None
    assert healthy[0].event.status is EventStatus.PROMOTED
    assert isinstance(healthy[1], Step)
    assert not [signal for signal in healthy[1].analysis.signals if signal.changed]
    return [first["sick"], later["sick"]]


def error_of(stage: Stage) -> RetrainingError:
    """The error of the sick model, at once and at the next check alike."""
    first, later = both(stage)
    assert isinstance(first, RetrainingError)
    assert isinstance(later, RetrainingError)
    assert type(first) is type(later)
    return first


def check_of(stage: Stage, **asked: object) -> tuple[dict[tuple[str, str], Signal], Decision]:
    """The later check of a sick model that had a good first version: signals by statistic and feature, decision."""
    first, later = both(stage, **asked)
    assert isinstance(first, Step)
    assert first.event is not None
    assert first.event.status is EventStatus.PROMOTED
    assert isinstance(later, Step)
    return {(s.statistic, s.feature): s for s in later.analysis.signals}, later.decision
