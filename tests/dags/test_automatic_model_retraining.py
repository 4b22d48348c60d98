from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from include.workflow.run import STEPS
from tests.airflow_home import AirflowHome, FinishedRun
from tests.models import PROJECT_ROOT, models_dir
from tests.records.examples import NOW, postgres_store

pytestmark = pytest.mark.airflow
DAG_FILES = sorted((PROJECT_ROOT / "dags").glob("*.py"))
BY_BATCH, BY_MODEL = "analyze_retraining_need", "publish_champion"  # tasks that always begin, and so have labels
TASKS = ("analyze_retraining_need", "check_retraining_decision", "execute_retraining", "log_retraining_completion")

DESCRIBE = """
import json, sys
before = set(sys.modules)
assert not before & {"numpy", "pandas", "scipy", "sklearn", "skops"}
from airflow.dag_processing.dagbag import DagBag
bag = DagBag()
dag = bag.dags["automatic_model_retraining"]
numeric = {"numpy", "pandas", "scipy", "sklearn", "skops"} & (set(sys.modules) - before)
# What tasks import, in a process each:
import include.interfaces.airflow.assets, include.interfaces.airflow.outcomes, include.interfaces.reports.text
learning = {"scipy", "sklearn", "skops"} & set(sys.modules)
print("ANSWER", json.dumps({
    "errors": {k: str(v) for k, v in bag.import_errors.items()}, "dags": sorted(bag.dags), "doc": dag.doc_md,
    "schedule": dag.schedule, "catchup": dag.catchup, "max_active_runs": dag.max_active_runs,
    "params": sorted(dag.params), "tasks": sorted(dag.task_ids), "numeric": sorted(numeric),
    "learning": sorted(learning),
    "before": {t.task_id: sorted(u.task_id for u in t.get_flat_relatives(upstream=True)) for t in dag.tasks},
    "form": {name: [dag.params.get_param(name).value, dag.params.get_param(name).schema] for name in dag.params},
}))
"""


@pytest.fixture(scope="module")
def described(airflow_home: AirflowHome) -> dict[str, object]:
    lines = airflow_home.run_python(DESCRIBE).stdout.splitlines()
    answer = next(line for line in lines if line.startswith("ANSWER"))
    parsed: dict[str, object] = json.loads(answer.removeprefix("ANSWER"))
    return parsed


def test_every_dag_file_loads_and_is_accounted_for(described: dict[str, object]) -> None:
    assert described["errors"] == {}
    assert described["dags"] == [path.stem for path in DAG_FILES]


def test_dag_runs_every_six_hours_one_at_a_time_without_catching_up(described: dict[str, object]) -> None:
    assert (described["schedule"], described["catchup"], described["max_active_runs"]) == ("0 */6 * * *", False, 1)
    assert described["params"] == ["as_of", "dry_run", "force", "models", "preset", "reason", "rollback_to"]
    assert set(TASKS) < set(described["tasks"])  # type: ignore[call-overload]


def test_tasks_follow_the_order_of_the_steps(described: dict[str, object]) -> None:
    """The end of a probation and a retrain exclude each other: one decision asks for one of them."""
    before: dict[str, list[str]] = described["before"]  # type: ignore[assignment]
    tasks = [next(each for each in before if each.endswith(task)) for task in STEPS.values()]
    for place, task in enumerate(tasks):
        assert not set(tasks[place + 1 :]) & set(before[task]), task
        side_by_side = {tasks[2]} if place in (3, 4) else set()
        earlier = set(tasks[:place]) - side_by_side
        assert earlier <= set(before[task]), task


def test_form_of_the_web_interface_opens_valid_and_offers_the_models(described: dict[str, object]) -> None:
    """Airflow's form wants a value wherever the type does not allow null, and takes an empty text for none."""
    form: dict[str, tuple[object, dict[str, Any]]] = described["form"]  # type: ignore[assignment]
    for name, (value, schema) in form.items():
        kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        assert "null" in kinds or value not in (None, ""), f"{name}: the form opens with a grey button"
        assert value in schema.get("enum", [value])
        assert "null" not in kinds or None in schema.get("enum", [None]), f"{name}: cleared, it would be refused"
    assert form["models"][1]["examples"] == ["demand", "iris"]


@pytest.mark.sweep
def test_form_lets_names_be_typed_where_there_are_none_to_offer(airflow_home: AirflowHome, tmp_path: Path) -> None:
    for folder in (tmp_path / "none", tmp_path):
        settings = {"RETRAINING_MODELS_DIR": str(folder)}
        lines = airflow_home.run_python(DESCRIBE, settings=settings).stdout.splitlines()
        told = json.loads(next(line for line in lines if line.startswith("ANSWER")).removeprefix("ANSWER"))
        assert told["errors"] == {}
        assert "examples" not in told["form"]["models"][1]


