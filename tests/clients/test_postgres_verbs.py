"""Verbs of a model that was fitted in PostgreSQL: its views there, its versions, its exports."""

from __future__ import annotations

import json
from dataclasses import replace

import duckdb
import psycopg
import pytest

import segmenter
from segmenter import SegmenterError
from segmenter.cli.options import Format
from segmenter.cli.summary import show_segments
from segmenter.engines.duckdb import Embedded
from segmenter.operations.publish_views import publish_views
from tests.advice import advised
from tests.clients.alike import CUSTOMERS
from tests.clients.test_postgres_engine import objects, segments


def test_the_command_line(store, server, tmp_path, capsys):
    from segmenter.cli.app import app

    dsn = psycopg.conninfo.make_conninfo(server, dbname="scratch")
    file = tmp_path / "model.duckdb"
    words = ["fit", str(file), "--engine", "postgres", "--dsn", dsn, "--transactions", "sales"]
    words += ["--customer", "customer_id", "--amount", "amount", "--format", "json"]
    app(words, standalone_mode=False)
    out, err = capsys.readouterr()
    assert [row["segment"] for row in json.loads(out)["rows"]] == ["Elite", "Loyal", "At-Risk"]
    assert "Publishing on PostgreSQL: in schema segments" in err
    assert len(segments(store)) == 3


def test_shares_of_customers_learned_from_are_none_of_all_revenue(store, sales, tmp_path, capsys):
    """The model's file has no whales: 0.42 of what is there would pass for 0.42 of all."""
    file = tmp_path / "model.duckdb"
    model = segmenter.fit(store, sales, model_file=file)
    assert model.whales > 0
    rows = segmenter.open(file).segments().records()
    assert sum(row["customers"] for row in rows) == model.customers - model.whales
    assert {row["share_of_all_revenue"] for row in rows} == {None}
    with duckdb.connect(str(file), read_only=True) as con:
        show_segments(con, Format.TABLE)
    shown = " ".join(capsys.readouterr().out.split())
    assert f"of {model.customers} customers and their revenue are not among them" in shown


def test_a_copy_without_customers_is_told(store, sales, shop, tmp_path, capsys):
    from segmenter.cli.app import app

    file, other = tmp_path / "model.duckdb", tmp_path / "other.duckdb"
    segmenter.fit(store, sales, model_file=file)
    app(["publish", str(file), "--to", str(tmp_path / "bi.duckdb")], standalone_mode=False)
    said = " ".join(capsys.readouterr().err.split())
    assert "the copy has the model and no customers: they are where it was fitted" in said
    with duckdb.connect(str(tmp_path / "bi.duckdb"), read_only=True) as con:
        assert con.execute("select segments.classify_segment(1e6, 99)").fetchone() == ("Elite",)
    with duckdb.connect(str(other)) as con:
        con.register("frame", shop.table("sales").to_arrow_table())
        con.execute("create table sales as from frame")
        segmenter.fit(con, sales)
    app(["publish", str(other), "--to", str(tmp_path / "bi2.duckdb")], standalone_mode=False)
    assert "no customers" not in capsys.readouterr().err


def test_versions_are_published_where_their_rows_are(store, server, sales, tmp_path, capsys):
    from segmenter.cli.app import app

    dsn = psycopg.conninfo.make_conninfo(server, dbname="scratch")
    file = tmp_path / "model.duckdb"
    segmenter.fit(store, sales, model_file=file)
    words = ["fit", str(file), "--engine", "postgres", "--dsn", dsn, "--transactions", "sales"]
    words += ["--customer", "customer_id", "--amount", "amount", "--levels", "1"]
    assert app(words, standalone_mode=False) == 3
    assert f"segmenter rollback {file} 2" in capsys.readouterr().err
    assert segments(store) == {"Elite", "Loyal", "At-Risk"}
    with pytest.raises(SegmenterError, match="cannot be reached"):
        app(["rollback", str(file), "2", "--dsn", f"host={tmp_path}"], standalone_mode=False)
    with pytest.raises(SegmenterError, match="--master belongs to --engine spark, not to postgres"):
        app(["rollback", str(file), "2", "--master", "local"], standalone_mode=False)
    with duckdb.connect(str(file), read_only=True) as con:
        assert segmenter.load(con).model_id == 1
    app(["rollback", str(file), "2", "--dsn", dsn], standalone_mode=False)
    assert "Publishing on PostgreSQL: in schema segments" in capsys.readouterr().err
    with duckdb.connect(str(file), read_only=True) as con:
        assert segments(store) == set(segmenter.load(con).names) == {"Higher", "Lower"}


