from __future__ import annotations

import time

import httpx
import pytest

from include.errors import ConfigurationError
from include.interfaces.mlflow.api import MlflowApi, MlflowError
from include.interfaces.mlflow.settings import MlflowSettings


def test_settings_come_from_mlflows_own_variables_and_hide_secrets() -> None:
    assert MlflowSettings.from_environment({}) is None
    found = MlflowSettings.from_environment({
        "MLFLOW_TRACKING_URI": "https://mlflow.example", "MLFLOW_TRACKING_TOKEN": "hush",
        "RETRAINING_MLFLOW_SECONDS": "3",
    })  # fmt: skip
    assert found == MlflowSettings(uri="https://mlflow.example", token="hush", seconds=3.0)
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [("MLFLOW_TRACKING_URI", "sqlite:///x"), ("RETRAINING_MLFLOW_SECONDS", "soon"), ("RETRAINING_MLFLOW_SECONDS", "0")],
)
def test_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        MlflowSettings.from_environment({"MLFLOW_TRACKING_URI": "http://mlflow:5000", name: value})


@pytest.mark.parametrize(
    ("written", "uri"),
    [
        ("http://ada:hu%2Fsh@mlflow:5000", "http://mlflow:5000"),
        ("https://ada:hu%2Fsh@mlflow", "https://mlflow"),
        ("http://ada:hu%2Fsh@mlflow:8443/https", "https://mlflow:8443"),
        (
            '{"conn_type": "http", "host": "mlflow", "port": 5000, "login": "ada", "password": "hu/sh"}',
            "http://mlflow:5000",
        ),
        ('{"conn_type": "https", "host": "mlflow", "login": "ada", "password": "hu/sh"}', "https://mlflow"),
    ],
)
def test_settings_come_from_a_connection_that_the_environment_holds(written: str, uri: str) -> None:
    given = {"RETRAINING_MLFLOW_CONNECTION": "tracking", "AIRFLOW_CONN_TRACKING": written, "MLFLOW_TRACKING_URI": "x"}
    found = MlflowSettings.from_environment(given)
    assert found == MlflowSettings(uri=uri, user="ada", password="hu/sh")
    assert "hu" not in repr(found)


@pytest.mark.parametrize(
    "written", ["", "http://:hush@", "{hush", '{"conn_type": "http", "password": "hush"}', "http://a:x"]
)
def test_connection_that_leads_nowhere_is_named_without_its_secret(written: str) -> None:
    with pytest.raises(ConfigurationError, match="AIRFLOW_CONN_TRACKING") as refused:
        MlflowSettings.from_environment({"RETRAINING_MLFLOW_CONNECTION": "tracking", "AIRFLOW_CONN_TRACKING": written})
    assert "hush" not in str(refused.value)


def test_whoever_runs_in_airflow_has_the_connection_looked_up_there() -> None:
    from include.data.sources.environment import WebConnection

    found = MlflowSettings.from_environment(
        {"RETRAINING_MLFLOW_CONNECTION": "tracking"}, lambda name: WebConnection(uri=f"http://{name}")
    )
    assert found == MlflowSettings(uri="http://tracking")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(200, text="<html>log in", headers={"content-type": "text/html; charset=utf-8"}), "text/html"),
        (httpx.Response(302, headers={"location": "https://sso.example.org/"}), r"HTTP 302.*redirected to https://sso"),
        (httpx.Response(200, text="null"), "no answer of MLflow's API"), (httpx.Response(200, json=[]), "HTTP 200"),
        (httpx.Response(200, text="ok"), "no answer of MLflow's API"),
    ],
)  # fmt: skip
def test_whatever_else_answers_is_told_with_what_to_look_at(
    monkeypatch: pytest.MonkeyPatch, answer: httpx.Response, said: str
) -> None:
    monkeypatch.setattr(httpx.Client, "request", lambda *_, **__: answer)
    settings = MlflowSettings.from_environment({"MLFLOW_TRACKING_URI": "http://mlflow:5000"})
    assert settings is not None
    with MlflowApi(settings, time.monotonic() + 5) as api:
        for ask in (api.get, api.post, api.create):
            with pytest.raises(MlflowError, match=rf"(?s){said}.*MLFLOW_TRACKING_TOKEN"):
                ask("experiments/get-by-name")
