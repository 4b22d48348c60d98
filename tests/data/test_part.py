"""A check of many rows: what is counted of all of them is what a table of all of them would show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.data.profile import NumericColumn, Profile, profile_table
from include.data.reference.profiles import ReferenceProfiles
from include.data.rows.spans import Span
from include.data.sources import sieve
from include.data.tables import ModelTables, read_part_of_tables, read_tables
from include.registry.spec import ModelSpec
from include.workflow.analysis.watched import counting_beforehand, profile_of_recent

START, SEEN, UNTIL = (datetime(2026, 1, day, tzinfo=UTC) for day in (1, 11, 31))
MOST = 300
NAMES = ["amount", "count", "region", "flag"]


def rows(seed: int = 0, number: int = 6_000) -> pd.DataFrame:
    """Rows of 30 days, a few cells of them empty."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({
        "at": pd.date_range(START, UNTIL, periods=number + 1, inclusive="left").as_unit("us"),
        "amount": rng.lognormal(size=number).round(3), "count": rng.integers(0, 40, number),
        "region": rng.choice(["north", "south", "west"], number), "flag": rng.random(number) < 0.3,
        "sales": rng.normal(size=number),
    })  # fmt: skip
    return table.assign(amount=table["amount"].mask(rng.random(number) < 0.02))


def whole(table: pd.DataFrame) -> list[pd.DataFrame]:
    return [table]


def shuffled(table: pd.DataFrame) -> list[pd.DataFrame]:
    return [table.sample(frac=1.0, random_state=0)]


def in_files(table: pd.DataFrame) -> list[pd.DataFrame]:
    return [table.iloc[first : first + 500] for first in range(0, len(table), 500)]


