from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.layout import PROJECT_ROOT

AIRFLOW = {"init", "api-server", "scheduler", "dag-processor", "triggerer"}
DATABASES = {"airflow-db", "retraining-db"}
READ_BY_SETTINGS = {
    "RETRAINING_MODELS_DIR",
    "RETRAINING_DATA_DIR",
    "RETRAINING_ARTIFACTS",
    "RETRAINING_ARTIFACTS_DIR",
    "RETRAINING_DB_DIRECT",
    "RETRAINING_KEEP_MONTHS",
    "RETRAINING_LOG_FILE",
    "AIRFLOW_CONN_RETRAINING_DB",
}
#: What says which connections there are; those are in .env.connections, which is handed on as it is.
OF_CONNECTIONS = {"AIRFLOW_CONN_", "RETRAINING_NOTIFY_CONNECTION", "RETRAINING_MLFLOW_CONNECTION"}
NAMES_A_SECRET = re.compile(r"PASSWORD$|SECRET|FERNET_KEY|SQL_ALCHEMY_CONN|AIRFLOW_CONN_")
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]+\}")


@pytest.fixture(scope="module")
def text() -> str:
    return (PROJECT_ROOT / "docker-compose.yaml").read_text()


@pytest.fixture(scope="module")
def services(text: str) -> dict[str, Any]:
    services = yaml.safe_load(text)["services"]
    assert isinstance(services, dict)
    return services


def test_services_are_airflow_and_two_databases(services: dict[str, Any]) -> None:
    assert set(services) == AIRFLOW | DATABASES


def test_every_service_that_stays_up_has_a_health_check(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "healthcheck" not in service] == ["init"]


def test_airflow_waits_for_both_databases(services: dict[str, Any]) -> None:
    for name in AIRFLOW:
        waits = services[name]["depends_on"]
        assert {waits[database]["condition"] for database in DATABASES} == {"service_healthy"}


def test_no_secret_has_a_value_or_a_default(services: dict[str, Any]) -> None:
    checked = 0
    for service in services.values():
        for name, value in service["environment"].items():
            if NAMES_A_SECRET.search(name):
                assert REQUIRED.search(value), f"{name} is not taken from .env"
                checked += 1
    assert checked >= len(services)


def test_every_variable_without_a_default_is_in_the_example(text: str) -> None:
    example = (PROJECT_ROOT / ".env.example").read_text()
    given = dict(re.findall(r"^(\w+)=(.*)$", example, flags=re.MULTILINE))
    required = set(REQUIRED.findall(text))
    assert required
    assert required <= set(given)
    assert {name for name in required if given[name]} == set()


def test_airflow_services_set_what_the_settings_read(services: dict[str, Any]) -> None:
    for name in AIRFLOW:
        assert set(services[name]["environment"]) >= READ_BY_SETTINGS


def test_the_settings_read_nothing_else() -> None:
    source = (PROJECT_ROOT / "include" / "workflow" / "settings.py").read_text()
    assert set(re.findall(r'"((?:RETRAINING|AIRFLOW)_\w+)"', source)) == READ_BY_SETTINGS | OF_CONNECTIONS


def test_image_has_the_airflow_of_the_requirements() -> None:
    image = re.search(r"^FROM apache/airflow:([\d.]+)-", (PROJECT_ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert image is not None
    assert f"apache-airflow=={image[1]} " in (PROJECT_ROOT / "requirements.txt").read_text()


def test_build_context_leaves_out_the_environment_file() -> None:
    assert Path(PROJECT_ROOT / ".dockerignore").read_text().startswith("*\n")
