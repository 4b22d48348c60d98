"""`RetrainingTriggerManager`: triggers on a caller's own metrics, what they report, and how they are configured."""

from __future__ import annotations

import json
import math
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.decision.evidence import Evidence, TriggerResult
from include.decision.signals import SignalKind
from include.decision.triggers import SignalTrigger
from include.errors import ConfigurationError, DataError
from include.orchestrator import (
    CompositeTrigger,
    DataVolumeTrigger,
    DriftTrigger,
    PerformanceTrigger,
    RetrainingReport,
    RetrainingTriggerManager,
    TimeTrigger,
)

NOW = datetime(2026, 5, 3, tzinfo=UTC)
PRESETS = {
    "conservative": (0.20, 0.10, 14, 0.30),
    "balanced": (0.15, 0.05, 7, 0.20),
    "aggressive": (0.10, 0.03, 2, 0.10),
}


class QueueTrigger:
    """A rule of somebody's own: a drift metric `queue` above `most`."""

    def __init__(self, most: float = 10.0) -> None:
        self.most = most

    def decide(self, evidence: Evidence) -> tuple[bool, str]:
        """Look for the metric among the signals."""
        seen = max((s.value or 0.0 for s in evidence.signals if s.statistic == "queue"), default=0.0)
        return seen > self.most, f"queue {seen:g}"


class Answers:
    """A rule that answers as it was told, or raises."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def decide(self, evidence: Evidence) -> Any:
        """Answer."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def one(trigger: Any, **metrics: Any) -> RetrainingReport:
    """The report of a manager with one trigger."""
    manager = RetrainingTriggerManager()
    manager.register_trigger(trigger)
    return manager.evaluate(now=NOW, **metrics)


def test_both_kinds_of_trigger_fire_on_the_callers_own_metrics() -> None:
    manager = RetrainingTriggerManager()
    manager.register_drift_trigger(threshold=0.15)
    manager.register_performance_trigger(threshold=0.05, metric_name="val_loss")
    report = manager.evaluate(
        drift_metrics={"js_divergence": 0.18}, current_metrics={"val_loss": 0.45}, baseline_metrics={"val_loss": 0.40}
    )
    assert report.triggered
    assert [(each.name, each.triggered) for each in report.details] == [
        ("drift_js_divergence", True), ("performance_val_loss", True)
    ]  # fmt: skip
    assert report.details[1].actual == pytest.approx(0.125)
    assert report.recommendations[0].startswith("Retrain now: ")


@pytest.mark.parametrize("value", [0.14, 0.15, 0.16])
def test_drift_fires_from_its_threshold_on(value: float) -> None:
    assert one(DriftTrigger(threshold=0.15), drift_metrics={"js_divergence": value}).triggered is (value >= 0.15)


@pytest.mark.parametrize(
    ("metric", "now", "before", "fires"),
    [
        ("val_loss", 0.42, 0.40, True),  # 5 % but for the last binary digit
        ("val_loss", 0.419, 0.40, False),
        ("val_loss", 0.38, 0.40, False),
        ("val_accuracy", 0.855, 0.90, True),
        ("val_accuracy", 0.86, 0.90, False),
        ("val_accuracy", 0.95, 0.90, False),
        ("rmse", 1.05, 1.0, True),
        ("log_likelihood_score", -1.1, -1.0, True),
        ("val_loss", 0.1, 0.0, True),
        ("val_loss", 0.0, 0.0, False),
    ],
)
def test_performance_fires_from_five_per_cent_of_the_baseline_on_whichever_way_is_better(
    metric: str, now: float, before: float, fires: bool
) -> None:
    trigger = PerformanceTrigger(threshold=0.05, metric_name=metric)
    assert one(trigger, current_metrics={metric: now}, baseline_metrics={metric: before}).triggered is fires


def test_metric_whose_better_side_its_name_does_not_tell_needs_a_mode() -> None:
    with pytest.raises(ConfigurationError, match="whether a small wobble is good; write min or max"):
        PerformanceTrigger(metric_name="wobble")
    trigger = PerformanceTrigger(metric_name="wobble", mode="min")
    assert one(trigger, current_metrics={"wobble": 2.0}, baseline_metrics={"wobble": 1.0}).triggered


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_more_drift_never_fires_less(first: float, second: float) -> None:
    low, high = (
        one(DriftTrigger(threshold=0.3), drift_metrics={"js_divergence": each}).triggered
        for each in sorted((first, second))
    )
    assert high or not low


