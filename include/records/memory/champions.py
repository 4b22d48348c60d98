"""Champions in memory: which version is in production, which was, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from include.errors import ClaimLost
from include.records.entries import (
    NEVER_CHAMPION,
    ONCE_CHAMPION,
    CanaryShare,
    ChampionChange,
    ChangeKind,
    Version,
    VersionStatus,
)
from include.records.json_values import to_utc
from include.records.memory.chain import MemoryChain
from include.records.memory.claim import MemoryTables, take
from include.records.rows.baseline import reference_from_text
from include.records.rows.canaries import canary_from_row, canary_row, no_canary
from include.records.rows.champion import change_from_row, never_champion, not_champion, other_target, rollback_row
from include.records.rows.columns import Row
from include.records.rows.outcome import ending_row

if TYPE_CHECKING:
    from include.data.reference.profiles import ReferenceProfiles


class MemoryChampions:
    """The part of `MemoryStore` that knows champions."""

    _tables: MemoryTables
    chain = MemoryChain()

    def champion(self, model_name: str) -> Version | None:
        """Return the version in production."""
        return next((v for v in self.versions(model_name) if v.status is VersionStatus.CHAMPION), None)

    def champion_at(self, model_name: str, at: datetime) -> Version | None:
        """Return the version that was in production at that time, with the status it has now."""
        past = [change for change in self.champion_changes(model_name) if change.deployed_at <= to_utc(at)]
        if not past:
            return None
        last = sorted(past, key=lambda change: change.deployed_at)[-1]
        return next(v for v in self.versions(model_name) if v.version == last.to_version)

    def champion_changes(self, model_name: str) -> Sequence[ChampionChange]:
        """Return all changes of the champion, oldest first."""
        with self._tables.guard:
            return [change_from_row(row) for row in self._tables.deployments if row["model_name"] == model_name]

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
        with self._tables.guard:
            right = self._tables.rights[model_name]
        waited = take(right, wait)
        if waited is None:
            raise ClaimLost(f"{model_name} is being retrained by another thread; roll back when it is done")
        try:
            with self._tables.guard:
                return change_from_row(self._roll_back(row | {"deployed_at": row["deployed_at"] + waited}))
        finally:
            right.release()

    def announce(self, model_name: str, run_id: str, *, at: datetime) -> ChampionChange | None:
        """Return the last change of the champion if no other run has told downstream of it; note it as told."""
        with self._tables.guard:
            changes = self.champion_changes(model_name)
            if not changes or self._tables.announced.setdefault(changes[-1].id, run_id) != run_id:
                return None
            return changes[-1]

    def set_canary(
        self, model_name: str, version: int, share: float, *, set_by: str, reason: str, at: datetime
    ) -> CanaryShare:
        """Give a share of the traffic to a version beside the champion."""
        row = canary_row(model_name, version, share, set_by, reason, at)
        with self._tables.guard:
            champion = self.champion(model_name)
            found = next((v for v in self.versions(model_name) if v.version == version), None)
            may = found is not None and (found.status in ONCE_CHAMPION or found.in_shadow) and found.artifact_path
            if champion is None or not may:
                raise no_canary(model_name, version)
            row |= {"champion_version": champion.version, "id": len(self._tables.canaries) + 1}
            self._tables.canaries.append(row)
            return self.canaries(model_name)[-1]

    def canaries(self, model_name: str) -> Sequence[CanaryShare]:
        """Return all changes of the model's canaries, oldest first."""
        with self._tables.guard:
            rows = [row for row in self._tables.canaries if row["model_name"] == model_name]
            changed = [change.deployed_at for change in self.champion_changes(model_name)]
            out = {v.version for v in self.versions(model_name) if v.status in NEVER_CHAMPION}
            running = [
                row is rows[-1] and row["share"] > 0.0 and max(changed) <= row["set_at"] and row["version"] not in out
                for row in rows
            ]
            return [canary_from_row({**row, "running": now}) for row, now in zip(rows, running, strict=True)]

    def reference(self, model_name: str, version: int) -> ReferenceProfiles | None:
        """Return the profiles of the rows that a version was trained and accepted on."""
        with self._tables.guard:
            stored = self._tables.profiles.get((model_name, version))
        return None if stored is None else reference_from_text(stored)

    def shadow(self, model_name: str) -> Version | None:
        """Return the version that is in shadow."""
        return next((version for version in self.versions(model_name) if version.in_shadow), None)

    def versions(self, model_name: str) -> Sequence[Version]:
        """Return all versions of a model, oldest first."""
        with self._tables.guard:
            return self._tables.versions_of(model_name)

    def _roll_back(self, row: Row) -> Row:
        name, tables = row["model_name"], self._tables
        kept = next((r for r in tables.deployments if (r["model_name"], r["key"]) == (name, row["key"])), None)
        if kept is not None and kept["to_version"] != row["to_version"]:
            raise other_target(name, row["key"], kept["to_version"], row["to_version"])
        if kept is not None:
            return kept
        versions = {r["version"]: r for r in tables.versions.values() if r["model_name"] == name}
        old, new = versions.get(row["from_version"]), versions.get(row["to_version"])
        if old is None or old["status"] != VersionStatus.CHAMPION:
            raise not_champion(name, row["from_version"])
        if new is None or new["status"] not in ONCE_CHAMPION:
            raise never_champion(name, row["to_version"])
        old |= {"status": str(VersionStatus.ROLLED_BACK), "status_changed_at": row["deployed_at"]}
        new |= {"status": str(VersionStatus.CHAMPION), "status_changed_at": row["deployed_at"]}
        tables.end_shadow(ending_row(name, row["to_version"], row["deployed_by"], row["deployed_at"]))
        return tables.add_deployment(row)
