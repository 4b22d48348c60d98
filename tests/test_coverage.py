"""Rows that no check looks at: figured against a count by hand, and told by `replay` and `config`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml

from include.cli.__main__ import main
from include.registry.coverage import unchecked_note, unseen_share
from tests.stage import REFERENCE_DAYS, Stage, day, sales

HOUR = timedelta(hours=1)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.add("sales", sales(60))
    return stage


@pytest.mark.parametrize("window", [1, 5, 24, 167, 168, 169, 720])
@pytest.mark.parametrize("delay", [0, 1, 12, 200])
def test_share_is_what_counting_the_hours_of_many_checks_comes_to(window: int, delay: int) -> None:
    every, hours = 168, np.arange(168 * 50)
    seen = np.zeros(len(hours), dtype=bool)
    for check in range(every, len(hours) + 1, every):
        seen[max(0, check - window) : max(0, check - delay)] = True
    inner = ~seen[every : -2 * every]
    expected = unseen_share(window * HOUR, every * HOUR, delay * HOUR)
    assert inner.mean() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("fields", "every", "told"),
    [({"window": "1d"}, 7 * 24, "86% of the rows are never looked at: the window is 1d"),
     ({"window": "6h"}, 7, "14% of the rows"),
     ({"window": "7d"}, 7 * 24, ""), ({"window": "28d"}, 6, ""),
     ({"window": "7d", "label_delay": "3d"}, 7 * 24, "43% of the rows are never looked at with their label"),
     ({"window": "10d", "label_delay": "3d"}, 7 * 24, "")],
)  # fmt: skip
def test_note_says_how_many_and_what_to_do(stage: Stage, fields: dict[str, str], every: int, told: str) -> None:
    stage.add("sales", **fields)
    note = unchecked_note(stage.deployment.spec("sales"), every * HOUR)
    assert told in note
    assert bool(note) is bool(told)
    assert not note or "or longer, or check more often" in note


def test_following_the_advice_leaves_nothing_unseen(stage: Stage) -> None:
    for fields in ({"window": "1d"}, {"window": "1d", "label_delay": "6h"}, {"window": "7d", "label_delay": "3d"}):
        stage.add("sales", **fields)
        for _ in range(2):  # rows without a label come to light when all rows are looked at
            if note := unchecked_note(stage.deployment.spec("sales"), timedelta(days=7)):
                fields["window"] = note.partition("make `window` ")[2].split()[0]
                stage.add("sales", **fields)
        assert unchecked_note(stage.deployment.spec("sales"), timedelta(days=7)) == ""


def test_model_without_timestamps_is_given_all_rows(stage: Stage) -> None:
    spec = stage.deployment.spec("sales").model_copy(update={"window": HOUR})
    pair = spec.source.model_copy(update={"path": None, "reference_path": "a.csv", "recent_path": "b.csv"})
    assert unchecked_note(spec, 7 * HOUR)
    assert unchecked_note(spec.model_copy(update={"source": pair}), 7 * HOUR) == ""


def test_replay_and_config_tell(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.add("sales", window="2d", check_every="7d")
    folders = ("--models-dir", str(stage.models))
    asked = ("--model", "sales", "--from", f"{day(REFERENCE_DAYS):%F}", "--to", f"{day(51):%F}", "--every", "7d")
    assert main(["replay", *asked, "--alone", *folders, "--data-dir", str(stage.data)]) == 0
    assert capsys.readouterr().out.startswith("Note: 71% of the rows are never looked at")
    assert main(["config", "--model", "sales", *folders]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)["sales"]["coverage"]
    assert shown["unseen_share"] == pytest.approx(5 / 7)
    assert "71% of the rows" in shown["note"]
    stage.add("sales")
    assert main(["config", "--model", "sales", *folders]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["sales"]["coverage"]["note"] == ""
