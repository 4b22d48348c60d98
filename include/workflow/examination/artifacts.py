"""The versions' files against the record, and against the libraries that are installed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import pandas as pd
from pydantic import ValidationError

from include.data.profile import CategoricalColumn, NumericColumn
from include.data.profile.columns import commonest
from include.data.reference.profiles import ReferenceProfiles
from include.decision.decision import Severity
from include.errors import ArtifactError, RetrainingError
from include.records.entries.examination import Finding, NotLookedAt, Seen, Told
from include.records.postgres.examination import VersionSeen
from include.registry.model_files import name_of
from include.registry.training import Script
from include.retraining.answering import load_version
from include.retraining.artifacts import ArtifactFolder
from include.retraining.artifacts.intact import is_gone, require_files
from include.retraining.artifacts.libraries import changed_libraries
from include.retraining.prepare import feature_table
from include.workflow.deployment import COMPARE_AGAIN, NO_REFERENCE
from include.workflow.examination.models import missing_of
from include.workflow.examination.subject import CHAMPION, RETIRED, Subject
from include.workflow.publication import number_of

SHOWN = 5  # names of models in one finding


def way_out(model: str) -> str:
    """What helps where a champion does not answer."""
    return (
        "bring back what it needs (its files from a backup, or the libraries of its time); or have a version trained "
        f'as a first one: python -m include.cli request {model} --reason "its champion is gone"'
    )


def champions(subject: Subject) -> Iterator[Told]:
    """Champions whose files are missing or altered, or whose own command is gone; deep: that do not answer."""
    artifacts, looked = subject.deployment.artifacts, 0
    gone = {each for each in subject.champions if is_gone(artifacts, each.artifact_path)}
    others = [each for each in subject.champions if each not in gone]
    for version in chain(gone, subject.in_time(others)):
        looked += 1
        if why := _why_unusable(subject, version):
            yield Finding(subject=version.model_name, told=f"champion v{version.version} cannot be used: {why}",
                          way_out=way_out(version.model_name), severity=Severity.HIGH)  # fmt: skip
        if not version.has_reference:
            yield Finding(subject=version.model_name, told=f"champion v{version.version}: {NO_REFERENCE}",
                          way_out=COMPARE_AGAIN, severity=Severity.HIGH)  # fmt: skip
        if taken := _taken(subject, version.model_name):
            yield Finding(subject=version.model_name, told=f"its champion cannot be published: {taken}",
                          way_out="do so; the next run publishes it", severity=Severity.HIGH)  # fmt: skip
    if looked < len(subject.champions):
        left = len(subject.champions) - looked
        yield NotLookedAt(why=f"{left} of {len(subject.champions)} champions' files: no time; --deep reads all")
    what = "loaded, and have predicted" if subject.deep else "looked at, not loaded (--deep loads each of them)"
    yield Seen(told=f"{looked} champions were {what}")


def _taken(subject: Subject, model: str) -> str:
    """What has the place that consumers are led by; in object storage it is looked at by a deep examination alone."""
    artifacts = subject.deployment.artifacts
    try:
        if subject.deep or isinstance(artifacts, ArtifactFolder):
            artifacts.published(model)
    except ArtifactError as error:
        return str(error)
    return ""


def _why_unusable(subject: Subject, version: VersionSeen) -> str:
    artifacts = subject.deployment.artifacts
    try:
        manifest = subject.manifest(version)
        require_files(artifacts, version.artifact_path, manifest)
    except ArtifactError as error:
        return str(error)
    if missing := _missing_command(subject, version.model_name, manifest):
        return f"what answers for it is gone: {missing}"
    return _silence(subject, version) if subject.deep else ""


def _missing_command(subject: Subject, model: str, manifest: Mapping[str, Any]) -> str:
    """What the command that answers for a version in files of its own needs, and is not here."""
    if "script" not in manifest:
        return ""
    spec = subject.read_files[0].get(model)
    now = None if spec is None else spec.training.script
    try:
        script = now if now is not None and now.predict_command else Script.model_validate(manifest["script"])
    except ValidationError as error:
        return f"its manifest names no command: {error.errors()[0]['msg']}"
    return "; ".join(missing_of(script.model_copy(update={"command": script.predict_command or script.command})))


def _silence(subject: Subject, seen: VersionSeen) -> str:
    """Why a champion does not load, or answers nothing to a usual row; empty where it answers. Each predicts once."""
    if seen not in subject.asked:
        subject.asked[seen] = _asked(subject, seen)
    return subject.asked[seen]


def _asked(subject: Subject, seen: VersionSeen) -> str:
    store, spec = subject.deployment.store, subject.read_files[0].get(seen.model_name)
    version = store.champion(seen.model_name)
    if version is None or version.version != seen.version:
        return ""  # replaced meanwhile
    try:
        reference = store.reference(seen.model_name, seen.version)
        stored = load_version(subject.deployment.artifacts, version, spec, {})
        if reference is not None:
            stored.predictor.predict(feature_table(_usual_row(reference), stored.columns))
    except RetrainingError as error:
        return str(error)
    return ""


def _usual_row(reference: ReferenceProfiles) -> pd.DataFrame:
    """One row of the means and the commonest categories of the rows that a version was trained on."""
    row: dict[str, object] = {}
    for name in reference.inputs:
        column = reference.profile.columns[name]
        if isinstance(column, NumericColumn):
            row[name] = column.mean
        elif isinstance(column, CategoricalColumn):
            row[name] = commonest(column.counts)
    return pd.DataFrame([row])


def libraries(subject: Subject) -> Iterator[Told]:
    """Libraries that are not those which the champions were stored with."""
    changes, silent, looked = defaultdict[tuple[str, str, str], list[str]](list), list[str](), 0
    for version in subject.in_time(subject.champions):
        looked += 1
        try:
            manifest = subject.manifest(version)
        except ArtifactError:  # told by the check of champions
            continue
        if "libraries" not in manifest and "files" not in manifest:
            silent.append(version.model_name)
        for change in changed_libraries(manifest.get("libraries", {})):
            changes[change].append(version.model_name)
    for (name, then, now), models in changes.items():
        troubled = [model for model in models if _silent(subject, model)] if subject.deep and now else models
        if troubled:
            yield _changed(name, then, now, troubled)
        else:
            yield Seen(told=f"{name} {now} instead of {then}: all {len(models)} champions answer")
    if silent:
        yield NotLookedAt(why=f"libraries of {_named(silent)}: stored before they were written down; --deep asks them")
    if looked < len(subject.champions):
        yield NotLookedAt(why=f"libraries of {len(subject.champions) - looked} champions: there was no time")
    yield Seen(told=f"the libraries of {looked - len(silent)} champions")


def _silent(subject: Subject, model: str) -> bool:
    return any(_silence(subject, each) for each in subject.champions if each.model_name == model)


def _changed(name: str, then: str, now: str, models: list[str]) -> Finding:
    gone = f"{name} {then} is not installed any more" if not now else f"{name} is {now} here, {then} when it was stored"
    return Finding(
        subject=_named(models), told=f"{gone}: the champion may not load, or not answer",
        way_out=f"python -m include.cli doctor --deep asks each; where one does not answer: pip install {name}=={then} "
        f'or python -m include.cli request {models[0]} --reason "another {name}", which trains a version as a first',
        severity=Severity.HIGH if not now else Severity.LOW if _same_line(then, now) else Severity.MEDIUM,
    )  # fmt: skip


def _same_line(then: str, now: str) -> bool:
    return then.split(".")[:2] == now.split(".")[:2]


def ages(subject: Subject) -> Iterator[Told]:
    """Versions that are there and not on record, and versions on record whose files are gone."""
    if not subject.owns_artifacts:  # else versions of others would be called unknown, and to be removed
        yield NotLookedAt(why="versions: the artifacts are not said to be those of these records (see identity)")
        return
    others = defaultdict[str, list[VersionSeen]](list)
    for version in subject.versions:
        if version.artifact_path and version.status != CHAMPION:
            others[version.model_name].append(version)
    names = sorted({*subject.numbers, *(name_of(file) for file in subject.files)})
    looked = 0
    for model in subject.in_time(names):
        looked += 1
        yield from _ages_of(subject, model, others[model])
    if looked < len(names):
        yield NotLookedAt(why=f"the versions of {len(names) - looked} of {len(names)} models: there was no time")
    yield Seen(told=f"the versions of {looked} models")


def _ages_of(subject: Subject, model: str, others: list[VersionSeen]) -> Iterator[Told]:
    artifacts, known = subject.deployment.artifacts, subject.numbers.get(model, frozenset())
    there = artifacts.versions(model)
    unknown = [name for name in there if (number := number_of(name)) and number not in known]
    if unknown:
        highest = max(map(number_of, there))
        yield Finding(
            subject=model, severity=Severity.LOW,
            told=f"{', '.join(unknown)} {'is' if len(unknown) == 1 else 'are'} there and not on record: the records "
            f"are older than their artifacts. They are kept, and the next version is v{highest + 1}",
            way_out="restore a newer dump that knows them; or, when nobody needs them any more, remove them: "
            + ", ".join(artifacts.address(f"{model}/{name}") for name in unknown),
        )  # fmt: skip
    for version in others:
        if version.artifact_path.rpartition("/")[2] not in there:
            way_back = version.status == RETIRED
            yield Finding(
                subject=model, severity=Severity.MEDIUM if way_back else Severity.LOW,
                told=f"the files of v{version.version} ({version.status}) are gone: the artifacts are older than the "
                f"records, or somebody removed them{', and a rollback leads to that version' if way_back else ''}",
                way_out=f"restore {artifacts.address(version.artifact_path)} from a backup that is as new as the "
                "records; until then nobody can go back to that version",
            )  # fmt: skip


def _named(models: list[str]) -> str:
    more = f" and {len(models) - SHOWN} more" if len(models) > SHOWN else ""
    return f"{', '.join(models[:SHOWN])}{more}"
