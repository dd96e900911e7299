"""What the README says to type in SQL is understood, and true of a database that is attached."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from segmenter import Source, fit
from tests.datasets import RETAIL, database

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")

BLOCKS = re.findall(r"^```sql\n(.*?)^```", README, re.MULTILINE | re.DOTALL)

NEW = {"storage_compatibility_version": "v1.4.0"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The database of the README: two years, with a model."""
    path = tmp_path_factory.mktemp("readme") / "shop.duckdb"
    with duckdb.connect(str(path), config=NEW) as con:
        con.execute(
            "create table sales as select InvoiceNo, CustomerID, InvoiceDate, Quantity, UnitPrice "
            f"from '{RETAIL}' where InvoiceDate < '2011-06-01'"
        )
        source = Source(
            transactions="sales",
            customer="CustomerID",
            amount="Quantity * UnitPrice",
            order="InvoiceNo",
            date="InvoiceDate",
        )
        fit(con, source)
        fit(con, source)
    return path


def test_there_are_blocks():
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_of_sql_runs(shop, tmp_path, monkeypatch, block):
    monkeypatch.chdir(Path(__file__).parent.parent)
    copy = tmp_path / "shop.duckdb"
    copy.write_bytes(shop.read_bytes())
    with duckdb.connect(str(copy)) as con:
        for statement in con.extract_statements(block):
            assert con.execute(statement).fetchall()


@pytest.mark.parametrize(
    "words",
    [
        "select shop.classify_segment(250, 3)",
        "from shop.segments.customer_segments",
        "attach 'new.duckdb' (storage_version 'v1.4.0')",
        "attach 'new.duckdb' (storage_version 'v1.4.0'); copy from database shop to new",
        "use shop",
    ],
)
def test_what_is_said_in_passing_runs(shop, tmp_path, monkeypatch, words):
    assert f"`{words}`" in README
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as con:
        con.execute(f"attach '{shop}' (read_only)")
        con.execute(words)


def test_attached_under_a_name_views_and_macros_answer_and_the_others_want_use(shop):
    with duckdb.connect() as con:
        con.execute(f"attach '{shop}' as other (read_only)")
        for (view,) in con.execute(
            "select view_name from duckdb_views() where database_name = 'other' "
            "and schema_name = 'segments' and view_name <> 'whales'"
        ).fetchall():
            con.execute(f"select * from other.segments.{view} limit 1").fetchall()
        assert con.execute("select other.classify_segment(250, 3)").fetchone()
        assert con.execute("select unnest(other.explain_segment(250, 3))").fetchone()
        moment = "timestamp '2011-02-01'"
        calls = (f"segment_moves({moment}, null)", "compare_models(1, 2)", "compare_rules(1, 2)")
        with pytest.raises(duckdb.CatalogException):
            con.execute(f"from other.segments.{calls[0]}")
        con.execute("use other")
        for call in (*calls, f"customer_segments_at({moment})", f"customer_moves({moment}, null)"):
            con.execute(f"from segments.{call} limit 1").fetchall()


def test_the_files_of_the_recipes_can_be_read_by_older_clients(tmp_path, monkeypatch):
    """DuckDB 2 keeps the version in the file; a tag tells it."""
    monkeypatch.chdir(tmp_path)
    database("online_retail")
    assert "database('two_years')" in README
    with duckdb.connect("online_retail.duckdb") as con:
        con.execute("attach 'new.duckdb' (storage_version 'v1.4.0')")
        con.execute("copy from database online_retail to new")
        for name in ("online_retail", "new"):
            (tags,) = con.execute(
                "select tags from duckdb_databases() where database_name = $1", [name]
            ).fetchone()
            assert tags.get("storage_version", "v1.4.0").startswith("v1.")


def test_no_recipe_makes_a_file_in_a_newer_storage():
    made = re.findall(r"duckdb\.connect\((?!\))(.*?)\)|attach '([^']*)'(?! \(storage)", README)
    assert made == [('"shop.duckdb"', "")]  # which is there already
