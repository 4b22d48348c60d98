"""What Airflow says of itself, where somebody could ask it."""

from __future__ import annotations

from collections.abc import Iterator

from include.decision.decision import Severity
from include.records.entries.examination import Finding, NotLookedAt, Seen, Told
from include.registry.model_files import name_of
from include.workflow.batches import batches_of
from include.workflow.examination.subject import Subject


def airflow(subject: Subject) -> Iterator[Told]:
    """The pool, the time zone, and how many models one run takes."""
    found, models = subject.surroundings, len(subject.files)
    if found is None:
        yield NotLookedAt(why=f"pool, time zone, parallelism, max_map_length: {subject.unasked}")
        return
    if not found.slots:
        what = "is missing" if found.slots is None else "has no slots"
        yield Finding(
            subject=f"pool {found.pool}", told=f"{what}: a retrain waits for ever, without an error",
            way_out=f'airflow pools set {found.pool} 3 "Trainings at the same time"', severity=Severity.CRITICAL,
        )  # fmt: skip
    if found.default_timezone.lower() not in ("utc", "etc/utc"):
        yield Finding(
            subject="AIRFLOW__CORE__DEFAULT_TIMEZONE", told=f"is {found.default_timezone}: times without a zone, such "
            "as a parameter as_of, are taken for local ones, and the clock change moves the schedule",
            way_out="set it to utc, or write every time with its zone", severity=Severity.LOW,
        )  # fmt: skip
    instances = len(batches_of([name_of(file) for file in subject.files]))
    if instances > found.max_map_length:
        yield Finding(
            subject="AIRFLOW__CORE__MAX_MAP_LENGTH", told=f"is {found.max_map_length}: the {models} models are "
            f"{instances} batches, which no run maps its tasks over, and none is looked at",
            way_out=f"set it to {max(instances, 1024)} or more", severity=Severity.CRITICAL,
        )  # fmt: skip
    yield Seen(
        told=f"pool {found.pool} with {found.slots} slots, parallelism {found.parallelism}, max_map_length "
        f"{found.max_map_length}, {models} models"
    )
