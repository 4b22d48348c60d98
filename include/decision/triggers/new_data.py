"""Fires on data that the last retraining has not seen."""

from __future__ import annotations

from dataclasses import dataclass

from include.decision.evidence import Evidence, TriggerResult
from include.decision.request import RequestKind
from include.decision.triggers.requests import told

NEW_DATA = "new_data"


@dataclass(frozen=True, kw_only=True)
class NewDataTrigger:
    """Fires when new data were reported, or when the rows of the source are not those of the last retraining.

    Rows are compared by a hash of their values, so that a file which was only touched or copied does not count, and the
    same data fire once: a retraining that promoted nothing has seen them too. In a live stream every row is new; put
    a `Cooldown` around it, or count rows with `DataVolumeTrigger`.

    Parameters
    ----------
    requests_only : bool, default False
        Listen to reports (requests of the kind ``new_data``) and compare nothing.
    """

    requests_only: bool = False

    @property
    def label(self) -> str:
        """Its name and settings."""
        return f"{NEW_DATA} reported" if self.requests_only else NEW_DATA

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Look for a report, then compare the hashes."""
        reasons = told(evidence.asked(RequestKind.NEW_DATA))
        if reasons or self.requests_only:
            return self._result(bool(reasons), "; ".join(reasons) or "no new data were reported")
        if not evidence.data_hash or not evidence.trained_data_hash:
            which = "this run's rows" if not evidence.data_hash else "the rows of the last retraining"
            return self._result(False, f"no hash of {which} is known")
        changed = evidence.data_hash != evidence.trained_data_hash
        same = "the rows are those of the last retraining"
        return self._result(changed, "rows are new or changed since the last retraining" if changed else same)

    def _result(self, fired: bool, reason: str) -> TriggerResult:
        return TriggerResult(trigger=NEW_DATA, label=self.label, fired=fired, reason=reason)
