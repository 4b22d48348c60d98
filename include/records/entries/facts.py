"""What a run learnt about a model besides signals and measurements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from include.data.rows.spans import Span
from include.detectors.broken_rows import Fault
from include.records.json_values import clean_scores, clean_text, read_scores, to_utc


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What triggers other than those on signals decide from; kept with the analysis, so that it can be replayed.

    Parameters
    ----------
    new_rows : int or None
        Rows observed since the champion's last; None where there is no champion.
    data_hash : str
        Hash of all rows that the run saw; empty where no trigger asks for it.
    probes : mapping of str to float
        What the model's probes measured, by name.
    faults : tuple of Fault
        Rows in which a column is broken; the decision quarantines them.
    """

    new_rows: int | None = None
    data_hash: str = ""
    probes: Mapping[str, float] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "new_rows": self.new_rows,
            "data_hash": self.data_hash,
            "probes": clean_scores(self.probes),
            "faults": [_fault_json(fault) for fault in self.faults],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Facts:
        """Read what `to_json` wrote; nothing is known of analyses from before there were facts."""
        return cls(
            new_rows=stored.get("new_rows"),
            data_hash=stored.get("data_hash", ""),
            probes=read_scores(stored.get("probes", {})),
            faults=tuple(_fault(each) for each in stored.get("faults", ())),
        )


def _fault_json(fault: Fault) -> dict[str, Any]:
    span = None if fault.span is None else [to_utc(moment).isoformat() for moment in (fault.span.start, fault.span.end)]
    told = {name: clean_text(getattr(fault, name)) for name in ("feature", "statistic", "reason")}
    return {**told, "span": span}


def _fault(stored: Mapping[str, Any]) -> Fault:
    span = None if stored["span"] is None else Span(*(datetime.fromisoformat(moment) for moment in stored["span"]))
    return Fault(feature=stored["feature"], statistic=stored["statistic"], reason=stored["reason"], span=span)
