"""The files for the bad calls: databases that are damaged, odd or somebody else's, and data."""

from __future__ import annotations

import os
import socket
import sqlite3
from pathlib import Path

import duckdb

from segmenter import Settings, Source, fit
from tests.datasets import SHOP

__all__ = ["make_files"]


def make_files(folder: Path) -> None:
    """Make the files that the calls name."""
    here = os.getcwd()
    os.chdir(folder)
    try:
        _make_databases()
        _make_data_files()
    finally:
        os.chdir(here)


_TABLES = """
    create table profiles as
    select i as customer_id, (i * i) % 97 + 0.5 as monetary, i % 7 + 1 as frequency
    from range(60) as t(i);
    create table points as
    select distinct on (monetary, frequency) (i * i) % 97 + 0.5 as monetary,
        i % 7 + 1 as frequency, i % 3 + 1 as customers
    from range(60) as t(i);
    create table nothing as from sales where false;
    create table nobody as select null::integer as customer_id, 1.0 as amount, 1 as order_id;
    create table not_a_number as select 1 as customer_id, 'nan'::double as amount, 1 as order_id,
        'nan'::double as monetary, 1 as frequency, 1 as customers;
    create table not_finite as select 1 as customer_id, 'inf'::double as amount, 1 as order_id,
        1.0 as monetary, 'inf'::double as frequency, 1 as customers;
    create table too_large as select 1 as customer_id, 1e300 as amount, 1 as order_id,
        1e300 as monetary, 1 as frequency, 1 as customers;
    create table negative_only as select i as customer_id, -1.0 as amount, i as order_id,
        -1.0 as monetary, -1 as frequency, -1 as customers from range(9) as t(i);
    create table one_customer as select 1 as customer_id, 1.0 as amount, i as order_id
        from range(9) as t(i);
    create table texts as select 'a[red]' || i as customer_id, 'x[/]' as amount, i as order_id,
        'x[/]' as monetary, 'y' as frequency, 'z' as customers from range(9) as t(i);
    create table nested as select [1] as customer_id, {'a': 1} as amount, 1 as order_id,
        [1.0] as monetary, [1] as frequency, 1 as customers;
    create table blobs as select 'a'::blob as customer_id, 'b'::blob as amount, 1 as order_id,
        'c'::blob as monetary, 1 as frequency, 1 as customers;
    create table gone as select 1 as x;
    create view broken_view as from gone;
    drop table gone;
"""

_DATES = {
    "infinite": "case when i % 3 = 0 then 'infinity'::timestamp when i % 3 = 1 then "
    "'-infinity'::timestamp else sold_at end",
    "before_christ": "sold_at - to_years(3000)",
    "far_future": "sold_at + to_years(198000)",
    "texts_as_dates": "case when i % 2 = 0 then 'soon' else sold_at::varchar end",
    "one_day": "timestamp '2024-02-02'",
    "no_dates": "null::timestamp",
}


def _make_databases() -> None:
    sales = Source(
        transactions="sales",
        customer="customer_id",
        amount="amount",
        order="order_id",
        date="sold_at",
    )
    with duckdb.connect("tables.duckdb") as con:
        con.execute(SHOP)
        con.execute(_TABLES)
    duckdb.connect("empty.duckdb").close()
    _copy("tables.duckdb", "shop.duckdb")
    with duckdb.connect("shop.duckdb") as con:
        fit(con, sales)
        fit(con, sales)
    for name, source in {
        "undated": Source(transactions="sales", customer="customer_id", amount="amount"),
        "points": Source(points="points"),
    }.items():
        _copy("tables.duckdb", f"{name}.duckdb")
        with duckdb.connect(f"{name}.duckdb") as con:
            fit(con, source)
    _make_odd_dates(sales)
    _make_hostile()
    _make_damaged(sales)


def _make_odd_dates(sales: Source) -> None:
    with duckdb.connect("dates.duckdb") as con:
        con.execute(SHOP)
        con.execute("alter table sales rename to given")
        for name, date in _DATES.items():
            con.execute(
                f"create table {name} as select * replace ({date} as sold_at) "
                "from (select *, row_number() over () as i from given)"
            )
    for name in _DATES:
        _copy("dates.duckdb", f"{name}.duckdb")
        with duckdb.connect(f"{name}.duckdb") as con:
            con.execute(f"create view sales as from {name}")
            try:
                fit(con, sales)
            except Exception:
                con.execute("drop view sales")
                con.execute("create view sales as from given")
                fit(con, sales)
                con.execute(f"create or replace view sales as from {name}")


