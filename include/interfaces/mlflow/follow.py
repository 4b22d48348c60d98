"""MLflow follows the record: a run for each event, a registered version for each promotion, the alias ``champion``.

Several records may tell one server of models of one name: what is told carries the identity of its records. The
experiment ``<model>_retraining`` and the alias ``champion`` belong to those that made them first; the others have an
experiment and an alias of their own (`own_name`). Records that were copied tell nothing before somebody says
what they are.

Called when all is on record and the model is free again, so that a retrain takes as long as without it. Postgres is the
truth; what could not be told to the server this time is told by the next run. Nothing here ever fails a task.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.errors import ArtifactError
from include.interfaces.mlflow.api import MlflowApi, tags
from include.interfaces.mlflow.model import model_files
from include.interfaces.mlflow.settings import MlflowSettings
from include.records.entries import Event, EventStatus, Version, Whereabouts, promoted_by
from include.records.masking import mask
from include.records.store import Store
from include.registry.spec import ModelSpec
from include.retraining.artifacts import Artifacts
from include.workflow.identity import require_home

log = logging.getLogger(__name__)

ALIAS = "champion"
CATCH_UP = 20  # of a server that was down for long, or is new, the latest events are told
_EVENT, _LOGGED = "retraining.event", "retraining.logged"
_RECORDS, _RETRAINING = "retraining.records", "retraining.id"
_RUN, _SHA = "retraining.run_id", "retraining.sha256"


def own_name(name: str, identity: str) -> str:
    """The name of an experiment or alias of records, where others have the usual one.

    >>> own_name("champion", "1c9a4b0e-8f6d-4d0c-9f3e-6a0b6f1e2d3c")
    'champion-1c9a4b0e'
    """
    return f"{name}-{identity.partition('-')[0]}"


def follow(
    settings: Callable[[], MlflowSettings | None], store: Store, artifacts: Artifacts, model_name: str,
    spec: Callable[[], ModelSpec],
) -> bool:  # fmt: skip
    """Bring MLflow up to date with the record of one model; tell whether it is.

    Takes at most ``settings.seconds``. A server that is down, slow or refuses is a warning, and so are wrong settings.

    Parameters
    ----------
    settings : callable
        Reads the settings; None where no server is used: nothing is done.
    artifacts : Artifacts
        All models' versions.
    spec : callable
        Reads the model file; one that cannot be read is a warning too.
    """
    try:
        server = settings()
    except Exception as error:  # also whatever a secrets backend raises
        log.warning("%s: MLflow is told nothing: %s: %s", model_name, type(error).__name__, mask(str(error)))
        return False
    if server is None:
        return True
    failure: list[Exception | None] = [TimeoutError(f"no end after {server.seconds:g} s")]

    def work() -> None:
        try:
            require_home(store, artifacts)
            with MlflowApi(server, time.monotonic() + server.seconds) as api:
                _Follower(api, store, artifacts, spec(), store.home.find()).follow()
            failure[0] = None
        except Exception as error:  # whatever it is, it must not reach the retraining; told below
            failure[0] = error

    thread = threading.Thread(target=work, daemon=True)  # a server that trickles would outlast every timeout of a read
    thread.start()
    thread.join(server.seconds)
    failed = failure[0]
    if failed is not None:
        what = mask(f"{type(failed).__name__}: {failed}")
        log.warning("%s: MLflow at %s does not follow; the next run tells it: %s", model_name, server.uri, what)
    return failed is None


@dataclass(frozen=True)
class _Follower:
    api: MlflowApi
    store: Store
    artifacts: Artifacts
    spec: ModelSpec
    whereabouts: Whereabouts

    @property
    def identity(self) -> str:
        """Whose records these are."""
        return self.whereabouts.identity

    def follow(self) -> None:
        """Tell of events that the server does not know, oldest first; then move the alias."""
        versions = {version.version: version for version in self.store.versions(self.spec.name)}
        champion = self.store.champion(self.spec.name)
        changes = self.store.champion_changes(self.spec.name)
        promoted = None if champion is None else promoted_by(changes, champion.version)
        events, renewed_at = self.store.events(model_name=self.spec.name), self.whereabouts.renewed_at
        told = [event for event in events if _to_be_told(event)]
        own = [event for event in told if renewed_at is None or (event.completed_at or renewed_at) >= renewed_at]
        recent = {event.id for event in own[:CATCH_UP]} | ({promoted} if promoted is not None else set())
        if not recent:
            return
        experiment = self._experiment()
        runs, known = self._runs(experiment), {}
        for event in sorted((event for event in told if event.id in recent), key=lambda event: event.id):
            version = versions.get(event.version or 0)
            run = next((run for run in runs if self._tells_of(_tags_of(run), event)), None)
            if run is None or _LOGGED not in _tags_of(run):
                run = self._tell(experiment, event, version, run)
            known[event.id] = run
        if promoted in known:
            self._move_alias(known[promoted], next(event for event in told if event.id == promoted), versions)

    def _experiment(self) -> str:
        """Id of the experiment, which is made where it is missing; one of our own where others have that name."""
        usual = f"{self.spec.name}_retraining"
        for name in (usual, own_name(usual, self.identity)):
            made = self.api.create("experiments/create", name=name, tags=tags({_RECORDS: self.identity}))
            if made is not None:
                return str(made["experiment_id"])
            found = self.api.get("experiments/get-by-name", experiment_name=name)["experiment"]
            told = {tag["key"]: tag["value"] for tag in found.get("tags", ())}
            if told.get(_RECORDS, self.identity) == self.identity:
                break
        return str(found["experiment_id"])

    def _runs(self, experiment: str) -> list[dict[str, Any]]:
        """The latest runs that tell of events, of whichever records."""
        found = self.api.post("runs/search", experiment_ids=[experiment], max_results=1000)
        return [run for run in found.get("runs", ()) if _EVENT in _tags_of(run)]

    def _tells_of(self, tags: Mapping[str, str], event: Event) -> bool:
        """Whether a run tells of this very event.

        Numbers of events come again in other records, and in the same ones after an older dump was restored. Runs from
        before there were identities are known by the event's number and run.
        """
        if _RECORDS in tags:
            return tags[_RECORDS] == self.identity and tags.get(_RETRAINING) == event.retraining_id
        return tags[_EVENT] == str(event.id) and tags.get(_RUN) == event.run.run_id

    def _tell(
        self, experiment: str, event: Event, version: Version | None, begun: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Make the run of an event, or complete one that was begun; its last tag says that nothing is missing."""
        run = begun or self.api.post(
            "runs/create", experiment_id=experiment, start_time=_milliseconds(event.triggered_at),
            run_name=f"event {event.id}" + (f", {version.label}" if version is not None else ""),
            tags=tags({
                _EVENT: event.id, _RECORDS: self.identity, _RETRAINING: event.retraining_id,
                "mlflow.user": event.run.requested_by,
            }),
        )["run"]  # fmt: skip
        run_id = run["info"]["run_id"]
        self.api.post(
            "runs/log-batch", run_id=run_id, params=tags(_parameters(event)), tags=tags(_labels(event, version)),
            metrics=_metrics(event),
        )  # fmt: skip
        self._tell_data(run_id, event)
        if version is not None and version.artifact_path:
            self._tell_model(run, event, version)
        failed = event.status in (EventStatus.FAILED, EventStatus.ABANDONED)
        ended = _milliseconds(event.completed_at or event.triggered_at)
        self.api.post("runs/update", run_id=run_id, status="FAILED" if failed else "FINISHED", end_time=ended)
        self.api.post("runs/set-tag", run_id=run_id, key=_LOGGED, value="yes")
        return dict(run)

    def _tell_data(self, run_id: str, event: Event) -> None:
        digest = event.details.training_data_hash or ""
        if not digest:
            return
        place, rows = event.details.training_data_path or "", event.details.training_data_size
        dataset = {
            "name": self.spec.name, "digest": digest[:36], "source_type": "local", "source": place,
            "profile": f'{{"num_rows": {rows}}}',
        }  # fmt: skip
        labels = [{"key": "mlflow.data.context", "value": "training"}]
        self.api.post("runs/log-inputs", run_id=run_id, datasets=[{"dataset": dataset, "tags": labels}])

    def _tell_model(self, run: Mapping[str, Any], event: Event, version: Version) -> None:
        info = run["info"]
        try:
            stored = self.artifacts.load(version.artifact_path, version.artifact_sha256, self.spec.training.script)
        except ArtifactError as error:  # an old version's files may be gone; the events after it are told all the same
            log.warning("%s: MLflow is told of %s without its model: %s", self.spec.name, version.label, error)
            return
        files = model_files(stored.folder, self.spec.task)
        if not self.api.upload(info["artifact_uri"], "model", files):
            log.warning("%s: MLflow keeps artifacts at %s, which only its own client can write to: %s is not copied",
                        self.spec.name, info["artifact_uri"], version.label)  # fmt: skip
        elif event.status is EventStatus.PROMOTED and self._registered(info["run_id"]) is None:
            self.api.create("registered-models/create", name=self.spec.name)
            labels = tags({
                "retraining.version": version.label, _SHA: version.artifact_sha256, _RECORDS: self.identity,
            })  # fmt: skip
            self.api.post(
                "model-versions/create", name=self.spec.name, run_id=info["run_id"],
                source=f"runs:/{info['run_id']}/model", tags=labels,
            )  # fmt: skip

    def _registered(self, run_id: str) -> str | None:
        """Number that the registry gave to the version of that run."""
        query = f"name = '{self.spec.name}' AND run_id = '{run_id}'"
        found = self.api.get("model-versions/search", filter=query).get("model_versions", ())
        return str(found[0]["version"]) if found else None

    def _move_alias(self, run: Mapping[str, Any], event: Event, versions: Mapping[int, Version]) -> None:
        run_id, version = run["info"]["run_id"], versions.get(event.version or 0)
        number = self._registered(run_id)
        if number is None and version is not None and _LOGGED in _tags_of(run):  # somebody has deleted it since
            self._tell_model(run, event, version)
            number = self._registered(run_id)
        if number is None:
            return
        registered = self.api.get("registered-models/get", name=self.spec.name)["registered_model"]
        aliases = {found["alias"]: str(found["version"]) for found in registered.get("aliases", ())}
        own = own_name(ALIAS, self.identity)  # who has one leaves the other to those whose it was, also if it is gone
        usual = self._owns_alias(versions.values()) if ALIAS in aliases else own not in aliases
        alias = ALIAS if usual else own
        if not usual:
            log.warning("%s: MLflow's alias %s is that of other records than these (%s): the champion has the alias %s",
                        self.spec.name, ALIAS, self.identity, alias)  # fmt: skip
        if aliases.get(alias) != number:
            self.api.post("registered-models/alias", name=self.spec.name, alias=alias, version=number)
            log.info("%s: MLflow's alias %s is on version %s now", self.spec.name, alias, number)

    def _owns_alias(self, versions: Iterable[Version]) -> bool:
        """Whether the alias leads to a version of these records; before there were identities, by its artifact."""
        found = self.api.get("registered-models/alias", name=self.spec.name, alias=ALIAS).get("model_version") or {}
        told = {tag["key"]: tag["value"] for tag in found.get("tags", ())}
        if _RECORDS in told:
            return str(told[_RECORDS]) == self.identity
        return _SHA not in told or told[_SHA] in {version.artifact_sha256 for version in versions}


