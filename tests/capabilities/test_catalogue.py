"""The catalogue of what this package can do: it leaves nothing out, and names only what is there."""

from __future__ import annotations

import argparse
import ast
import importlib
import re
import shlex
from collections import Counter

import pytest

from include.cli.__main__ import make_parser
from include.interfaces.api.app import API, create_app
from tools.capabilities.__main__ import main
from tools.capabilities.catalogue import ROWS
from tools.capabilities.names import NAMES, names_of
from tools.capabilities.row import ByTests, Call, Command, NotBuilt, Python, Row, Shown, Sql
from tools.layout import PROJECT_ROOT

PLAN = {"D": 8, "T": 11, "R": 9, "E": 6, "I": 8, "N": 14}  # how many there are of each letter
REASON = 20  # characters that say less than a reason


def shown_by(kind: type[Shown]) -> list[Row]:
    return [row for row in ROWS if isinstance(row.shown, kind)]


def test_no_two_lines_have_one_id() -> None:
    assert [id for id, count in Counter(row.id for row in ROWS).items() if count > 1] == []


@pytest.mark.parametrize(("letter", "count"), PLAN.items())
def test_every_line_of_the_plan_is_there(letter: str, count: int) -> None:
    assert {f"{letter}{number}" for number in range(1, count + 1)} <= {row.id for row in ROWS}


@pytest.mark.parametrize("system", NAMES)
def test_every_name_of_another_system_has_one_line_and_no_line_has_another(system: str) -> None:
    told = [name for row in ROWS if row.id.startswith(system) for name in row.names]
    assert Counter(told) == Counter(names_of(system))


def test_what_is_not_built_says_why() -> None:
    assert all(len(row.shown.why) > REASON for row in shown_by(NotBuilt) if isinstance(row.shown, NotBuilt))


def test_every_test_that_is_named_is_there() -> None:
    nodes = {node for row in ROWS if isinstance(row.shown, ByTests) for node in row.shown.nodes}
    assert [node for node in sorted(nodes) if not is_there(node)] == []
    assert not is_there("tests/capabilities/test_catalogue.py::test_nothing")


def is_there(node: str) -> bool:
    file, _, name = node.partition("::")
    place = PROJECT_ROOT / file
    return place.is_file() and f"def {name}(" in place.read_text(encoding="utf-8")


def test_every_command_line_is_one_that_the_parser_takes() -> None:
    lines = [line for row in ROWS if isinstance(row.shown, Command) for line in row.shown.lines]
    parser = make_parser()
    assert [line for line in lines if not isinstance(parser.parse_args(shlex.split(line)), argparse.Namespace)] == []


def test_every_call_of_ours_is_a_route() -> None:
    routes = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), set(operations))
              for path, operations in create_app().openapi()["paths"].items()]  # fmt: skip
    calls = [
        row.shown
        for row in ROWS
        if isinstance(row.shown, Call) and not row.shown.path.startswith(("/api", "/retraining"))
    ]
    missing = [
        call.path for call in calls
        if not any(path.fullmatch(API + call.path.partition("?")[0]) and call.method.lower() in methods
                   for path, methods in routes)
    ]  # fmt: skip
    assert calls
    assert missing == []


def test_what_python_lines_import_is_there() -> None:
    for row in ROWS:
        if isinstance(row.shown, Python):
            for each in ast.walk(ast.parse(row.shown.code)):
                if isinstance(each, ast.ImportFrom):
                    module = importlib.import_module(each.module or "")
                    assert [name.name for name in each.names if not hasattr(module, name.name)] == [], row.id


def test_queries_name_tables_of_the_schema() -> None:
    schema = "".join(
        file.read_text(encoding="utf-8") for file in sorted((PROJECT_ROOT / "sql" / "schema").glob("*.sql"))
    )
    known = set(re.findall(r"CREATE (?:TABLE|VIEW) (\w+)", schema)) | {"pg_indexes"}
    named = {
        name
        for row in ROWS
        if isinstance(row.shown, Sql)
        for name in re.findall(r"(?:FROM|JOIN) (\w+)", row.shown.query)
    }
    assert named - known == set()


@pytest.mark.sweep
@pytest.mark.airflow
def test_every_line_does_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    code = main([])
    assert code == 0, capsys.readouterr().out
