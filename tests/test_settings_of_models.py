"""What the policies of all models come to, though no file is read twice in vain."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from include.registry import loader
from include.workflow import settings_of
from tests.stage import Stage


def shown(stage: Stage, name: str = "sales", preset: str = "") -> object:
    found, broken = settings_of(stage.models, (), preset)
    assert not broken
    return found[name]["preset"]


def test_a_file_that_was_written_again_is_read_again_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path)
    for name in ("sales", "shop"):
        stage.add(name, policy={"preset": "balanced"})
    read: list[str] = []
    fields = loader.read_fields
    monkeypatch.setattr(loader, "read_fields", lambda path, kind: read.append(path.stem) or fields(path, kind))  # type: ignore[func-returns-value]
    assert shown(stage) == "balanced"
    assert shown(stage, preset="aggressive") == "aggressive"
    read.clear()
    assert shown(stage) == "balanced"
    assert read == []
    file = stage.add("sales", policy={"preset": "conservative"})
    os.utime(file, ns=(1, 1))
    assert shown(stage) == "conservative"
    assert read == ["sales"]


def test_mistakes_are_told_each_time_until_they_are_gone(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    file = stage.add("sales", window="no time")
    for _ in range(2):
        found, broken = settings_of(stage.models, ())
        assert (list(found), list(broken)) == ([], ["sales"])
    stage.add("sales")
    assert shown(stage) == "balanced"
    file.with_suffix(".yml").write_text(file.read_text())
    _, broken = settings_of(stage.models, ())
    assert "remove or rename one of them" in str(broken["sales"])
    file.with_suffix(".yml").unlink()
    assert shown(stage) == "balanced"
