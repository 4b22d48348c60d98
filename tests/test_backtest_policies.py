from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from include.decision.policy.presets import PRESETS
from include.errors import ConfigurationError
from include.registry.spec import ModelSpec
from include.workflow.backtest.policies import named_policies
from include.workflow.backtest.replay import Checks
from tests.stage import Stage


@pytest.fixture
def spec(tmp_path: Path) -> ModelSpec:
    """A model without rows."""
    stage = Stage(tmp_path)
    stage.add("sales")
    return stage.deployment.spec("sales")


def test_policies_by_name_and_from_a_file(spec: ModelSpec, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("preset: aggressive\ncooldown: 3d\n")
    found = named_policies(spec, f"conservative, never,model,{file}")
    assert [policy.name for policy in found] == ["conservative", "never", "model", "mine"]
    assert [policy.checks for policy in found] == [Checks.POLICY, Checks.NEVER, Checks.POLICY, Checks.POLICY]
    assert found[3].spec.settings().cooldown == timedelta(days=3)
    assert found[3].spec.settings().performance_threshold == PRESETS["aggressive"].performance_threshold


def test_names_of_policies_are_not_given_twice(
    spec: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("other").mkdir()
    files = ["balanced.yaml", "never.yml", "mine.yaml", "mine.yml", "mine.yaml.yaml", "other/mine.yaml", "other/x.yaml"]
    for file in files:
        Path(file).write_text("preset: aggressive")
    found = named_policies(spec, f"balanced,{','.join(files)}")
    assert [policy.name for policy in found] == ["balanced", *files[:-1], "x"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("", "--policies"),
        ("never,never", "once"),
        ("balancd", "did you mean 'balanced'"),
        ("gone.yaml", "cannot be read"),
    ],
)
def test_wrong_policies_are_named(spec: ModelSpec, names: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        named_policies(spec, names)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "not valid YAML"),
        ("3", "found int"),
        ("colddown: 3d", "unknown field colddown; did you mean 'cooldown'"),
        ("cooldown: 3d\ncooldown: 5d", "given twice: cooldown"),
        ("policy: {preset: balanced}\ntask: regression", "unknown field task; allowed: policy"),
        ("policy:", "field policy: a policy holds fields and their values; found NoneType"),
        ("policy: {costs: {trainin: 3}}", "unknown field policy.costs.trainin; did you mean 'training'"),
        ("cooldown: 3", "field cooldown: found 3; 3 is not a duration"),
        ("when: {any: [performence]}", r"field when\.any\[0\]: found 'performence'"),
        ("when: schedule", "policy takes a number from the model's type: add `model_type`"),
    ],
)
def test_file_that_is_no_policy_is_named(spec: ModelSpec, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=words):
        named_policies(spec, str(tmp_path / "mine.yaml"))
