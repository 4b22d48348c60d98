"""What one parsing of a whole CSV file shows of its columns: which types hold, and how text is written."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.csv as pa_csv

from include.data.arrays import beyond_floats
from include.data.kinds.find import WORDS
from include.data.kinds.numbers import Written
from include.data.kinds.text_cells import trimmed
from include.data.kinds.whole import whole_numbers
from include.data.sources.csv_faults import require_rows_apart
from include.registry.dialect import Dialect

_SECONDS, _NANOSECONDS = pa.timestamp("s"), pa.timestamp("ns")
_AS_WRITTEN = (pa.int64(), pa.binary())  # types whose cells say all that the text of a time says
_WIDER = {  # what a column becomes when a value does not fit
    pa.null(): pa.float64(), pa.date32(): _SECONDS, _SECONDS: _NANOSECONDS,
    pa.string(): pa.binary(),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What all cells of one file showed.

    Parameters
    ----------
    dialect : Dialect
    types : mapping of str to DataType
        Of the columns.
    written : mapping of str to Written
        How numbers in those of text are written.
    codes : set of str
        Columns of whole numbers that floats could not tell apart.
    floats : set of str
        Columns of floats with a value.
    """

    dialect: Dialect
    types: Mapping[str, pa.DataType]
    written: Mapping[str, Written]
    codes: frozenset[str]
    floats: frozenset[str]


def coded_in(scans: Sequence[Scan]) -> set[str]:
    """Columns of codes in one file that are text, or no whole numbers, in one: text in all of them."""
    odd = {name for scan in scans for name, kind in scan.types.items() if kind == pa.string() or name in scan.floats}
    return {name for scan in scans for name in scan.codes if name in odd}


@dataclass(kw_only=True)
class Seen:
    """What one parsing of a whole file showed.

    Parameters
    ----------
    written : mapping of str to Written
        How the cells of each column of text are written.
    codes : set of str
        Columns of whole numbers of which some begin with a zero.
    exact : set of str
        Columns of whole numbers that floats could not tell apart.
    filled : set of str
        Columns of floats with a value.
    large : set of str
        Columns of floats of which some are too large to tell whole numbers from their neighbours.
    misfit : (str, type) or None
        A column with a value that its type cannot hold, and the next wider type; the rest of the file was not seen.
    """

    written: dict[str, Written] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    exact: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    large: set[str] = field(default_factory=set)
    misfit: tuple[str, pa.DataType] | None = None

    @classmethod
    def of(
        cls, reader: pa_csv.CSVStreamingReader, types: Mapping[str, pa.DataType], wanted: Sequence[str],
        nothing: pa.Array, dialect: Dialect,
    ) -> Seen:  # fmt: skip
        """Parse the whole file, in which whole numbers are still text."""
        by_type = {kind: [name for name in wanted if types[name] == kind] for kind in set(types.values())}
        seen = cls(written={name: Written() for name in by_type.get(pa.string(), ())})
        words = pa.array([*nothing.to_pylist(), *WORDS])
        try:
            for batch in reader:
                require_rows_apart(batch, dialect)
                for name, written in seen.written.items():
                    written.add(trimmed(batch.column(name)), words)
                for name in by_type.get(pa.int64(), ()):
                    whole = whole_numbers(batch.column(name), nothing)
                    if whole is None:
                        seen.misfit = name, pa.float64()
                        return seen
                    seen.codes |= {name} if whole.led else set()
                    seen.exact |= {name} if whole.large else set()
                floats = by_type.get(pa.float64(), ())
                seen.large |= {name for name in floats if beyond_floats(batch.column(name))}
                seen.filled |= {name for name in floats if batch.column(name).null_count < batch.num_rows}
        except pa.ArrowInvalid as error:
            found = re.search(r"In CSV column #(\d+)", str(error))
            if found is None:
                raise
            name = reader.schema.names[int(found[1])]
            seen.misfit = name, _WIDER.get(types[name], pa.string())
        return seen

    def scan(
        self, dialect: Dialect, types: Mapping[str, pa.DataType], exact: Collection[str], stated: Mapping[str, bool]
    ) -> Scan:
        """What it comes to, where every value fits; of `exact` columns, looked at as text, those of codes stay it.

        `stated` are columns of which the model file says how times are written, and whether they are read as text.
        """
        types = {**types, **{name: pa.float64() for name in exact if not self.written[name].codes}}
        types |= {name: pa.float64() for name, each in self.written.items() if not each.cells}
        times = [name for name, always in stated.items() if always and types.get(name, pa.int64()) not in _AS_WRITTEN]
        types |= dict.fromkeys(times, pa.string())
        those = {name: each for name, each in self.written.items() if name not in stated}
        written = {name: each for name, each in those.items() if types[name] == pa.string()}
        return Scan(
            dialect=dialect, types=types, written=written,
            codes=frozenset({*self.exact, *(name for name, each in written.items() if each.codes)}),
            floats=frozenset(name for name in {*self.filled, *exact} if types[name] == pa.float64()),
        )  # fmt: skip
