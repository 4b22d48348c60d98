from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from include.errors import ConfigurationError, NothingToDo, RetrainingError
from include.workflow.canary import set_canary
from include.workflow.deployment import Deployment
from include.workflow.lift import lift_quarantine
from include.workflow.request import request_retrain
from include.workflow.rollback import roll_back
from include.workflow.run_parameters import (
    FORM,
    LONGEST_NAME,
    LONGEST_REASON,
    RunParameters,
    check_parameters,
    chosen_models,
    requested_time,
)
from tests.airflow_home import AirflowHome
from tests.models import PROJECT_ROOT
from tests.stage import Stage

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)

_RUN_OF = """
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from include.errors import ConfigurationError
from include.interfaces.airflow.outcomes import chosen_models, run_of
soon = datetime.now(UTC) + timedelta(days=1)
asked = SimpleNamespace(run_id="r", run_type="manual", logical_date=None, run_after=datetime.now(UTC))
run_of(asked, {})
now = datetime.now(UTC)
start = now - timedelta(hours=6)
for run_type, end in (("scheduled", now), ("backfill", now), ("manual", start), ("operator_triggered", start)):
    dag_run = SimpleNamespace(
        run_id="r", run_type=SimpleNamespace(value=run_type), logical_date=start, run_after=now,
        data_interval_start=start, data_interval_end=now,
    )
    found = run_of(dag_run, {})
    assert (found.as_of, found.requested_by) == (end, run_type), found
for ask in (
    lambda: run_of(asked, {"as_of": "2062-03-01T00:00:00Z"}),
    lambda: run_of(SimpleNamespace(**{**vars(asked), "logical_date": soon}), {}),
    lambda: chosen_models(
        SimpleNamespace(models_dir=None), {"as_of": "2062-03-01T00:00:00Z"}, SimpleNamespace(run_type="manual", conf={})
    ),
):
    try:
        print("taken", ask())
    except ConfigurationError as error:
        assert "later than now" in str(error), error
"""


def test_time_without_a_zone_is_utc() -> None:
    assert requested_time("2026-07-20T12:00:00", now=NOW) == NOW
    assert requested_time("2026-07-20T14:00:00+02:00", now=NOW) == NOW
    assert requested_time(NOW - timedelta(days=300), now=NOW) == NOW - timedelta(days=300)


def test_time_that_has_not_come_is_refused_but_for_what_clocks_differ_by() -> None:
    assert requested_time(NOW + timedelta(minutes=2), now=NOW) == NOW + timedelta(minutes=2)
    with pytest.raises(ConfigurationError, match=r"parameter as_of: 2062-03-01 00:00 UTC is later than now, 2026-07"):
        requested_time("2062-03-01T00:00:00Z", now=NOW)


def test_text_that_is_no_time_is_named() -> None:
    with pytest.raises(ConfigurationError, match="parameter as_of: found 'yesterday'"):
        requested_time("yesterday", now=NOW)


def test_run_of_airflow_that_looks_ahead_is_refused(airflow_home: AirflowHome) -> None:
    assert "taken" not in airflow_home.run_python(_RUN_OF).stdout


KNOWN = ("models", "reason", "force", "dry_run", "preset", "as_of", "rollback_to")


@pytest.mark.parametrize("conf", [None, {}, {"models": ["demand"], "force": True}, {"preset": None}])
def test_known_parameters_are_taken(conf: dict[str, object] | None) -> None:
    check_parameters(conf, {**dict.fromkeys(KNOWN), **(conf or {})}, KNOWN)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("modelz", "models"), ("Models", "models"), ("MODEL", "models"), ("dry-run", "dry_run"), ("asof", "as_of"),
     ("rollback", "rollback_to"), ("forced", "force"), ("", None), ("x" * 300, None), ("colour", None)],
)  # fmt: skip
def test_unknown_parameter_is_refused_with_the_one_that_was_meant(name: str, meant: str | None) -> None:
    conf = {"reason": "try", name: ["demand"]}
    with pytest.raises(ConfigurationError) as caught:
        check_parameters(conf, conf, KNOWN)
    told = str(caught.value)
    assert f"unknown parameter {name!r}" in told
    assert f"allowed: {', '.join(KNOWN)}" in told
    assert "did you mean" not in told if meant is None else f"did you mean {meant!r}?" in told


