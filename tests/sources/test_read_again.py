"""What views cannot read: workbooks, queries in files, tables of other databases."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import duckdb
import openpyxl
import pytest

import segmenter
from segmenter import InputError, SegmenterError, Source
from segmenter.operations.refresh import refresh
from segmenter.sources.attachments import checked_attachments, parsed_attachments
from segmenter.sources.workbooks import read_sheet
from segmenter.workplace.place import OwnConnection
from tests.advice import advised, fitted, look, said

COLUMNS = {"customer": "customer_id", "order": "order_id", "amount": "amount"}
DAY = dt.datetime(2024, 1, 1)
ROWS = [(i, f"C{i % 20}", i % 9 + 1.5, DAY + dt.timedelta(days=i)) for i in range(200)]
HEADER = ("order_id", "customer_id", "amount", "day")
TOTAL = "select round(sum(monetary), 2), count(*) from segments.customer_segments"


def money(rows) -> float:
    return round(sum(row[2] for row in rows), 2)


def write_workbook(path, rows, sheet="Sheet1", title=HEADER):
    book = openpyxl.Workbook()
    book.active.title = "Notes" if sheet != "Sheet1" else sheet
    page = book.active if sheet == "Sheet1" else book.create_sheet(sheet)
    for row in [title, *rows]:
        page.append(row)
    book.save(path)


@pytest.fixture
def shop(tmp_path):
    """A database with sales, of whose file the path is given."""
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create schema crm")
        con.execute(
            "create table crm.sales (order_id int, customer_id text, amount double, day timestamp)"
        )
        con.executemany("insert into crm.sales values (?, ?, ?, ?)", ROWS)
    return str(path)


def add_a_row(path):
    with duckdb.connect(str(path)) as con:
        con.execute("insert into crm.sales values (999, 'new', 7, now()::timestamp)")


def test_a_workbook_is_read_by_the_fit_and_again_by_a_refresh(con, tmp_path):
    path = tmp_path / "sales.xlsx"
    write_workbook(path, ROWS)
    source = {"transactions": str(path), **COLUMNS, "date": "day"}
    seen = look(con, **source)
    assert seen[1:] == (20, money(ROWS), ROWS[-1][3])
    fitted(con, **source)
    assert con.execute(TOTAL).fetchone() == (money(ROWS), 20)
    write_workbook(path, [*ROWS, (999, "new", 7.25, DAY)])
    assert con.execute(TOTAL).fetchone() == (money(ROWS), 20)
    assert refresh(OwnConnection(con)).customers == 21
    assert con.execute(TOTAL).fetchone() == (money(ROWS) + 7.25, 21)


def test_a_sheet_is_named(con, tmp_path):
    path = tmp_path / "sales.xlsx"
    write_workbook(path, ROWS, sheet="Sales 2024")
    source = {"transactions": str(path), **COLUMNS}
    assert look(con, **source).money == money(ROWS)  # the other one is empty
    assert "Did you mean 'Sales 2024'?" in said(con, **source, sheet="sales 2024 ")
    assert look(con, **source, sheet="Sales 2024").money == money(ROWS)
    with pytest.raises(InputError, match="sheet is of a workbook"):
        Source(transactions="sales.csv", **COLUMNS, sheet="x")


def test_several_sheets_are_asked_about(con, tmp_path):
    path = tmp_path / "sales.xlsx"
    write_workbook(path, ROWS)
    book = openpyxl.load_workbook(path)
    later = book.create_sheet("later")
    for row in (HEADER, (999, "new", 7.25, DAY)):
        later.append(row)
    book.save(path)
    source = {"transactions": str(path), **COLUMNS}
    message = said(con, **source)
    assert "has 2 sheets ('Sheet1', 'later')" in message
    assert advised(message, "sheet") == ["*", "Sheet1"]
    assert look(con, **source, sheet="Sheet1").money == money(ROWS)
    assert look(con, **source, sheet="*").money == money(ROWS) + 7.25
    book.create_sheet("notes").append(("one", "two"))
    book.save(path)
    assert "Read all" not in said(con, **source)
    message = said(con, **source, sheet="*")
    assert "'Sheet1' and 'notes'" in message
    assert "have different columns" in message


def test_lines_above_the_names_are_left_out(con, tmp_path):
    book = openpyxl.Workbook()
    for row in (("Sales of 2024",), (), HEADER, *ROWS):
        book.active.append(row)
    path = tmp_path / "sales.xlsx"
    book.save(path)
    assert look(con, transactions=str(path), **COLUMNS).money == money(ROWS)
    path.write_text("<table><tr><td>order_id</td></tr></table>")
    assert "it is a text" in said(con, transactions=str(path), **COLUMNS)


def test_cells_of_a_workbook_are_typed(con, tmp_path):
    path = tmp_path / "sales.xlsx"
    rows = [(i, ("007", 8, None)[i % 3], i, DAY) for i in range(30)]
    write_workbook(path, rows)
    table = read_sheet(str(path), None)
    kinds = {field.name: str(field.type) for field in table.schema}
    assert kinds == {
        "order_id": "int64", "customer_id": "string", "amount": "int64", "day": "timestamp[us]"
    }  # fmt: skip
    assert table.column("customer_id").to_pylist()[:3] == ["007", "8", None]


def test_without_the_package_the_message_says_what_to_install(tmp_path):
    write_workbook(tmp_path / "sales.xlsx", ROWS)
    code = (
        "import sys; sys.modules['python_calamine'] = None; "
        "from segmenter.sources.workbooks import read_sheet; "
        f"read_sheet({str(tmp_path / 'sales.xlsx')!r}, None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "pip install 'duckdb-segmenter[excel]'" in done.stderr


def test_a_file_that_is_no_workbook_is_refused(con, tmp_path):
    (tmp_path / "sales.xlsx").write_text("no workbook")
    source = {"transactions": str(tmp_path / "sales.xlsx"), **COLUMNS}
    assert "cannot be read as a workbook" in said(con, **source)
    assert "csv says how a CSV file is read" in said(con, **source, csv={"delim": ";"})
    listed = {"transactions": "t", **COLUMNS, "exclude": str(tmp_path / "sales.xlsx")}
    con.execute("create table t as select 1 as order_id, 'a' as customer_id, 2.0 as amount")
    assert "Save it as a CSV or Parquet file" in said(con, **listed)


def test_a_table_of_another_database_is_read_and_read_again(con, shop):
    source = {
        "transactions": "crm_db.crm.sales",
        **COLUMNS,
        "date": "day",
        "attach": {"crm_db": shop},
    }
    fitted(con, **source)
    assert con.execute(TOTAL).fetchone() == (money(ROWS), 20)
    con.execute("detach crm_db")
    assert con.execute(TOTAL).fetchone() == (money(ROWS), 20)
    add_a_row(shop)
    assert refresh(OwnConnection(con)).customers == 21
    for verb in ("select segments.classify_segment(5, 2)", "from segments.segment_summary"):
        assert con.execute(verb).fetchall()
    for ask in (lambda db: db.drift(), lambda db: db.backtest("2024-03-01")):
        with pytest.raises(SegmenterError, match="views cannot read"):
            ask(segmenter.open(con))


def test_the_name_is_looked_for_in_the_attached_database_alone(con, shop):
    con.execute("create table sales as select 1 as order_id, 'a' as customer_id, 2.0 as amount")
    attach = {"crm_db": shop}
    source = {**COLUMNS, "attach": attach}
    assert "leave attach out" in said(con, transactions="sales", **source).replace("Leave", "leave")
    assert "Did you mean 'crm_db.crm.sales'?" in said(con, transactions="crm_db.crm.sals", **source)
    assert look(con, transactions="crm_db.crm.sales", **source).money == money(ROWS)
    message = said(con, transactions="crm_db.crm.sales", **COLUMNS)
    assert "in the attached database 'crm_db'" in message


def test_a_query_over_other_databases_is_read_again(con, shop, tmp_path):
    path = tmp_path / "sales.sql"
    path.write_text("-- ours\nselect * from crm_db.crm.sales where amount > 2;\n")
    source = {"transactions": str(path), **COLUMNS, "attach": {"crm_db": shop}}
    right = [row for row in ROWS if row[2] > 2]
    fitted(con, **source)
    assert con.execute(TOTAL).fetchone() == (money(right), 20)
    assert refresh(OwnConnection(con)).is_full
    for text, message in (
        ("drop table x", "must have one query"),
        ("select 1; select 2", "must have one query"),
        ("select * frm x where (", "no SQL that can be read"),
        ("select * from nowhere", "does not work: Catalog Error"),
    ):
        path.write_text(text)
        assert message in said(con, **source)


@pytest.mark.parametrize(
    "text",
    [
        "postgres:host=h password=hush", "postgres:postgresql://me:hush@h/db",
        "mysql:host=h passwd=x", "md:shop?motherduck_token=abc",
    ],
)  # fmt: skip
def test_no_secret_is_kept(text):
    with pytest.raises(InputError, match=r"password=\$\{CRM_PASSWORD\}"):
        checked_attachments({"crm": text})


@pytest.mark.parametrize(
    "text",
    ["postgres:host=h password=${CRM_PASSWORD}", "postgres:dbname=shop", "postgres://me@h/db",
     "md:shop"],
)  # fmt: skip
def test_what_names_a_secret_is_kept_as_it_is(text):
    assert parsed_attachments([f"crm={text}"]) == {"crm": text}


def test_a_variable_of_the_environment_is_put_in_and_never_stored(con, shop, monkeypatch):
    folder, name = shop.rsplit("/", 1)
    source = {"transactions": "s.crm.sales", **COLUMNS, "attach": {"s": f"{folder}/${{SHOP}}"}}
    monkeypatch.delenv("SHOP", raising=False)
    assert "the environment has no variable SHOP. Set it" in said(con, **source)
    monkeypatch.setenv("SHOP", name)
    fitted(con, **source)
    stored = con.execute("select source ->> '$.attach.s' from segments_internal.models").fetchone()
    assert stored == (f"{folder}/${{SHOP}}",)


@pytest.mark.parametrize(
    "words", [["crm"], ["crm="], ["a=x.db", "a=y.db"], ["temp=x.db"], ["a b=x"]]
)
def test_an_attachment_that_is_none_is_refused(words):
    with pytest.raises(InputError, match="attached as"):
        parsed_attachments(words)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"transactions": "crm.main.sales", "attach": {"crm": "sqlite:sales.db"}}, "sqlite"),
        ({"transactions": "crm.main.sales", "attach": {"crm": "postgres:dbname=shop"}}, "postgres"),
        ({"transactions": "crm.shop.sales", "attach": {"crm": "mysql:host=localhost"}}, "mysql"),
        ({"transactions": "https://localhost:1/sales.csv"}, "httpfs"),
        ({"transactions": "s3://bucket/sales.parquet"}, "httpfs"),
        ({"transactions": "./delta"}, "delta"),
        ({"transactions": "./iceberg/"}, "iceberg"),
    ],
)
def test_a_missing_extension_is_named(con, tmp_path, monkeypatch, options, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("segmenter.schema.extensions.find_spec", lambda name: None)
    (tmp_path / "sales.db").touch()
    (tmp_path / "delta/_delta_log").mkdir(parents=True)
    (tmp_path / "iceberg/metadata").mkdir(parents=True)
    (tmp_path / "iceberg/metadata/v1.metadata.json").touch()
    (tmp_path / "iceberg/metadata/version-hint.text").write_text("1")
    con.execute(f"set extension_directory = '{tmp_path}/none'")
    con.execute("set autoinstall_known_extensions = false")
    message = said(con, **options, **COLUMNS)
    assert f"DuckDB's extension {name} is missing. Install it once" in message
    assert f"INSTALL {name};" in message
    scanner = "-scanner" if name in ("sqlite", "postgres", "mysql") else ""
    assert f"pip install duckdb-extension-{name}{scanner}" in message


def test_a_stored_attachment_is_opened_where_it_is_allowed(tmp_path, shop):
    place = tmp_path / "elsewhere"
    place.mkdir()
    path = place / "model.duckdb"
    source = Source.from_transactions("s.crm.sales", **COLUMNS, attach={"s": shop})
    segmenter.open(path).fit(source, segmenter.Settings(cut=1, n_neighbors=1))
    add_a_row(shop)
    with pytest.raises(InputError, match="attached only where you say") as refused:
        segmenter.open(path).refresh()
    (allow,) = advised(str(refused.value), "allow")
    assert segmenter.open(path, allow=allow).refresh().customers == 21
    beside = tmp_path / "beside.duckdb"
    segmenter.open(beside).fit(source, segmenter.Settings(cut=1, n_neighbors=1))
    assert segmenter.open(beside).refresh().customers == 21
