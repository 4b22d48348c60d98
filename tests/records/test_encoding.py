from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from include.errors import ConfigurationError
from include.records.schema import migrate
from tools.embedded_postgres import EmbeddedPostgres


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_database_that_cannot_hold_every_name_is_refused_with_the_way_out(
    postgres: EmbeddedPostgres, encoding: str
) -> None:
    name = f"in_{encoding.lower()}"
    make = "CREATE DATABASE {} ENCODING {} LOCALE 'C' TEMPLATE template0"
    with psycopg.connect(postgres.uri(), autocommit=True) as connection:
        connection.execute(sql.SQL(make).format(sql.Identifier(name), sql.Literal(encoding)))
        try:
            with (
                psycopg.connect(postgres.uri(name)) as other,
                pytest.raises(ConfigurationError, match=f"its encoding is {encoding}, .* ENCODING 'UTF8'"),
            ):
                migrate(other)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
