"""Sales in databases that DuckDB attaches: real servers of MariaDB and PostgreSQL, and SQLite.

The extensions come as packages for one version of DuckDB; the gate runs this file with that one.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

import duckdb
import psycopg
import pytest
import trustme

import segmenter
from segmenter import InputError, Settings, Source
from segmenter.operations.refresh import refresh
from segmenter.schema.extensions import load_packaged
from segmenter.workplace.place import OwnConnection
from tests.advice import advised, fitted, look, said
from tests.clients.mariadb import PASSWORD, USER
from tests.clients.tls_postgres import PASSWORD as TLS_PASSWORD

COLUMNS = {"customer": "customer_id", "amount": "amount", "order": "order_id", "date": "sold_at"}
ROWS = [
    (i, f"C{i % 20}", i % 9 + 1.25, f"2024-01-{i % 28 + 1:02}", ("paid", "Paid ", "open")[i % 3])
    for i in range(200)
]
CREATE = (
    "create table sales (order_id int, customer_id varchar(20) {ci}, amount decimal(10, 2), "
    "sold_at timestamp, status varchar(10) {ci})"
)
TOTAL = "select round(sum(monetary), 2), count(*) from segments.customer_segments"


def money(rows) -> float:
    return sum(row[2] for row in rows)


def packaged(name):
    with duckdb.connect() as con:
        if not load_packaged(con, name):
            pytest.skip(f"the extension {name} is not here: pip install '.[dev]' with DuckDB 1.5")


class Other:
    """A database that has sales.

    Attributes
    ----------
    address : str
        As it is attached.
    table : str
    run : callable
        Runs a statement in it.
    """

    def __init__(self, address, table, run):
        self.address, self.table, self.run = address, table, run
        self.source = {"transactions": table, **COLUMNS, "attach": {"crm": address}}


def fill(run, text="varchar(10)"):
    run(f"create table sales (order_id int, customer_id {text}, amount decimal(10, 2), "
        f"sold_at timestamp, status {text})")  # fmt: skip
    run("insert into sales values " + ", ".join(map(str, ROWS)))


@pytest.fixture
def maria(mariadb, monkeypatch):
    """Sales in MariaDB, whose texts are compared as they are by default: not by case."""
    packaged("mysql_scanner")
    mariadb.execute(
        "create or replace database shop",
        f"create or replace user {USER}@'127.0.0.1' identified by '{PASSWORD}'",
        f"grant select on shop.* to {USER}@'127.0.0.1'",
    )
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)
    address = f"mysql:host=127.0.0.1 port={mariadb.port} user={USER} password=${{CRM_PASSWORD}}"
    other = Other(address, "crm.shop.sales", lambda sql: mariadb.execute(sql, database="shop"))
    fill(other.run)
    return other


@pytest.fixture
def postgres(database):
    packaged("postgres_scanner")
    info = database.info
    address = f"postgres:host={info.host} dbname={info.dbname} user={info.user}"
    fill(database.execute)
    return Other(address, "crm.public.sales", database.execute)


@pytest.fixture
def sqlite(tmp_path):
    """Sales in SQLite, whose columns are compared without regard to case."""
    packaged("sqlite_scanner")
    path = tmp_path / "shop.db"

    def run(statement):
        with closing(sqlite3.connect(path)) as con, con:
            con.execute(statement)

    fill(run, "text collate nocase")
    return Other(f"sqlite:{path}", "crm.main.sales", run)


@pytest.fixture(params=["maria", "postgres", "sqlite"])
def other(request):
    return request.getfixturevalue(request.param)


def test_a_table_is_read_and_read_again_where_that_is_allowed(other, tmp_path):
    """The condition is DuckDB's, and customers are what it takes for different."""
    (tmp_path / "elsewhere").mkdir()
    path = tmp_path / "elsewhere/model.duckdb"
    other.run("insert into sales values (900, 'c1', 3, '2024-01-05', 'paid')")
    source = Source(**other.source, where="status = 'paid'")
    paid = [row for row in ROWS if row[4] == "paid"]
    segmenter.open(path).fit(source, Settings(cut=1, n_neighbors=1))
    assert PASSWORD.encode() not in path.read_bytes()
    with duckdb.connect(str(path)) as con:
        assert segmenter.load(con).source["attach"] == {"crm": other.address}
        assert con.execute(TOTAL).fetchone() == (money(paid) + 3, 21)
    other.run("insert into sales values (901, 'c1', 3, '2024-01-06', 'Paid')")
    other.run("insert into sales values (902, 'new', 7, '2024-01-06', 'paid')")
    with pytest.raises(InputError, match="attached only where you say") as refused:
        segmenter.open(path).refresh()
    (allow,) = advised(str(refused.value), "allow")
    assert segmenter.open(path, allow=allow).refresh().customers == 22
    with duckdb.connect(str(path)) as con:
        assert con.execute(TOTAL).fetchone() == (money(paid) + 10, 22)