@given(st.floats(0.01, 100.0), st.floats(0.01, 100.0))
def test_loss_and_its_negative_as_a_score_fire_alike(now: float, before: float) -> None:
    loss = PerformanceTrigger(metric_name="loss")
    score = PerformanceTrigger(metric_name="loss", mode="max")
    first = one(loss, current_metrics={"loss": now}, baseline_metrics={"loss": before})
    second = one(score, current_metrics={"loss": -now}, baseline_metrics={"loss": -before})
    assert first.triggered is second.triggered


def test_drift_that_falls_is_watched_downwards() -> None:
    trigger = DriftTrigger(threshold=0.6, metric_name="token_overlap", mode="min")
    assert one(trigger, drift_metrics={"token_overlap": 0.5}).triggered
    assert not one(trigger, drift_metrics={"token_overlap": 0.7}).triggered
    assert one(trigger, drift_metrics={"token_overlap": 0.0}).triggered


@pytest.mark.parametrize("days", [6.99, 7.0, 30.0])
@pytest.mark.parametrize("as_text", [False, True])
def test_time_fires_when_its_interval_has_passed(days: float, as_text: bool) -> None:
    at = NOW - timedelta(days=days)
    report = one(TimeTrigger(interval="7d"), last_trained_at=at.isoformat() if as_text else at)
    assert report.triggered is (days >= 7.0)


def test_time_without_a_zone_is_utc() -> None:
    assert one(TimeTrigger(interval="7d"), last_trained_at="2026-04-26T00:00:00").triggered


def test_time_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"last_trained_at: found 'last week'; a time is needed"):
        one(TimeTrigger(), last_trained_at="last week")


@pytest.mark.parametrize(("new", "fires"), [(199, False), (200, True), (1000, True)])
def test_volume_fires_on_samples_or_on_a_share_of_those_trained_on(new: int, fires: bool) -> None:
    share = DataVolumeTrigger(percentage=0.2)
    assert one(share, new_samples=new, trained_samples=1000).triggered is fires
    assert one(DataVolumeTrigger(samples=200), new_samples=new).triggered is fires
    either = DataVolumeTrigger(samples=10**6, percentage=0.2)
    assert one(either, new_samples=new, trained_samples=1000).triggered is fires


@pytest.mark.parametrize("drift", [False, True])
@pytest.mark.parametrize("performance", [False, True])
@pytest.mark.parametrize("old", [False, True])
def test_nested_combination_is_its_logic(drift: bool, performance: bool, old: bool) -> None:
    policy = CompositeTrigger(
        triggers=[CompositeTrigger([DriftTrigger(), PerformanceTrigger()], logic="OR"), TimeTrigger(interval="7d")],
        logic="AND", name="production_policy",
    )  # fmt: skip
    report = one(
        policy, drift_metrics={"js_divergence": 0.2 if drift else 0.1}, baseline_metrics={"val_loss": 1.0},
        current_metrics={"val_loss": 2.0 if performance else 1.0},
        last_trained_at=NOW - timedelta(days=8 if old else 1),
    )  # fmt: skip
    assert report.triggered is ((drift or performance) and old)
    assert [each.name for each in report.details] == ["production_policy"]
    assert len(list(report.details[0].leaves())) == 3


@pytest.mark.parametrize(
    ("metrics", "told"),
    [
        ({}, "js_divergence is not among the drift metrics (none given)"),
        ({"drift_metrics": {"psi": 0.3}}, "js_divergence is not among the drift metrics (psi)"),
        ({"drift_metrics": {"js_divergence": math.nan}}, "js_divergence is nan, no finite number"),
        ({"drift_metrics": {"js_divergence": True}}, "js_divergence is True, no finite number"),
        ({"drift_metrics": {"js_divergence": "0.3"}}, "js_divergence is '0.3', no finite number"),
    ],
)
def test_metric_that_is_missing_or_no_number_is_told_and_fires_nothing(metrics: dict[str, Any], told: str) -> None:
    report = one(DriftTrigger(), **metrics)
    assert not report.triggered
    assert report.recommendations == ("Leave the model alone: no trigger fired.", f"Give drift_js_divergence what it "
                                      f"compares: {told}.")  # fmt: skip


@pytest.mark.parametrize("side", ["current_metrics", "baseline_metrics"])
def test_performance_without_one_of_its_sides_is_told(side: str) -> None:
    report = one(PerformanceTrigger(), **{side: {"val_loss": 1.0}})
    missing = {"current_metrics": "baseline", "baseline_metrics": "current"}[side]
    assert f"no finite number, in {missing} metrics" in report.recommendations[1]


