"""The effective settings: preset, model file, model type, metric and environment together."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from include.decision.policy.presets import PRESETS
from include.errors import ConfigurationError
from include.registry.effective import effective_settings
from include.registry.loader import load_model_file
from include.registry.spec import ModelSpec
from tests.registry.test_loader import TIMED, model_file

TRADING = TIMED.replace("rmse", "sharpe_ratio") + "trading: {periods_per_year: 252}\n"
TWO_PLACES = """
policy: {preset: balanced, cooldown: 3d}
environments:
  production: {policy: {preset: conservative, false_retrains_per_quarter: 0.1}}
  staging: {policy: {when: {any: [performance, model_age]}}}
"""


def loaded(folder: Path, text: str) -> ModelSpec:
    return load_model_file(model_file(folder, text))


@pytest.mark.parametrize(
    ("metric", "preset", "threshold"),
    [("rmse", "conservative", 0.10), ("rmse", "balanced", 0.05), ("rmse", "aggressive", 0.03),
     ("sharpe_ratio", "conservative", 0.50), ("sharpe_ratio", "balanced", 0.25), ("sharpe_ratio", "aggressive", 0.15)],
)  # fmt: skip
def test_preset_is_no_stricter_than_makes_sense_for_the_metric(
    tmp_path: Path, metric: str, preset: str, threshold: float
) -> None:
    text = (TRADING if metric == "sharpe_ratio" else TIMED) + f"policy: {{preset: {preset}}}\n"
    assert loaded(tmp_path, text).settings().performance_threshold == pytest.approx(threshold)


def test_threshold_that_the_model_file_gives_is_the_one(tmp_path: Path) -> None:
    spec = loaded(tmp_path, TRADING + "policy: {performance_threshold: 0.07}\n")
    assert spec.settings().performance_threshold == 0.07


def test_environment_overrides_field_by_field(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {}
    for place in ("", "production", "staging", "elsewhere"):
        monkeypatch.setenv("RETRAINING_ENVIRONMENT", place)
        found[place] = effective_settings(loaded(tmp_path, TIMED + TWO_PLACES))
    assert found[""]["settings"] == found["elsewhere"]["settings"]
    assert [found[place]["preset"] for place in found] == ["balanced", "conservative", "balanced", "balanced"]
    assert {place: found[place]["overridden_here"] for place in found} == {
        "": False, "production": True, "staging": True, "elsewhere": False,
    }  # fmt: skip
    assert found["production"]["settings"]["cooldown"] == "3d"
    assert found["production"]["settings"]["false_retrains_per_quarter"] == 0.1
    assert found["staging"]["policy"]["any"][4] == {
        "cooldown": {"period": "3d", "of": {"any": ["performance", {"model_age": "7d"}]}}
    }


def test_mistake_in_another_environment_is_found_here(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"environments\.production\.policy\.preset"):
        loaded(tmp_path, TIMED + "environments: {production: {policy: {preset: brave}}}\n")
    with pytest.raises(ConfigurationError, match=r"unknown field environments\.production\.polcy"):
        loaded(tmp_path, TIMED + "environments: {production: {polcy: {preset: balanced}}}\n")


@pytest.mark.parametrize(
    ("kind", "cron", "psi", "least", "strategy"),
    [("lightgbm", "0 2 * * *", 0.25, 0.80, "incremental"), ("lstm", "0 3 * * *", 0.30, 0.75, "full"),
     ("transformer", "0 4 * * *", 0.30, 0.75, "full"), ("ensemble", "0 5 * * *", 0.20, 0.85, "incremental")],
)  # fmt: skip
def test_model_type_brings_numbers_that_a_policy_may_ask_for(
    tmp_path: Path, kind: str, cron: str, psi: float, least: float, strategy: str
) -> None:
    quiet = loaded(tmp_path, TIMED + f"model_type: {kind}\n")
    assert quiet.settings() == PRESETS["balanced"].replace(schedule=cron, performance_below=least)
    shown = effective_settings(quiet)
    assert shown["model_type_defaults"] == {"schedule": cron, "psi": psi, "performance": least, "strategy": strategy}
    assert shown["training"]["strategy"] == "full"
    asks = "policy: {drift_tests: model_type, when: {all: [data_drift, schedule]}}\n"
    asking = loaded(tmp_path, TIMED + f"model_type: {kind}\n" + asks)
    assert asking.settings().drift_thresholds == {"psi": psi}
    assert effective_settings(asking)["policy"]["any"][4]["cooldown"]["of"] == {
        "all": ["data_drift", {"schedule": cron}]
    }


@pytest.mark.parametrize(("preset", "divergence"), [("conservative", 0.20), ("balanced", 0.15), ("aggressive", 0.10)])
def test_fixed_threshold_of_a_preset_is_a_jensen_shannon_divergence(
    tmp_path: Path, preset: str, divergence: float
) -> None:
    spec = loaded(tmp_path, TIMED + "policy: {drift_tests: preset}\n")
    assert spec.settings(preset).drift_thresholds == {"js_divergence": divergence}
    assert not loaded(tmp_path, TIMED).settings(preset).drift_thresholds


def test_tree_decides_how_the_budget_is_shared(tmp_path: Path) -> None:
    one = loaded(tmp_path, TIMED + "policy: {when: performance}\n").settings()
    assert one.performance_level == pytest.approx(2 * PRESETS["balanced"].performance_level)


def test_policy_is_part_of_what_is_recorded(tmp_path: Path) -> None:
    spec = loaded(tmp_path, TIMED + TWO_PLACES + "probes: {queue: shop.probes:queue}\n")
    dumped: dict[str, Any] = spec.model_dump(mode="json")
    assert dumped["environments"]["staging"]["policy"]["when"] == {"any": ["performance", "model_age"]}
    assert ModelSpec.model_validate(dumped) == spec


def test_effective_settings_are_those_of_the_run(tmp_path: Path) -> None:
    shown = effective_settings(loaded(tmp_path, TIMED), "aggressive")
    assert shown["preset"] == "aggressive"
    assert shown["settings"]["model_age"] == "2d"
    assert timedelta(days=2) == PRESETS["aggressive"].model_age


@pytest.mark.parametrize(("kind", "strategy"), [("ensemble", "incremental"), ("lstm", "full")])
def test_strategy_of_the_model_type_is_taken_where_it_is_asked_for(tmp_path: Path, kind: str, strategy: str) -> None:
    text = TIMED + f"model_type: {kind}\ntraining: {{estimator: sklearn.linear_model.SGDRegressor"
    assert loaded(tmp_path, text + ", strategy: model_type}\n").training.strategy == strategy
    assert loaded(tmp_path, text + "}\n").training.strategy == "full"


def test_strategy_of_no_model_type_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="needs a `model_type`"):
        loaded(tmp_path, TIMED + "training: {strategy: model_type}\n")
