"""A model's rows, read once for all windows of a replay."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.arrivals import measure_arrivals
from include.data.batches import find_files
from include.data.sources import read_timed
from include.data.tables import ModelTables
from include.errors import ConfigurationError
from include.registry.spec import FileSource, ModelSpec

_Stamp = tuple[tuple[str, int, int], ...]


class RowsOnce:
    """Reads as `include.data.tables.read_tables` does, but the source only once, up to `until`.

    A file that has changed since (by its time of change or its size) is read anew. The tables that are given out share
    one copy of the rows; they are not to be written to.
    """

    def __init__(self, until: datetime) -> None:
        self._until = until
        self._stamp: _Stamp | None = None
        self._history = pd.DataFrame()
        self._times: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def history(self, spec: ModelSpec, data_dir: Path) -> pd.DataFrame:
        """All rows up to `until`, in time order."""
        if spec.timestamp is None:
            raise ConfigurationError(spec.name, "a model without timestamps has no history to replay")
        stamp = _stamp(spec, data_dir)
        if stamp != self._stamp:
            self._history = read_timed(spec, data_dir, self._until)
            self._times = _microseconds(self._history[spec.timestamp])
            self._stamp = stamp
        return self._history

    def __call__(
        self, spec: ModelSpec, data_dir: Path, *, as_of: datetime, seen_until: datetime | None = None,
        seen_hash: str = "",
    ) -> ModelTables:  # fmt: skip
        """As `include.data.tables.read_tables`, for models with timestamps and moments up to `until`."""
        whole = self.history(spec, data_dir)
        assert spec.timestamp is not None
        assert spec.reference is not None
        history = whole.iloc[: self._place(as_of)]
        if spec.label_delay:  # labels younger than this had not arrived at that moment
            arrived = np.arange(len(history)) < self._place(as_of - spec.label_delay)
            history = history.assign(**{spec.target: history[spec.target].where(arrived)})
        start = as_of - spec.window
        if seen_until is not None:
            start = max(start, seen_until)
        return ModelTables(
            reference=history.iloc[: self._place(spec.reference.end)],
            recent=history.iloc[self._place(start) :].reset_index(drop=True),
            history=history,
            window_start=start,
            arrivals=measure_arrivals(
                history[spec.timestamp], window_start=start, as_of=as_of, max_age=spec.max_age
            ),
        )  # fmt: skip

    def _place(self, moment: datetime) -> int:
        """How many rows are earlier than that."""
        micro = round((moment - datetime(1970, 1, 1, tzinfo=moment.tzinfo)) / timedelta(microseconds=1))
        return int(np.searchsorted(self._times, micro, side="left"))


def _microseconds(times: pd.Series[pd.Timestamp]) -> npt.NDArray[np.int64]:
    """Since 1970; a time between two of them counts as the earlier one, as no moment lies between them."""
    found: npt.NDArray[np.int64] = times.dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)
    return found


def _stamp(spec: ModelSpec, data_dir: Path) -> _Stamp:
    """What tells whether the files behind a source are still the same; nothing for other sources."""
    if not isinstance(spec.source, FileSource) or spec.source.path is None:
        return ()
    place = (data_dir / Path(spec.source.path).expanduser()).resolve()
    files = find_files(place, ".csv" if spec.source.kind == "csv" else ".parquet")
    return tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files)
