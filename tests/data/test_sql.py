from __future__ import annotations

import gc
import socket
import time

import psycopg
import pytest

from include.data.batches import Batch
from include.data.frames import frame_of
from include.data.kinds.decimals import Said
from include.data.kinds.text_cells import plain_text
from include.data.sources.sql import SqlBatches
from include.errors import ConfigurationError, DataError, RetrainingError, SourceUnavailable
from tests.sweeps import each_nth
from tools.embedded_postgres import EmbeddedPostgres

SECRET = "s3cr#t@w0rm"


@pytest.fixture
def shop(database_uri: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of sales behind the connection ``shop``; its URI."""
    with psycopg.connect(database_uri) as connection:
        connection.execute(
            "create table sales as select '2026-01-01'::timestamptz + n * interval '1 hour' as at, n::int4 as n, "
            "(n * 1.5)::numeric(12, 3) as price, case when n % 10 = 0 then null else 'r' || n % 3 end as region, "
            "n % 2 = 0 as open, null::float8 as never, '2026-01-01'::date + n as day from generate_series(0, 24999) n"
        )
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", database_uri)
    return database_uri


def rows(query: str, **parameters: object) -> SqlBatches:
    return SqlBatches(connection="shop", query=query, parameters=parameters)


@pytest.mark.usefixtures("shop")
def test_rows_come_in_batches_with_their_types() -> None:
    batches = list(rows("select * from sales order by n;"))
    assert [batch.rows for batch in batches] == [10_000, 10_000, 5_000]
    table = frame_of(batches)
    assert table["n"].tolist() == list(range(25_000))
    assert table["price"].tolist()[:2] == [0.0, 1.5]
    assert (table["region"].isna().sum(), table["never"].isna().all()) == (2500, True)
    assert table["open"].dtype == bool
    assert str(table["at"].dtype).endswith("UTC]")
    assert table["at"].iloc[1].isoformat() == "2026-01-01T01:00:00+00:00"


@pytest.mark.usefixtures("shop")
def test_values_are_bound_and_never_part_of_the_query() -> None:
    evil = "r1'; drop table sales; --"
    assert frame_of(rows("select n from sales where region = %(region)s", region=evil)).empty
    assert len(frame_of(rows("select n from sales where region like 'r%%' and n < %(n)s", n=20))) == 18


@pytest.mark.usefixtures("shop")
def test_numbers_of_which_some_are_infinite_stay_numbers() -> None:
    odd = "case mod(n, 3) when 0 then 'Infinity'::numeric when 1 then 'NaN'::numeric else price end"
    found = frame_of(rows(f"select {odd} as price from sales where n < 6 order by n"))["price"]
    assert str(found.dtype) == "float64"
    assert found.tolist()[::3] == [float("inf")] * 2
    assert found.tolist()[2::3] == [3.0, 7.5]
    assert found.isna().sum() == 2


@pytest.mark.usefixtures("shop")
def test_query_without_rows_has_its_columns() -> None:
    assert list(frame_of(rows("select n, region from sales where false"))) == ["n", "region"]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("query", ["delete from sales", "select set_config('x.y', '1', false); delete from sales"])
def test_query_cannot_change_anything(query: str, shop: str) -> None:
    with pytest.raises(DataError, match="connection 'shop'"):
        list(rows(query))
    with psycopg.connect(shop) as connection:
        assert connection.execute("select count(*) from sales").fetchone() == (25_000,)


def test_function_with_a_side_effect_is_refused(shop: str) -> None:
    with psycopg.connect(shop) as connection:
        connection.execute("create function spoil() returns int language sql as 'delete from sales returning 1'")
    with pytest.raises(DataError, match="read-only"):
        list(rows("select spoil()"))


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select gone from sales", "gone"),
        ("selct 1", "syntax error"),
        ("select n, n from sales", "'n' is there twice"),
        ("select 1 / 0", "division by zero"),
    ],
)
def test_query_that_cannot_be_answered_is_an_error_of_the_model(query: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        list(rows(query))


def test_stopping_early_leaves_no_connection_behind(shop: str) -> None:
    batches = iter(rows("select n from sales"))
    assert isinstance(next(batches), Batch)
    batches.close()  # type: ignore[attr-defined]  # a generator
    with psycopg.connect(shop) as connection:
        others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        for _ in range(100):  # the server notices a moment later
            found = connection.execute(others).fetchone()
            connection.rollback()
            if found == (0,):
                break
        assert found == (0,)


@pytest.mark.parametrize("all_of_them", [False, True])
def test_server_that_dies_between_two_batches_leaves_no_cursor_open(shop: str, all_of_them: bool) -> None:
    batches = iter(rows("select n from sales"))
    next(batches)
    with psycopg.connect(shop) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() "
            "and backend_type = 'client backend' and pid <> pg_backend_pid()"
        )
    if all_of_them:
        with pytest.raises(SourceUnavailable, match="connection 'shop': the server broke off"):
            list(batches)
    else:
        batches.close()  # type: ignore[attr-defined]  # a generator
    del batches
    gc.collect()  # the driver warns of an open cursor, which is an error here


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("", ConfigurationError),
        (f"mysql://ada:{SECRET}@host/db", ConfigurationError),
        (f'{{"conn_type": "postgres", "password": "{SECRET}"}}', ConfigurationError),
        (f"postgresql://ada:{SECRET}@127.0.0.1:port/db", SourceUnavailable),
        (f"postgresql://ada:{SECRET}@127.0.0.1/db?password={SECRET}&nonsense=1", ConfigurationError),
        (f"postgresql://ada:x%40{SECRET}@127.0.0.1:{{port}}/db", SourceUnavailable),
    ],
)
def test_address_that_does_not_work_is_named_without_its_secrets(
    address: str, kind: type[RetrainingError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", address.replace("{port}", str(closed_port())))
    with pytest.raises((ConfigurationError, SourceUnavailable)) as caught:
        list(rows("select 1"))
    message = str(caught.value)
    assert type(caught.value) is kind
    assert "AIRFLOW_CONN_SHOP" in message
    assert not [part for part in ("s3cr", "#t", "w0rm") if part in message]
    assert caught.value.__suppress_context__ or caught.value.__context__ is None  # nor in the traceback


def test_server_that_refuses_may_be_asked_again(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", f"{shop.rsplit('/', 1)[0]}/no_such_database")
    with pytest.raises(SourceUnavailable, match="AIRFLOW_CONN_SHOP"):
        list(rows("select 1"))


@pytest.mark.parametrize(
    "setting",
    each_nth([
        "datestyle TO 'German'", "datestyle TO 'SQL, DMY'", "datestyle TO 'Postgres, MDY'", "timezone TO 'Asia/Tokyo'",
        "intervalstyle TO 'iso_8601'", "intervalstyle TO 'sql_standard'", "intervalstyle TO 'postgres_verbose'",
        "extra_float_digits TO -15", "bytea_output TO 'escape'", "default_transaction_isolation TO 'serializable'",
        "client_encoding TO 'LATIN1'", "client_encoding TO 'SQL_ASCII'", "transaction_timeout TO '300ms'",
        "idle_in_transaction_session_timeout TO '50ms'",
    ], 3),
)  # fmt: skip
def test_rows_are_the_same_whatever_the_database_says_for_everybody(shop: str, setting: str) -> None:
    query = (
        "select at, at::timestamp as plain, day, at::time as clock, n * interval '90 min' as lasts, price::float8 / 7 "
        "as price, day as born, 'süd' as \"größe\" from sales where n < 20000 order by n"
    )
    usual = frame_of(rows(query))
    with psycopg.connect(shop, autocommit=True) as connection:
        name = connection.execute("select quote_ident(current_database())").fetchone()
        connection.execute(f"ALTER DATABASE {name[0]} SET {setting}".encode())  # type: ignore[index]  # always a row
    slowly = list[Batch]()
    for batch in rows(query):
        slowly.append(batch)
        time.sleep(0.4)
    assert frame_of(slowly).equals(usual)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "EUC_JIS_2004", "WIN1252"])
@pytest.mark.parametrize("client", ["", "UTF8"])
def test_rows_of_a_database_of_any_encoding_are_text(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch, encoding: str, client: str
) -> None:
    with psycopg.connect(postgres.uri(), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS odd")
        connection.execute(f"CREATE DATABASE odd ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0".encode())
    with psycopg.connect(postgres.uri("odd"), autocommit=True) as connection:
        known = encoding != "SQL_ASCII"
        connection.execute(f"SET client_encoding TO '{'UTF8' if known else encoding}'".encode())
        connection.execute("create table t as select 'süd'::text as \"größe\", 1 as n".encode())
        if not known:
            connection.execute("insert into t values ('süd', 2)".encode("cp1252"))
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", postgres.uri("odd") + (f"?client_encoding={client}" if client else ""))
    read = frame_of(rows('select "größe", n from t where "größe" <> %(other)s', other="nörd"))
    [found], _ = plain_text([read], Said(where="odd"))
    assert list(found) == ["größe", "n"]
    assert set(found["größe"]) == {"süd"}


@pytest.mark.usefixtures("shop")
def test_a_view_that_is_not_there_now_is_worth_another_try() -> None:
    with pytest.raises(SourceUnavailable, match=r"cannot be answered now: .*gone.* make that table or view"):
        list(rows("select n from gone"))
