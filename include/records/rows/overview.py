"""Rows of what people look up as values; times in UTC, text that is not known empty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from include.decision.health import ModelState
from include.decision.nearness import nearness
from include.records.entries import (
    Answer,
    ChampionSince,
    DecisionRow,
    DriftCell,
    DriftCheck,
    EventRow,
    Heatmap,
    LastDecision,
    MetricPoint,
    SliceRow,
    TriggerDistance,
    VersionRow,
)
from include.records.json_values import read_scores, to_utc
from include.records.rows.columns import Row, triggers_from_row


def state_from_row(row: Row, *, registered: bool, paused: str = "") -> ModelState:
    """What the health of a model follows from; `registered` and `paused` are not in the row."""
    checked = row["decided_at"]
    return ModelState(
        registered=registered,
        enabled=row["enabled"],
        paused=paused,
        checked_at=None if checked is None else to_utc(checked),
        check_every=row["check_every"],
        broken=bool(row["broken"]),
        harmed=bool(row["harmed"]),
        last_event=row["last_event"] or "",
        nearest_trigger=row["nearest_trigger"] or "",
        nearness=row["nearness"],
        new_champion=row["new_champion"],
        on_probation=row["on_probation"],
        in_shadow=row["in_shadow"],
    )


def champion_since(row: Row) -> ChampionSince | None:
    """The champion of a row of the fleet."""
    version = row["version"]
    return None if version is None else ChampionSince(version=version, since=to_utc(row["champion_since"]))


def last_decision(row: Row) -> LastDecision | None:
    """The last decision of a row of the fleet."""
    if row["run_id"] is None:
        return None
    return LastDecision(
        run_id=row["run_id"], at=to_utc(row["decided_at"]), as_of=to_utc(row["as_of"]), fired=row["triggered"],
        trigger=row["trigger_type"], severity=row["severity"], reason=row["reason"],
        recommendation=row["recommendation"],
    )  # fmt: skip


def fleet_fields(row: Row, details: Row | None) -> dict[str, Any]:
    """The fields of a `FleetRow` that state and details of a model tell."""
    known = details or {}
    spark = tuple(known.get("sparkline") or ())
    age, seen = known.get("row_age"), row["as_of"]
    cost, retrains = known.get("training_cost"), known.get("retrains") or 0
    return {
        "owner": row["owner"],
        "tags": tuple(row["tags"]),
        "champion": champion_since(row),
        "metric": row["metric"],
        "value": known.get("value"),
        "promised": known.get("promised"),
        "sparkline": spark,
        "nearest_trigger": row["nearest_trigger"] or "",
        "nearness": row["nearness"],
        "last_decision": last_decision(row),
        "blocked_by": tuple(row["blocked_by"] or ()),
        "rows_seen_at": None if seen is None or age is None else to_utc(seen) - timedelta(seconds=age),
        "rows": row["rows"],
        "labelled_share": _labelled_share(row),
        "hours": (known.get("seconds") or 0.0) / 3600.0,
        "cost": None if cost is None else cost * retrains,
        "retrains": retrains,
        "open_requests": known.get("open_requests") or 0,
        "check_every": row["check_every"],
        "ahead": None if row["ahead"] is None else to_utc(row["ahead"]),
    }


def _labelled_share(row: Row) -> float | None:
    """Of the rows of the last check; None where it counted no labels, because there was no champion to hold to them."""
    return row["labelled_rows"] / row["rows"] if row["rows"] and row["seen_version"] is not None else None


def decision_row_of(row: Row) -> DecisionRow:
    """A decision of a history."""
    blocked = tuple(row["blocked_by"])
    return DecisionRow(
        model_name=row["model_name"],
        run_id=row["run_id"],
        at=to_utc(row["decided_at"]),
        as_of=to_utc(row["as_of"]),
        dry_run=row["dry_run"],
        requested_by=row["requested_by"],
        answer=Answer.FIRED if row["triggered"] else Answer.BLOCKED if blocked else Answer.QUIET,
        trigger=row["trigger_type"],
        severity=row["severity"],
        confidence=row["confidence"],
        reason=row["reason"],
        root_cause=row["root_cause"],
        blocked_by=blocked,
        recommendation=row["recommendation"],
        nearest_trigger=row["nearest_trigger"],
        nearness=row["nearness"],
        triggers=_distances(row),
        champion_version=row["champion_version"],
        rows=row["rows"],
        labelled_rows=row["labelled_rows"],
        event_id=row["event_id"],
        event_status=row["event_status"] or "",
        report_path=row["report_path"] or "",
        mark=row["mark"] or "",
    )


def _distances(row: Mapping[str, Any]) -> tuple[TriggerDistance, ...]:
    return tuple(
        TriggerDistance(
            trigger=leaf.trigger, label=leaf.label or leaf.trigger, fired=leaf.fired,
            nearness=nearness(leaf) if leaf.threshold else None, value=leaf.value, threshold=leaf.threshold,
            p_value=leaf.p_value, reason=leaf.reason,
        )
        for leaf in triggers_from_row(row)
    )  # fmt: skip


def event_row_of(row: Row) -> EventRow:
    """An event of a history."""
    return EventRow(
        id=row["id"],
        model_name=row["model_name"],
        run_id=row["run_id"],
        at=to_utc(row["triggered_at"]),
        status=row["status"],
        trigger=row["trigger_type"],
        severity=row["severity"],
        reason=row["trigger_reason"],
        requested_by=row["requested_by"],
        approved_by=row["approved_by"] or "",
        dry_run=row["dry_run"],
        champion_version=row["champion_version"],
        version=row["version"],
        outcome=row["outcome"] or "",
        error_type=row["error_type"] or "",
        error=row["error"] or "",
        completed_at=None if row["execution_completed_at"] is None else to_utc(row["execution_completed_at"]),
        seconds=row["training_duration"],
        training_rows=row["training_data_size"],
        metric=row["metric"] or "",
        scores=read_scores(row["performance_metrics"]),
        champion_scores=read_scores(row["parent_performance"]),
    )


def point_from_row(row: Row) -> MetricPoint:
    """The metric at one check."""
    return MetricPoint(
        run_id=row["run_id"], at=to_utc(row["as_of"]), version=row["version"], value=row["value"], low=row["low"],
        high=row["high"], rows=row["rows"], promised=row["promised"],
    )  # fmt: skip


def version_row_of(row: Row) -> VersionRow:
    """A version, short."""
    return VersionRow(
        version=row["version"],
        status=row["status"],
        status_changed_at=to_utc(row["status_changed_at"]),
        created_at=to_utc(row["created_at"]),
        created_by=row["created_by"],
        parent=row["parent"],
        event_id=row["event_id"],
        trigger=row["trigger_type"],
        reason=row["trigger_reason"],
        outcome=row["outcome"] or "",
        promised=row["promised"],
        training_rows=row["training_data_size"],
        seconds=row["training_duration"],
        config_hash=row["config_hash"],
        in_shadow=row["in_shadow"],
        scores=read_scores(row["performance_metrics"]),
    )


def slice_from_row(row: Row) -> SliceRow:
    """Performance on one slice."""
    return SliceRow(
        slice_name=row["feature"], verdict=row["verdict"], statistic=row["statistic"], value=row["value"],
        threshold=row["threshold"], p_value=row["p_value"], reason=row["reason"],
    )  # fmt: skip


def heatmap_from_rows(checks: Sequence[Row], rows: Iterable[Row], *, most: int) -> Heatmap:
    """The heatmap of `checks`, newest first as they come, with the `most` columns that drifted farthest."""
    oldest_first = list(reversed(checks))
    found = defaultdict[str, dict[str, DriftCell]](dict)
    for row in rows:
        found[row["feature"]][row["run_id"]] = DriftCell(
            statistic=row["statistic"], verdict=row["verdict"], value=row["value"], threshold=row["threshold"],
            p_value=row["p_value"], size=row["size"],
        )  # fmt: skip
    ranked = sorted(found, key=lambda feature: (-_farthest(found[feature].values()), feature))
    return Heatmap(
        checks=[DriftCheck(run_id=check["run_id"], at=to_utc(check["as_of"])) for check in oldest_first],
        features=ranked[:most],
        cells={name: [found[name].get(check["run_id"]) for check in oldest_first] for name in ranked[:most]},
        left_out=max(len(ranked) - most, 0),
    )


def _farthest(cells: Iterable[DriftCell]) -> float:
    """How often a column changed, and within that how far it went."""
    known = list(cells)
    changed = sum(cell.verdict == "changed" for cell in known)
    size = max((cell.size for cell in known if cell.size is not None), default=0.0)
    return changed + min(size, 1e6) / 1e7