def test_a_name_that_is_not_there_is_looked_for(other, con):
    message = said(con, **other.source | {"transactions": other.table.replace("sales", "salez")})
    assert f"Did you mean {other.table!r}?" in message


def test_sqlite_is_seen_by_its_content(sqlite, con):
    attach = {"crm": sqlite.address.removeprefix("sqlite:")}
    assert look(con, **sqlite.source | {"attach": attach}).money == money(ROWS)


def test_dates_that_no_calendar_has_stop_nothing(maria, mariadb, con):
    mariadb.execute(
        "set sql_mode = ''",
        "alter table sales add column born date",
        "update sales set born = '1980-02-00'",
        database="shop",
    )
    assert look(con, **maria.source).money == money(ROWS)


def test_a_wrong_password_is_a_sentence_without_it(maria, mariadb, con, monkeypatch):
    monkeypatch.setenv("CRM_PASSWORD", "xyzzy")
    uri = f"mysql://{USER}:${{CRM_PASSWORD}}@127.0.0.1:{mariadb.port}/shop"
    for address, shown in ((maria.address, "password=... Access"), (uri, "reader:...@127")):
        message = said(con, **maria.source | {"attach": {"crm": address}})
        assert "the database crm cannot be attached" in message
        assert "See that its server is up, and that its address, the user" in message
        assert shown in message
        assert "Access denied for user 'reader'" in message
        assert "xyzzy" not in message
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)
    assert look(con, **maria.source | {"attach": {"crm": uri}}).money == money(ROWS)


def test_a_server_that_has_stopped_is_a_sentence(maria, mariadb, con):
    fitted(con, **maria.source)
    mariadb.execute(f"rename user {USER}@'127.0.0.1' to away@'127.0.0.1'")
    sessions = "select id from information_schema.processlist where user = 'reader'"
    with mariadb.connect() as root, root.cursor() as cursor:
        cursor.execute(sessions)
        for (session,) in cursor.fetchall():
            cursor.execute(f"kill {session}")
    for how in ("attached", "anew"):
        with pytest.raises(InputError, match="See that its server is up") as refused:
            refresh(OwnConnection(con))
        assert "Access denied" in str(refused.value)
        assert PASSWORD not in str(refused.value)
        if how == "attached":
            con.execute("detach crm")
    mariadb.execute(f"rename user away@'127.0.0.1' to {USER}@'127.0.0.1'")
    assert refresh(OwnConnection(con)).customers == 20


def test_a_postgresql_over_tls_is_attached_and_its_certificate_looked_at(
    tls_postgres, con, tmp_path, monkeypatch
):
    packaged("postgres_scanner")
    with psycopg.connect(tls_postgres.dsn(), autocommit=True) as pg:
        pg.execute("drop table if exists sales")  # of another test
        fill(pg.execute)
    monkeypatch.setenv("CRM_PASSWORD", TLS_PASSWORD)
    address = f"postgres:{tls_postgres.dsn(password='${CRM_PASSWORD}')}"
    source = {"transactions": "crm.public.sales", **COLUMNS}
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    wrong = address.replace(tls_postgres.authority, str(tmp_path / "other.pem"))
    message = said(con, **source, attach={"crm": wrong})
    assert "certificate verify failed" in message
    assert TLS_PASSWORD not in message
    assert look(con, **source, attach={"crm": address}).money == money(ROWS)