def of_years_that_differ(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Whole numbers in the one file, with gaps and so floats in the other; a column that came later."""
    early, late = table.iloc[:4_000].drop(columns="flag"), table.iloc[4_000:]
    return [early, late.assign(count=late["count"].astype(float).mask(late.index % 50 == 0))]


def with_times_lost(table: pd.DataFrame) -> list[pd.DataFrame]:
    return [table.assign(at=table["at"].mask(table.index % 100 == 7))]


def with_seconds(table: pd.DataFrame) -> list[pd.DataFrame]:
    return [table.assign(at=table["at"].dt.tz_localize(None).astype("datetime64[s]").astype("int64"))]


def with_odd_times(table: pd.DataFrame) -> list[pd.DataFrame]:
    return [table.assign(at=table["at"].mask(table.index < 3, pd.Timestamp("2024-01-01", tz="UTC")))]


def with_a_word_for_nothing(table: pd.DataFrame) -> list[pd.DataFrame]:
    return [table.assign(region=table["region"].mask(table.index % 40 == 3, "n/a"))]


KINDS = [
    whole, shuffled, in_files, of_years_that_differ, with_times_lost, with_seconds, with_odd_times,
    with_a_word_for_nothing,
]  # fmt: skip


def written(folder: Path, parts: list[pd.DataFrame], kind: str) -> ModelSpec:
    """A model whose rows are in files of that kind."""
    place = folder / "rows"
    place.mkdir()
    for number, part in enumerate(parts):
        file = place / f"part-{number:03d}.{kind}"
        part.to_csv(file, index=False) if kind == "csv" else part.to_parquet(file, index=False)
    return model(source={"kind": kind, "path": "rows"})


def model(**fields: Any) -> ModelSpec:
    return ModelSpec.model_validate({
        "name": "sales", "task": "regression", "timestamp": "at", "target": "sales", "metric": "rmse", "window": "20d",
        "features": NAMES, "reference": {"start": START if "start" not in fields else fields.pop("start"), "end": SEEN},
        **fields,
    })  # fmt: skip


def reference_of(spec: ModelSpec, tables: ModelTables) -> ReferenceProfiles:
    profile = profile_table(tables.reference, [n for n in NAMES if n in tables.reference], kinds=tables.kinds)
    return ReferenceProfiles(profile=profile, inputs=tuple(profile.columns), kinds=tables.kinds)


def read_both(spec: ModelSpec, folder: Path, **asked: Any) -> tuple[ModelTables, ModelTables, ReferenceProfiles]:
    """All rows, a part of them, and the reference that they are counted against."""
    everything = read_tables(spec, folder, as_of=UNTIL, seen_until=SEEN)
    reference = reference_of(spec, everything)
    counting = counting_beforehand(spec, reference, SEEN, UNTIL)
    part = read_part_of_tables(
        spec, folder, as_of=UNTIL, counting=counting, seen_until=SEEN, kinds=reference.kinds, **asked
    )
    assert part is not None
    return everything, part, reference


def counts_of(profile: Profile) -> dict[str, Any]:
    """What a profile has counted, without what is added up in the order of the rows."""
    return {
        name: (column.rows, column.missing, column.unreadable, column.infinite, column.impossible, column.counts,
               column.at_edges, column.outliers, column.minimum, column.maximum)
        if isinstance(column, NumericColumn) else (column.rows, column.missing, column.counts)
        for name, column in profile.columns.items()
    }  # fmt: skip


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few rows are kept, and so few are counted at once."""
    monkeypatch.setattr(sieve, "MOST_ROWS", MOST)
    monkeypatch.setattr(sieve, "BATCH_ROWS", 1_000)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("made", KINDS)
def test_all_recent_rows_are_counted_and_a_part_is_kept(
    tmp_path: Path, kind: str, made: Callable[[pd.DataFrame], list[pd.DataFrame]]
) -> None:
    spec = written(tmp_path, made(rows()), kind)
    everything, part, reference = read_both(spec, tmp_path)
    assert part.sample is not None
    assert len(part.recent) == part.sample.kept <= MOST
    assert part.recent_rows == len(everything.recent)
    assert (part.without_time, part.odd_times, part.kinds) == (
        everything.without_time, everything.odd_times, everything.kinds
    )  # fmt: skip
    assert part.recent["at"].is_monotonic_increasing
    merged = part.recent.merge(everything.recent, on=["at", "sales"], how="left", indicator=True)
    assert (merged["_merge"] == "both").all()
    exact = profile_of_recent(spec, reference, everything, everything.recent, UNTIL)
    found = profile_of_recent(spec, reference, part, part.recent, UNTIL)
    assert counts_of(found) == counts_of(exact)
    for name, column in found.columns.items():
        known = exact.columns[name]
        if isinstance(column, NumericColumn) and isinstance(known, NumericColumn):
            assert (column.mean, column.variance) == pytest.approx((known.mean, known.variance))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("made", KINDS)
def test_few_rows_give_the_tables_of_all_to_the_digit(
    tmp_path: Path, kind: str, made: Callable[[pd.DataFrame], list[pd.DataFrame]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sieve, "MOST_ROWS", 10_000)
    everything, part, _ = read_both(written(tmp_path, made(rows()), kind), tmp_path)
    assert part.sample is None
    for one, other in ((part.reference, everything.reference), (part.recent, everything.recent),
                       (part.history, everything.history)):  # fmt: skip
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    tables = ("reference", "recent", "history")
    assert replace(part, **dict.fromkeys(tables)) == replace(everything, **dict.fromkeys(tables))  # type: ignore[arg-type]


def test_rows_set_aside_are_not_counted(tmp_path: Path) -> None:
    spec = written(tmp_path, whole(rows()), "parquet")
    everything, part, reference = read_both(spec, tmp_path)
    span = Span(SEEN + timedelta(days=2), SEEN + timedelta(days=5, hours=7))
    inside = (everything.recent["at"] >= span.start) & (everything.recent["at"] < span.end)
    exact = profile_of_recent(spec, reference, everything, everything.recent[~inside], UNTIL)
    found = profile_of_recent(spec, reference, part, part.recent, UNTIL, [span])
    assert found.rows == int((~inside).sum())
    assert counts_of(found) == counts_of(exact)


def test_numbers_found_to_mean_nothing_are_not_counted_as_values(tmp_path: Path) -> None:
    table = rows()
    wrong = (table["at"] >= SEEN) & (table.index % 9 == 0)
    spec = written(tmp_path, whole(table.assign(amount=table["amount"].mask(wrong, -999))), "csv")
    _, part, reference = read_both(spec, tmp_path)
    column = reference.profile.columns["amount"]
    assert isinstance(column, NumericColumn)
    knows = replace(column, possible=column.possible.with_sentinels((-999.0,)))
    columns = {**reference.profile.columns, "amount": knows}
    learnt = replace(reference, profile=replace(reference.profile, columns=columns))
    found = profile_of_recent(spec, learnt, part, part.recent, UNTIL).columns["amount"]
    assert isinstance(found, NumericColumn)
    assert found.impossible == int(wrong.sum())


def test_text_numbers_are_counted_as_the_part_shows_them(tmp_path: Path) -> None:
    table = rows()
    text = table["amount"].map(lambda cell: f"{cell:.3f}".replace(".", ","), na_action="ignore")
    spec = written(tmp_path, whole(table.assign(amount=text)), "parquet")
    everything, part, reference = read_both(spec, tmp_path)
    exact = profile_of_recent(spec, reference, everything, everything.recent, UNTIL)
    found = profile_of_recent(spec, reference, part, part.recent, UNTIL)
    assert isinstance(found.columns["amount"], NumericColumn)
    assert counts_of(found) == counts_of(exact)


def test_dates_that_only_all_rows_can_tell_are_read_whole(tmp_path: Path) -> None:
    table = rows()
    spec = written(tmp_path, in_files(table.assign(at=table["at"].dt.strftime("%d/%m/%Y %H:%M:%S.%f"))), "csv")
    everything = read_tables(spec, tmp_path, as_of=UNTIL, seen_until=SEEN)
    reference = reference_of(spec, everything)
    counting = counting_beforehand(spec, reference, SEEN, UNTIL)
    assert read_part_of_tables(spec, tmp_path, as_of=UNTIL, counting=counting, seen_until=SEEN) is None


def test_hash_of_the_rows_tells_whether_they_are_others(tmp_path: Path) -> None:
    spec = written(tmp_path, whole(rows()), "parquet")
    first, again = (read_both(spec, tmp_path, hashed=True)[1].sample for _ in range(2))
    rows(seed=1).to_parquet(tmp_path / "rows" / "part-000.parquet", index=False)
    other = read_both(spec, tmp_path, hashed=True)[1].sample
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.data_hash == again.data_hash != other.data_hash


def test_rows_since_a_moment_are_as_dense_before_the_window_as_in_it(tmp_path: Path) -> None:
    table = rows()
    spec = written(tmp_path, whole(table), "parquet").model_copy(update={"window": timedelta(days=5)})
    _, part, _ = read_both(spec, tmp_path)
    assert part.sample is not None
    assert part.sample.earlier_every > part.sample.every
    since = SEEN + timedelta(days=5)
    found = part.evenly_since(since)["at"]
    days = found[found >= pd.Timestamp(since)].dt.floor("D").value_counts()
    assert days.max() <= 2.0 * days.min() + 5
    assert len(found) < len(part.history)