def test_documentation_has_a_line_for_each_task_that_can_fail(described: dict[str, object]) -> None:
    failures = str(described["doc"]).partition("### When it fails")[2]
    for task in described["tasks"]:  # type: ignore[attr-defined]
        assert f"`{task}`" in failures


def test_parsing_imports_no_numeric_library(described: dict[str, object]) -> None:
    assert described["numeric"] == []


def test_a_task_imports_what_models_are_made_of_only_when_it_needs_it(described: dict[str, object]) -> None:
    assert described["learning"] == []


@pytest.mark.parametrize("path", [*DAG_FILES, *(PROJECT_ROOT / "plugins").glob("*.py")], ids=lambda path: path.name)
def test_dag_files_and_plugins_import_our_own_code_inside_tasks_only(path: Path) -> None:
    top_level = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = [getattr(node, "module", None) or node.names[0].name for node in top_level]
    assert not [module for module in modules if module.split(".")[0] == "include"]


class Deployed:
    """The DAG with model files and a records database of its own."""

    def __init__(self, home: AirflowHome, uri: str, folder: Path, **models: str) -> None:
        self._home, self.uri = home, uri
        self.settings = {
            "RETRAINING_MODELS_DIR": str(models_dir(folder / "models", **models)),
            "RETRAINING_ARTIFACTS_DIR": str(folder / "artifacts"),
        }

    def run(self, **conf: object) -> FinishedRun:
        return self.runs(conf)[0]

    def runs(self, *confs: dict[str, object]) -> list[FinishedRun]:
        """A run for each of these parameters, in one process."""
        return self._home.run_dags(confs, records_uri=self.uri, settings=self.settings)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.uri) as connection:
            return connection.execute(query).fetchall()


def labelled(run: FinishedRun) -> dict[str, dict[str, str]]:
    """For each model its tasks' states, by the label that the UI shows; a task that never began has none of its own.

    For a run with a model a batch.
    """
    states: dict[str, dict[str, str]] = {}
    for (task, index), state in run.tasks.items():
        if index >= 0:
            states.setdefault(str(run.labels[BY_BATCH if task in TASKS[:2] else BY_MODEL, index]), {})[task] = state
    return states


@pytest.mark.sweep
def test_dry_run_decides_and_records_but_trains_nothing(
    airflow_home: AirflowHome, records_uri: str, tmp_path: Path
) -> None:
    deployed = Deployed(airflow_home, records_uri, tmp_path)
    run = deployed.run(dry_run=True, force=True, reason="only looking")
    assert run.state == "success"
    assert run.tasks["execute_retraining", 0] == "skipped"
    assert deployed.rows("SELECT status, execution_attempted, request_reason FROM model_retraining_events") == [
        ("dry_run", False, "only looking")
    ]
    assert deployed.rows("SELECT count(*) FROM model_version_management") == [(0,)]


def test_paused_model_is_skipped_and_an_unknown_parameter_fails_the_run_both_aloud(
    airflow_home: AirflowHome, records_uri: str, tmp_path: Path
) -> None:
    """A run that cannot be is no green run of nothing, and looks at no model."""
    deployed = Deployed(airflow_home, records_uri, tmp_path)
    postgres_store(records_uri).people.set_pause("quiet", paused=True, by="ada", reason="not now", at=NOW)
    run, wrong = deployed.runs({"models": ["quiet"], "force": True}, {"models": ["quiet"], "dryrun": True})
    assert run.state == "success"
    assert labelled(run)["quiet"]["analyze_retraining_need"] == "skipped"
    assert ("log_retraining_completion", 0) not in run.tasks
    assert airflow_home.note(run.run_id) == "quiet: paused by ada since 2026-05-03 12:00 UTC: not now"
    assert_failed_before_any_model(deployed, airflow_home, [wrong])
    assert deployed.rows("SELECT count(*) FROM retraining_runs") == [(0,)]


@pytest.mark.sweep
def test_unknown_model_or_parameter_fails_the_run_before_any_model_is_looked_at(
    airflow_home: AirflowHome, records_uri: str, tmp_path: Path
) -> None:
    deployed = Deployed(airflow_home, records_uri, tmp_path)
    wrong = [{"models": ["quite"]}, {"modelz": ["quiet"]}, {"models": ["quiet"], "dryrun": True}]
    assert_failed_before_any_model(deployed, airflow_home, deployed.runs(*wrong))


def assert_failed_before_any_model(deployed: Deployed, home: AirflowHome, wrong: Sequence[FinishedRun]) -> None:
    for run in wrong:
        assert run.state == "failed"
        assert run.tasks["registered_models", -1] == "failed"
        assert home.note(run.run_id) == "no model was looked at: a task before them failed"
    assert deployed.rows("SELECT count(*) FROM retraining_decisions") == [(0,)]
    assert deployed.rows("SELECT model_name, step, error_type FROM retraining_failures") == [
        ("", "choose", "ConfigurationError")
    ] * len(wrong)
