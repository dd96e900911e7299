"""Customers on a list are left out of everything, live."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

import segmenter
from segmenter import SegmenterError, Source
from segmenter.operations.refresh import Refresh
from tests.advice import look

COLUMNS = {"transactions": "sales", "customer": "customer_id", "amount": "amount"}


def fit(con, exclude, **source):
    return segmenter.fit(con, Source(**COLUMNS | source, exclude=exclude))


def customers(con, relation="segments.customer_segments"):
    return {row[0] for row in con.execute(f"select customer_id from {relation}").fetchall()}


@pytest.fixture
def listed(shop):
    shop.execute(
        "create table internal as select * from (values ('test', 7), ('us', 59), ('?', null)) "
        "as t (why, customer_id)"
    )
    shop.execute("insert into sales values (null, 9999, 10, timestamp '2024-01-01')")
    return shop


def test_the_list_is_left_out_of_all_views_and_of_the_fit(listed):
    model = fit(listed, "internal", order="order_id", date="sold_at")
    assert model.customers == 58
    assert model.rows_without_customer == 1
    for relation in (
        "segments_internal.transactions",
        "segments.customer_profile",
        "segments.customer_segments_snapshot",
    ):
        assert not {7, 59} & customers(listed, relation)
    checks = "select found from segments.data_quality where check_name = 'few_customers'"
    assert listed.execute(checks).fetchone() == (58,)


def test_the_list_is_read_live_and_refreshed(listed):
    fit(listed, "internal")
    with Refresh(listed) as refresh:
        refresh.prepare()
        refresh.store()
    listed.execute("insert into internal values ('new', 3); delete from internal where why = 'us'")
    assert customers(listed) == set(range(60)) - {3, 7}
    with Refresh(listed) as refresh:
        refresh.prepare()
        refresh.store()
    assert customers(listed, "segments.customer_segments_snapshot") == set(range(60)) - {3, 7}


def test_the_window_ends_without_them(listed):
    listed.execute("insert into sales values (7, 10000, 5, timestamp '2030-01-01')")
    fit(listed, "internal", date="sold_at", window="12 months")
    assert len(customers(listed)) == 58
    assert segmenter.load(listed).source["exclude"] == "internal"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_list_may_be_a_file(listed, tmp_path, monkeypatch, kind):
    listed.execute(f"copy (select customer_id from internal) to '{tmp_path}/internal.{kind}'")
    monkeypatch.chdir(tmp_path)
    fit(listed, f"internal.{kind}")
    monkeypatch.chdir("/")
    assert customers(listed) == set(range(60)) - {7, 59}
    assert segmenter.load(listed).source["exclude"] == str(tmp_path / f"internal.{kind}")


def test_ids_of_a_file_count_as_text_where_customers_are(con, tmp_path):
    con.execute(
        "create table sales as select lpad((i % 40)::varchar, 4, '0') as customer_id, "
        "i * 1.5 as amount from range(200) as t(i)"
    )
    (tmp_path / "list.csv").write_text("who,customer_id\nme,0007\n")
    fit(con, str(tmp_path / "list.csv"))
    assert len(customers(con)) == 39
    assert "0007" not in customers(con)
    (tmp_path / "list.csv").write_text("who\n0007\n")
    fit(con, str(tmp_path / "list.csv"))
    assert "0007" not in customers(con)
    (tmp_path / "list.csv").write_text("0007\n0008\n")
    with pytest.raises(SegmenterError, match=r"the first line of .* reads as a customer \(0007\)"):
        fit(con, str(tmp_path / "list.csv"))


def test_an_empty_list_excludes_nobody(listed, tmp_path):
    (tmp_path / "list.csv").write_text("customer_id\n")
    assert fit(listed, tmp_path / "list.csv").customers == 60
    listed.execute("delete from internal")
    assert fit(listed, "internal").customers == 60


def test_finished_profiles(listed):
    listed.execute(
        "create table base as select i as customer_id, i * 2.0 as monetary, 1 + i % 5 as frequency "
        "from range(60) as t(i)"
    )
    model = segmenter.fit(listed, Source(profile="base", exclude="internal"))
    assert model.customers == 58


def test_a_frame_is_read_with_a_list_too(listed):
    frame = pd.DataFrame({"customer_id": [*map(float, range(19)), None] * 2, "amount": range(40)})
    listed.execute("create table two as select 2 as id")
    assert fit(listed, "two", transactions=frame).customers == 18


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("12\n13\n", r"the first line of .* reads as a customer \(12\)"),
        ("customer_id\n12\nnobody\n", r"'nobody' in .* is no customer to exclude: customers are"),
    ],
)
def test_a_line_that_would_be_ignored_is_refused(listed, tmp_path, text, message):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(SegmenterError, match=message):
        fit(listed, str(tmp_path / "list.csv"))


def test_what_cannot_be_a_list_is_refused(listed):
    listed.execute(
        "create table names as select 'x7' as customer_id;"
        "create temp table passing as select 7 as id;"
        "attach ':memory:' as other; create table other.theirs as select 7 as id;"
    )
    for exclude, message in (
        ("nowhere", "there is no table, view or file 'nowhere'"),
        ("missing.csv", "no file matches missing.csv"),
        ("names", r"in names \(customer_id\) are VARCHAR, and those of transactions are"),
        ("passing", "passing is a temporary table, and the live views could not read"),
        ("other.theirs", "attached database 'other'"),
        (" ", "exclude must be a table or file as text"),
    ):
        with pytest.raises(SegmenterError, match=message):
            fit(listed, exclude)
    fit(listed, "internal")
    with pytest.raises(SegmenterError, match="written by each fit"):
        fit(listed, "segments.customer_upgrades")
    with pytest.raises(SegmenterError, match="anonymous, so that nobody can be excluded"):
        Source(points="counts", exclude="internal")


def test_an_export_says_that_it_cannot_carry_the_list(listed):
    model = fit(listed, "internal")
    with pytest.raises(SegmenterError, match="leaves out the customers in internal"):
        segmenter.export(model, "postgres")


def test_an_attached_file_still_knows_the_list(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(
            "create table sales as select i % 40 as customer_id, i * 1.5 as amount "
            "from range(200) as t(i); create table internal as select 7 as id"
        )
        fit(con, "internal")
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as shop (read_only)")
        assert len(customers(con, "shop.segments.customer_segments")) == 39


def test_a_fit_says_how_many_of_the_list_are_found(con, tmp_path):
    con.execute(
        "create table sales as select 'C' || i % 50 as customer_id, 5 + i as amount "
        "from range(300) as t(i)"
    )
    path = tmp_path / "list.csv"
    path.write_text("customer_id\nC1\n c2 \nX9\nC3\n")
    source = {"transactions": "sales", "customer": "customer_id", "amount": "amount"}
    seen = look(con, **source, exclude=str(path))
    (words,) = [words for words in seen.warnings if "on the list" in words]
    assert words.startswith(
        f"2 of 4 on the list {path} are no customers, such as ' c2 '; 1 of them"
    )
    assert "' c2 ' is 'C2' in sales" in words
    assert seen.customers == 48
    path.write_text("customer_id\nC1\nC3\n")
    heard = look(con, **source, exclude=str(path)).warnings
    assert not [words for words in heard if "on the list" in words]
