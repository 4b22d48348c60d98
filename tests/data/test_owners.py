"""What a function of a model's owner does reaches no other model: it ends its process, hangs, or hangs on import."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from include.data.owners import answer_of_owner
from include.errors import ArtifactError, ConfigurationError, DataError, SourceUnavailable
from include.records.entries import Run
from include.retraining.answering import Answering
from include.workflow.batch import analyze_batch
from tests.retraining.models import spec_of
from tests.stage import Stage, day, sales


@pytest.fixture
def owners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on Python's import path."""
    folder = tmp_path / "owners"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("import sys\ndef f(*given): sys.exit('bye')", DataError, "failed: SystemExit: bye"),
        ("import sys\nsys.exit(3)", ConfigurationError, "fails on import: SystemExit: 3"),
        ("def f(*given): raise ValueError('no')", DataError, "failed: ValueError: no"),
        ("import time\ndef f(*given): time.sleep(1000)", SourceUnavailable, "not read after"),
        ("import time\ntime.sleep(1000)\ndef f(*given): return 1", SourceUnavailable, "on import: not read after"),
    ],
    ids=["exits", "exits on import", "fails", "hangs", "hangs on import"],
)
def test_whatever_it_does_is_an_error_with_its_name(
    owners: Path, request: pytest.FixtureRequest, text: str, error: type[Exception], said: str
) -> None:
    module = f"owned_{request.node.callspec.id.replace(' ', '_')}"
    (owners / f"{module}.py").write_text(text)
    spec = spec_of().model_copy(update={"timeout": timedelta(seconds=0.3)})
    with pytest.raises(error, match=rf"(?s)measures\.m.*{said}"):
        answer_of_owner(spec, "measures.m", f"{module}:f", 1, read=str)


@pytest.mark.parametrize("field", ["measures", "probes"])
def test_the_other_models_of_a_batch_are_looked_at(tmp_path: Path, field: str) -> None:
    stage = Stage(tmp_path)
    for name, more in (("aa", {}), ("bad", {field: {"m": "tests.data.measured:leaving"}}), ("zz", {})):
        stage.add(name, sales(40), **more)
    looked = list(analyze_batch(stage.deployment, ["aa", "bad", "zz"], Run(run_id="r", as_of=day(32))))
    assert [each.analysis is not None for each in looked if each.model_name != "bad"] == [True, True]
    [bad] = [each for each in looked if each.model_name == "bad"]
    assert "SystemExit: bye" in bad.why


def test_a_champion_that_ends_its_process_does_not_answer() -> None:
    class Leaving:
        def predict(self, features: pd.DataFrame) -> Any:
            raise SystemExit(2)

    with pytest.raises(ArtifactError, match=r"v7 does not answer here.*SystemExit"):
        Answering(Leaving(), "v7").predict(pd.DataFrame({"x": [1.0]}))
