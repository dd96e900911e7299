"""The three real data sets as tables, which the benchmarks use too, and a small shop."""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import duckdb

from segmenter import Source

__all__ = ["DATASETS", "RETAIL", "SHOP", "database", "load_dataset"]

HERE = Path(__file__).parent

RETAIL = str(files("segmenter.data") / "online_retail.parquet")
RETAIL_II = str(HERE / "data" / "online_retail_ii_2009_2010.parquet")

SHOP = """
    create table sales as
    select
        i % 60 as customer_id,
        i as order_id,
        (case when i % 60 < 40 then 10 when i % 60 < 54 then 50 else 200 end)
        + (i % 60) / 4.0 as amount,
        timestamp '2024-01-01' + to_days((i // 4)::integer) as sold_at
    from range(600) as t(i)
    where i < 120 or (i % 60 >= 40 and i < 400) or i % 60 >= 54
"""
"""Readable sales: 60 customers, three kinds of them."""

DATASETS = ("online_retail", "two_years", "cdnow")


def cdnow_file() -> Path:
    """Return the CDNOW file of the package lifetimes without importing the package."""
    found = find_spec("lifetimes")
    assert found is not None
    assert found.origin is not None, "pip install -e '.[dev]' brings lifetimes"
    return Path(found.origin).parent / "datasets" / "CDNOW_master.txt"


def database(name: str) -> None:
    """Make the file ``NAME.duckdb`` with a data set, which DuckDB 1.4 can read."""
    storage = {"storage_compatibility_version": "v1.4.0"}
    with duckdb.connect(f"{name}.duckdb", config=storage) as con:
        load_dataset(con, name)


def load_dataset(con: duckdb.DuckDBPyConnection, name: str) -> Source:
    """Create the data set as a table and return how it is read."""
    if name == "cdnow":
        con.execute(
            r"""
            create table cdnow as
            with words as (
                select regexp_split_to_array(trim(line), '\s+') as word
                from read_csv($1, columns = {'line': 'VARCHAR'}, delim = '\t', header = true)
            )
            select word[1]::integer as customer_id, strptime(word[2], '%Y%m%d')::date as date,
                word[3]::integer as number_of_cds, word[4]::double as dollar_value
            from words
            """,
            [str(cdnow_file())],
        )
        return Source(
            transactions="cdnow", customer="customer_id", amount="dollar_value", date="date"
        )
    con.execute("create table online_retail as from read_parquet($1)", [RETAIL])
    if name == "two_years":
        con.execute(
            """
            create table two_years as
            from online_retail
            union all
            from read_parquet($1) where InvoiceDate < '2010-12-01'
            """,
            [RETAIL_II],
        )
    return Source(
        transactions=name,
        customer="CustomerID",
        amount="Quantity * UnitPrice",
        order="InvoiceNo",
        date="InvoiceDate",
    )
