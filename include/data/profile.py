"""A profile: what one scan keeps of a table, so that the reference never has to be read again.

Bins and categories are cut once, on the reference; recent rows are counted into the same ones. All statistics of
distribution come from two profiles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.statistics import autocorrelation

SCHEMA_VERSION = 1
BINS = 512  # numeric bins; with at most this many distinct reference values the bins are exact
CATEGORIES = 200  # categories counted one by one; the rest are counted together
OUTLIER_Z = 3.0  # |z| from which on a value counts as an outlier, against the reference's mean and sd
REST = "\x00rest"  # key of the categories beyond `CATEGORIES`

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericColumn:
    """One numeric column.

    Parameters
    ----------
    rows, missing, unreadable, infinite : int
        All rows; of them empty; of them not a number (text); of them infinite.
    mean, variance, minimum, maximum : float
        Of the finite values; NaN where there are none. The variance is that of a sample (n - 1).
    edges : tuple of float
        Upper edges of the bins, ascending: bin i holds ``edges[i - 1] < x <= edges[i]``, a last one all beyond.
    counts : tuple of int
        Finite values in each of the ``len(edges) + 1`` bins.
    at_edges : tuple of int
        Finite values equal to each edge: a distribution function jumps there.
    exact : bool
        Whether each edge is a distinct value of the reference and all of them are there.
    outliers : int
        Finite values further than `OUTLIER_Z` standard deviations of the reference from its mean.
    lag1 : float
        Autocorrelation of the values in row order.
    """

    rows: int
    missing: int
    unreadable: int
    infinite: int
    mean: float
    variance: float
    minimum: float
    maximum: float
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    at_edges: tuple[int, ...]
    exact: bool
    outliers: int
    lag1: float

    @property
    def finite(self) -> int:
        """Number of finite values."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoricalColumn:
    """One column of categories (text, booleans, or numbers declared as categories).

    Parameters
    ----------
    rows, missing : int
    counts : mapping of str to int
        Rows of each category known to the reference, and under `REST` all others.
    lag1 : float
        Autocorrelation of "is the reference's most frequent category" in row order.
    """

    rows: int
    missing: int
    counts: Mapping[str, int]
    lag1: float

    @property
    def present(self) -> int:
        """Number of rows with a category."""
        return sum(self.counts.values())


