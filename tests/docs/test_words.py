"""Pages, docstrings and messages say it in words that a newcomer knows; see `tests.docs.words`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.docs.reading import LETTERS, SOURCES, ident
from tests.docs.words import DIALECT_NAME, comments_in, dialect_in, told_in
from tools.layout import PROJECT_ROOT

#: Names of modules and classes that are still to be renamed; none may come to them.
TO_BE_RENAMED: set[str] = set()


@pytest.mark.parametrize("page", LETTERS, ids=ident)
def test_pages_are_free_of_dialect(page: Path) -> None:
    assert dialect_in(page.read_text(encoding="utf-8")) == []


def test_docstrings_and_messages_are_free_of_dialect() -> None:
    told = [(ident(file), text) for file in SOURCES for text in told_in(file)]
    assert [(file, word, text) for file, text in told for word in dialect_in(text)] == []


def test_comments_and_queries_are_free_of_dialect() -> None:
    queries = sorted((PROJECT_ROOT / "sql").rglob("*.sql"))
    told = [(ident(file), comment) for file in SOURCES for comment in comments_in(file)]
    told += [(ident(file), line) for file in queries for line in file.read_text(encoding="utf-8").splitlines()
             if line.lstrip().startswith(("--", "COMMENT", "'"))]  # fmt: skip
    assert [(file, word, text) for file, text in told for word in dialect_in(text)] == []


def test_names_of_modules_and_classes_are_free_of_dialect() -> None:
    files = sorted((PROJECT_ROOT / "include").rglob("*.py"))
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    classes = {each.name for tree in trees for each in ast.walk(tree) if isinstance(each, ast.ClassDef)}
    assert {name for name in {*classes, *(file.stem for file in files)} if DIALECT_NAME.search(name)} <= TO_BE_RENAMED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the champion is asked", ["asked"]),
        ("its Rivals, unseen rows", ["Rivals", "unseen"]),
        ("unseen categories reach the floor on arrival", []),
        ("artifacts; nobody's become theirs", ["nobody's"]),
        ("it ended without a word", ["without a word"]),
        ("the signal `unusable_labels`, and `known_kinds`", []),
    ],
)
def test_dialect_is_found(text: str, words: list[str]) -> None:
    assert dialect_in(text) == words