def test_every_unknown_parameter_is_told() -> None:
    with pytest.raises(ConfigurationError, match=r"'modelz'.*'forse'"):
        check_parameters({"modelz": [], "forse": True}, {}, KNOWN)


def test_parameter_that_airflow_does_not_pass_on_is_told_instead_of_checking_every_model() -> None:
    with pytest.raises(ConfigurationError, match=r"models: given, but not passed on.*dag_run_conf_overrides_params"):
        check_parameters({"models": ["demand"]}, {"models": []}, KNOWN)


def test_form_of_the_dag_has_the_parameters_of_a_run_and_no_others() -> None:
    file = PROJECT_ROOT / "include" / "interfaces" / "airflow" / "run_form.py"
    calls = [each for each in ast.walk(ast.parse(file.read_text())) if isinstance(each, ast.Call)]
    forms = [each.args[0].value for each in calls if getattr(each.func, "id", "") == "_schema"]  # type: ignore[attr-defined]
    assert forms == list(FORM)


def names(field: str) -> str:
    return f"^parameter {field}: "


#: What is refused, and the field that the refusal names. The form refuses the same, but for what only a rule can know.
WRONG: list[tuple[dict[str, Any], str, bool]] = [
    ({"models": "demand"}, names("models"), True),
    ({"models": [7]}, names("models"), True),
    ({"models": [" "]}, names("models"), False),
    ({"models": {"demand": 1}}, names("models"), True),
    ({"reason": "x" * (LONGEST_REASON + 1)}, names("reason"), True),
    ({"reason": ["why"]}, names("reason"), True),
    ({"force": "false"}, names("force"), True),
    ({"dry_run": 1}, names("dry_run"), True),
    ({"preset": "balancd"}, names("preset"), True),
    ({"as_of": 1767225600}, names("as_of"), True),
    ({"as_of": "yesterday"}, names("as_of"), False),
    ({"as_of": "2062-03-01"}, names("as_of"), False),
    ({"as_of": "0001-01-01T00:00:00+23:00"}, names("as_of"), False),
    ({"as_of": "9999-12-31T23:59:59-23:00"}, names("as_of"), False),
    ({"as_of": "1066-10-14"}, names("as_of"), False),
    ({"rollback_to": "best", "models": ["demand"]}, "^found 'best' for a version", True),
    ({"rollback_to": "v0", "models": ["demand"]}, "^found 'v0' for a version", True),
    ({"rollback_to": "v3\n", "models": ["demand"]}, "for a version", False),
    ({"rollback_to": "v٣", "models": ["demand"]}, "for a version", True),
    ({"rollback_to": 3, "models": ["demand"]}, names("rollback_to"), True),
    ({"rollback_to": "previous"}, names("models"), False),
    ({"rollback_to": "v3", "models": []}, names("models"), False),
]


@pytest.mark.parametrize(("params", "field", "by_form"), WRONG, ids=[str(each[0])[:40] for each in WRONG])
def test_wrong_parameter_is_refused_by_its_name_and_by_the_form(
    params: dict[str, Any], field: str, by_form: bool
) -> None:
    with pytest.raises(RetrainingError, match=field):
        RunParameters.of(params, now=NOW)
    shape = {"type": "object", "properties": dict(FORM)}
    assert jsonschema.Draft202012Validator(shape).is_valid(params) is not by_form


