from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tools.layout import PROJECT_ROOT

AIRFLOW = {"init", "api-server", "scheduler", "dag-processor", "triggerer"}
CLUSTER = {f"cluster-{name}" for name in AIRFLOW} | {"worker"}
DATABASES = {"airflow-db", "retraining-db"}
STORES = DATABASES | {"pgbouncer", "redis", "s3"}
WATCHERS = {"mlflow", "prometheus", "alertmanager", "grafana"}
READ_BY_SETTINGS = {
    "RETRAINING_MODELS_DIR",
    "RETRAINING_DATA_DIR",
    "RETRAINING_ARTIFACTS",
    "RETRAINING_ARTIFACTS_DIR",
    "RETRAINING_DB_DIRECT",
    "RETRAINING_LOG_FILE",
    "RETRAINING_KEEP_MONTHS",
    "AIRFLOW_CONN_RETRAINING_DB",
}
BESIDE = {"RETRAINING_NOTIFY_CONNECTION", "RETRAINING_MLFLOW_CONNECTION", "AIRFLOW_CONN_"}  # in .env.connections
NAMES_A_SECRET = re.compile(
    r"PASSWORD$|SECRET|FERNET_KEY|SQL_ALCHEMY_CONN|AIRFLOW_CONN_|BROKER_URL|RESULT_BACKEND|ACCESS_KEY|REDISCLI_AUTH"
)
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(:?[-?])?([^}]*)\}")
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]+\}")
DIGEST = re.compile(r"^[\w./-]+:v?\d[\w.-]+@sha256:[0-9a-f]{64}$")
FULL_TAG = re.compile(r"^[\w./-]+:v?\d+\.\d+\.\d+$")
WITHOUT_DIGEST = {"mlflow"}  # none was to be had; the page says so


def started(services: Mapping[str, Any], profile: str) -> dict[str, Any]:
    return {name: service for name, service in services.items() if profile in service["profiles"]}


def networks(service: Mapping[str, Any]) -> set[str]:
    return set(service["networks"])


def test_file_follows_the_specification(compose: dict[str, Any]) -> None:
    schema = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(compose, json.loads(schema.read_text(encoding="utf-8")))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(compose | {"servises": {}}, json.loads(schema.read_text(encoding="utf-8")))


def test_profiles_start_airflow_and_what_it_needs(services: dict[str, Any]) -> None:
    assert set(started(services, "minimal")) == AIRFLOW | DATABASES
    assert set(started(services, "full")) == CLUSTER | STORES | WATCHERS
    assert set(services) == AIRFLOW | CLUSTER | STORES | WATCHERS


def test_example_starts_the_small_one(example: dict[str, str]) -> None:
    assert example["COMPOSE_PROFILES"] == "minimal"


@pytest.mark.parametrize("profile", ["minimal", "full"])
def test_nothing_waits_for_a_service_of_another_profile(services: dict[str, Any], profile: str) -> None:
    running = started(services, profile)
    for name, service in running.items():
        assert set(service.get("depends_on", {})) <= set(running), name


@pytest.mark.parametrize("profile", ["minimal", "full"])
def test_every_host_that_is_named_is_a_service_of_the_profile_on_a_common_network(
    services: dict[str, Any], profile: str
) -> None:
    running = started(services, profile)
    places: dict[str, set[str]] = {}
    for name, service in running.items():
        places[name] = networks(service)
        for network, options in service["networks"].items() if isinstance(service["networks"], dict) else ():
            for alias in (options or {}).get("aliases", ()):
                places.setdefault(alias, set()).add(network)
    address = re.compile(r"(?:@|://|%2F%2F)([a-z][a-z0-9-]*)(?=[:/]|%3A)")
    checked = 0
    for name, service in running.items():
        for variable, value in service.get("environment", {}).items():
            for host in address.findall(REQUIRED.sub("secret", f"{value}")):
                if host in {"retraining", "writer", "owner", "airflow", "secret"}:  # a bucket and users
                    continue
                assert places[host] & networks(service), f"{name}: {variable} names {host}"
                checked += 1
    assert checked > 10


def test_every_service_that_stays_up_has_a_health_check(services: dict[str, Any]) -> None:
    without = {name for name, service in services.items() if not service["healthcheck"].get("test")}
    assert without == {"init", "cluster-init"}
    assert {services[name]["restart"] for name in without} == {"no"}


