"""Champions in Postgres: which version is in production, which was, and the way back."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from include.decision.signals import Signal, SignalKind
from include.errors import ClaimLost
from include.records.entries import CanaryShare, ChampionChange, ChangeKind, Version
from include.records.json_values import to_utc
from include.records.postgres.session import Connect, KeptConnection, Session, reading, transaction
from include.records.rows.analyses import signal_from_row
from include.records.rows.baseline import reference_from_text
from include.records.rows.canaries import canary_from_row, canary_row, no_canary
from include.records.rows.champion import change_from_row, never_champion, not_champion, other_target, rollback_row
from include.records.rows.columns import Row
from include.records.rows.events import version_from_row
from include.records.rows.outcome import ending_row

if TYPE_CHECKING:
    from include.data.reference.profiles import ReferenceProfiles


class PostgresChampions:
    """The part of `PostgresStore` that knows champions."""

    _calls: Connect | KeptConnection
    _poll_seconds: float

    def champion(self, model_name: str) -> Version | None:
        """Return the version in production."""
        return self._version("find_champion", {"model_name": model_name})

    def champion_at(self, model_name: str, at: datetime) -> Version | None:
        """Return the version that was in production at that time, with the status it has now."""
        return self._version("find_champion_at", {"model_name": model_name, "at": to_utc(at)})

    def champion_changes(self, model_name: str) -> Sequence[ChampionChange]:
        """Return all changes of the champion, oldest first."""
        with reading(self._calls) as session:
            return [change_from_row(row) for row in session.rows("find_champion_changes", {"model_name": model_name})]

    def roll_back(
        self,
        model_name: str,
        *,
        from_version: int,
        to_version: int,
        kind: ChangeKind,
        requested_by: str,
        reason: str,
        at: datetime,
        key: str,
        run_id: str = "",
        wait: timedelta = timedelta(0),
    ) -> ChampionChange:
        """Make a former champion champion again."""
        row = rollback_row(model_name, from_version, to_version, kind, requested_by, reason, at, key, run_id)
        began, waited = time.monotonic(), timedelta(0)
        while True:
            with transaction(self._calls) as session:
                if session.one("claim_for_transaction", row)["claimed"]:
                    late = {"deployed_at": row["deployed_at"] + waited}
                    return change_from_row(_roll_back(session, row | late))
            if waited >= wait:
                raise ClaimLost(f"{model_name} is being retrained by another process; roll back when it is done")
            time.sleep(min(self._poll_seconds, (wait - waited).total_seconds()))
            waited = timedelta(seconds=time.monotonic() - began)

    def announce(self, model_name: str, run_id: str, *, at: datetime) -> ChampionChange | None:
        """Return the last change of the champion if no other run has told downstream of it; note it as told."""
        with transaction(self._calls) as session:
            row = session.row("announce_champion", {"model_name": model_name, "run_id": run_id, "at": to_utc(at)})
        return None if row is None else change_from_row(row)

    def set_canary(
        self, model_name: str, version: int, share: float, *, set_by: str, reason: str, at: datetime
    ) -> CanaryShare:
        """Give a share of the traffic to a version beside the champion."""
        with transaction(self._calls) as session:
            row = session.row("add_canary", canary_row(model_name, version, share, set_by, reason, at))
        if row is None:
            raise no_canary(model_name, version)
        return canary_from_row({**row, "running": share > 0.0})

    def canaries(self, model_name: str) -> Sequence[CanaryShare]:
        """Return all changes of the model's canaries, oldest first."""
        with reading(self._calls) as session:
            return [canary_from_row(row) for row in session.rows("find_canaries", {"model_name": model_name})]

    def looks(self, model_name: str, kind: SignalKind, champion: int, *, before: datetime) -> Sequence[Signal]:
        """Return signals of a kind from earlier checks of that champion, the earliest first."""
        key = {"model_name": model_name, "kind": str(kind), "version": champion, "before": to_utc(before)}
        with reading(self._calls) as session:
            return [signal_from_row(row) for row in session.rows("find_looks", key)]

    def reference(self, model_name: str, version: int) -> ReferenceProfiles | None:
        """Return the profiles of the rows that a version was trained and accepted on."""
        with reading(self._calls) as session:
            row = session.row("find_reference", {"model_name": model_name, "version": version})
        return None if row is None else reference_from_text(row["profile"])

    def shadow(self, model_name: str) -> Version | None:
        """Return the version that is in shadow."""
        return self._version("find_shadow", {"model_name": model_name})

    def _version(self, name: str, parameters: Mapping[str, Any]) -> Version | None:
        with reading(self._calls) as session:
            row = session.row(name, parameters)
        return None if row is None else version_from_row(row)


def _roll_back(session: Session, row: Row) -> Row:
    model_name, at = row["model_name"], {"at": row["deployed_at"]}
    kept = session.row("find_rollback", row)
    if kept is not None and kept["to_version"] != row["to_version"]:
        raise other_target(model_name, row["key"], kept["to_version"], row["to_version"])
    if kept is not None:
        return kept
    if session.row("roll_back_champion", row | at) is None:
        raise not_champion(model_name, row["from_version"])
    if session.row("restore_version", row | at) is None:
        raise never_champion(model_name, row["to_version"])
    session.rows("end_shadow", ending_row(model_name, row["to_version"], row["deployed_by"], row["deployed_at"]))
    return session.one("add_deployment", row)
