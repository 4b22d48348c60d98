"""The version in production as a retrain and a check know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from include.records.entries import Version

if TYPE_CHECKING:
    from include.data.reference.profiles import ReferenceProfiles


@dataclass(frozen=True, kw_only=True)
class Champion:
    """The version to beat: its record, and the profiles of its reference."""

    version: Version
    reference: ReferenceProfiles

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that it knows, and those of the labels that it was trained and accepted on; none of numbers."""
        from include.data.profile import REST, CategoricalColumn
        from include.data.reference.profiles import TARGET

        baseline, labels = self.version.baseline, self.reference.outputs.get(TARGET)
        counted = () if labels is None else (labels.columns[TARGET],)
        seen = [name for column in counted if isinstance(column, CategoricalColumn) for name in column.counts]
        known = () if baseline is None else baseline.classes
        return tuple(dict.fromkeys((*known, *(name for name in seen if name != REST))))
