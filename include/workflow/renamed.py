"""Champions without a model file: all of them where the folder is empty, or one whose file was renamed.

A model whose file was renamed begins anew while the champion of its rows stays under the other name.

Nothing says for sure that a file was renamed. What is on record of a model whose file is gone, and has a champion, is
compared with the files that there are: the same source, timestamp and target under a name without a champion, or
whose first one is later than any run of the other: one that ran beside it was never called so. Who goes on under the
new name knowingly says so by pausing the old one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from include.decision.decision import Severity
from include.records.entries import Problem, ProblemKind
from include.records.json_values import clean_json
from include.records.people_roles import WHERE_ROWS_COME_FROM
from include.records.store import Store
from include.registry.spec import ModelSpec


def former_names(store: Store, specs: Collection[ModelSpec], files: Collection[str]) -> Iterator[tuple[ModelSpec, str]]:
    """The models that look like others whose file is gone, each with the name of that one.

    Parameters
    ----------
    specs : collection of ModelSpec
        The models that are compared.
    files : collection of str
        Names of all models with a file, readable or not.
    """
    orphans = store.watch.orphans(files)
    left = orphans.keys() - store.people.pauses().keys() if orphans else set[str]()
    for spec in specs if left else ():
        mine = _rows_of(clean_json(spec.model_dump(mode="json", include={*WHERE_ROWS_COME_FROM})))
        for name in sorted(left):
            if _rows_of(orphans[name]) == mine and orphans[name]["last_seen_at"] < _champion_since(store, spec.name):
                yield spec, name


def all_files_gone(store: Store, folder: Path) -> Iterator[Problem]:
    """A folder without any model file, as a volume that was not mounted leaves it, where there are champions."""
    if left := store.watch.orphans(()).keys() - store.people.pauses().keys():
        yield Problem(
            kind=ProblemKind.UNCHECKED, subject="model files", since=None, severity=Severity.HIGH,
            told=f"there is none in {folder}, and models with a champion are on record ({len(left)}): nothing is "
            "looked at",
            way_out="bring them back, or correct RETRAINING_MODELS_DIR",
        )  # fmt: skip


def told_of_name(new: str, old: str) -> str:
    """Why it is taken for renamed."""
    return (
        f"{old} is on record with a champion for the same source, timestamp and target, and has no model file any "
        f"more: {new} looks like its new name, and begins with a first version, without that champion and its history"
    )


def way_on(new: str, old: str) -> str:
    """What somebody says who wants the new name."""
    return f'python -m include.cli pause {old} --reason "goes on as {new}"'


def _rows_of(config: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(config.get(field) for field in WHERE_ROWS_COME_FROM)


def _champion_since(store: Store, name: str) -> datetime:
    changes = store.champion_changes(name)
    return changes[0].deployed_at if changes else datetime.max.replace(tzinfo=UTC)
