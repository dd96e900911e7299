"""What is published equals what the views say, whatever the source, and nothing else is there."""

from __future__ import annotations

import os
from dataclasses import replace

import duckdb
import pytest

import segmenter
from segmenter import Settings, Source
from segmenter.schema.files import MODEL_VIEWS, STEPS, VIEWS
from segmenter.schema.names import HISTORY, STORAGE
from tests.combinations import first_in_gate
from tests.operations.conftest import DATED

SOURCES = {
    "transactions": (DATED, Settings()),
    "without dates": (
        Source(transactions="sales", customer="customer_id", amount="amount"),
        Settings(),
    ),
    "texts as ids": (
        Source(transactions="sales", customer="'no ' || customer_id", amount="amount"),
        Settings(),
    ),
    "too many rules for a function": (DATED, Settings(max_rules=2)),
    "attributes": (replace(DATED, attributes=["sold_at"]), Settings()),
    "profiles": (Source(profile="profiles", customer="customer_id"), Settings()),
    "points": (Source(points="points"), Settings()),
}


def attached(tmp_path):
    con = duckdb.connect()
    con.execute(f"attach '{tmp_path}/shop.duckdb' as shop (read_only)")
    con.execute(f"attach '{tmp_path}/bi.duckdb' as bi (read_only)")
    return con


COLUMNS = """
    select table_name, column_name, data_type, comment
    from duckdb_columns() where database_name = $1 and schema_name = 'segments'
"""


@first_in_gate("kind", SOURCES, first=2)
def test_every_view_is_there_with_its_rows_columns_types_and_comments(home, tmp_path, kind):
    source, settings = SOURCES[kind]
    home(source, settings).publish(tmp_path / "bi.duckdb")
    with attached(tmp_path) as con:
        views = [
            name
            for (name,) in con.execute(
                "select view_name from duckdb_views() "
                "where database_name = 'shop' and schema_name = 'segments'"
            ).fetchall()
            if name != "whales"
        ]
        assert set(views) <= {
            *MODEL_VIEWS,
            *VIEWS,
            HISTORY,
            *(f"{name}_snapshot" for name in VIEWS),
        }
        assert not STEPS.intersection(views)
        con.execute("use shop")
        for name in views:
            for one, other in (("shop", "bi"), ("bi", "shop")):
                query = f"from {one}.segments.{name} except all from {other}.segments.{name}"
                assert con.execute(query).fetchall() == [], (name, one)
        ours, theirs = (set(con.execute(COLUMNS, [name]).fetchall()) for name in ("shop", "bi"))
        assert {row for row in ours if row[0] != "whales"} == {
            row for row in theirs if row[0] != "publication"
        }
        if source.kind != "points":
            assert {"customer_segments", "customer_upgrades", "next_actions"} <= set(views)


def test_nothing_leads_back_to_the_sales(home, tmp_path):
    published = home().publish(tmp_path / "bi.duckdb")
    with duckdb.connect(str(tmp_path / "bi.duckdb"), read_only=True) as con:
        tables = con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        assert {schema for schema, _ in tables} == {"segments"}
        texts = con.execute(
            "select sql from duckdb_views() where not internal "
            "union all select macro_definition from duckdb_functions() where not internal"
        ).fetchall()
        assert not [text for (text,) in texts if "sales" in text or "internal" in text]
        silent = con.execute(
            "select table_name from duckdb_tables() where comment is null "
            "union all select view_name from duckdb_views() where comment is null and not internal "
            "union all select function_name from duckdb_functions() "
            "where comment is null and not internal "
            "union all select column_name from duckdb_columns() "
            "where comment is null and schema_name = 'segments'"
        ).fetchall()
        assert silent == []
        (row,) = con.execute("from segments.publication").fetchall()
        assert row[0] == published.model_id == 1
        assert row[2] == published.published_at
        assert row[3] == published.customers == 60
        (newest,) = con.execute(
            "select max(last_order_at) from segments.customer_profile"
        ).fetchone()
        assert row[4] == newest


