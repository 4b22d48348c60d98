"""The values for Airflow's official chart. Its own schema is asked where RETRAINING_CHART names the chart's folder."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tools.layout import PROJECT_ROOT

COMPONENTS = ("scheduler", "apiServer", "dagProcessor", "triggerer")
SECRET = re.compile(r"password$|^pass$|SecretKey$|^fernetKey$|^jwtSecret$|^brokerUrl$|token$", re.IGNORECASE)


def leaves(value: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        return [leaf for name, each in value.items() for leaf in leaves(each, (*path, f"{name}"))]
    if isinstance(value, list):
        return [leaf for number, each in enumerate(value) for leaf in leaves(each, (*path, f"{number}"))]
    return [(path, value)]


def chart_schema() -> dict[str, Any]:
    folder = os.environ.get("RETRAINING_CHART")
    if not folder:
        pytest.skip("RETRAINING_CHART names no folder (helm pull apache-airflow/airflow --version 1.22.0 --untar)")
    schema = json.loads((Path(folder) / "values.schema.json").read_text(encoding="utf-8"))
    assert isinstance(schema, dict)
    return schema


def test_values_follow_the_schema_of_the_chart_and_are_named_there(values: dict[str, Any]) -> None:
    schema = chart_schema()
    jsonschema.Draft7Validator(schema).validate(values)
    assert set(values) <= set(schema["properties"])  # it lets unknown ones pass at the top
    workers = schema["properties"]["workers"]["properties"]["celery"]["properties"]
    assert set(values["workers"]["celery"]) <= set(workers)


def test_no_value_is_a_secret(values: dict[str, Any]) -> None:
    for path, _ in leaves(values):
        assert path[0] == "secret" or not SECRET.search(path[-1]), ".".join(path)
    assert not values["createUserJob"]["enabled"]  # a user admin with the password admin
    assert not values["postgresql"]["enabled"]


def test_tasks_are_given_out_as_in_compose(values: dict[str, Any], services: dict[str, Any]) -> None:
    environment = services["cluster-scheduler"]["environment"]
    checked = 0
    for section in ("core", "celery", "celery_broker_transport_options", "scheduler", "workers"):
        for name, value in values["config"][section].items():
            assert f"{value}" == environment[f"AIRFLOW__{section.upper()}__{name.upper()}"], (section, name)
            checked += 1
    assert checked >= 11
    places = values["workers"]["celery"]["replicas"] * values["config"]["celery"]["worker_concurrency"]
    assert places >= values["config"]["core"]["parallelism"]


def test_containers_are_hardened_and_limited(values: dict[str, Any]) -> None:
    for component in (*(values[name] for name in COMPONENTS), values["workers"]["celery"]):
        made = component["securityContexts"]["container"]
        assert made["readOnlyRootFilesystem"]
        assert not made["allowPrivilegeEscalation"]
        assert made["capabilities"] == {"drop": ["ALL"]}
        assert set(component["resources"]) == {"requests", "limits"}
    assert values["securityContexts"]["pod"]["runAsNonRoot"]
    mounts = {mount["name"]: mount["mountPath"] for mount in values["volumeMounts"]}
    assert mounts["tmp"] == "/tmp"  # noqa: S108  # a folder in a container
    assert set(mounts) == {volume["name"] for volume in values["volumes"]}


def test_job_migrates_the_records_as_their_owner_and_makes_the_pool(values: dict[str, Any]) -> None:
    job = values["migrateDatabaseJob"]
    [owner] = job["env"]
    assert owner["valueFrom"]["secretKeyRef"] == {"name": "retraining", "key": "owner"}
    assert f'AIRFLOW_CONN_RETRAINING_DB="${owner["name"]}" python -m include.cli migrate' in job["args"][-1]
    assert "airflow pools set retraining 3" in job["args"][-1]
    assert not job["useHelmHooks"]  # the chart's own come after the new pods, and would win
    assert job["jobAnnotations"]["helm.sh/hook"] == "post-install,pre-upgrade"


def test_tasks_reach_the_api_server(values: dict[str, Any]) -> None:
    assert values["networkPolicies"]["enabled"]  # and then the chart lets nothing in that is not named
    [peer] = values["apiServer"]["networkPolicy"]["ingress"]["from"]
    assert peer["podSelector"]["matchLabels"] == {"tier": "airflow", "component": "worker", "release": "airflow"}


def test_exporter_beside_pgbouncer_can_log_in(values: dict[str, Any]) -> None:
    # Where it cannot, its container is never ready, and its Service has no end.
    assert values["pgbouncer"]["metricsExporterSidecar"]["statsSecretName"] == "airflow-pgbouncer-stats"
    ini = (PROJECT_ROOT / "docs" / "deploying" / "pgbouncer.ini").read_text(encoding="utf-8")
    assert "\nstats_users = airflow\n" in ini


def test_every_secret_is_made_by_the_page(values: dict[str, Any]) -> None:
    page = (PROJECT_ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    named = {value for path, value in leaves(values) if path[-1].lower().endswith("secretname")}
    named |= {owner["valueFrom"]["secretKeyRef"]["name"] for owner in values["migrateDatabaseJob"]["env"]}
    assert len(named) >= 8
    for name in named:
        assert f"generic {name} " in page, name
    for path, key in leaves(values["secret"]):
        if path[-1] == "secretKey":
            assert f"--from-literal {key}=" in page, key
