"""Times are read in one way wherever they come from, and what can be read in two ways is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.data.kinds.times import joined, read_times
from include.errors import DataError
from include.registry.time_format import TimeFormat

HOURS = pd.date_range("2026-01-01", periods=600, freq="h")
SECONDS = HOURS.as_unit("s").astype("int64")
DAY = pd.Timedelta(days=1)
EXPECTED = HOURS.tz_localize("UTC")


def read(cells: Any, **how: str) -> pd.Series[Any]:
    return read_times(pd.Series(cells, name="at"), TimeFormat(**how), "model m: column 'at'").values


def midnight_late(hour: pd.Timestamp, how: str) -> str:
    return hour.strftime(how) if hour.hour else (hour - DAY).strftime(how).replace("00:00", "24:00", 1)


@pytest.mark.parametrize(
    "cells",
    [
        HOURS, HOURS.as_unit("ns"), HOURS.tz_localize("UTC"), HOURS.tz_localize("UTC").tz_convert("Asia/Tokyo"),
        SECONDS, SECONDS * 10**3, SECONDS * 10**6, SECONDS * 10**9, SECONDS.astype(float), SECONDS.astype(str),
        HOURS.strftime("%Y-%m-%d %H:%M:%S"), HOURS.strftime("%Y-%m-%dT%H:%MZ"), HOURS.strftime("%Y/%m/%d %H:%M"),
        HOURS.strftime("%d/%m/%Y %H:%M"), HOURS.strftime("%m/%d/%Y %I:%M %p"), HOURS.strftime("%d.%m.%Y %H:%M:%S"),
        HOURS.strftime("%d-%b-%Y %H:%M"), HOURS.strftime("%b %d, %Y %H:%M"), HOURS.strftime("%Y%m%dT%H%M%S"),
        HOURS.to_pydatetime().astype(object), HOURS.strftime("%Y%m%d%H").astype(int), HOURS.strftime("%Y%m%d%H%M"),
        HOURS.strftime("%Y%m%d%H%M%S").astype(int), HOURS.strftime("%Y-%m-%d %I:%M %p"),
        HOURS.strftime("%Y-%m-%d %H:%M:%S UTC"), HOURS.strftime("%Y-%m-%d %H:%M:%S,000"),
        HOURS.strftime("%a %b %d %H:%M:%S %Y"), [f"{second}.000" for second in SECONDS], SECONDS.map("{:.9e}".format),
        [f"{hour.isoformat()}+00:00[Europe/London]" for hour in HOURS],
        *(HOURS.map(lambda hour, how=how: midnight_late(hour, how)) for how in (
            "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%MZ", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M:%S.000",
        )),
    ],

)  # fmt: skip
def test_the_same_moments_in_any_writing_are_the_same_moments(cells: Any) -> None:
    assert (read(cells).to_numpy("datetime64[us]") == EXPECTED.to_numpy("datetime64[us]")).all()


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (pd.date_range("2010-01-01", periods=90, freq="MS").strftime("%d/%m/%Y"), "day or the month first"),
        (["13/13/2026"] * 2 + ["13/01/2026", "01/13/2026"] * 50, "in some the second"),
        (HOURS.strftime("%d/%m/%y"), "year first or last"),
        (np.arange(600), "no times since 1970"),
        (np.full(60, 2026), "no times since 1970"),
        (44_000.5 + np.arange(60), "no times since 1970"),
        (pd.to_datetime(SECONDS), "taken for a smaller unit"),
        (pd.to_datetime(SECONDS, unit="us"), "taken for a smaller unit"),
        (HOURS.strftime("%Y-%d-%m %H:%M"), "say source.timestamp.format: '%Y-%d-%m %H:%M'"),
        (pd.date_range("2026-01-01", periods=45, freq="D").strftime("%Y/%d/%m"), "format: '%Y/%d/%m'"),
        (["2026-01-20", "2026-31-01"] * 9, "write all in one way: '2026-01-20' has the month before the day"),
        (["noon"] * 20, "20 of 20 cells are no times, such as 'noon'"),
        (["12:00", "13:00"] * 20, "are no times"),
        ([True, False] * 20, "true and false are no times"),
    ],
)
def test_what_has_two_readings_or_none_is_refused_with_what_to_write(cells: Any, says: str) -> None:
    with pytest.raises(DataError, match=says) as refused:
        read(cells)
    assert str(refused.value).startswith("model m: column 'at': ")


@pytest.mark.parametrize(("unit", "cells"), [("s", SECONDS * 1_000), ("ms", SECONDS * 10**8), ("excel", SECONDS)])
@pytest.mark.parametrize("kind", [int, float, str])
def test_numbers_that_are_none_in_the_unit_that_is_said_are_refused_with_one_of_them(
    unit: str, cells: pd.Series[int], kind: type
) -> None:
    with pytest.raises(DataError, match=rf"no times in source.timestamp.unit '{unit}', such as '1") as refused:
        read(cells.astype(kind), unit=unit)
    assert str(refused.value).endswith("write the unit that they count, or leave it out")


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7])
@pytest.mark.parametrize("unit", [1, 10**3, 10**6])
@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%MZ"])
def test_numbers_since_1970_beside_text_are_read_as_they_are_and_told(form: str, unit: int, share: float) -> None:
    later = np.arange(len(HOURS)) >= (1.0 - share) * len(HOURS)
    cells = pd.Series(np.where(later, (SECONDS * unit).astype(str), HOURS.strftime(form)), name="at")
    found = read_times(cells, TimeFormat(), "model m: column 'at'")
    assert (found.values.to_numpy("datetime64[us]") == EXPECTED.to_numpy("datetime64[us]")).all()
    assert "since 1970" in found.told
    odd = read_times(cells.where(~later, "17"), TimeFormat(), "") if share < 0.5 else None
    assert odd is None or odd.unreadable == later.sum()


@pytest.mark.parametrize("place", [0, 3, 599])
@pytest.mark.parametrize("odd", ["soon", "", "31/31/2026", "9999-99-99", "2026-31-01"])
def test_one_cell_that_is_no_time_is_one_unreadable_cell_wherever_it_is(place: int, odd: str) -> None:
    for written in ("%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M"):
        cells = HOURS.strftime(written).to_numpy().astype(object)
        cells[place] = odd
        found = read_times(pd.Series(cells, name="at"), TimeFormat(), "")
        assert np.flatnonzero(found.values.isna()).tolist() == [place]
        assert (found.unreadable, found.example) == (int(bool(odd)), odd)


@given(st.integers(0, 599), st.sampled_from([".5", ".250", ".123456", "+00:00", "Z"]))
def test_late_surprises_are_read_as_early_ones(place: int, tail: str) -> None:
    cells = HOURS.strftime("%Y-%m-%d %H:%M:%S").to_numpy().astype(object)
    cells[place] += tail
    found = read(cells)
    assert found.notna().all()
    assert (found.dt.floor("s").to_numpy("datetime64[us]") == EXPECTED.to_numpy("datetime64[us]")).all()


def test_what_was_found_out_is_told_and_what_is_usual_is_not() -> None:
    def told(cells: Any) -> str:
        return read_times(pd.Series(cells), TimeFormat(), "").told

    assert told(HOURS) == told(HOURS.strftime("%Y-%m-%d %H:%M")) == ""
    assert told(SECONDS) == "whole numbers are s since 1970"
    assert told(HOURS.strftime("%Y%m%d").astype(int)) == "whole numbers are dates written as %Y%m%d"
    assert told(HOURS.strftime("%d/%m/%Y %H:%M")) == "times are written '%d/%m/%Y %H:%M'"


def test_what_the_owner_says_holds() -> None:
    months = pd.date_range("2010-01-01", periods=90, freq="MS")
    assert read(months.strftime("%d/%m/%Y"), format="%d/%m/%Y").tolist() == months.tz_localize("UTC").tolist()
    assert read([86_400 * 400, 86_400 * 800], unit="s").tolist()[0] == datetime(1971, 2, 5, tzinfo=UTC)
    with pytest.raises(DataError, match=r"do not fit source.timestamp.format"):
        read(months.strftime("%d/%m/%Y"), format="%Y-%m-%d")


def test_times_without_a_zone_are_those_of_the_zone_named() -> None:
    cells = ["2026-01-01 00:00", "2026-07-01 00:00", "2026-03-29 02:30", "2026-10-25 02:30"]
    expected = ["2025-12-31 23:00", "2026-06-30 22:00", "2026-03-29 01:00", "2026-10-25 00:30"]
    for given_cells in (cells, pd.to_datetime(cells)):
        found = read(given_cells, timezone="Europe/Zurich")
        assert found.dt.strftime("%Y-%m-%d %H:%M").tolist() == expected
    mixed = read([cells[0], "2026-01-01 00:00:00Z"], timezone="Europe/Zurich")
    assert mixed.dt.hour.tolist() == [23, 0]


def test_a_date_and_a_time_of_day_are_joined() -> None:
    table = pd.DataFrame({"day": HOURS.normalize(), "hr": HOURS.hour, "text": HOURS.strftime("%H:%M")})
    assert read(joined(table, ["day", "hr"]), format="%Y-%m-%d %H").tolist() == EXPECTED.tolist()
    assert read(joined(table, ["day", "text"])).tolist() == EXPECTED.tolist()
    table.loc[3, "text"] = None
    assert read(joined(table, ["day", "text"])).isna().sum() == 1


@pytest.mark.parametrize(
    ("cells", "first", "last"),
    [
        ([f"2026-W{week:02d}" for week in range(1, 54)], "2025-12-29", "2026-12-28"),
        ([f"2026W{week:02d}" for week in range(5, 9)], "2026-01-26", "2026-02-16"),
        (["2026-W05-1", "2026-W05-7"], "2026-01-26", "2026-02-01"),
        (["2026Q1", "2026-Q2", "2026 Q4"], "2026-01-01", "2026-10-01"),
        (["Q3 2025", "Q1/2026"], "2025-07-01", "2026-01-01"), (["2026-001", "2026-365"], "2026-01-01", "2026-12-31"),
    ],
)  # fmt: skip
def test_weeks_quarters_and_days_of_the_year_are_the_day_that_they_begin_with(
    cells: list[str], first: str, last: str
) -> None:
    found = read_times(pd.Series(cells), TimeFormat(), "model m")
    assert [str(each.date()) for each in found.values.iloc[[0, -1]]] == [first, last]
    assert found.unreadable == 0
    assert "begin with" in found.told


def test_midnight_at_the_end_of_a_day_is_that_of_the_zone() -> None:
    cells = [
        "2026-03-28 24:00",
        "2026-03-29 24:00",
        "2026-10-25 24:00:00",
    ]  # the second and third are days of 23 and 25 h
    found = read(cells, timezone="Europe/Zurich").dt.tz_convert("Europe/Zurich")
    assert found.dt.strftime("%d %H:%M").tolist() == ["29 00:00", "30 00:00", "26 00:00"]


def test_days_of_a_spreadsheet_are_read_where_the_owner_says_so() -> None:
    days = (HOURS - pd.Timestamp("1899-12-30")) / DAY
    assert (read(days, unit="excel").to_numpy("datetime64[us]") == EXPECTED.to_numpy("datetime64[us]")).all()
    assert (
        read(days.astype(str), unit="excel").to_numpy("datetime64[us]") == EXPECTED.to_numpy("datetime64[us]")
    ).all()
    with pytest.raises(DataError, match=r"source\.timestamp\.unit \(excel"):
        read(days)


def test_a_format_that_no_parser_takes_is_an_error_of_ours() -> None:
    with pytest.raises(DataError, match="is no format of times"):
        read(["2026-01-01 10:10"] * 20, format="%Y-%m-%d %H:%H")


FAR = [datetime(9999, 12, 31), datetime(1, 1, 1), datetime(1600, 1, 1), datetime(2262, 5, 1)]  # noqa: DTZ001 - as text
WRITTEN = ["%d.%m.%Y", "%m/%d/%Y %I:%M:%S %p", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d-%b-%Y"]


@pytest.mark.parametrize("said", [{}, {"timezone": "Europe/Zurich"}, {"format": "given"}])
@pytest.mark.parametrize("far", FAR)
@pytest.mark.parametrize("written", WRITTEN)
def test_a_date_that_stands_for_none_does_not_take_the_others_along(written: str, far: datetime, said: Any) -> None:
    cells = [*HOURS.strftime(written), far.strftime(written.replace("%Y", f"{far.year:04d}"))]
    how = {key: written if key == "format" else value for key, value in said.items()}
    moments = read(cells, **how)
    assert moments[:-1].notna().all()
    assert abs(moments.iloc[-1].year - far.year) <= 1


CLOCK = pd.date_range("2026-01-28", periods=96, freq="h")


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%Y/%m/%d"])
@pytest.mark.parametrize(
    "clock",
    [
        CLOCK.hour, CLOCK.hour.astype(float), CLOCK.hour * 100, CLOCK.hour * 10_000, CLOCK.strftime("%H%M"),
        CLOCK.strftime("%H:%M"), CLOCK.strftime("%H.%M"),
    ],
    ids=["9", "9.0", "900", "90000", "0900", "09:00", "09.00"],
)  # fmt: skip
def test_a_date_and_a_time_of_day_are_joined_however_both_are_written(form: str, clock: Any) -> None:
    """Of 20260101 and 0 to 23 those below 10 were no times, and left out: 42 in 100 rows."""
    day = CLOCK.strftime(form)
    table = pd.DataFrame({"day": day.astype(int) if form == "%Y%m%d" else day, "clock": clock})
    assert read(joined(table, ["day", "clock"])).tolist() == CLOCK.tz_localize("UTC").tolist()
    night = table[CLOCK.hour < 10]
    assert read(joined(night, ["day", "clock"])).tolist() == CLOCK[CLOCK.hour < 10].tz_localize("UTC").tolist()


def test_midnight_may_be_2400_and_what_is_no_time_of_day_stays_as_it_is() -> None:
    table = pd.DataFrame({"day": ["2026-01-01"] * 3, "clock": [2400, 30, 915], "number": [2500, 99, 7]})
    assert read(joined(table, ["day", "clock"])).dt.strftime("%d %H:%M").tolist() == [
        "02 00:00",
        "01 00:30",
        "01 09:15",
    ]
    assert joined(table, ["day", "number"]).tolist() == ["2026-01-01 2500", "2026-01-01 99", "2026-01-01 7"]
    assert joined(table, ["day", "clock"], "%Y-%m-%d %j").tolist()[2] == "2026-01-01 915"


@pytest.mark.parametrize(("form", "factor"), [("%H%M", 100), ("%H%M%S", 10_000), ("%H", 1)])
def test_times_of_day_without_leading_zeros_are_read_in_the_format_that_is_said(form: str, factor: int) -> None:
    """100 in %H%M was ten o'clock, and 30 three."""
    table = pd.DataFrame({"day": CLOCK.strftime("%d.%m.%Y"), "clock": CLOCK.hour * factor})
    said = f"%d.%m.%Y {form}"
    assert read(joined(table, ["day", "clock"], said), format=said).tolist() == CLOCK.tz_localize("UTC").tolist()


@pytest.mark.parametrize("form", ["", "%Y %m %d %H%M"])
def test_months_and_days_of_their_own_columns_are_no_times_of_day(form: str) -> None:
    table = pd.DataFrame({"y": CLOCK.year, "m": CLOCK.month, "d": CLOCK.day, "clock": CLOCK.hour * 100 + 5})
    cells = joined(table, list(table), form)
    assert cells[0] == ("2026 1 28 0005" if form else "2026 1 28 00:05")
    if form:
        assert read(cells, format=form).tolist() == (CLOCK + pd.Timedelta(minutes=5)).tz_localize("UTC").tolist()


def test_years_of_their_own_column_are_no_times_of_day() -> None:
    days = pd.date_range("2011-12-28", periods=60)
    table = pd.DataFrame({"d": days.day, "m": days.strftime("%b"), "y": days.year})
    assert read(joined(table, ["d", "m", "y"])).tolist() == days.tz_localize("UTC").tolist()


def test_digits_that_may_be_several_dates_are_none() -> None:
    with pytest.raises(DataError, match=r"say how they are written in source\.timestamp\.format"):
        read(pd.Series(["2026112 05:00", "2026113 06:00"]))