@pytest.mark.parametrize(("loss", "severity"), [(1.05, "LOW"), (1.11, "MEDIUM"), (1.29, "MEDIUM"), (1.31, "CRITICAL")])
def test_severity_of_a_trigger_grows_with_its_strength(loss: float, severity: str) -> None:
    metrics = {"current_metrics": {"val_loss": loss}, "baseline_metrics": {"val_loss": 1.0}}
    report = one(PerformanceTrigger(threshold=0.05), **metrics)
    assert report.details[0].severity == report.severity == severity


def test_severity_of_several_is_more_than_that_of_each() -> None:
    manager = RetrainingTriggerManager()
    manager.register_drift_trigger()
    manager.register_time_trigger("7d")
    report = manager.evaluate(drift_metrics={"js_divergence": 0.15}, last_trained_at=NOW - timedelta(days=7), now=NOW)
    assert {str(each.severity) for each in report.details} == {"LOW"}
    assert report.severity == "MEDIUM"


def test_severity_that_a_trigger_was_given_is_the_least_of_the_report() -> None:
    manager = RetrainingTriggerManager()
    manager.register_drift_trigger(metric_name="safety", threshold=0.1, severity="CRITICAL")
    assert manager.evaluate(drift_metrics={"safety": 0.1}).severity == "CRITICAL"
    assert manager.evaluate(drift_metrics={"safety": 0.05}).severity == "LOW"


def test_trigger_of_ones_own_is_asked_with_the_same_evidence() -> None:
    manager = RetrainingTriggerManager()
    manager.register_trigger(QueueTrigger(most=5), name="queue", severity="HIGH")
    report = manager.evaluate(drift_metrics={"queue": 7})
    assert (report.triggered, report.severity, report.details[0].reason) == (True, "HIGH", "queue 7")
    assert not manager.evaluate(drift_metrics={"queue": 5}).triggered


def test_trigger_of_a_policy_may_be_registered_too() -> None:
    manager = RetrainingTriggerManager()
    manager.register_trigger(SignalTrigger(kind=SignalKind.DATA_DRIFT))
    assert not manager.evaluate(drift_metrics={"psi": 9.0}).triggered


@pytest.mark.parametrize(
    ("answer", "fires"),
    [(True, True), (False, False), ((True, "why"), True), (TriggerResult(trigger="x", fired=True, reason="r"), True)],
)
def test_own_trigger_may_answer_shortly(answer: Any, fires: bool) -> None:
    assert one(Answers(answer)).triggered is fires


@pytest.mark.parametrize(
    ("answer", "told"),
    [(None, "answered a NoneType"), (1, "answered a int"), (("yes", 1), "answered a tuple"),
     (KeyError("x"), "it failed: KeyError")],
)  # fmt: skip
def test_own_trigger_that_fails_or_answers_nonsense_is_named(answer: Any, told: str) -> None:
    with pytest.raises(DataError, match=rf"trigger Answers: {told}|trigger Answers: it {told}"):
        one(Answers(answer))


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_has_the_numbers_that_its_name_stands_for(preset: Any) -> None:
    drift, performance, days, volume = PRESETS[preset]
    manager = RetrainingTriggerManager.from_preset(preset, metric_name="val_accuracy")
    assert manager.to_config()["triggers"] == [
        {"drift": {"threshold": drift, "metric_name": "js_divergence", "name": "drift_js_divergence", "mode": "max"}},
        {"performance": {"threshold": performance, "metric_name": "val_accuracy", "mode": "max",
                         "name": "performance_val_accuracy"}},
        {"time": {"interval": f"{days}d", "name": "time"}},
        {"data_volume": {"percentage": volume, "name": "data_volume"}},
    ]  # fmt: skip


YAML = """
preset: balanced
metric_name: val_accuracy
triggers:
  - drift: {threshold: 0.2, metric_name: brightness, severity: HIGH}
  - composite: {logic: and, name: both, triggers: [drift, {time: {interval: 36h}}]}
  - own: {trigger: "tests.test_trigger_manager:QueueTrigger", settings: {most: 3}, name: queue}
  - data_volume: {percentage: 20%, samples: 5000, name: rows}
"""


