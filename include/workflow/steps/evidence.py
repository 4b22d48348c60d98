"""What a decision looks at, gathered from the rows and from the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

import pandas as pd

from include.data.owners import answer_of_owner
from include.data.rows.spans import within
from include.data.sources.sieve import Sample
from include.data.tables import ModelTables, table_hash
from include.decision.evidence import Evidence, PastCheck
from include.decision.triggers.new_data import NewDataTrigger
from include.decision.triggers.persistence import Persistence
from include.decision.triggers.probe import MODEL_SIZE
from include.decision.triggers.tree import walk
from include.records.entries import (
    Analysis,
    ChampionChange,
    Event,
    EventStatus,
    Facts,
    Run,
    Version,
    promoted_by,
    rolled_back_by_hand,
)
from include.records.store import Runs, Store
from include.registry.loader import config_hash
from include.registry.spec import ModelSpec
from include.retraining.artifacts import Artifacts
from include.retraining.resources import MEBIBYTE
from include.workflow.deployment import to_come

MOST_DECLINED = 8  # retrains turned down that are looked at: more hardly lengthen the wait any more


def learn_facts(
    spec: ModelSpec, run: Run, tables: ModelTables, champion: Version | None, artifacts: Artifacts
) -> Facts:
    """What a run can learn from the rows, the champion and the model's probes, for triggers not on signals.

    Raises
    ------
    ConfigurationError
        When a probe's function cannot be imported.
    DataError
        When it fails, or returns something else than a number.
    SourceUnavailable
        When it has not ended after the model's `timeout`.
    """
    return Facts(
        new_rows=None if champion is None else _new_rows(spec, tables, champion),
        data_hash=_data_hash(tables) if compares_data(spec, run) else "",
        probes={**_size(champion, artifacts), **{name: _probe(spec, name, run) for name in spec.probes}},
    )


def gather(store: Store, spec: ModelSpec, analysis: Analysis) -> Evidence:
    """The evidence of a decision: the recorded analysis, and what is on record of the model."""
    run, champion, changes = analysis.run, store.champion(spec.name), store.champion_changes(spec.name)
    if champion is not None and champion.version != analysis.champion_version:
        champion = None  # promoted since the analysis, which does not speak of it
    trained = None if champion is None else champion.details.training_data_size
    until = max(run.as_of, to_come())  # retrains of later than that are of a machine whose clock was ahead
    checks = max((t.checks for t in walk(spec.settings(run.preset).when) if isinstance(t, Persistence)), default=1)
    return Evidence(
        now=run.as_of,
        signals=analysis.signals,
        has_champion=analysis.champion_version is not None,
        last_retrained_at=store.last_retrained_at(spec.name, until=until),
        rolled_back_at=rolled_back_by_hand(changes),
        requested=(run.reason or "requested without a reason") if run.force else "",
        requests=tuple(kept.request for kept in store.requests(model_name=spec.name, run_id=run.run_id)),
        champion_since=None if champion is None else _since(store, champion, changes, until),
        trained_rows=trained,
        new_rows=analysis.facts.new_rows,
        data_hash=analysis.facts.data_hash,
        trained_data_hash=_trained_hash(store, spec.name) if analysis.facts.data_hash else "",
        probes=analysis.facts.probes,
        past=store.past_checks(spec.name, before=run.as_of, most=checks - 1) if checks > 1 else (),
        declined=_turned_down(store, spec, analysis, champion, until),
        checked_until=checked_until(store, spec.name),
        patience=spec.window,
    )


def checked_until(store: Runs, model_name: str) -> datetime | None:
    """The latest moment that any check of a model was of, dry runs aside; None for none.

    A check of a time to come, of a machine whose clock was wrong, says nothing: it would keep the model waiting for it.
    """
    found = store.past_checks(model_name, before=to_come(), most=1)
    return found[0].at if found else None


def _turned_down(
    store: Store, spec: ModelSpec, analysis: Analysis, champion: Version | None, until: datetime
) -> list[PastCheck]:
    """The latest checks up to then whose retrain the gate turned down, newest first."""
    first = analysis.champion_version is None
    return _held_first(store, spec, until) if first else _declined(store, champion, until)


def _held_first(store: Store, spec: ModelSpec, until: datetime) -> list[PastCheck]:
    """The latest checks whose first version of this very model file the gate did not let through, newest first."""
    own = config_hash(spec)
    tried = {version.version for version in store.versions(spec.name) if version.details.config_hash == own}
    events = [
        event for event in _not_promoted(store, spec.name, until)
        if event.champion_version is None and event.version in tried
    ]  # fmt: skip
    return [PastCheck(at=event.run.as_of, results=()) for event in events[:MOST_DECLINED]]


def _declined(store: Store, champion: Version | None, until: datetime) -> list[PastCheck]:
    """The latest checks whose retrain of this champion the gate turned down, newest first."""
    if champion is None:
        return []
    shadow = store.shadow(champion.model_name)  # what led to it was not turned down: it waits
    events = [
        event for event in _not_promoted(store, champion.model_name, until)
        if event.version not in (None, shadow and shadow.version) and event.champion_version == champion.version
    ]  # fmt: skip
    return [
        PastCheck(at=event.run.as_of, results=found[0].triggers)
        for event in events[:MOST_DECLINED]
        if (found := store.decision(champion.model_name, event.run.run_id)) is not None
    ]


def _not_promoted(store: Store, model_name: str, until: datetime) -> list[Event]:
    """The retrains up to then that came to another end, newest first."""
    return [
        event for event in store.events(model_name=model_name)
        if event.was_retrained and event.status is not EventStatus.PROMOTED and event.run.as_of <= until
    ]  # fmt: skip


def champion_since(store: Store, champion: Version, changes: Sequence[ChampionChange]) -> datetime:
    """As of when the champion was promoted first: after a shadow later than it was trained."""
    promoted = promoted_by(changes, champion.version)
    return store.event(champion.event_id if promoted is None else promoted).run.as_of


def _since(store: Store, champion: Version, changes: Sequence[ChampionChange], until: datetime) -> datetime:
    """The same, or the end of the rows that it was trained on, where the clock of who promoted it was ahead."""
    since = champion_since(store, champion, changes)
    return since if since <= until or champion.data_until is None else champion.data_until


def _new_rows(spec: ModelSpec, tables: ModelTables, champion: Version) -> int:
    """Rows that the champion has not seen, however long ago the window begins; those in quarantine do not count."""
    if spec.timestamp is None or champion.data_until is None:
        return len(tables.recent)
    if tables.sample is not None:
        return _unseen(tables, tables.sample, champion.data_until)
    times = tables.history[spec.timestamp]
    return int(((times >= pd.Timestamp(champion.data_until)) & ~within(times, tables.quarantined)).sum())


def _unseen(tables: ModelTables, sample: Sample, since: datetime) -> int:
    """The same where the tables hold a part of the rows; of those in quarantine about as many as came meanwhile."""
    if tables.window_start is not None and since >= tables.window_start:
        return sample.rows
    moments = sample.times.ends()[0]
    edges = {since, *(edge for span in tables.quarantined for edge in (span.start, span.end)), moments.iloc[-1]}
    ordered = sorted(pd.Timestamp(edge) for edge in edges if edge >= since)
    aside = sum(
        sample.times.between(start, end) for start, end in pairwise(ordered)
        if within(pd.Series([start]), tables.quarantined)[0]
    )  # fmt: skip
    return max(sample.not_seen_before - round(aside), 0)


def _data_hash(tables: ModelTables) -> str:
    return table_hash(tables.history) if tables.sample is None else tables.sample.data_hash


def compares_data(spec: ModelSpec, run: Run) -> bool:
    """Whether a run's policy asks if the data are other ones than those of the last training."""
    tree = walk(spec.settings(run.preset).when)
    return any(isinstance(trigger, NewDataTrigger) and not trigger.requests_only for trigger in tree)


def _trained_hash(store: Store, model_name: str) -> str:
    """Hash of the rows that the last retraining saw, a first version's included; empty where none was taken."""
    judged = (event for event in store.events(model_name=model_name) if event.was_retrained)
    last = max(judged, key=lambda event: (event.run.as_of, event.id), default=None)
    seen = None if last is None else store.analysis(model_name, last.run.run_id)
    return "" if seen is None else seen.facts.data_hash


def _size(champion: Version | None, artifacts: Artifacts) -> Mapping[str, float]:
    """Size of the champion's artifact in MiB, where this deployment made it."""
    if champion is None or not champion.artifact_path:
        return {}
    size = artifacts.size(champion.artifact_path)
    return {MODEL_SIZE: size / MEBIBYTE} if size else {}


def _probe(spec: ModelSpec, name: str, run: Run) -> float:
    """Ask the function of one probe, which is given the model's name and the end of the window."""
    return answer_of_owner(spec, f"probes.{name}", spec.probes[name], spec.name, run.as_of, read=float)
