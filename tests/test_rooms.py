"""The rooms of `include/` and the directions between them: what `make lint` has to catch is seeded and caught."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.models import PROJECT_ROOT

ROOMS = 14  # entries at the root of include/, its own face among them
BIN = Path(sys.executable).parent

#: A module, by its place from `include/`, and what it must not import.
VIOLATIONS = [
    ("decision/confidence.py", "include.data.tables"),
    ("decision/decision.py", "include.registry.spec"),
    ("decision/evidence.py", "include.decision.triggers.schedule"),
    ("decision/triggers/schedule.py", "include.decision.policy.presets"),
    ("decision/triggers/model_age.py", "include.scoring"),
    ("detectors/outliers.py", "include.orchestrator.answers"),
    ("detectors/units.py", "psycopg"),
    ("scoring/slices.py", "include.decision.signals"),
    ("registry/loader.py", "include.records.store"),
    ("registry/spec.py", "include.retraining.trainers.choose"),
    ("data/sources/read.py", "include.records.entries"),
    ("data/profile/cut.py", "include.data.sources.files"),
    ("data/kinds/find.py", "include.data.tables"),
    ("records/entries/facts.py", "include.records.postgres.session"),
    ("records/rows/events.py", "include.workflow.settings"),
    ("orchestrator/answers.py", "include.records.store"),
    ("retraining/contest/predictions.py", "include.retraining.gate.gate"),
    ("retraining/artifacts/folder.py", "include.retraining.executor"),
    ("workflow/rollback.py", "airflow.sdk"),
    ("workflow/report.py", "include.interfaces.reports.text"),
    ("workflow/steps/decide.py", "include.workflow.run"),
    ("interfaces/reports/page.py", "include.cli.arguments"),
    ("interfaces/reports/markdown.py", "airflow.sdk"),
    ("interfaces/api/routes/fleet.py", "airflow.sdk"),
    ("interfaces/api/same_site.py", "airflow.configuration"),
    ("interfaces/api/records.py", "include.records.postgres.store"),
    ("interfaces/api/answers.py", "include.retraining.executor"),
    ("interfaces/metrics/families.py", "include.records.postgres.overview"),
    ("interfaces/metrics/router.py", "include.interfaces.api.records"),
    ("registry/functions.py", "tools.layout"),
    ("cli/requests.py", "include.records.postgres.store"),
    ("cli/progress.py", "include.detectors.outliers"),
    ("cli/arguments.py", "include.decision.policy.durations"),
    ("cli/versions.py", "include.registry.loader"),
    ("cli/first_model.py", "include.scoring"),
    ("interfaces/airflow/assets.py", "include.retraining.executor"),
    ("interfaces/airflow/outcomes.py", "include.registry.loader"),
    ("interfaces/airflow/run_notes.py", "include.scoring"),
    ("interfaces/airflow/approval_operator.py", "include.decision.signals"),
    ("interfaces/airflow/connections.py", "include.records.postgres.store"),
    ("interfaces/reports/text.py", "include.retraining.executor"),
    ("interfaces/mlflow/follow.py", "include.decision.decide"),
    ("registry/coverage.py", "plugins.retraining_plugin"),
    ("workflow/approve.py", "dags.automatic_model_retraining"),
    ("../dags/automatic_model_retraining.py", "include.registry.model_files"),
    ("../dags/automatic_model_retraining.py", "include.decision.policy.preset_names"),
    ("../dags/automatic_model_retraining.py", "include.scoring"),
    ("../dags/automatic_model_retraining.py", "include.records.entries"),
    ("../plugins/retraining_plugin.py", "include.retraining.executor"),
    ("../plugins/retraining_plugin.py", "tools.layout"),
]
#: A module, and a clock that it must not read.
CLOCKS = [
    ("decision/costs.py", "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n"),
    ("detectors/outliers.py", "import time\n\nNOW = time.time()\n"),
    ("scoring/paired.py", "import pandas as pd\n\nNOW = pd.Timestamp.now()\n"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package in a folder of its own, where it may be broken."""
    folder = tmp_path_factory.mktemp("house")
    for part in ("dags", "include", "plugins", "tools"):
        shutil.copytree(PROJECT_ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT_ROOT / "pyproject.toml", folder)
    return folder


def linted(folder: Path, tool: str, *arguments: str) -> tuple[int, str]:
    run = subprocess.run([BIN / tool, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


def test_the_house_as_it_stands_breaks_no_contract(copy: Path) -> None:
    code, said = linted(copy, "lint-imports", "--no-cache")
    assert code == 0, said
    assert len([each for each in (PROJECT_ROOT / "include").iterdir() if each.name != "__pycache__"]) <= ROOMS


@pytest.fixture(scope="module")
def said_of_violations(copy: Path) -> str:
    folder = shutil.copytree(copy, copy.parent / "violated")
    for file, imported in VIOLATIONS:
        path = folder / "include" / file
        path.write_text(f"{path.read_text(encoding='utf-8')}\nimport {imported}\n", encoding="utf-8")
    code, said = linted(folder, "lint-imports", "--no-cache")
    assert code == 1
    return said


@pytest.mark.parametrize(("file", "imported"), VIOLATIONS, ids=lambda value: value)
def test_import_against_the_directions_fails_the_lint(said_of_violations: str, file: str, imported: str) -> None:
    module = f"include/{file}".removeprefix("include/../").removesuffix(".py").replace("/", ".")
    external = "" if imported.startswith(("dags", "include", "plugins", "tools")) else r"[\w.]*"
    shown = imported if not external else imported.split(".", maxsplit=1)[0]
    assert re.search(rf"{re.escape(module)} -> {re.escape(shown)}{external}\s+\(l\.", said_of_violations)


def test_module_or_room_without_a_floor_fails_the_lint(copy: Path) -> None:
    folder = shutil.copytree(copy, copy.parent / "unlisted")
    for place in ("include/helpers.py", "include/workflow/helpers.py", "include/data/helpers.py"):
        (folder / place).write_text('"""In no layer."""\n', encoding="utf-8")
        code, said = linted(folder, "lint-imports", "--no-cache")
        assert (code, "helpers" in said) == (1, True), place
        (folder / place).unlink()


@pytest.mark.parametrize(("file", "clock"), CLOCKS, ids=[file for file, _ in CLOCKS])
def test_clock_where_decisions_are_made_fails_the_lint(copy: Path, file: str, clock: str) -> None:
    path = copy / "include" / file
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + clock, encoding="utf-8")
    code, said = linted(copy, "ruff", "check", "--select", "TID251", "--no-cache", f"include/{file}")
    path.write_text(whole, encoding="utf-8")
    assert (code, "no clock here" in said) == (1, True)