def test_the_functions_classify_as_at_home_under_both_names(home, tmp_path):
    home().publish(tmp_path / "bi.duckdb")
    with attached(tmp_path) as con:
        for name in ("classify_segment", "segments.classify_segment", "segments.explain_segment"):
            (different,) = con.execute(
                f"select count(*) from (select i * 7.5 as money, j as orders "
                f"from range(400) as a(i), range(12) as b(j)) where "
                f"shop.{name}(money, orders) is distinct from bi.{name}(money, orders)"
            ).fetchone()
            assert different == 0
        ours, theirs = (
            {
                name
                for (name,) in con.execute(
                    "select schema_name || '.' || function_name from duckdb_functions() "
                    "where database_name = $1 and not internal and function_type = 'macro'",
                    [database],
                ).fetchall()
            }
            for database in ("shop", "bi")
        )
        assert ours == theirs


def test_the_file_can_be_read_by_an_older_duckdb_and_is_small(home, tmp_path):
    published = home().publish(tmp_path / "bi.duckdb")
    assert published.size == os.path.getsize(tmp_path / "bi.duckdb") < 1_000_000
    with attached(tmp_path) as con:
        (tags,) = con.execute(
            "select tags from duckdb_databases() where database_name = 'bi'"
        ).fetchone()
    assert tags["storage_version"].startswith(STORAGE.rpartition(".")[0])
    assert sorted(os.listdir(tmp_path)) == ["bi.duckdb", "shop.duckdb"]


def test_live_rows_are_published_and_refresh_fit_and_rollback_do_it_after_their_work(
    home, tmp_path
):
    db = home()
    to = tmp_path / "bi.duckdb"
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute("insert into sales values (1000, 9000, 99999, '2024-07-01')")

    def published(query):
        with duckdb.connect(str(to), read_only=True) as con:
            return con.execute(query).fetchone()[0]

    count = "select count(*) from segments.customer_segments where customer_id = 1000"
    model = "select model_id from segments.current_model"
    db.publish(to)
    assert published(count) == 1
    assert published(count.replace("customer_segments", "customer_segments_snapshot")) == 0
    assert published("select sum(customers) from segments.segment_summary_snapshot") == 60
    db.refresh(to=to)
    assert published(count.replace("customer_segments", "customer_segments_snapshot")) == 1
    assert published("select monetary from segments.customer_segments_snapshot limit 1") > 0
    db.fit(DATED, Settings(levels=1), publish=True, to=to)
    assert published(model) == 2
    db.rollback(1, to=to)
    assert published(model) == 1
    with pytest.warns(UserWarning, match="not published"):
        db.fit(DATED, Settings(levels=1), max_change=0, to=to)
    assert published(model) == 1


def test_a_connection_publishes_too_and_stays_as_it_was(shop, tmp_path):
    db = segmenter.open(shop)
    db.fit(DATED)
    shop.execute("begin; insert into sales values (1000, 9000, 5, '2024-07-01')")
    published = db.publish(tmp_path / "bi.duckdb")
    assert published.customers == 60  # nobody else sees what is not committed
    shop.execute("commit")
    assert db.publish(str(tmp_path / "bi.duckdb")).customers == 61
    names = shop.execute("select database_name from duckdb_databases()").fetchall()
    assert "segmenter_draft" not in [name for (name,) in names]
    assert shop.execute("select current_database()").fetchone() == ("memory",)


def test_who_has_the_old_file_open_goes_on_reading_it(home, tmp_path):
    db = home()
    to = tmp_path / "bi.duckdb"
    db.publish(to)
    with duckdb.connect() as con:
        con.execute(f"attach '{to}' as bi (read_only)")
        con.execute("use bi")
        db.fit(DATED, Settings(levels=1), publish=True, to=to)
        assert con.execute("select model_id from segments.current_model").fetchone() == (1,)
        assert con.execute("select count(*) from segments.customer_segments").fetchone() == (60,)
    with duckdb.connect(str(to), read_only=True) as con:
        assert con.execute("select model_id from segments.current_model").fetchone() == (2,)


def test_what_a_link_leads_to_is_replaced_with_its_permissions(home, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (tmp_path / "bi.duckdb").symlink_to(folder / "real.duckdb")
    db = home()
    db.publish(tmp_path / "bi.duckdb")
    (folder / "real.duckdb").chmod(0o640)
    db.publish(tmp_path / "bi.duckdb")
    assert (tmp_path / "bi.duckdb").is_symlink()
    assert (folder / "real.duckdb").stat().st_mode & 0o777 == 0o640
    assert os.listdir(folder) == ["real.duckdb"]
