from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from include.cli.__main__ import main
from include.decision.policy.presets import PRESETS
from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import ConfigurationError, DataError
from include.records.entries import Analysis, Facts, Run
from include.registry.loader import load_model
from include.registry.spec import ModelSpec
from include.workflow.backtest.fired import RecordedBacktest, changes, run_recorded, summary
from include.workflow.backtest.policies import named_policies
from include.workflow.backtest.recorded import Check, KnownChampion, Record, decide_again, judge_again, read_record
from include.workflow.backtest.trial import load
from tests.records.examples import postgres_store
from tests.stage import REFERENCE_DAYS, Stage, day, sales
from tests.sweeps import first_of

CHANGE, END = 50, 75
FIRST, CHECKS, STEP = 30, 10, 8


def measured(value: float, p_value: float) -> Signal:
    settings = PRESETS["balanced"]
    changed = value >= settings.performance_threshold and p_value < settings.performance_level
    return Signal(
        kind=SignalKind.PERFORMANCE, statistic="rmse", value=value, threshold=settings.performance_threshold,
        p_value=p_value, level=settings.performance_level, reason="",
        verdict=Verdict.CHANGED if changed else Verdict.STABLE,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "p_value", "expected"),
    [(0.20, 1e-9, ("changed", "changed", "changed")), (0.07, 1e-9, ("stable", "changed", "changed")),
     (0.04, 1e-9, ("stable", "stable", "changed")), (0.20, 0.5, ("stable", "stable", "stable"))],
)  # fmt: skip
def test_recorded_signal_is_judged_by_another_preset(value: float, p_value: float, expected: tuple[str, ...]) -> None:
    then = PRESETS["balanced"]
    presets = [PRESETS[name] for name in ("conservative", "balanced", "aggressive")]
    assert tuple(judge_again(measured(value, p_value), then, now).verdict for now in presets) == expected


@pytest.fixture
def spec(tmp_path: Path) -> ModelSpec:
    """A model without rows."""
    stage = Stage(tmp_path)
    return load_model(stage.add("sales", probes={"inference_latency": "probes:latency"}).parent, "sales")


def record(spec: ModelSpec, *, promoted: float = FIRST) -> Record:
    """Ten checks, eight days apart, of a champion that is 8 % worse than it was."""
    worse = replace(measured(0.08, 1e-9), detail={"current": 1.08, "baseline": 1.0, "rows": 240.0})
    analyses = [
        Analysis(
            model_name="sales", run=Run(run_id=str(number), as_of=at), window_start=at - timedelta(days=10),
            window_end=at, rows=240, labelled_rows=240, champion_version=1, signals=[worse],
            facts=Facts(new_rows=100 * number, data_hash=f"h{number // 2}", probes={"inference_latency": number}),
        )
        for number, at in enumerate(day(FIRST + STEP * step) for step in range(CHECKS))
    ]  # fmt: skip
    champion = KnownChampion(since=day(promoted), trained_at=day(FIRST), trained_rows=720, data_hash="h0")
    return Record(spec=spec, analyses=analyses, champions={1: champion})


def by_policy(spec: ModelSpec, text: str, found: Record | None = None) -> list[Check]:
    file = Path(spec.name + ".yaml")
    file.write_text(text)
    return decide_again(found or record(spec), named_policies(spec, str(file))[0])


