"""A real Prometheus scrapes the records and answers the dashboard; its tool tries the alert rules."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from include.decision.request import RequestKind
from include.interfaces.metrics.families import FAMILIES
from include.interfaces.metrics.router import TOKEN
from tests.metrics.served import PATH, app_of, serving
from tests.reading.conftest import House, ago
from tests.sweeps import each_nth
from tests.waiting import wait_until
from tools.layout import PROJECT_ROOT
from tools.ports import free_port

FOLDER = PROJECT_ROOT / "docs" / "monitoring"
SECRET = "a-long-token-for-the-scraper"
NAMES = re.compile(r"\b(?:model|retraining)_[a-z_]+\b")
LABELS = {"model_name"}


def binary(name: str) -> str:
    """Path of one of Prometheus's programs; the test is left out where there is none."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name} on the PATH (Debian: apt-get install prometheus)")
    return found


def queries() -> list[tuple[str, str]]:
    """Title and expression of each query of the dashboard, with its variables filled in."""
    dashboard = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    return [
        (panel["title"], target["expr"].replace("$model", ".*"))
        for panel in dashboard["panels"]
        for target in panel["targets"]
    ]


def rules() -> list[dict[str, Any]]:
    [group] = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return list(group["rules"])


def test_dashboard_and_rules_name_families_that_there_are_and_all_of_them() -> None:
    named = set(NAMES.findall(" ".join(expression for _, expression in queries()))) - LABELS
    assert named == set(FAMILIES)
    assert set(NAMES.findall(" ".join(rule["expr"] for rule in rules()))) - LABELS <= set(FAMILIES)


def test_panels_do_not_overlap() -> None:
    dashboard = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        assert panel["description"]
        taken |= cells


def test_every_rule_has_a_test_and_a_section_in_the_docs() -> None:
    tests = yaml.safe_load((FOLDER / "alerts_test.yml").read_text(encoding="utf-8"))["tests"]
    fired = {check["alertname"] for test in tests for check in test["alert_rule_test"] if check["exp_alerts"]}
    quiet = {check["alertname"] for test in tests for check in test["alert_rule_test"] if not check["exp_alerts"]}
    page = (PROJECT_ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    for rule in rules():
        assert rule["alert"] in fired & quiet
        assert f"### {rule['alert']}\n" in page
        assert rule["annotations"]["page"] == f"docs/monitoring.md#{rule['alert'].lower()}"


def promtool(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [binary("promtool"), "test", "rules", str(folder / "alerts_test.yml")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_alerts_fire_when_they_should_and_only_then() -> None:
    ran = promtool(FOLDER)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("name", each_nth([rule["alert"] for rule in rules()], 4))
def test_rule_that_never_fires_is_found(tmp_path: Path, name: str) -> None:
    content = yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))
    [rule] = [each for each in content["groups"][0]["rules"] if each["alert"] == name]
    rule["expr"] = f"({rule['expr']}) and vector(1) < 0"
    (tmp_path / "alerts.yml").write_text(yaml.safe_dump(content))
    shutil.copy(FOLDER / "alerts_test.yml", tmp_path)
    assert promtool(tmp_path).returncode != 0


def test_configuration_in_the_docs_is_one_and_scrapes_the_route() -> None:
    ran = subprocess.run(
        [binary("promtool"), "check", "config", "--syntax-only", str(FOLDER / "prometheus.yml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    [job] = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    assert job["metrics_path"] == PATH


@contextmanager
def prometheus(target: str, folder: Path) -> Iterator[str]:
    """The address of a Prometheus that scrapes the target each second, otherwise as the docs configure it."""
    (folder / "token").write_text(SECRET)
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    config |= {"rule_files": [str(FOLDER / "alerts.yml")], "global": {"evaluation_interval": "1s"}}
    config["scrape_configs"][0] |= {
        "scrape_interval": "1s", "scrape_timeout": "1s", "static_configs": [{"targets": [target]}],
        "authorization": {"credentials_file": str(folder / "token")},
    }  # fmt: skip
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    arguments = [
        binary("prometheus"), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def ask(url: str, path: str, **parameters: str) -> Any:
    """What Prometheus answers; None while it is not there yet."""
    try:
        with httpx.Client(trust_env=False, timeout=30.0) as client:
            answer = client.get(f"{url}/api/v1/{path}", params=parameters)
    except httpx.TransportError:
        return None
    return answer.json().get("data") if answer.status_code == 200 else None


@pytest.fixture(scope="module")
def scraping(lived: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that has scraped the records some times, and seen a decision more meanwhile."""
    binary("prometheus")
    lived.store.add_request("housing", RequestKind.API, "new rows", "ada", at=ago(1))
    with pytest.MonkeyPatch.context() as patch, serving(app_of(lived.deployment)) as address:
        patch.setenv(TOKEN, SECRET)
        with prometheus(address.removeprefix("http://"), tmp_path_factory.mktemp("prometheus")) as url:
            wait_until(lambda: _samples(url) >= 3, 120.0)
            yield url


def _samples(url: str) -> int:
    found = ask(url, "query", query='count_over_time((up{job="retraining"} == 1)[1h:1s])')
    return int(found["result"][0]["value"][1]) if found and found["result"] else 0


@pytest.mark.sweep
@pytest.mark.end_to_end
def test_prometheus_scrapes_with_the_token_from_a_file(scraping: str) -> None:
    [target] = ask(scraping, "targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    assert target["lastScrapeDuration"] < 10


@pytest.mark.sweep
@pytest.mark.end_to_end
@pytest.mark.parametrize(("title", "expression"), queries(), ids=[title for title, _ in queries()])
def test_no_panel_is_empty(scraping: str, title: str, expression: str) -> None:
    found = ask(scraping, "query", query=expression)
    assert found is not None, f"{title}: Prometheus refuses the query"
    assert found["result"], title


@pytest.mark.sweep
@pytest.mark.end_to_end
def test_prometheus_takes_the_rules_and_evaluates_each(scraping: str) -> None:
    def evaluated() -> list[str]:
        found = ask(scraping, "rules") or {"groups": []}
        return [rule["name"] for group in found["groups"] for rule in group["rules"] if rule["health"] == "ok"]

    wait_until(lambda: len(evaluated()) == len(rules()), 60.0)
    pending = {each["labels"]["alertname"] for each in ask(scraping, "alerts")["alerts"]}
    assert {"RetrainingModelUnchecked"} <= pending  # the checks of one model have stopped
    assert "RetrainingMetricsMissing" not in pending
