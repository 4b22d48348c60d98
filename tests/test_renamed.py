"""A model file looks renamed where its model begins after the other's last run, and not where both have run."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.workflow.renamed import former_names
from tests.stage import REFERENCE_DAYS, Stage, day, sales


@pytest.mark.parametrize("together", [False, True])
def test_a_model_that_ran_beside_another_one_was_never_called_so(tmp_path: Path, *, together: bool) -> None:
    stage = Stage(tmp_path)
    rows = sales(REFERENCE_DAYS)
    source = {"kind": "csv", "path": "old.csv"}
    old = stage.add("old", rows)
    stage.run("old", day(REFERENCE_DAYS))
    new = stage.add("new", source=source)
    stage.run("new", day(REFERENCE_DAYS))
    if together:
        stage.run("old", day(REFERENCE_DAYS + 1))
    old.unlink()
    found = former_names(stage.store, [stage.deployment.spec(new.stem)], [new.stem])
    assert [name for _, name in found] == ([] if together else ["old"])