@pytest.mark.parametrize("name", sorted(AIRFLOW | CLUSTER | STORES | WATCHERS))
def test_every_service_is_hardened_and_limited(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["cpus"] > 0
    assert service["pids_limit"] > 0
    assert "configs" not in service  # compose cannot put one of its own making into a read-only container
    assert "secrets" not in service


def test_no_image_that_begins_as_root_is_started_without_the_capabilities_to_stop_being_it(
    services: dict[str, Any],
) -> None:
    """Entrypoints of these change to a user of their own, which takes capabilities: they have to begin as it."""
    begins_as_root = ("postgres:", "redis:", "chrislusf/seaweedfs:", "edoburu/pgbouncer:")
    named = {name for name, each in services.items() if each.get("image", "").startswith(begins_as_root)}
    assert named == {"airflow-db", "retraining-db", "redis", "s3", "pgbouncer"}
    assert all(services[name].get("user") not in (None, "root", "0", "0:0") for name in named)


def test_stopping_a_worker_lets_its_tasks_end(services: dict[str, Any]) -> None:
    assert services["worker"]["environment"]["DUMB_INIT_SETSID"] == "0"  # else the image's signal goes to them as well
    assert services["worker"]["stop_grace_period"]


def test_nothing_is_laid_over_what_the_image_of_airflow_has(services: dict[str, Any]) -> None:
    made = {f"/opt/airflow/{name}" for name in ("models", "data", "artifacts", "logs", "secrets", "scraper")}
    for name in AIRFLOW | CLUSTER:
        volumes = [VARIABLE.sub("", volume).split(":")[1] for volume in services[name]["volumes"]]
        laid = [*volumes, *(each.split(":")[0] for each in services[name]["tmpfs"])]
        assert set(laid) <= made | {"/tmp"}  # noqa: S108  # packages are in /home/airflow, code in /opt/airflow


def test_images_are_pinned(services: dict[str, Any]) -> None:
    for name, service in services.items():
        if "build" in service:
            assert name in AIRFLOW | CLUSTER
        else:
            assert (FULL_TAG if name in WITHOUT_DIGEST else DIGEST).match(service["image"]), name
    page = (PROJECT_ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    assert all(services[name]["image"] in page for name in WITHOUT_DIGEST)


def test_stores_cannot_be_reached_from_the_front_and_nothing_of_the_front_but_airflow_from_them(
    compose: dict[str, Any], services: dict[str, Any]
) -> None:
    assert compose["networks"] == {"front": {}, "back": {"internal": True}}
    for name in STORES:
        assert networks(services[name]) == {"back"}
        assert "ports" not in services[name]
    for name in WATCHERS:
        assert networks(services[name]) == {"front"}
    for service in services.values():
        assert "network_mode" not in service


def test_ports_are_published_on_this_machine_only(services: dict[str, Any]) -> None:
    published = {name: port for name, service in services.items() for port in service.get("ports", ())}
    assert set(published) == {"api-server", "cluster-api-server"} | WATCHERS
    assert all(port.startswith("127.0.0.1:") for port in published.values())


def test_airflow_waits_for_both_databases_and_for_the_job_that_migrates(services: dict[str, Any]) -> None:
    for name in AIRFLOW | CLUSTER:
        waits = services[name]["depends_on"]
        assert {waits[database]["condition"] for database in DATABASES} == {"service_healthy"}
        job = "init" if name in AIRFLOW else "cluster-init"
        assert name == job or waits[job]["condition"] == "service_completed_successfully"


def test_no_secret_has_a_value_or_a_default(services: dict[str, Any]) -> None:
    checked = 0
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if NAMES_A_SECRET.search(name):
                assert REQUIRED.search(value), f"{name} is not taken from .env"
                checked += 1
    assert checked >= len(services)


def test_every_variable_is_in_the_example_and_those_without_a_default_are_empty_there(
    compose_text: str, example: dict[str, str]
) -> None:
    used = VARIABLE.findall(compose_text)
    assert {name for name, _, _ in used} | {"COMPOSE_PROFILES"} == set(example)
    required = {name for name, kind, _ in used if kind == ":?"}
    assert required == {name for name, kind, _ in used if kind != ":-"}
    assert {name for name in required if example[name]} == set()
    for name, kind, default in used:
        if kind == ":-":
            assert example[name] == default, name


def test_airflow_services_set_what_the_settings_read(services: dict[str, Any]) -> None:
    for name in AIRFLOW | CLUSTER:
        assert set(services[name]["environment"]) >= READ_BY_SETTINGS


def test_the_settings_read_nothing_else() -> None:
    source = (PROJECT_ROOT / "include" / "workflow" / "settings.py").read_text()
    assert set(re.findall(r'"((?:RETRAINING|AIRFLOW)_\w+)"', source)) == READ_BY_SETTINGS | BESIDE


def test_records_are_never_behind_the_pooler_and_only_the_jobs_are_their_owner(services: dict[str, Any]) -> None:
    for name in AIRFLOW | CLUSTER:
        environment = services[name]["environment"]
        user = "owner" if name in {"init", "cluster-init"} else "writer"
        assert environment["AIRFLOW_CONN_RETRAINING_DB"].startswith(f"postgresql://{user}:")
        assert environment["AIRFLOW_CONN_RETRAINING_DB"].endswith("@retraining-db/retraining")
        pooled = "@pgbouncer:" in environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
        assert pooled == (name in CLUSTER - {"cluster-init"})


def test_no_task_waits_behind_others_in_redis(services: dict[str, Any]) -> None:
    worker = services["worker"]
    places = worker["deploy"]["replicas"] * int(worker["environment"]["AIRFLOW__CELERY__WORKER_CONCURRENCY"])
    assert int(worker["environment"]["AIRFLOW__CORE__PARALLELISM"]) <= places


def test_files_that_are_mounted_are_there_and_read_only(services: dict[str, Any]) -> None:
    mounted = set()
    for service in services.values():
        for volume in service.get("volumes", ()):
            source, target, *options = VARIABLE.sub(lambda found: found[3], volume).split(":")
            if not source.startswith("./"):
                continue
            assert options == ["ro"], target
            mounted.add(source)
            assert source == "./data" or (PROJECT_ROOT / source).exists(), source
    assert len(mounted) >= 10
    assert "./data" in mounted  # the README's own example


def test_prometheus_finds_the_rules_the_token_and_the_alertmanager(services: dict[str, Any]) -> None:
    volumes = [volume.split(":") for volume in services["prometheus"]["volumes"]]
    inside = {target for _, target, *_ in volumes}
    config = yaml.safe_load((PROJECT_ROOT / "docs" / "monitoring" / "prometheus.yml").read_text(encoding="utf-8"))
    assert set(config["rule_files"]) <= inside
    [job] = config["scrape_configs"]
    token = Path(job["authorization"]["credentials_file"])
    assert f"{token.parent}" in inside
    assert f"> /opt/airflow/scraper/{token.name}" in services["cluster-init"]["command"][-1]
    assert "scraper:/opt/airflow/scraper" in services["cluster-init"]["volumes"]
    [target] = job["static_configs"][0]["targets"]
    assert target.split(":")[0] in services["cluster-api-server"]["networks"]["front"]["aliases"]
    assert config["alerting"]["alertmanagers"] == [{"static_configs": [{"targets": ["alertmanager:9093"]}]}]


def test_grafana_is_given_our_dashboard_and_its_source(services: dict[str, Any]) -> None:
    targets = [volume.split(":")[1] for volume in services["grafana"]["volumes"]]
    folder = PROJECT_ROOT / "docs" / "deploying"
    [provider] = yaml.safe_load((folder / "grafana-dashboards.yml").read_text(encoding="utf-8"))["providers"]
    assert f"{provider['options']['path']}/dashboard.json" in targets
    [source] = yaml.safe_load((folder / "grafana-source.yml").read_text(encoding="utf-8"))["datasources"]
    assert (source["type"], source["url"], source["isDefault"]) == ("prometheus", "http://prometheus:9090", True)


def test_image_has_the_airflow_of_the_requirements(values: dict[str, Any]) -> None:
    image = re.search(r"^FROM apache/airflow:([\d.]+)-", (PROJECT_ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert image is not None
    assert f"apache-airflow=={image[1]} " in (PROJECT_ROOT / "requirements.txt").read_text()
    assert values["airflowVersion"] == image[1]


def test_folders_that_volumes_take_over_are_made_in_the_image(services: dict[str, Any]) -> None:
    dockerfile = (PROJECT_ROOT / "Dockerfile").read_text()
    for name in AIRFLOW | CLUSTER:
        for volume in services[name]["volumes"]:
            source, target, *_ = VARIABLE.sub("", volume).split(":")
            assert not source or target in dockerfile, volume


def test_build_context_leaves_out_the_environment_file() -> None:
    assert Path(PROJECT_ROOT / ".dockerignore").read_text().startswith("*\n")
