"""Temporary tables end with their block, whatever happens in it."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from segmenter.schema.temporary import TemporaryTables, registered


class Numbered(TemporaryTables):
    prefix = "numbered_"


def names(con):
    query = (
        "select table_name from duckdb_tables() where temporary union all "
        "select view_name from duckdb_views() where temporary and not internal order by all"
    )
    return [name for (name,) in con.execute(query).fetchall()]


def test_what_was_made_is_gone_after_the_block():
    with duckdb.connect() as con:
        with Numbered(con) as tables:
            tables.create("one", "select 1 as a union all select 2")
            tables.create("two", f"from {tables.staged('one')}", "view")
            tables.create("one", "select unnest(range($n)) as a", parameters={"n": 3})
            assert tables.count("two") == 3
            assert names(con) == ["segmenter_numbered_one", "segmenter_numbered_two"]
        assert names(con) == []


def test_an_error_of_the_block_is_not_hidden_by_what_cannot_be_dropped():
    def fail(con):
        with Numbered(con) as tables:
            tables.create("one", "select 1 as a")
            con.close()
            raise ValueError("the first one")

    with pytest.raises(ValueError, match="the first one"):
        fail(duckdb.connect())


def test_a_view_of_the_schema_is_read_from_another_table():
    with duckdb.connect() as con, TemporaryTables(con) as tables:
        tables.create("orders", "select timestamp '2024-05-01' as ordered_at")
        query = tables.query("queries/time_span", transactions=tables.staged("orders"))
        assert "segmenter_orders" in query
        assert con.execute(query).fetchall()[0][0].day == 1


def test_an_arrow_table_is_read_only_in_the_block():
    with duckdb.connect() as con:
        with registered(con, "given", pa.table({"a": [1, 2]})):
            assert con.execute("select sum(a) from given").fetchall() == [(3,)]
        with pytest.raises(duckdb.CatalogException):
            con.execute("from given")