def fired(checks: list[Check]) -> list[int]:
    return [number for number, check in enumerate(checks) if check.decision.triggered]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("performance_threshold: 0.5\nwhen: performance", []),
        ("performance_threshold: 0.01\nwhen: performance", list(range(10))),
        ("when: {model_age: 20d}", [3, 6, 9]),
        ("when: {schedule: '0 0 1 * *'}", [1, 4, 8]),  # 1 February, March, April
        ("when: {data_volume: 250}\ncooldown: 30d", [3, 7]),
        ("when: {data_volume: 50%}\ncooldown: 30d", [4, 8]),  # of 720 rows
        ("when: new_data", [2, 4, 6, 8]),
        ("when: {inference_latency: {above: 7.5}}", [8, 9]),
        ("when: {warm_up: {period: 60d, of: performance}}", [8, 9]),
        ("when: performance\ncosts: {training: 1000000, per_unit_of_loss: 0.001}", []),
        ("when: performance\ncosts: {training: 0.001, per_unit_of_loss: 1}", list(range(10))),
    ],
)
def test_policy_of_a_file_finds_what_it_asks_for_on_record(
    spec: ModelSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, expected: list[int]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fired(by_policy(spec, text)) == expected


def test_warm_up_begins_with_the_promotion_not_with_the_training(
    spec: ModelSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    text = "when: {warm_up: {period: 20d, of: performance}}"
    assert fired(by_policy(spec, text, record(spec, promoted=FIRST + 16))) == [5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    "policy",
    first_of(
        [
            {"when": {"warm_up": {"period": "12d", "of": {"data_volume": 300}}}},
            {"when": "new_data", "cooldown": "12d"},
            {},
            {"when": {"model_age": "12d"}},
        ],
        2,
    ),
)
def test_recorded_analyses_are_decided_again_as_they_were(tmp_path: Path, policy: dict[str, Any]) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(END, change=CHANGE), policy=policy)
    steps = [stage.run("sales", day(number)) for number in range(REFERENCE_DAYS, END, 5)]
    stage.write("sales", sales(1))  # the rows are gone
    spec = stage.deployment.spec("sales")
    found = read_record(stage.store, spec)
    assert [analysis.run.as_of for analysis in found.analyses] == [day(n) for n in range(REFERENCE_DAYS, END, 5)]
    same, never, always = (decide_again(found, policy) for policy in named_policies(spec, "model,never,always"))
    assert [check.decision.triggered for check in same] == [step.decision.triggered for step in steps[1:]]
    assert any(check.decision.triggered for check in same)
    assert not any(check.decision.triggered for check in never)
    assert all(check.decision.triggered for check in always)


def test_result_is_kept_and_compared(spec: ModelSpec, tmp_path: Path) -> None:
    before = run_recorded(record(spec), named_policies(spec, "model,never"))
    assert RecordedBacktest.from_json(before.to_json()) == before
    now = run_recorded(record(spec), named_policies(spec, "always,never"))
    assert next(iter(summary(now))) == "always: 10 of 10 recorded checks would have fired"
    told = list(changes(now, before))
    assert told[1:] == ["  always         not in the earlier result", "  never          0 of 10 -> 0 of 10"]


def test_stretch_without_a_recorded_check_is_an_error(spec: ModelSpec) -> None:
    with pytest.raises(DataError, match=r"model sales: no check of a champion is on record from 2026-01-10 00:00"):
        read_record(Stage(Path()).store, spec, start=day(9))


def test_command_keeps_the_result_and_compares_it_with_its_like(
    tmp_path: Path, records_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Stage(tmp_path, store=postgres_store(records_uri))  # type: ignore[arg-type]  # the memory store's twin
    stage.add("sales", sales(45))
    for number in (30, 35, 40):
        stage.run("sales", day(number))
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", records_uri)
    out = tmp_path / "kept" / "checks.json"
    command = ["backtest", "--model", "sales", "--models-dir", str(stage.models), "--recorded", "--out", str(out)]
    assert main([*command, "--policies", "always,never"]) == 0
    assert f"kept in {out}" in capsys.readouterr().out
    assert main([*command, "--policies", "always", "--compare", str(out)]) == 0
    assert "2 of 2 -> 2 of 2" in capsys.readouterr().out
    with pytest.raises(ConfigurationError, match="no result of a backtest"):
        load(out)
    (tmp_path / "plain.json").write_text('{"model": "sales", "trials": []}')
    assert main([*command, "--compare", str(tmp_path / "plain.json")]) == 2
    assert "plain.json is no result of a backtest with --recorded" in capsys.readouterr().err
