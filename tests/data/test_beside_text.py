"""Numbers with a unit or another text beside them: taken for names, and told, whatever the rows come from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.data.kinds.decimals import Said
from include.data.kinds.text_cells import plain_text
from include.data.sources.read import read_both
from include.registry.loader import load_model_file

VALUES = np.random.default_rng(0).lognormal(3.0, 1.0, 400).round(2)


def told_of(folder: Path, cells: list[str]) -> list[list[str]]:
    """What is told of a column, in a DataFrame and in a CSV file."""
    table = pd.DataFrame({"r": cells, "y": VALUES})
    table.to_csv(folder / "d.csv", index=False, sep="\t")
    fields = {"task": "regression", "source": {"kind": "csv", "reference_path": "d.csv", "recent_path": "d.csv"},
              "target": "y", "metric": "rmse"}  # fmt: skip
    (folder / "m.yaml").write_text(json.dumps(fields))
    return [
        [*plain_text([table.astype({"r": "str"})], Said())[1].told],
        [*read_both(load_model_file(folder / "m.yaml"), folder)[0].told],
    ]


@pytest.mark.parametrize(
    "written",
    [
        lambda value: f"{value} kg", lambda value: f"{value:.1f}°C", lambda value: f"~{value}",
        lambda value: f"{value} kg" if value > 20 else f"{1000 * value:.0f} g", lambda value: f"'{value}",
        lambda value: f'="{value}"', lambda value: f"{value}k" if value > 9 else f"{value / 1000:.5f}M",
        lambda value: f"{value} m2".replace(".", ","),
    ],
)  # fmt: skip
def test_a_number_beside_other_text_is_told_with_a_cell(tmp_path: Path, written: Callable[[float], str]) -> None:
    cells = [written(value) for value in VALUES]
    for lines in told_of(tmp_path, cells):
        [line] = [line for line in lines if "cells of r hold a number beside other text, such as" in line]
        assert any(repr(cell) in line for cell in cells)
        assert "deliver the number alone" in line


@pytest.mark.parametrize(
    "written",
    [
        str, lambda value: f"{value}%", lambda value: f"({value})", lambda value: f"{value:.0f} A",
        lambda value: "silk",
        lambda value: f"{value % 28 + 1:02.0f}.05.2026", lambda value: f"{value % 5:.0f}.5 L",
        lambda value: f"shop {value}", lambda value: f"E{value:05.1f}", lambda value: f"v{value}",
        lambda value: f"{value}-rc", lambda value: f"{value:,.2f}", lambda value: f"10.0.{value:.0f}.{value:.0f}",
    ],
)  # fmt: skip
def test_numbers_names_and_codes_are_not(tmp_path: Path, written: Callable[[float], str]) -> None:
    for lines in told_of(tmp_path, [written(value) for value in VALUES]):
        assert not any("beside other text" in line for line in lines)


@pytest.mark.parametrize("gap", ["'", "\u2019", " ", "\u00a0", "\u2009", "\u202f"])
def test_thousands_may_be_apart_by_any_blank_or_apostrophe(gap: str) -> None:
    cells = [f"{1000 * value:,.2f}".replace(",", gap) for value in VALUES]
    [read], _ = plain_text([pd.DataFrame({"r": cells})], Said())
    assert read["r"].astype(float).to_numpy() == pytest.approx(1000 * VALUES)
