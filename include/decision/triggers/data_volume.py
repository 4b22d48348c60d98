"""Fires when enough rows are new."""

from __future__ import annotations

from dataclasses import dataclass

from include.decision.evidence import Evidence, TriggerResult

DATA_VOLUME = "data_volume"


@dataclass(frozen=True, kw_only=True)
class DataVolumeTrigger:
    """Fires when the champion has not seen so many rows, or that share of what it was trained on.

    Volume says nothing about harm; on its own it retrains blindly, but never on the same rows again.

    Parameters
    ----------
    rows : int, optional
        New rows.
    share : float, optional
        New rows over rows that the champion was trained on; 0.2 is 20 %. With both `rows` and `share`, either is
        enough. With neither, the share of the policy's settings, which
        `include.decision.policy.policy.standard_policy` puts in.
    """

    rows: int | None = None
    share: float | None = None

    def __post_init__(self) -> None:
        """Refuse amounts that are always reached."""
        for name, amount in (("rows", self.rows), ("share", self.share)):
            if amount is not None and not amount > 0:
                raise ValueError(f"{name} {amount:g}: more than nothing is needed")

    @property
    def label(self) -> str:
        """Its name and the amounts."""
        rows = "" if self.rows is None else f" {self.rows} rows"
        return f"{DATA_VOLUME}{rows}" + ("" if self.share is None else f" {self.share:.4g} of the training rows")

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Compare new rows with the smaller of the two amounts; all in rows."""
        wanted = self._wanted(evidence.trained_rows)
        if isinstance(wanted, str) or evidence.new_rows is None:
            reason = wanted if isinstance(wanted, str) else "it is not known how many rows are new"
            return TriggerResult(trigger=DATA_VOLUME, label=self.label, fired=False, reason=reason)
        value = float(evidence.new_rows)
        return TriggerResult(
            trigger=DATA_VOLUME, label=self.label, fired=value >= wanted, strength=value / wanted, value=value,
            threshold=wanted, distance=wanted - value, reason=f"{value:.0f} new rows, due from {wanted:.6g} on",
        )  # fmt: skip

    def _wanted(self, trained_rows: int | None) -> float | str:
        """The rows that are enough, or why that cannot be told."""
        amounts = [] if self.rows is None else [float(self.rows)]
        if self.share is not None and trained_rows:
            amounts.append(self.share * trained_rows)
        if amounts:
            return min(amounts)
        return "no amount is set" if self.share is None else "it is not known how many rows the champion was trained on"
