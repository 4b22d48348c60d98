from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from include.decision.policy.policy import standard_policy
from include.decision.policy.read import read_tree
from include.decision.policy.write import write_tree
from include.decision.signals import SignalKind
from include.decision.triggers import AllOf, AnyOf, ModelAgeTrigger, SignalTrigger
from include.errors import ConfigurationError
from include.registry.loader import load_model_file
from tests.registry.test_loader import TIMED, model_file
from tests.triggers.says import Says
from tests.triggers.signals import NOW, evidence, signal

SEED = """
all:
- any: [data_drift, performance]
- model_age: 7d
"""
WRITTEN: list[Any] = [
    "performance", "concept_drift", "data_drift", "outliers", "data_quality", "model_age", "schedule", "data_volume",
    "new_data", "manual", "red_team", "first_version",
    {"performance": {"strength": 2}}, {"data_drift": {"without_labels": True, "strength": 1.5}},
    "retrain_gain", {"performance": {"without_gain": True}},
    {"model_age": "7d"}, {"model_age": "36h"}, {"model_age": "14d"}, {"schedule": "30 2 * * 1-5"},
    {"data_volume": "20%"}, {"data_volume": "0.5%"}, {"data_volume": 5000}, {"data_volume": {"rows": 5, "share": "3%"}},
    {"new_data": {"requests_only": True}}, {"model_size": {"above": 100}}, {"inference_latency": {"above": 0.25}},
    {"training_cost": {"below": 50}}, {"probe": {"name": "queue", "above": 10}},
]  # fmt: skip


