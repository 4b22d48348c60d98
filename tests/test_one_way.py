"""One way for each thing: what a second way would have to make or to weigh is made and weighed in one place."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.models import PROJECT_ROOT

#: What is called, and the only files below `include/` that call it.
CALLED = {
    "RetrainingExecutor": {"workflow/deployment.py"},
    "Deployment": {"workflow/deployment.py"},
    "MemoryStore": {"workflow/deployment.py"},
    "PostgresStore": {"workflow/deployment.py"},
    "_records_connection": {"workflow/deployment.py"},
    "PromotionGate": set(),  # `PromotionGate.of` and `PromotionGate.bare`
    "Contest": {"retraining/executor.py", "retraining/contest/same_rows.py"},
    "ShadowEnd": {"workflow/steps/execute.py"},
    "begin_with": {"workflow/plain_files.py", "workflow/validation/trial.py"},
    "excess": {"retraining/gate/limits.py"},
    "serving_cost": {"retraining/gate/limits.py"},
    "announce": {"workflow/publication.py"},
    "models_to_check": {"workflow/run_parameters.py"},
    "RequestKind": {"workflow/run_parameters.py", "records/rows/request.py"},
}
#: A rule as it would be written, and the only files that hold it.
WRITTEN = {
    r"p_value < \S+ and \S+ ?>= ?\S*minimum_gain": {"include/retraining/gate/gate.py"},
    r"\.gain.* >= .*minimum_gain": {"include/retraining/gate/gate.py"},
    r"params(\.get)?[\[(]\"dry_run\"": set(),
    r"maxLength": {"include/workflow/run_parameters.py"},
    r"AIRFLOW_CONN_RETRAINING_DB\"": {"include/workflow/settings.py"},
}


def files(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((PROJECT_ROOT / folder).rglob("*.py"))]


@cache
def callers() -> Mapping[str, set[str]]:
    """The files below `include/` that call something, by its name."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for file in files("include"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
                found[name].add(str(file.relative_to(PROJECT_ROOT / "include")))
    return found


@pytest.mark.parametrize("name", CALLED)
def test_it_is_called_in_one_place(name: str) -> None:
    assert callers().get(name, set()) == CALLED[name]


@pytest.mark.parametrize("rule", WRITTEN)
def test_rule_is_written_in_one_place(rule: str) -> None:
    there = [file for file in files("include", "dags", "plugins") if re.search(rule, file.read_text(encoding="utf-8"))]
    assert {str(file.relative_to(PROJECT_ROOT)) for file in there} == WRITTEN[rule]
