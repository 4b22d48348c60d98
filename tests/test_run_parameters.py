from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from include.errors import ConfigurationError
from include.workflow.run_parameters import check_parameters, requested_time
from tests.airflow_home import AirflowHome

NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)

_RUN_OF = """
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from include.errors import ConfigurationError
from include.interfaces.airflow.outcomes import chosen_models, run_of
soon = datetime.now(UTC) + timedelta(days=1)
asked = SimpleNamespace(run_id="r", run_type="manual", logical_date=None, run_after=datetime.now(UTC))
run_of(asked, {})
for ask in (
    lambda: run_of(asked, {"as_of": "2062-03-01T00:00:00Z"}),
    lambda: run_of(SimpleNamespace(**{**vars(asked), "logical_date": soon}), {}),
    lambda: chosen_models(None, {"as_of": "2062-03-01T00:00:00Z"}),
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
