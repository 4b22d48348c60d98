"""What pages and docstrings name is there: links, files, dotted names, make targets, commands and their flags."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.reading import (
    LETTERS,
    PAGES,
    README,
    SOURCES,
    broken_links,
    code,
    ident,
    make_targets,
    missing_files,
    missing_names,
    refused_lines,
    sentences,
    wrong_commands,
)
from tools.layout import PROJECT_ROOT


@pytest.mark.parametrize("page", LETTERS, ids=ident)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert broken_links(page, page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", LETTERS, ids=ident)
def test_every_file_and_name_on_a_page_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert missing_files(text) + missing_names(text) == []


def test_every_file_and_name_in_a_docstring_or_message_is_there() -> None:
    told = [(ident(file), text) for file in SOURCES for text in sentences(file)]
    assert [(file, name) for file, text in told for name in missing_files(text) + missing_names(text)] == []


@pytest.mark.parametrize("page", LETTERS, ids=ident)
def test_every_make_target_and_command_on_a_page_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    said = "\n".join([*re.findall(r"`([^`\n]+)`", text), *code(page, "sh")])
    assert set(re.findall(r"\bmake (?:-s )?([a-z-]+)", said)) - make_targets() == set()
    assert wrong_commands(text) == []


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_every_command_line_in_shell_code_is_taken(page: Path) -> None:
    text = "\n".join(code(page, "sh"))
    assert [line for line in refused_lines(text) if "COMMAND" not in line] == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("python -m include.cli report demand --format html", 0),
        ("python -m include.cli report demand --format pdf", 1),
        ("python -m include.cli rollback --model demand", 1),
        ("python -m include.cli lift seven --reason x", 1),
    ],
)
def test_refused_command_line_is_found(text: str, number: int) -> None:
    assert len(refused_lines(text)) == number


def test_commands_that_docstrings_and_messages_name_are_there() -> None:
    told = [(ident(file), text) for file in SOURCES for text in sentences(file)]
    assert [(file, word) for file, text in told for word in wrong_commands(text)] == []


@pytest.mark.parametrize(
    ("page", "wrong"),
    [
        ("see [x](docs/gone.md)", ["docs/gone.md"]),
        ("see [x](docs/rows.md#no-such-heading)", ["docs/rows.md#no-such-heading"]),
        ("see [x](docs/rows.md#weights), [y](https://example.org/gone)", []),
    ],
)
def test_broken_link_is_found(page: str, wrong: list[str]) -> None:
    assert broken_links(README, page) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("`include/gone.py` and include/errors.py.", ["include/gone.py"]),
        ("`include.errors.DataError`, `include.errors.Gone`", ["include.errors.Gone"]),
        ("include.errors.did_you_mean.gone or include.registry.spec.ModelSpec", ["include.errors.did_you_mean.gone"]),
        ("`include.detectors.DataDriftDetector` is imported there, `include.scoring.Metric.worsening` too", []),
        ("`include.scoring.Metric.gone`", ["include.scoring.Metric.gone"]),
        ("`include.gone.module`", ["include.gone.module"]),
        ("`include/detectors/NAME.py` is yours", []),
    ],
)  # fmt: skip
def test_missing_file_or_name_is_found(text: str, wrong: list[str]) -> None:
    assert missing_files(text) + missing_names(text) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("python -m include.cli repot demand", ["repot"]),
        ("python -m include.cli report demand --fromat md", ["--fromat"]),
        ("python -m include.cli check \\\n  --rsme 3", ["--rsme"]),
        ('`make cli ARGS="lift 7 --why x"`', ["--why"]),
        ("`python -m benchmarks.gone`", ["benchmarks.gone"]),
        ("`python -m tools.reference --check`; python -m include.cli migrate", []),
    ],
)
def test_missing_command_is_found(text: str, wrong: list[str]) -> None:
    assert wrong_commands(text) == wrong


def test_every_file_that_a_query_or_the_makefile_names_is_there() -> None:
    files = [*sorted((PROJECT_ROOT / "sql").rglob("*.sql")), PROJECT_ROOT / "Makefile", PROJECT_ROOT / ".ci" / "run"]
    told = [(ident(file), file.read_text(encoding="utf-8")) for file in files]
    assert [(file, name) for file, text in told for name in missing_files(text) + missing_names(text)] == []