def _make_hostile() -> None:
    """Make a database in which every name is hostile."""
    table, names = 'a"[/red]:smile:\x1b[31m', ("[/]", "\x1b]0;x\x07", "=1+1")
    with duckdb.connect("hostile.duckdb") as con:
        con.execute(SHOP)
        quoted = table.replace('"', '""')
        con.execute(
            f"create table \"{quoted}\" as select '[/' || customer_id || ']' || chr(27) as "
            '"[id]", amount as "am[/]ount", order_id, sold_at from sales'
        )
        source = Source(
            transactions=table,
            customer='"[id]"',
            amount='"am[/]ount"',
            order="order_id",
            date="sold_at",
        )
        fit(con, source, Settings(names=names))


_REPLACED = (
    "create or replace table segments_internal.models as "
    "select * replace ({}::varchar as {}) from segments_internal.models"
)

_DAMAGE = {
    "newer_layout": "update segments_internal.models set layout_version = 99",
    "no_current": "update segments_internal.models set is_current = false",
    "source_not_json": _REPLACED.format("'not [red] json'", "source"),
    "source_other_json": "update segments_internal.models set source = '[1, 2]'",
    "source_unknown": """update segments_internal.models set source = '{"table": "sales"}'""",
    "settings_not_json": _REPLACED.format("'{'", "settings"),
    "settings_wrong": """update segments_internal.models set settings = '{"levels": "many"}'""",
    "warnings_not_json": _REPLACED.format("'x'", "warnings"),
    "no_rules_table": "drop view segments.segment_rules; drop table segments_internal.model_rules",
    "no_points_table": "drop table segments_internal.model_points",
    "no_segments": "delete from segments_internal.model_segments",
    "no_splits": "delete from segments_internal.model_splits",
    "source_gone": "drop table sales",
    "column_gone": "alter table sales drop column order_id",
    "type_changed": "alter table sales alter amount type varchar using 'x[/]'",
    "emptied": "delete from sales",
    "no_macro": "drop macro explain_segment; drop macro classify_segment",
}


def _make_damaged(sales: Source) -> None:
    for name, damage in _DAMAGE.items():
        _copy("shop.duckdb", f"{name}.duckdb")
        with duckdb.connect(f"{name}.duckdb") as con:
            con.execute(damage)
    for name, made in {
        "somebody_elses": "create schema segments; create table segments.models_of_cars (a int)",
        "their_macro": "create macro classify_segment(a, b) as a + b",
    }.items():
        _copy("tables.duckdb", f"{name}.duckdb")
        with duckdb.connect(f"{name}.duckdb") as con:
            con.execute(made)
    _copy("tables.duckdb", "rules_only.duckdb")
    with duckdb.connect("rules_only.duckdb") as con:
        fit(con, sales, Settings(forget_points=True))
    _copy("points.duckdb", "spark.duckdb")


def _make_data_files() -> None:
    whole = Path("shop.duckdb").read_bytes()
    Path("cut_short.duckdb").write_bytes(whole[: len(whole) // 2])
    Path("overwritten.duckdb").write_bytes(b"[red]" * 1000 + whole[5000:])
    Path("zeros.duckdb").write_bytes(bytes(8192))
    Path("text.txt").write_text("[red] some text; not, a table\n")
    Path("empty.csv").write_text("")
    Path("header_only.csv").write_text("customer_id,amount,order_id,monetary,frequency\n")
    Path("ragged.csv").write_text('customer_id,amount,order_id\n1,2\n"3\n,,,,,,\n\x00\n')
    Path("not.parquet").write_text("PAR1 but not really [/] PAR1")
    Path("folder").mkdir()
    Path("folder/inside.txt").write_text("x")
    Path("folder.parquet").mkdir()
    Path("loop.duckdb").symlink_to("loop.duckdb")
    Path("dangling.duckdb").symlink_to("no_such_file.duckdb")
    sqlite3.connect("sqlite.db").executescript("create table a (b); insert into a values (1)")
    with duckdb.connect("shop.duckdb", read_only=True) as con:
        con.execute("copy sales to 'sales.parquet'")
        con.execute("copy sales to 'sales.csv'")
        con.execute("copy profiles to 'profiles.csv'")
        con.execute("copy (select *, 'x' as segment from profiles) to 'labelled.csv'")
    _make_special_files()
    whole = Path("sales.parquet").read_bytes()
    Path("cut_short.parquet").write_bytes(whole[:-20])


def _make_special_files() -> None:
    for name in ("pipe", "pipe.csv", "pipe.parquet", "pipe.duckdb"):
        os.mkfifo(name)
    for name in ("socket.csv", "socket.duckdb"):
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(name)
    Path("link_to_pipe.csv").symlink_to("pipe.csv")
    Path("folder.csv").mkdir()


def _copy(given: str, made: str) -> None:
    Path(made).write_bytes(Path(given).read_bytes())
