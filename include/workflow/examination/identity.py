"""Whose records and artifacts these are, and what a run that died has left open."""

from __future__ import annotations

from collections.abc import Iterator

from include.decision.decision import Severity
from include.errors import ArtifactError
from include.records.entries.examination import Finding, Seen, Told
from include.records.postgres.home import EMPTY, FILL
from include.workflow.examination.subject import Subject
from include.workflow.identity import CHOICE, OWNER_FILE, owner_of, why_behind, why_moved


def identity(subject: Subject) -> Iterator[Told]:
    """A copied or restored database, and artifacts of other records."""
    store, artifacts = subject.deployment.store, subject.deployment.artifacts
    if not (mine := subject.identity):
        yield Finding(subject="the records database", told=EMPTY, way_out=FILL, severity=Severity.CRITICAL)
        return
    try:
        owner = owner_of(artifacts)
    except ArtifactError as error:
        yield Finding(subject="artifacts", told=str(error), severity=Severity.CRITICAL,
                      way_out=f"remove {artifacts.address(OWNER_FILE)} if they are those of these records")  # fmt: skip
        return
    if why := why_moved(store) or why_behind(store, artifacts):
        yield Finding(subject="the records database", told=why, way_out=CHOICE, severity=Severity.CRITICAL)
    if owner is not None and owner.records != mine:
        yield Finding(
            subject="artifacts", severity=Severity.CRITICAL,
            told=f"{artifacts.address(OWNER_FILE)} names the records {owner.records} as their owner; these are {mine}",
            way_out="name a folder of these records' own in RETRAINING_ARTIFACTS_DIR or RETRAINING_ARTIFACTS; or, if "
            "the others are gone for good, remove that file",
        )  # fmt: skip
    yield Seen(told=f"the records are {mine}")


def open_retrainings(subject: Subject) -> Iterator[Told]:
    """Retrainings that nobody works on any more."""
    found = subject.records.open_events()
    for each in found:
        if not each.held:
            yield Finding(
                subject=each.model_name, severity=Severity.MEDIUM,
                told=f"event {each.id} has been executing since {each.since:%Y-%m-%d %H:%M} UTC, and nobody is at work",
                way_out="nothing but wait: the next run closes it as abandoned, and the model is free again; or start "
                f"one now: python -m include.cli trigger {each.model_name} --dry-run --url …",
            )  # fmt: skip
    yield Seen(told=f"{sum(each.held for each in found)} retrainings go on")