def test_views_come_back_after_their_table_was_swapped(
    store, server, shop, sales, tmp_path, capsys
):
    from segmenter.cli.app import app

    dsn = psycopg.conninfo.make_conninfo(server, dbname="scratch")
    file = tmp_path / "model.duckdb"
    segmenter.fit(store, sales, model_file=file)
    segmenter.fit(shop, sales)
    store.execute("alter table sales rename to sales_before")
    store.execute("create table sales as select * from sales_before")
    store.execute("drop table sales_before cascade")
    assert objects(store) == 2  # rules and lines, which read no table
    bytes_before = file.read_bytes()
    words = ["publish", str(file), "--dsn", dsn, "--format", "json"]
    app(words, standalone_mode=False)
    answer = json.loads(capsys.readouterr().out)
    assert (answer["model_id"], answer["published"]) == (1, True)
    assert [row["object"] for row in answer["rows"]] == [
        "classify_segment", "explain_segment", "transactions", "customer_profile",
        "customer_segments", "segment_summary", "segment_rules", "segment_lines",
        "customer_upgrades", "drift_bins", "drift", "customer_segments_at",
    ]  # fmt: skip
    query = CUSTOMERS.format("segments.")
    assert store.execute(query).fetchall() == shop.execute(query).fetchall()
    views = "select oid, xmin::text from pg_class where relnamespace = 'segments'::regnamespace"
    made = store.execute(views).fetchall()
    app(words, standalone_mode=False)
    assert store.execute(views).fetchall() == made  # left alone
    assert segmenter.open(file).publish_views(store)[0] == "classify_segment"
    assert file.read_bytes() == bytes_before


def test_what_cannot_be_published_there_again_is_a_sentence(store, shop, sales, tmp_path):
    file = tmp_path / "model.duckdb"
    segmenter.fit(store, sales, model_file=file)
    db = segmenter.open(file)
    store.execute("alter table sales rename column amount to paid")
    with pytest.raises(SegmenterError, match=r"'amount' of amount is not in"):
        db.publish_views(store)
    store.execute("drop table sales cascade")
    with pytest.raises(SegmenterError, match="no table or view 'sales'"):
        db.publish_views(store)
    assert objects(store) == 2
    with pytest.raises(SegmenterError, match="fitted on postgres, and its views are made there"):
        publish_views(db.model(), Embedded(shop))


def test_a_model_of_duckdb_is_copied_or_exported_as_the_message_says(
    store, server, shop, sales, tmp_path
):
    segmenter.fit(shop, sales)
    here = segmenter.open(shop)
    with pytest.raises(SegmenterError, match="was fitted in DuckDB") as refused:
        here.publish_views(store)
    (dialect,) = advised(str(refused.value), "dialect")
    store.execute(here.export(dialect))
    query = CUSTOMERS.format("segments.")
    assert store.execute(query).fetchall() == shop.execute(query).fetchall()
    store.execute("drop schema segments cascade")
    (to,) = advised(str(refused.value), "to")
    host = "postgresql:///scratch?" + server.partition("?")[2] + "&user=postgres"
    assert to.startswith("postgresql://")
    here.publish(host)
    assert segments(store) == {"Elite", "Loyal", "At-Risk"}


def test_other_columns_make_the_views_anew(store, sales, tmp_path):
    file = tmp_path / "model.duckdb"
    segmenter.fit(store, sales, model_file=file)
    store.execute("create view mine as select order_id from segments.transactions")
    changed = replace(sales, order="'no ' || order_id::varchar")
    with pytest.raises(SegmenterError, match=r"view mine depends on view segments\.transactions"):
        segmenter.fit(store, changed, model_file=file)
    assert store.execute("select max(order_id) from mine").fetchone() == (599,)
    with duckdb.connect(str(file), read_only=True) as con:
        assert segmenter.load(con).model_id == 1
    store.execute("drop view mine")
    segmenter.fit(store, changed, model_file=file)
    query = "select max(order_id) from segments.transactions"
    assert store.execute(query).fetchone() == ("no 99",)