def trees(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(leaves, min_size=1, max_size=4)
    return st.one_of(
        st.builds(lambda of: {"any": of}, several),
        st.builds(lambda of: {"all": of}, several),
        st.builds(lambda of: {"at_least": {"count": len(of), "of": of}}, several),
        st.builds(lambda of: {"cooldown": {"period": "7d", "of": of}}, leaves),
        st.builds(lambda of: {"warm_up": {"period": "36h", "of": of}}, leaves),
    )


PERSISTENT = st.builds(
    lambda of: {"persistence": {"count": 2, "checks": 3, "of": of}}, st.sampled_from([*WRITTEN, {"any": WRITTEN[:3]}])
)


def test_tree_of_the_seed_is_the_same_in_yaml_and_in_python_and_comes_back() -> None:
    written = yaml.safe_load(SEED)
    tree = read_tree(written)
    drift, performance = SignalTrigger(kind=SignalKind.DATA_DRIFT), SignalTrigger(kind=SignalKind.PERFORMANCE)
    assert tree == AllOf((AnyOf((drift, performance)), ModelAgeTrigger(age=timedelta(days=7))))
    assert write_tree(tree) == written
    assert yaml.safe_load(yaml.safe_dump(write_tree(tree))) == written


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("kind", [SignalKind.DATA_DRIFT, SignalKind.PERFORMANCE])
def test_tree_of_the_seed_fires_on_either_and_only_in_time(kind: SignalKind, old: bool) -> None:
    since = NOW - timedelta(days=8 if old else 3)
    seen = evidence(signal(kind, 2.0, feature="x"), champion_since=since)
    assert read_tree(yaml.safe_load(SEED)).decide(seen).fired is old


@given(st.recursive(st.sampled_from(WRITTEN) | PERSISTENT, trees, max_leaves=8))
def test_what_is_written_comes_back_equal(written: Any) -> None:
    tree = read_tree(written)
    assert write_tree(tree) == written
    assert read_tree(write_tree(tree)) == tree


def test_tree_of_a_preset_can_be_written() -> None:
    from include.decision.policy.presets import PRESETS

    policy = standard_policy(PRESETS["balanced"])
    assert read_tree(write_tree(policy)) == policy


def test_trigger_of_ones_own_is_for_python_only() -> None:
    with pytest.raises(ValueError, match="a Says cannot be written"):
        write_tree(Says(True))


MISTAKES = {
    "a misspelt name": ("performnce", ["policy.when", "'performnce'", "did you mean 'performance'", "model_age"]),
    "a misspelt member": ("{any: [performance, data_drft]}", ["policy.when.any[1]", "did you mean 'data_drift'"]),
    "a deep mistake": (
        "{all: [{any: [performance]}, {model_age: 7x}]}", ["policy.when.all[1].model_age", "'7x'", "for example 28d"]
    ),
    "an unknown setting": ("{performance: {strenght: 2}}", ["performance.strenght", "did you mean 'strength'"]),
    "a setting missing": ("{cooldown: {of: performance}}", ["cooldown.period", "it is missing; needed: period, of"]),
    "two names": ("{performance: {}, outliers: {}}", ["policy.when", "one name and its settings"]),
    "a number": ("7", ["policy.when", "found 7", "its name"]),
    "an empty list": ("{any: []}", ["policy.when.any", "a list of triggers"]),
    "no list": ("{all: performance}", ["policy.when.all", "'performance'", "a list of triggers"]),
    "a colon too many": ("{performance: }", ["policy.when.performance", "leave out the colon"]),
    "a count out of range": ("{at_least: {count: 3, of: [manual]}}", ["policy.when.at_least", "count 3"]),
    "a bad schedule": ("{schedule: daily}", ["policy.when.schedule", "'daily'", "0 2 * * *"]),
    "a schedule without a model type": ("schedule", ["policy", "add `model_type`"]),
    "a share that is no number": ("{data_volume: many}", ["policy.when.data_volume", "'many'", "number"]),
    "a share of many times": ("{data_volume: {share: 20}}", ["data_volume.share", "found 20;", "at most 1", "20%"]),
    "a share of more than all": ("{data_volume: 2000%}", ["policy.when.data_volume", "'2000%'", "20% or 0.2"]),
    "a share of nothing": ("{data_volume: 0%}", ["policy.when.data_volume", "'0%'", "more than 0"]),
    "a probe that nothing measures": (
        "{any: [performance, {inference_latency: {above: 10}}]}", ["policy.when", "'inference_latency'", "`probes`"]
    ),
    "another probe": ("{probe: {name: queue, above: 10}}", ["policy.when", "'queue'", "queue: module:function"]),
    "two bounds": ("{model_size: {above: 1, below: 2}}", ["policy.when.model_size", "one bound"]),
    "no age": ("{model_age: 0d}", ["policy.when.model_age", "no age"]),
    "persistence around a cooldown": (
        "{persistence: {count: 1, checks: 2, of: {cooldown: {period: 1d, of: manual}}}}", ["persistence", "around it"]
    ),
    "settings where there are none": ("{manual: {by: me}}", ["policy.when.manual", "no settings"]),
    "true for a number": ("{performance: {strength: true}}", ["performance.strength", "found True", "number"]),
}  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_is_answered_with_file_field_and_what_is_known(
    tmp_path: Path, written: str, expected: list[str]
) -> None:
    path = model_file(tmp_path, TIMED + f"policy: {{when: {written}}}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_model_file(path)
    for words in (path.name, *expected):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("when", "probes"),
    [("{model_size: {above: 100}}", ""), ("{inference_latency: {above: 1}}", "inference_latency: ops.probes:p99"),
     ("{cooldown: {period: 7d, of: {probe: {name: queue, above: 1}}}}", "queue: ops.probes:queue")],
)  # fmt: skip
def test_probe_that_is_measured_may_be_asked_for(tmp_path: Path, when: str, probes: str) -> None:
    path = model_file(tmp_path, TIMED + f"policy: {{when: {when}}}\nprobes: {{{probes}}}\n")
    assert load_model_file(path).policy.when is not None


def test_probe_of_another_environment_has_to_be_measured_too(tmp_path: Path) -> None:
    there = "environments: {production: {policy: {when: {inference_latency: {above: 10}}}}}\n"
    with pytest.raises(ConfigurationError, match=r"environments\.production\.policy\.when asks for the probe"):
        load_model_file(model_file(tmp_path, TIMED + there))


def test_all_mistakes_of_a_tree_are_told_at_once(tmp_path: Path) -> None:
    written = "{any: [performnce, {all: [data_drft, manual, {model_age: 7x}]}, {outliers: {strength: many}}]}"
    path = model_file(tmp_path, TIMED + f"policy: {{when: {written}, preset: bold}}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_model_file(path)
    told = str(caught.value)
    places = ("any[0]", "any[1].all[0]", "any[1].all[2].model_age", "any[2].outliers.strength")
    for place in (*(f"field policy.when.{place}: found " for place in places), "field policy.preset"):
        assert told.count(place) == 1, told
    with pytest.raises(ValueError, match=r"any\[0\]: found 'performnce'.* \| any\[1\]\.all\[0\]"):
        read_tree(yaml.safe_load(written))


def test_tree_without_end_is_refused() -> None:
    written: Any = "performance"
    for _ in range(500):
        written = {"any": [written]}
    with pytest.raises(ValueError, match="inside one another"):
        read_tree(written)
