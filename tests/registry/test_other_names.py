"""A configuration in the names of another system."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.decision.triggers import AnyOf, ModelAgeTrigger
from include.errors import ConfigurationError
from include.registry.loader import load_model_file
from include.registry.spec import ModelSpec

OURS: dict[str, Any] = {
    "task": "regression", "timestamp": "at", "target": "price", "metric": "rmse",
    "reference": {"start": "2026-01-01", "end": "2026-02-01"},
}  # fmt: skip
THEIRS: dict[str, Any] = {
    "model_name": "housing", "data_path": "raw/housing.csv", "check_interval": 600, "min_data_size": 100,
    "max_model_age_hours": 48, "performance_threshold": 0.03, "enable_auto_retraining": True,
}  # fmt: skip


def read(folder: Path, **fields: Any) -> ModelSpec:
    (folder / "housing.yaml").write_text(yaml.safe_dump({**OURS, **fields}))
    return load_model_file(folder / "housing.yaml")


def test_each_name_of_theirs_is_one_of_ours(tmp_path: Path) -> None:
    spec = read(tmp_path, **THEIRS)
    assert (spec.name, spec.enabled, spec.minimum_rows) == ("housing", True, 100)
    assert spec.check_every == timedelta(minutes=10)
    assert (spec.source.kind, spec.source.place) == ("csv", "raw/housing.csv")
    assert spec.policy.performance_threshold == 0.03
    assert isinstance(spec.policy.when, AnyOf)
    assert spec.policy.when.triggers[-1] == ModelAgeTrigger(age=timedelta(hours=48))
    assert not read(tmp_path, **{**THEIRS, "enable_auto_retraining": False}).enabled


def test_age_stands_beside_the_tree_that_there_is(tmp_path: Path) -> None:
    spec = read(tmp_path, **THEIRS, policy={"when": "performance", "preset": "conservative"})
    assert spec.policy.preset == "conservative"
    assert [getattr(each, "label", "") for each in spec.policy.when.triggers] == ["performance", "model_age 2 days"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"check_every": "1h"}, "check_interval is another name of check_every: give one of them"),
        ({"minimum_rows": 50}, "min_data_size is another name of minimum_rows"),
        ({"enabled": True}, "enable_auto_retraining is another name of enabled"),
        ({"source": {"kind": "csv", "path": "a.csv"}}, "data_path is another name of source"),
        ({"policy": {"performance_threshold": 0.1}}, "another name of policy.performance_threshold"),
        ({"model_name": "iris"}, "model_name: found 'iris'; the file's name is the model's name: 'housing'"),
        ({"check_interval": 90}, "whole minutes are needed"),
        ({"check_interval": "often"}, "check_interval: found 'often'; a whole number is needed"),
        ({"max_model_age_hours": 0}, "max_model_age_hours: found 0"),
        ({"min_data_size": 1}, "greater than or equal to 10"),
        ({"policy": ["x"]}, "policy: fields and their values are needed"),
    ],
)
def test_what_is_given_twice_or_makes_no_sense_is_named(tmp_path: Path, fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        read(tmp_path, **{**THEIRS, **fields})
