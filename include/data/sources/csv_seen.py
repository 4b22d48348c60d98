"""What one parsing of a whole CSV file shows of its columns: which types hold, and how text is written."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from include.data.kinds.find import WORDS
from include.data.kinds.numbers import Written, whole_numbers
from include.data.kinds.text_cells import trimmed

_EXACT = 2**53  # from here on whole numbers are not all floats
_SECONDS, _NANOSECONDS = pa.timestamp("s"), pa.timestamp("ns")
_WIDER = {  # what a column becomes when a value does not fit
    pa.null(): pa.float64(), pa.date32(): _SECONDS, _SECONDS: _NANOSECONDS,
    pa.string(): pa.binary(),
}  # fmt: skip


@dataclass(kw_only=True)
class Seen:
    """What one parsing of a whole file showed.

    Parameters
    ----------
    written : mapping of str to Written
        How the cells of each column of text are written.
    codes : set of str
        Columns of whole numbers of which some begin with a zero.
    filled : set of str
        Columns of floats with a value.
    large : set of str
        Columns of floats of which some are whole and too large to tell them from their neighbours.
    misfit : (str, type) or None
        A column with a value that its type cannot hold, and the next wider type; the rest of the file was not seen.
    """

    written: dict[str, Written] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    large: set[str] = field(default_factory=set)
    misfit: tuple[str, pa.DataType] | None = None

    @classmethod
    def of(
        cls, reader: pa_csv.CSVStreamingReader, types: Mapping[str, pa.DataType], wanted: Sequence[str],
        nothing: pa.Array,
    ) -> Seen:  # fmt: skip
        """Parse the whole file, in which whole numbers are still text."""
        by_type = {kind: [name for name in wanted if types[name] == kind] for kind in set(types.values())}
        seen = cls(written={name: Written() for name in by_type.get(pa.string(), ())})
        words = pa.array([*nothing.to_pylist(), *WORDS])
        try:
            for batch in reader:
                for name, written in seen.written.items():
                    written.add(trimmed(batch.column(name)), words)
                for name in by_type.get(pa.int64(), ()):
                    fits, led = whole_numbers(batch.column(name), nothing)
                    if not fits:
                        seen.misfit = name, pa.float64()
                        return seen
                    seen.codes |= {name} if led else set()
                floats = by_type.get(pa.float64(), ())
                seen.large |= {name for name in floats if _beyond_floats(batch.column(name))}
                seen.filled |= {name for name in floats if batch.column(name).null_count < batch.num_rows}
        except pa.ArrowInvalid as error:
            found = re.search(r"In CSV column #(\d+)", str(error))
            if found is None:
                raise
            name = reader.schema.names[int(found[1])]
            seen.misfit = name, _WIDER.get(types[name], pa.string())
        return seen


def _beyond_floats(values: pa.Array) -> bool:
    ends = pc.min_max(values).as_py()
    return any(end is not None and _EXACT <= abs(end) < math.inf for end in ends.values())