def _to_be_told(event: Event) -> bool:
    return event.status.closed and event.execution_attempted


def _tags_of(run: Mapping[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in run["data"].get("tags", ())}


def _parameters(event: Event) -> dict[str, object]:
    kept = event.details
    chosen = {"estimator": kept.estimator, "strategy": kept.strategy, "row_choice": kept.row_choice}
    return {**chosen, **(kept.hyperparameters or {})}


def _labels(event: Event, version: Version | None) -> dict[str, object]:
    return {
        _RUN: event.run.run_id,
        "retraining.trigger": event.trigger_type,
        "retraining.outcome": str(event.status),
        "retraining.reason": event.outcome,
        "retraining.error": f"{event.error_type}: {event.error}" if event.error_type else "",
        "retraining.version": version.label if version is not None else "",
        "retraining.artifact": version.artifact_path if version is not None else "",
        "retraining.data_hash": event.details.training_data_hash or "",
        "retraining.data_path": event.details.training_data_path or "",
    }


def _metrics(event: Event) -> list[dict[str, Any]]:
    """Scores of challenger and champion on the same rows, and every figure among the details."""
    figures: dict[str, Any] = {
        **{name: value for name, value in event.details.to_json().items() if isinstance(value, int | float)},
        **{f"gate_{name}": value for name, value in (event.details.gate or {}).items()},
        **{f"champion_{name}": value for name, value in event.champion_scores.items()},
        **event.scores,
    }
    at = _milliseconds(event.completed_at or event.triggered_at)
    return [
        {"key": name, "value": float(value), "timestamp": at, "step": 0}
        for name, value in figures.items()
        if isinstance(value, int | float) and math.isfinite(value)
    ]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
