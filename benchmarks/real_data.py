"""Prepares three public data sets for `replay`: one file each, with a timestamp column and nothing else changed.

    python -m benchmarks.real_data --from FOLDER --to FOLDER

`--from` holds bike_hour.csv.gz (UCI Bike Sharing, hourly), electricity.csv.gz (Elec2) and california_housing.csv.gz,
as their sources give them. The model files that go with them are in `benchmarks/models/`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd


def bike_hour(folder: Path) -> pd.DataFrame:
    """Hourly rentals; the columns that add up to the target are left out, or it would leak."""
    table = pd.read_csv(folder / "bike_hour.csv.gz")
    table.insert(0, "timestamp", pd.to_datetime(table["dteday"], utc=True) + pd.to_timedelta(table["hr"], unit="h"))
    return table.drop(columns=["instant", "dteday", "casual", "registered"])


def electricity(folder: Path) -> pd.DataFrame:
    """Half-hourly prices; the coarse date column runs backwards in places, so the row number gives the time."""
    table = pd.read_csv(folder / "electricity.csv.gz")
    table.insert(0, "timestamp", pd.Timestamp("1996-05-07", tz="UTC") + pd.to_timedelta(30 * table.index, unit="min"))
    return table.drop(columns="date")


def california_housing(folder: Path) -> pd.DataFrame:
    """Census blocks in random order, one an hour: nothing changes, so that every alarm is a false one."""
    table = pd.read_csv(folder / "california_housing.csv.gz").sample(frac=1.0, random_state=0, ignore_index=True)
    table.insert(0, "timestamp", pd.Timestamp("2000-01-01", tz="UTC") + pd.to_timedelta(table.index, unit="h"))
    return table


def main() -> None:
    """Write the three files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="source", type=Path, required=True)
    parser.add_argument("--to", dest="target", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.target.mkdir(parents=True, exist_ok=True)
    for make in (bike_hour, electricity, california_housing):
        make(arguments.source).to_csv(arguments.target / f"{make.__name__}.csv", index=False)


if __name__ == "__main__":
    main()
