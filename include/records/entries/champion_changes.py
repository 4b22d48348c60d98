"""Changes of champion: the rows of the deployment history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ChangeKind(StrEnum):
    """Why the champion of a model changed."""

    PROMOTION = "promotion"  # a challenger passed the gate
    ROLLBACK = "rollback"  # somebody requested it
    PROBATION = "probation"  # the new champion did worse than the one before
    RETURN = "return"  # a former champion did better on the recent rows


@dataclass(frozen=True, kw_only=True)
class ChampionChange:
    """One row of the deployment history.

    Parameters
    ----------
    id : int
        Later changes have larger ones.
    from_version, to_version : int or None
        None from the first champion.
    event_id : int or None
        The event of a promotion; None for a rollback.
    run_id : str
        The run that changed it; empty for a change from outside a run.
    key : str
        What makes it the same rollback when it is repeated; empty for a promotion.
    """

    id: int
    model_name: str
    kind: ChangeKind
    from_version: int | None
    to_version: int
    deployed_by: str
    reason: str
    deployed_at: datetime
    event_id: int | None = None
    run_id: str = ""
    key: str = ""

    @property
    def sentence(self) -> str:
        """What changed and why, for example ``rolled back from v3 to v2: too slow``."""
        did = "promoted" if self.kind is ChangeKind.PROMOTION else "rolled back"
        came = "" if self.from_version is None else f" from v{self.from_version}"
        return f"{did}{came} to v{self.to_version}: {self.reason}"


def promoted_by(changes: Sequence[ChampionChange], version: int) -> int | None:
    """Id of the event that promoted a version: of one that was in shadow not the one it was trained for."""
    mine = (change.event_id for change in changes if change.to_version == version)
    return next((event_id for event_id in mine if event_id is not None), None)


def rolled_back_by_hand(changes: Sequence[ChampionChange]) -> datetime | None:
    """When somebody last rolled the model back, or had it rolled back; None for never."""
    return max((change.deployed_at for change in changes if change.kind is ChangeKind.ROLLBACK), default=None)
