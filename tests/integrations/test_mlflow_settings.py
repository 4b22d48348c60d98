from __future__ import annotations

import pytest

from include.errors import ConfigurationError
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