def test_triggers_are_read_from_yaml_own_ones_among_them(tmp_path: Path) -> None:
    path = tmp_path / "triggers.yaml"
    path.write_text(YAML)
    manager = RetrainingTriggerManager.from_config(path)
    report = manager.evaluate(drift_metrics={"queue": 4, "brightness": 0.3}, now=NOW)
    fired = {each.name: str(each.severity) for each in report.details if each.triggered}
    assert fired == {"queue": "LOW", "drift_brightness": "HIGH"}


def test_configuration_written_is_read_back_the_same(tmp_path: Path) -> None:
    (tmp_path / "triggers.yaml").write_text(YAML)
    written = RetrainingTriggerManager.from_config(tmp_path / "triggers.yaml").to_config()
    (tmp_path / "again.json").write_text(json.dumps(written))
    assert RetrainingTriggerManager.from_config(tmp_path / "again.json").to_config() == written


AS_IN_MODEL_FILES: list[Any] = [
    {"model_age": "7d"},
    {"schedule": "0 2 * * *"},
    "red_team",
    {"any": ["drift", {"model_age": "3d"}]},
    {"all": [{"drift": {"threshold": 0.2}}, {"any": [{"model_age": "1d"}, "time"]}]},
    {"at_least": {"count": 2, "of": ["drift", "time", "data_drift"]}},
    {"cooldown": {"period": "2d", "of": "drift"}},
    {"warm_up": {"period": "1d", "of": {"any": ["time"]}}},
    {"persistence": {"count": 2, "checks": 3, "of": "drift"}},
    "new_data",
]


@pytest.mark.parametrize("written", AS_IN_MODEL_FILES, ids=str)
def test_triggers_of_model_files_are_read_and_written_under_their_names(written: Any) -> None:
    manager = RetrainingTriggerManager.from_config({"triggers": [written]})
    config = manager.to_config()
    assert RetrainingTriggerManager.from_config(config).to_config() == config
    assert len(manager.evaluate(drift_metrics={"js_divergence": 0.01}, now=NOW).details) == 1


def test_triggers_of_model_files_fire_beside_those_on_own_metrics() -> None:
    manager = RetrainingTriggerManager.from_config(
        {"triggers": [{"all": [{"drift": {"threshold": 0.2}}, {"model_age": "7d"}], "severity": "CRITICAL"}]}
    )
    old, young = NOW - timedelta(days=8), NOW - timedelta(days=6)
    for trained, drift, fires in ((old, 0.3, True), (young, 0.3, False), (old, 0.1, False)):
        report = manager.evaluate(drift_metrics={"js_divergence": drift}, last_trained_at=trained, now=NOW)
        assert report.triggered is fires
        assert not fires or report.severity == "CRITICAL"