@pytest.mark.parametrize(
    "params",
    [
        {}, dict.fromkeys(FORM), {"reason": "x" * LONGEST_REASON}, {"preset": "balanced", "force": True},
        {"models": ["demand"], "rollback_to": "previous"}, {"models": ["demand"], "rollback_to": "3"},
        {"as_of": "2026-07-20T12:00:00", "dry_run": True}, {"models": [], "rollback_to": "", "reason": ""},
    ],
)  # fmt: skip
def test_what_the_form_takes_is_taken(params: dict[str, Any]) -> None:
    given = {name: value for name, value in params.items() if value is not None}
    jsonschema.validate(given, {"type": "object", "properties": dict(FORM)})
    found = RunParameters.of(params, now=NOW)
    run = found.run("r", by="ada", at=NOW - timedelta(days=1), now=NOW)
    assert (run.force, run.dry_run, run.preset) == (found.force, found.dry_run, found.preset)
    assert run.as_of == (NOW if params.get("as_of") else NOW - timedelta(days=1))


def test_run_that_rolls_back_checks_nothing_and_says_so() -> None:
    RunParameters.of({}, now=NOW).require_check()
    with pytest.raises(NothingToDo, match="rolls back to v3"):
        RunParameters.of({"rollback_to": "v3", "models": ["demand"]}, now=NOW).require_check()


def test_models_of_a_run_are_looked_up_after_its_parameters_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="unknown parameter 'modelz'"):
        chosen_models(tmp_path, {}, {"modelz": []}, now=NOW)
    with pytest.raises(ConfigurationError, match="parameter models: empty"):
        chosen_models(tmp_path, {"rollback_to": "v1"}, None, now=NOW)
    with pytest.raises(ConfigurationError, match="no model 'demand'"):
        chosen_models(tmp_path, {"models": ["demand"]}, {"models": ["demand"]}, now=NOW)


Act = Callable[[Deployment, str, str], object]
ACTS: dict[str, Act] = {
    "request": lambda place, by, reason: request_retrain(place, "sales", reason, by=by),
    "rollback": lambda place, by, reason: roll_back(place, "sales", requested_by=by, reason=reason),
    "lifting": lambda place, by, reason: lift_quarantine(place.store, 1, by=by, reason=reason),
    "canary": lambda place, by, reason: set_canary(place.store, "sales", 1, 5.0, by=by, reason=reason),
}


@pytest.fixture
def place(tmp_path: Path) -> Deployment:
    stage = Stage(tmp_path)
    stage.add("sales")
    return stage.deployment


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("reason", ["", " ", "\n\t", "\u200b\u00a0", "\u3164", "\ud800", "x" * (LONGEST_REASON + 1)])
def test_act_without_a_reason_that_can_be_read_is_refused(place: Deployment, act: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^reason \(--reason\): "):
        ACTS[act](place, "ada", reason)
    assert place.store.requests() == []


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("by", ["", " ", "\u200b", "x" * (LONGEST_NAME + 1)])
def test_act_of_nobody_is_refused(place: Deployment, act: str, by: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^by \(--by\): "):
        ACTS[act](place, by, "why")
    assert place.store.requests() == []


def refusal(ask: Callable[[], object]) -> str:
    """What it is refused for, such as a champion that there is not; empty where it is not."""
    try:
        ask()
    except RetrainingError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("reason", ["?", "x" * LONGEST_REASON, "日本"])
def test_reason_that_can_be_read_is_taken_by_every_act(place: Deployment, act: str, reason: str) -> None:
    assert "reason" not in refusal(lambda: ACTS[act](place, "ada", reason))
    assert bool(place.store.requests()) is (act == "request")


@pytest.mark.parametrize(
    ("kind", "meant"), [("manuel", "'manual'"), ("", ""), ("API", "'api'"), ("red-team", "'red_team'")]
)
def test_unknown_kind_of_request_is_refused_with_the_known(place: Deployment, kind: str, meant: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^kind .*unknown kind.*{meant}.*known: manual, api"):
        request_retrain(place, "sales", "why", by="ada", kind=kind)
