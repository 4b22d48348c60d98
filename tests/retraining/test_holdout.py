from __future__ import annotations

from pathlib import Path

import pytest

from include.retraining.gate.holdout import holdout_rows, rows_needed, shortfall
from include.scoring.paired import FEWEST_ROWS
from tests.stage import Stage


@pytest.mark.parametrize("minimum_rows", [10, 39, 40, 41, 100, 5000])
@pytest.mark.parametrize("share", [0.003, 0.1, 0.25, 0.3, 0.475, 0.5])
def test_rows_needed_are_the_fewest_of_which_enough_are_held_out(
    tmp_path: Path, minimum_rows: int, share: float
) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", minimum_rows=minimum_rows, gate={"holdout_share": share})
    spec = stage.deployment.spec("sales")
    needed = rows_needed(spec)
    assert holdout_rows(spec, needed) >= FEWEST_ROWS > holdout_rows(spec, needed - 1)
    assert shortfall(spec, needed) == ""
    assert f"{needed - 1} labelled rows" in shortfall(spec, needed - 1)
    assert f"{needed} are needed" in shortfall(spec, 0)
