"""What is read of a model with timestamps, and how its rows become one table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from include.data.batches import Batch
from include.data.frames import frame_of
from include.data.kinds.half_converted import require_unconverted
from include.data.kinds.time_text import Times
from include.data.kinds.times import read_times
from include.data.profile.cells import floats_of, quantity_of
from include.data.rows.odd_times import CLOCK, GOES_ON
from include.data.sources.connections import Connections
from include.data.sources.overlaps import frame_of_files
from include.registry.spec import ModelSpec

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)  # of time, where the reference has no start


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What is read of a model with timestamps: `read_rows` says what each is.

    Of many rows `sift` leaves a part.
    """

    spec: ModelSpec
    data_dir: Path
    start: datetime | None
    until: datetime
    connections: Connections
    columns: Collection[str]
    told: list[str]
    sift: Callable[[Iterable[Batch]], Iterable[Batch]] | None = None

    def table(self, batches: Iterable[Batch]) -> pd.DataFrame:
        """The rows of these batches that are in between, or of them those that `sift` leaves."""
        if self.sift is None:
            keep = self.keep
            return whole_table(batches, lambda batch: keep(self._unconverted(batch)), self.told, self.spec)
        chosen = list(self.sift(batches))
        self.told.extend(getattr(batches, "told", ()))
        return whole_table(chosen, None, self.told, self.spec)

    def times(self, values: pd.Series[Any], where: str) -> Times:
        """A column of times as the model file says, or the cells tell, that it is to be read."""
        spec = self.spec
        return read_times(
            values, spec.source.timestamp.how, f"model {spec.name}: {where}: field timestamp: column {spec.timestamp!r}"
        )

    def _unconverted(self, batch: Batch) -> Batch:
        """The batch, where no spreadsheet has turned a part of its dates: other files may hide that of this one."""
        spec = self.spec
        assert spec.timestamp is not None
        for name in () if spec.source.timestamp.how.format else spec.source.timestamp.columns or [spec.timestamp]:
            if (cells := batch.columns.get(name)) is None or quantity_of(cells.type) is not None:
                continue
            text = frame_of([Batch(batch.rows, {name: cells})])[name]
            if isinstance(text.dtype, pd.StringDtype):
                where = f"{batch.file or spec.source.place}: field timestamp: column {name!r}"
                require_unconverted(text.str.strip(), where)
        return batch

    @property
    def keep(self) -> Callable[[Batch], Batch]:
        """Leaves the rows in between, where the type of the timestamps lets them be told apart as they are read."""
        assert self.spec.timestamp is not None
        return _between(self.spec.timestamp, self.start, self.until, zone=self.spec.source.timestamp.timezone)


def whole_table(
    batches: Iterable[Batch], keep: Callable[[Batch], Batch] | None, told: list[str], spec: ModelSpec
) -> pd.DataFrame:
    """All rows as one table; what had to be found out to read them goes to `told`."""
    table, overlap = frame_of_files(batches, keep, spec.timestamp, known=bool(spec.key))
    told += getattr(batches, "told", ())
    told += overlap
    return table


def _between(timestamp: str, start: datetime | None, until: datetime, zone: str = "") -> Callable[[Batch], Batch]:
    """Leaves a batch's rows between the two moments, a second more on either side, and those without a time.

    Of text and numbers all rows are left: how they are written can only be told from all of them. Times of a `zone` may
    be off by its distance from UTC. Rows of 1970 and 1971 are left, too: they tell clocks that were never set.
    """
    margin = 86_400.0 if zone else 1.0
    earliest = (start or BEGINNING).timestamp() - margin
    latest = until.timestamp() + margin

    def keep(batch: Batch) -> Batch:
        values = batch.columns.get(timestamp)
        if values is None or quantity_of(values.type) != "datetime":
            return batch
        seconds = floats_of(values)[0]
        clocks = (seconds >= CLOCK[0].timestamp()) & (seconds < GOES_ON.timestamp())
        chosen = ~((seconds < earliest) | (seconds > latest)) | clocks
        if chosen.all():
            return batch
        places = pa.array(np.flatnonzero(chosen))
        return Batch(len(places), {name: cells.take(places) for name, cells in batch.columns.items()})

    return keep
