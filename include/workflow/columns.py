"""Columns that a model's versions need, and that its file may not name any more: a champion predicts from its own."""

from __future__ import annotations

from collections.abc import Iterable

from include.records.entries import NEVER_CHAMPION, Version
from include.records.store import Champions
from include.registry.spec import ModelSpec
from include.retraining.accepted import Champion


def columns_of_versions(store: Champions, spec: ModelSpec, champion: Champion) -> set[str]:
    """Features of the champion, and of what it may be compared with: former champions, and a version in shadow."""
    if spec.features is None:  # all columns are read
        return set()
    versions = [version for version in store.versions(spec.name) if version.status not in NEVER_CHAMPION]
    return {*champion.reference.inputs, *features_on_record(versions)}


def features_on_record(versions: Iterable[Version]) -> set[str]:
    """Features of versions, as far as it is on record which they have."""
    return {name for version in versions for name in version.details.features or ()}
