"""What a run learnt about a model besides signals and measurements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from include.records.json_values import clean_scores, read_scores


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
    """

    new_rows: int | None = None
    data_hash: str = ""
    probes: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {"new_rows": self.new_rows, "data_hash": self.data_hash, "probes": clean_scores(self.probes)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Facts:
        """Read what `to_json` wrote; nothing is known of analyses from before there were facts."""
        return cls(
            new_rows=stored.get("new_rows"),
            data_hash=stored.get("data_hash", ""),
            probes=read_scores(stored.get("probes", {})),
        )
