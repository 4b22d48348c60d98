"""Notifications and deliveries as rows and back, for both stores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from include.decision.decision import Severity
from include.records.entries import Delivery, DeliveryStatus, Notification, Phase, Settled
from include.records.json_values import clean_json, clean_text, storable, to_utc
from include.records.rows.columns import Row, time_of


def notification_row(notification: Notification) -> Row:
    """Return a row of ``notifications`` that is not settled."""
    each = notification
    return {
        "model_name": storable(each.model_name), "subject": storable(each.subject), "kind": str(each.kind),
        "episode": clean_text(each.episode), "phase": str(each.phase), "severity": str(each.severity),
        "owner": clean_text(each.owner), "run_id": storable(each.run_id), "batch": each.batch,
        "headline": clean_text(each.headline), "facts": clean_json(each.facts), "routing": clean_json(each.routing),
        "written_at": to_utc(each.written_at), "due_at": to_utc(each.due_at),
    }  # fmt: skip


def notification_from_row(row: Mapping[str, Any]) -> Notification:
    """Read a notification from its row."""
    return Notification(
        id=row["id"], model_name=row["model_name"], subject=row["subject"], kind=row["kind"], episode=row["episode"],
        phase=Phase(row["phase"]), severity=Severity(row["severity"]), owner=row["owner"], run_id=row["run_id"],
        batch=str(row["batch"]), headline=row["headline"], facts=row["facts"], routing=row["routing"],
        written_at=to_utc(row["written_at"]), due_at=to_utc(row["due_at"]),
        settled=None if row["settled"] is None else Settled(row["settled"]), settled_at=time_of(row["settled_at"]),
    )  # fmt: skip


def delivery_row(notification_id: int, service: str, address: str, incident: str, at: datetime) -> Row:
    """Return a row of ``notification_deliveries`` but for the number of its try."""
    return {
        "notification_id": notification_id, "service": clean_text(service), "address": clean_text(address),
        "incident": clean_text(incident), "begun_at": to_utc(at),
    }  # fmt: skip


def ending_delivery_row(delivery_id: int, status: DeliveryStatus, error: str, at: datetime) -> Row:
    """Return the columns that end a try, and its id."""
    return {"id": delivery_id, "status": str(status), "error": clean_text(error), "ended_at": to_utc(at)}


def delivery_from_row(row: Mapping[str, Any]) -> Delivery:
    """Read a try from its row."""
    return Delivery(
        id=row["id"], notification_id=row["notification_id"], service=row["service"], address=row["address"],
        attempt=row["attempt"], incident=row["incident"], status=DeliveryStatus(row["status"]), error=row["error"],
        begun_at=to_utc(row["begun_at"]), ended_at=time_of(row["ended_at"]),
    )  # fmt: skip
