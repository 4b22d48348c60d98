"""The SQL of the pages runs on the records, and the tables and views that they list are there."""

from __future__ import annotations

import re

import psycopg
import pytest

from tests.docs.reading import PAGES, code, ident
from tools.layout import PROJECT_ROOT

QUERIES = [(ident(page), text) for page in PAGES for text in code(page, "sql")]


@pytest.mark.parametrize(("page", "text"), QUERIES, ids=[page for page, _ in QUERIES])
def test_every_query_on_a_page_runs(records_uri: str, page: str, text: str) -> None:
    with psycopg.connect(records_uri) as connection:
        assert connection.execute(text.encode()).description is not None, page


def test_tables_and_views_that_operations_list_are_there(records_uri: str) -> None:
    text = (PROJECT_ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_]+)`", text.partition("Beside it: ")[2].partition("\n\n")[0])
    with psycopg.connect(records_uri) as connection:
        missing = [
            name for name in named
            if connection.execute("SELECT to_regclass(%s)", [name]).fetchone() == (None,)
        ]  # fmt: skip
    assert len(named) > 8
    assert missing == []
