"""What the pages promise: a short README, generated parts as the code has them, examples that are accepted."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.decision.policy.presets import PRESETS
from include.decision.policy.read import read_tree
from include.decision.policy.write import write_tree
from include.detectors.comparison import Detector
from include.registry.section import Section
from include.registry.spec import ModelSpec
from include.workflow.run_parameters import FORM
from tests.docs.reading import LINK, PAGES, README, SOURCES, code, ident, missing_names
from tools.layout import PROJECT_ROOT
from tools.reference.__main__ import BLOCKS, renewed
from tools.reference.commands import flags_of, known_commands
from tools.reference.model_file import sections, told_of

MOST_LINES = 120
EXTENDING = PROJECT_ROOT / "docs" / "extending.md"
VARIABLE = re.compile(r"\bRETRAINING_[A-Z_]*[A-Z]\b(?<!RETRAINING_PYTHON)")  # that one is for shells, not for people


def blocks(language: str) -> list[Any]:
    return [
        pytest.param(text, id=f"{ident(page)}-{number}")
        for page in PAGES for number, text in enumerate(code(page, language))
    ]  # fmt: skip


def test_readme_is_short_and_leads_to_every_page() -> None:
    text = README.read_text(encoding="utf-8")
    assert text.count("\n") <= MOST_LINES
    assert {ident(page) for page in PAGES} - {"README.md"} <= {
        target.partition("#")[0] for target in LINK.findall(text)
    }


def test_readme_and_continuous_integration_test_by_the_same_command() -> None:
    script = (PROJECT_ROOT / ".ci" / "run").read_text(encoding="utf-8")
    commands = [line.split("#")[0].strip() for text in code(README, "sh") for line in text.splitlines()]
    [command] = [each for each in commands if "test" in each]
    assert re.search(rf"^{command}\b", script, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_generated_parts_are_what_the_code_says(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert renewed(text) == text, "run: make docs"


def test_every_generated_part_is_on_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert set(re.findall(r"<!-- generated: (\w+) -->", text)) == set(BLOCKS)


@pytest.mark.parametrize("section", [ModelSpec, *dict.fromkeys(found for _, found in sections(ModelSpec))])
def test_every_field_of_a_model_file_has_its_sentence(section: type[Section]) -> None:
    assert set(section.model_fields) <= set(told_of(section))


@pytest.mark.parametrize("name", known_commands())
def test_every_flag_says_what_it_is(name: str) -> None:
    assert [action.dest for action in flags_of(known_commands()[name]) if not (action.help or "").strip()] == []


WHOLE: dict[str, Any] = {
    "name": "example", "task": "regression", "source": {"kind": "csv", "path": "x.csv"}, "timestamp": "at",
    "target": "sold", "reference": {"end": "2026-01-01"}, "metric": "rmse", "slices": ["weather"],
}  # fmt: skip
TIMED = ("timestamp", "reference")


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_example_of_a_model_file_is_accepted(text: str) -> None:
    given = yaml.safe_load(text)
    base = {name: value for name, value in WHOLE.items() if "reference_path" not in text or name not in TIMED}
    if {"when", "cooldown"} & set(given):  # a policy on its own
        given = {"policy": given}
    assert ModelSpec.model_validate({**base, **given})


@pytest.mark.parametrize("text", blocks("python"))
def test_every_example_in_python_imports_what_there_is(text: str) -> None:
    imported = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    wanted = [f"{node.module}.{each.name}" for node in imported for each in node.names]
    assert missing_names(" ".join(name for name in wanted if name.startswith("include."))) == []


def test_the_example_of_a_detector_has_all_that_a_detector_has() -> None:
    [text] = [text for text in code(EXTENDING, "python") if "Detector:" in text]
    found: dict[str, Any] = {}
    exec(text, found)  # noqa: S102 - a page of ours
    made = found["EmptyRowsDetector"]()
    assert {*Detector.__annotations__, "detect"} - set(dir(made)) == set()


def test_the_example_of_a_trigger_is_what_the_catalogue_has() -> None:
    [text] = [text for text in code(EXTENDING, "py") if "TriggerEntry(" in text]
    catalogue = (PROJECT_ROOT / "include" / "decision" / "policy" / "catalogue.py").read_text(encoding="utf-8")
    assert entry("MODEL_AGE", f"{{{text}}}") == entry("MODEL_AGE", catalogue)


def entry(name: str, text: str) -> str:
    """The value of a key in a dict literal of Python code."""
    [found] = [
        value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Name) and key.id == name and ast.unparse(value).startswith("TriggerEntry(")
    ]  # fmt: skip
    return ast.dump(found)


def test_policies_show_the_tree_that_all_presets_share() -> None:
    [shown] = [text for text in code(PROJECT_ROOT / "docs" / "policies.md", "yaml") if "without_gain" in text]
    tree = yaml.safe_load(shown)["policy"]["when"]
    assert [write_tree(preset.when) for preset in PRESETS.values()] == [tree] * len(PRESETS)


def test_policies_name_every_trigger() -> None:
    with pytest.raises(ValueError, match="unknown trigger") as found:
        read_tree("no such trigger")
    known = str(found.value).partition("known: ")[2].split(", ")
    text = (PROJECT_ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    assert len(known) > 15
    assert [name for name in known if not re.search(rf"`(\w+: )?{re.escape(name.strip())}\b", text)] == []


def test_operations_name_every_variable_and_every_parameter_of_the_dag() -> None:
    text = (PROJECT_ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    read = {name for file in SOURCES for name in VARIABLE.findall(file.read_text(encoding="utf-8"))}
    assert {"RETRAINING_MODELS_DIR", "RETRAINING_ARTIFACTS"} <= read
    assert read - set(VARIABLE.findall(text)) == set()
    assert [name for name in FORM if f"| `{name}` |" not in text] == []
