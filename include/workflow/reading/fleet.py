"""The fleet: one row a model, those first that need somebody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from include.decision.health import ModelHealth, ModelState, health
from include.records.entries.overview import SPARKS, FleetPage, FleetQuery, FleetRow, FleetSort
from include.records.json_values import storable
from include.records.postgres.overview import Reading
from include.records.rows.columns import Row
from include.records.rows.overview import fleet_fields, state_from_row
from include.registry.model_files import model_names
from include.workflow.deployment import Deployment, now, to_come
from include.workflow.reading.cursors import Cursor, read_cursor
from include.workflow.reading.given import check_limit, one_of, overview_of

QUARTER = timedelta(days=90)
_RANK = {each: rank for rank, each in enumerate(ModelHealth)}
_NEVER = 0.0

Key = tuple[float, float, str]


@dataclass(frozen=True, kw_only=True)
class Hushed:
    """What people said: the sentence of a pause by model, and until when a model (empty: each) is muted."""

    paused: Mapping[str, str]
    muted: Mapping[str, datetime]

    def muted_until(self, model_name: str) -> datetime | None:
        """Until when nobody is told of a model; None where people are."""
        found = [self.muted[name] for name in (model_name, "") if name in self.muted]
        return max(found, default=None)


@dataclass(frozen=True)
class _Model:
    """A model with its state, as far as a list of all needs it; `row` is None for one that no run has seen."""

    name: str
    row: Row | None
    health: ModelHealth
    why: str

    def key(self, sort: FleetSort) -> Key:
        """What it is sorted by."""
        row: Mapping[str, Any] = self.row or {}
        near = row.get("nearness")
        numbers = {
            FleetSort.ATTENTION: (_RANK[self.health], -(near or 0.0)),
            FleetSort.NAME: (0.0, 0.0),
            FleetSort.NEARNESS: (1.0 if near is None else -near, 0.0),
            FleetSort.CHECKED: (_moment(row.get("decided_at")), 0.0),
            FleetSort.CHAMPION: (_moment(row.get("champion_since")), 0.0),
        }[sort]
        return (float(numbers[0]), float(numbers[1]), self.name)


def fleet(deployment: Deployment, query: FleetQuery | None = None) -> FleetPage:
    """A page of the models, with what their last checks left of them.

    Models that have a file and were never checked are among them; owner and tags of these are not known yet, so that
    a query for an owner or a tag leaves them out.

    Raises
    ------
    ConfigurationError
        For a health, an order, a limit or a cursor that there is not.
    """
    query = query or FleetQuery()
    limit, sort = check_limit(query.limit), one_of(FleetSort, "sort", query.sort)
    wanted = one_of(ModelHealth, "health", query.health) if query.health else None
    of = f"fleet {sort}"
    cursor = read_cursor(query.cursor, of, [(int, float), (int, float), str])
    at = now()
    hushed = hushed_now(deployment, at)
    with overview_of(deployment.store).moment() as reading:
        models = _models(deployment, reading, query, hushed, at)
        found = [model for model in models if wanted is None or model.health is wanted]
        found.sort(key=lambda model: model.key(sort))
        page, before, after = _cut(found, sort, cursor, limit)
        rows = _rows(reading, page, hushed, at)
    counts = Counter(model.health for model in models)
    return FleetPage(
        rows=rows,
        counts={each: counts[each] for each in ModelHealth},
        total=len(found),
        next_cursor=Cursor(of=of, place=page[-1].key(sort)).write() if after else "",
        previous_cursor=Cursor(of=of, place=page[0].key(sort), back=True).write() if before else "",
    )


def row_of(deployment: Deployment, reading: Reading, model_name: str, hushed: Hushed, at: datetime) -> FleetRow | None:
    """One model as in the fleet; None for one that no run has seen and that has no file."""
    row = reading.state(model_name, since=at - QUARTER, before=to_come(at))
    files = set(model_names(deployment.models_dir))
    if row is None and model_name not in files:
        return None
    model = _model(model_name, row, registered=not files or model_name in files, hushed=hushed, at=at)
    return _rows(reading, [model], hushed, at)[0]


def hushed_now(deployment: Deployment, at: datetime) -> Hushed:
    """The models that are paused or muted."""
    people = deployment.store.people
    muted: dict[str, datetime] = {}
    for mute in people.mutes(at=at):
        muted[mute.model_name] = max(mute.until, muted.get(mute.model_name, mute.until))
    return Hushed(paused={name: pause.sentence for name, pause in people.pauses().items()}, muted=muted)


def _models(deployment: Deployment, reading: Reading, query: FleetQuery, hushed: Hushed, at: datetime) -> list[_Model]:
    asked = {name: storable(getattr(query, name)) for name in ("search", "tag", "owner")}
    states = reading.fleet(since=at - QUARTER, before=to_come(at), **asked)
    files = set(model_names(deployment.models_dir))  # none where this process cannot see them: then nothing is gone
    models = [
        _model(row["model_name"], row, registered=not files or row["model_name"] in files, hushed=hushed, at=at)
        for row in states
    ]
    if query.tag or query.owner:
        return models
    unseen = sorted(name for name in files - reading.registered() if query.search.lower() in name.lower())
    return models + [_model(name, None, registered=True, hushed=hushed, at=at) for name in unseen]


def _model(name: str, row: Row | None, *, registered: bool, hushed: Hushed, at: datetime) -> _Model:
    paused = hushed.paused.get(name, "")
    known = ModelState(paused=paused) if row is None else state_from_row(row, registered=registered, paused=paused)
    return _Model(name, row, *health(known, at))


def _rows(reading: Reading, models: list[_Model], hushed: Hushed, at: datetime) -> list[FleetRow]:
    states = [model.row for model in models if model.row is not None]
    details = reading.fleet_details(states, since=at - QUARTER, before=to_come(at), most=SPARKS) if states else {}
    return [
        FleetRow(
            model_name=model.name, health=model.health, why=model.why, muted_until=hushed.muted_until(model.name),
            **({} if model.row is None else fleet_fields(model.row, details.get(model.name))),
        )
        for model in models
    ]  # fmt: skip


def _cut(models: list[_Model], sort: FleetSort, cursor: Cursor | None, limit: int) -> tuple[list[_Model], bool, bool]:
    """The page, and whether there are models before and after it."""
    if cursor is None:
        first, last = 0, limit
    else:
        place: Any = tuple(cursor.place)
        keys = [model.key(sort) for model in models]
        if cursor.back:
            last = sum(key < place for key in keys)
            first = max(last - limit, 0)
        else:
            first = sum(key <= place for key in keys)
            last = first + limit
    page = models[first:last]
    return page, bool(page) and first > 0, last < len(models) and bool(page)


def _moment(at: datetime | None) -> float:
    return _NEVER if at is None else at.timestamp()