Column = NumericColumn | CategoricalColumn


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A table's profile: its rows, and each column that it was asked about and has."""

    rows: int
    columns: Mapping[str, Column]

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that carries its schema version; non-finite numbers become None."""
        kinds = {NumericColumn: "numeric", CategoricalColumn: "categorical"}
        columns = {
            name: {"kind": kinds[type(column)], **_finite(asdict(column))} for name, column in self.columns.items()
        }
        return {"schema_version": SCHEMA_VERSION, "rows": self.rows, "columns": columns}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Profile:
        """Read what `to_json` wrote; a ValueError names a schema version that this code does not know."""
        if stored.get("schema_version") != SCHEMA_VERSION:
            raise ValueError(f"profile has schema version {stored.get('schema_version')!r}; known: {SCHEMA_VERSION}")
        return cls(rows=stored["rows"], columns={n: _column_from_json(c) for n, c in stored["columns"].items()})


def profile_table(
    table: pd.DataFrame, columns: Sequence[str], *, categorical: Sequence[str] = (), against: Profile | None = None
) -> Profile:
    """Profile `columns` of `table`, rows in time order.

    Parameters
    ----------
    table : DataFrame
    columns : sequence of str
        Columns to profile; those that the table does not have are left out of the profile.
    categorical : sequence of str
        Numeric columns to be counted as categories.
    against : Profile, optional
        The reference's profile. Its bins, categories and column kinds are used, so that both can be compared.
    """
    found: dict[str, Column] = {}
    for name in columns:
        if name not in table.columns:
            continue
        values = table[name]
        known = against.columns.get(name) if against is not None else None
        if isinstance(known, NumericColumn) or (known is None and name not in categorical and _is_numeric(values)):
            found[name] = _numeric(values, known)
        else:
            found[name] = _categorical(values, known)
    return Profile(rows=len(table), columns=found)


def _is_numeric(values: pd.Series[Any]) -> bool:
    """Numbers, or nothing but empty cells: the kind of an empty column cannot be told, and numbers are usual."""
    if pd.api.types.is_bool_dtype(values):
        return False
    return pd.api.types.is_numeric_dtype(values) or bool(values.isna().all())


def to_floats(values: pd.Series[Any]) -> tuple[Floats, int]:
    """`values` as floats (NaN where empty or not a number), and how many were there but not a number."""
    if pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(dtype=float, na_value=np.nan), 0
    floats = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return floats, int(np.isnan(floats).sum() - values.isna().sum())


def _numeric(values: pd.Series[Any], known: NumericColumn | None) -> NumericColumn:
    floats, unreadable = to_floats(values)
    finite = np.sort(floats[np.isfinite(floats)])
    edges, exact = (np.array(known.edges), known.exact) if known is not None else _cut(finite)
    cumulated = np.searchsorted(finite, edges, side="right")
    counts = np.diff(cumulated, prepend=0, append=len(finite))
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(finite.mean()) if len(finite) else math.nan
        variance = float(finite.var(ddof=1)) if len(finite) > 1 else math.nan
        centre, spread = (known.mean, math.sqrt(known.variance)) if known is not None else (mean, math.sqrt(variance))
        outliers = int(np.sum(np.abs(finite - centre) > OUTLIER_Z * spread)) if spread > 0 else 0
    infinite = int(np.isinf(floats).sum())
    return NumericColumn(
        rows=len(values),
        missing=len(values) - len(finite) - infinite - unreadable,
        unreadable=unreadable,
        infinite=infinite,
        mean=mean,
        variance=variance,
        minimum=float(finite[0]) if len(finite) else math.nan,
        maximum=float(finite[-1]) if len(finite) else math.nan,
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
        at_edges=tuple((cumulated - np.searchsorted(finite, edges, side="left")).tolist()),
        exact=exact,
        outliers=outliers,
        lag1=autocorrelation(floats),
    )


def _cut(finite: Floats) -> tuple[Floats, bool]:
    """Upper bin edges for sorted values: each distinct value if there are few, else evenly spaced quantiles."""
    distinct = np.unique(finite)
    if len(distinct) <= BINS:
        return distinct, True
    positions = np.linspace(0, len(finite) - 1, BINS).astype(int)
    return np.unique(finite[positions]), False


def _categorical(values: pd.Series[Any], known: CategoricalColumn | None) -> CategoricalColumn:
    present = values[values.notna()].map(category_name)
    tally = present.value_counts()
    if known is None:
        counts = {str(name): int(n) for name, n in tally.head(CATEGORIES).items()}
    else:
        counts = {name: int(tally.get(name, 0)) for name in known.counts if name != REST}
    rest = len(present) - sum(counts.values())
    if rest or known is not None:
        counts[REST] = rest
    expected = known.counts if known is not None else counts
    commonest = max(expected, key=lambda name: expected[name], default=None)
    return CategoricalColumn(
        rows=len(values),
        missing=len(values) - len(present),
        counts=counts,
        lag1=autocorrelation(np.asarray(present == commonest, dtype=float)) if commonest is not None else 0.0,
    )


def category_name(value: object) -> str:
    """The name that a category is counted under: whole floats as integers, so that 3 and 3.0 are one category."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}


def _column_from_json(stored: Mapping[str, Any]) -> Column:
    fields = {k: v for k, v in stored.items() if k != "kind"}
    if stored["kind"] == "categorical":
        return CategoricalColumn(**fields)
    for name in ("mean", "variance", "minimum", "maximum"):
        fields[name] = math.nan if fields[name] is None else fields[name]
    for name in ("edges", "counts", "at_edges"):
        fields[name] = tuple(fields[name])
    return NumericColumn(**fields)