def test_number_that_is_left_out_is_that_of_the_preset() -> None:
    [*_, age] = RetrainingTriggerManager.from_config({"preset": "balanced", "triggers": ["model_age"]}).to_config()[
        "triggers"
    ]
    assert age == {"model_age": "7d"}


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"triggers": [{"model_age": "soon"}]}, r"triggers\[0\]: model_age: .*soon"),
        ({"triggers": [{"any": []}]}, r"triggers\[0\]: any: a list of triggers is needed"),
        ({"triggers": [{"any": ["time", "drfit"]}]}, r"triggers\[0\]\.any\[1\]: unknown trigger 'drfit'"),
        ({"triggers": [{"model_age": "7d", "severity": "BAD"}]}, "severity: found 'BAD'"),
        ({"triggers": [{"model_age": "7d", "time": {}}]}, "one name and its settings"),
        ({"trigers": []}, "trigers: unknown field; did you mean 'triggers'"),
        ({"preset": "brave"}, "preset: found 'brave'; known: conservative, balanced, aggressive"),
        ({"triggers": ["drfit"]}, r"triggers\[0\]: unknown trigger 'drfit'; did you mean 'drift'"),
        ({"triggers": [{"drift": {"treshold": 1}}]}, "drift.treshold: unknown setting; did you mean 'threshold'"),
        ({"triggers": [{"drift": {"threshold": 0}}]}, r"triggers\[0\]: threshold: found 0; it has to be more than 0"),
        ({"triggers": [{"drift": {"threshold": "much"}}]}, "found 'much'; write a number, or for example 20%"),
        ({"triggers": [{"time": {"interval": "soon"}}]}, "'soon' is not a duration"),
        ({"triggers": [{"composite": {"logic": "XOR", "triggers": ["time"]}}]}, "found 'XOR'; write AND or OR"),
        ({"triggers": [{"composite": {"triggers": []}}]}, "none given; name at least one"),
        ({"triggers": [{"data_volume": {}}]}, "give samples, percentage, or both"),
        ({"triggers": [{"own": {"trigger": "nothing"}}]}, "names no class: write module:Class"),
        ({"triggers": [{"drift": {"severity": "BAD"}}]}, "severity: found 'BAD'; known: LOW"),
        ({"triggers": ["time", "time"]}, "trigger time: a trigger of that name is registered"),
        ({"triggers": {"drift": {}}}, "triggers: found dict; a list is needed"),
        ({"triggers": [["drift"]]}, "write a trigger's name, or one name and its settings"),
    ],
)
def test_mistake_in_a_configuration_is_named_with_what_is_known(config: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        RetrainingTriggerManager.from_config(config)


@pytest.mark.parametrize("content", ["{", b"\xff\xfe", "- a list"])
def test_file_that_holds_no_configuration_is_refused_by_its_name(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "triggers.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigurationError, match=r"triggers\.yaml"):
        RetrainingTriggerManager.from_config(path)
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        RetrainingTriggerManager.from_config(tmp_path / "none.yaml")


def test_own_trigger_that_cannot_be_imported_is_named_when_it_is_asked() -> None:
    manager = RetrainingTriggerManager.from_config({"triggers": [{"own": {"trigger": "no_such_module:Rule"}}]})
    with pytest.raises(ConfigurationError, match="own trigger no_such_module:Rule: cannot be imported and made"):
        manager.evaluate()


def test_report_as_json_holds_what_was_compared_and_is_written_where_asked(tmp_path: Path) -> None:
    report = one(PerformanceTrigger(), current_metrics={"val_loss": 1.0}, baseline_metrics={"val_loss": 0.0})
    found = json.loads(report.to_json(tmp_path / "retraining_report.json"))
    assert found == json.loads((tmp_path / "retraining_report.json").read_text())
    assert found["triggered"] is True
    assert found["timestamp"] == NOW.isoformat()
    assert found["details"][0]["threshold"] == 0.05
    assert found["details"][0]["actual"] is None  # endlessly worse, which JSON has no number for


def test_report_as_markdown_is_inert_whatever_others_write() -> None:
    manager = RetrainingTriggerManager()
    manager.register_trigger(Answers((True, "a | b\n# <script>`x`")), name="[own](http://x)")
    text = manager.evaluate(now=NOW, metadata={"model": "<b>"}).to_markdown()
    assert text.startswith("# Retraining recommended\n")
    assert "| \\[own\\](http://x) | yes | LOW |  |  | a \\| b # &lt;script>\\`x\\` |" in text
    assert text.count("\n# ") == 0
    assert "- model: &lt;b>" in text


def test_manager_keeps_its_reports_in_order_from_several_threads() -> None:
    manager = RetrainingTriggerManager()
    manager.register_drift_trigger()
    threads = [
        threading.Thread(target=manager.evaluate, kwargs={"drift_metrics": {"js_divergence": n / 50}})
        for n in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(manager.history) == 50
    assert sum(report.triggered for report in manager.history) == sum(n / 50 >= 0.15 for n in range(50))


class Engine:
    """Metrics of now."""

    def drift_metrics(self) -> dict[str, float]:
        """Drift."""
        return {"js_divergence": 0.3}

    def current_metrics(self) -> dict[str, float]:
        """Performance."""
        return {"val_loss": 0.5}


class Registry:
    """What is in production."""

    def baseline_metrics(self) -> dict[str, float]:
        """At acceptance."""
        return {"val_loss": 0.4}

    def last_trained_at(self) -> str:
        """When."""
        return "2026-01-01"


class Log(list[Any]):
    """Reports that were told."""

    def log_retraining_report(self, report: Any) -> None:
        """Keep it."""
        self.append(report)


def test_engine_registry_and_log_are_asked_and_told() -> None:
    log = Log()
    manager = RetrainingTriggerManager.from_preset(
        "balanced", metrics_engine=Engine(), model_registry=Registry(), experiment_db=log
    )
    report = manager.check_retraining_needed(now=NOW)
    assert [each.triggered for each in report.details] == [True, True, True, False]
    assert log == [report.to_dict()]


def test_without_an_engine_there_is_nothing_to_check() -> None:
    with pytest.raises(ConfigurationError, match="metrics_engine: none given"):
        RetrainingTriggerManager().check_retraining_needed()


def test_nothing_registered_is_said_and_not_taken_for_a_no() -> None:
    assert RetrainingTriggerManager().evaluate().recommendations == ("Register a trigger: there is none yet.",)
