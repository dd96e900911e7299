"""What verbs say of PostgreSQL's customers with --dsn: what they say of a file's."""

from __future__ import annotations

import json
from dataclasses import replace

import duckdb
import psycopg
import pytest

import segmenter
from segmenter import SegmenterError, Settings
from segmenter.cli.app import app
from segmenter.cli.parameters import in_options
from tests.clients.conftest import copy_table
from tests.operations.test_refresh import SALES, make_sales

SAME = (
    ("segments",),
    ("segments", "--snapshot"),
    ("segments", "--by-lifecycle"),
    ("segments", "--format", "json"),
    ("customers",),
    ("customers", "--snapshot", "--segment", "Loyal", "--format", "csv"),
    ("customers", "--lifecycle", "lapsed", "--order-by", "customer_id", "--format", "json"),
    ("customers", "--upgrades", "--limit", "10"),
    ("customers", "--next", "--format", "csv"),
    ("drift",),
    ("drift", "--format", "csv"),
)
"""Calls whose answer is that of DuckDB."""


@pytest.fixture
def there(con, database, server, tmp_path):
    """The same model as a file of DuckDB and as one of PostgreSQL, with its dsn."""
    make_sales(con)
    copy_table(con, database, "sales", tmp_path)
    con.execute(f"attach '{tmp_path}/here.duckdb' as here; create table here.sales as from sales")
    con.execute("detach here")
    app(
        ["fit", f"{tmp_path}/here.duckdb", "--transactions", "sales", "--customer", "customer",
         "--amount", "amount", "--order", "invoice", "--date", "sold_at", "--quiet"],
        standalone_mode=False,
    )  # fmt: skip
    segmenter.fit(database, SALES, model_file=tmp_path / "there.duckdb")
    return psycopg.conninfo.make_conninfo(server, dbname="scratch")


def answer(capsys, *words):
    """Return exit code, answer and messages of a call."""
    capsys.readouterr()
    code = app(list(words), standalone_mode=False) or 0
    out, err = capsys.readouterr()
    return code, out, err


def rows(out):
    return {**json.loads(out), "rows": json.loads(out)["rows"]} if out.startswith("{") else out


def test_the_answers_are_those_of_a_file(there, tmp_path, capsys):
    app(["refresh", f"{tmp_path}/there.duckdb", "--dsn", there, "--quiet"], standalone_mode=False)
    for verb, *options in SAME:
        expected = answer(capsys, verb, f"{tmp_path}/here.duckdb", *options)
        found = answer(capsys, verb, f"{tmp_path}/there.duckdb", "--dsn", there, *options)
        assert found[0] == expected[0], (verb, options)
        assert rows(found[1]) == rows(expected[1]), (verb, options)
        assert found[2] == expected[2], (verb, options)


def test_ids_stand_as_they_are_there(database, server, sales, shop, tmp_path, capsys):
    """Texts with line breaks and quotes, an empty one, and what DuckDB has no type of."""
    copy_table(shop, database, "sales", tmp_path)
    dsn = psycopg.conninfo.make_conninfo(server, dbname="scratch")
    odd = "(array['', E'a\n\"b\",c', 'NULL', ' x '])[1 + customer_id % 4]"
    for number, made in enumerate((
        f"{odd} || nullif(customer_id, 0)",
        "(customer_id * 1e40)::numeric(50, 3)",
        "decode(md5(customer_id::text), 'hex')",
        "customer_id::text::char(6)",
    )):  # fmt: skip
        database.execute(f"create table odd{number} as select *, {made} as id from sales")
        file = f"{tmp_path}/odd{number}.duckdb"
        source = replace(sales, transactions=f"odd{number}", customer="id")
        segmenter.fit(database, source, model_file=file)
        _, out, _ = answer(capsys, "customers", file, "--dsn", dsn, "--format", "json")
        found = {row["customer_id"] for row in json.loads(out)["rows"]}
        query = "select customer_id::text from segments.customer_segments"
        assert found == {row[0] for row in database.execute(query).fetchall()}, made


def test_an_objection_leaves_out_the_number_that_it_means(store, server, sales, tmp_path, capsys):
    store.execute("create table odd as select *, (customer_id || '.00')::numeric as id from sales")
    file = f"{tmp_path}/odd.duckdb"
    segmenter.fit(store, replace(sales, transactions="odd", customer="id"), model_file=file)
    (tmp_path / "objections.csv").write_text("customer_id\n7\n")
    dsn = psycopg.conninfo.make_conninfo(server, dbname="scratch")
    lists = ("--objections", f"{tmp_path}/objections.csv")
    _, out, err = answer(capsys, "customers", file, "--dsn", dsn, "--format", "json", *lists)
    assert "1 customer is left out by the 1 objection" in err
    assert not {"7", "7.00"} & {row["customer_id"] for row in json.loads(out)["rows"]}


def test_a_refit_that_is_due_is_said_with_exit_code_5(there, database, tmp_path, capsys):
    statement = "insert into sales select 1000 + i, 9000 + i, 5000, sold_at from sales, {} as t(i)"
    database.execute(statement.format("generate_series(1, 2)"))
    code, out, _ = answer(capsys, "drift", f"{tmp_path}/there.duckdb", "--dsn", there)
    assert code == 5
    assert "Refit" in out


def test_views_of_another_model_answer_nothing(there, database, tmp_path):
    file = f"{tmp_path}/there.duckdb"
    segmenter.fit(database, SALES, Settings(levels=1), model_file=tmp_path / "other.duckdb")
    for verb in ("segments", "customers", "drift"):
        with pytest.raises(SegmenterError, match="are of another model than the") as refused:
            app([verb, file, "--dsn", there], standalone_mode=False)
        assert in_options(str(refused.value)).endswith("this one: segmenter publish DB --dsn URL.")
    app(["publish", file, "--dsn", there, "--quiet"], standalone_mode=False)
    app(["segments", file, "--dsn", there, "--quiet"], standalone_mode=False)


def test_what_cannot_be_read_there_is_a_sentence(there, database, tmp_path, capsys):
    file = f"{tmp_path}/there.duckdb"
    for verb in ("segments", "customers", "drift"):
        with pytest.raises(SegmenterError, match="cannot be reached"):
            app([verb, file, "--dsn", f"host={tmp_path}"], standalone_mode=False)
        with pytest.raises(SegmenterError, match="--dsn is for a model that was fitted with"):
            app([verb, f"{tmp_path}/here.duckdb", "--dsn", there], standalone_mode=False)
    for verb, view in (
        ("segments", "segment_summary_snapshot"),
        ("customers", "customer_segments_snapshot"),
    ):
        with pytest.raises(SegmenterError, match=rf"no view segments\.{view}") as refused:
            app([verb, file, "--snapshot", "--dsn", there], standalone_mode=False)
        assert in_options(str(refused.value)).endswith("Make it: segmenter refresh DB --dsn URL.")
    for verb in ("customers", "drift"):
        with pytest.raises(SegmenterError, match=r"its customers are there\. Give --dsn"):
            app([verb, file], standalone_mode=False)
    with pytest.raises(SegmenterError, match="--changes-since reads a log"):
        app(
            ["customers", file, "--changes-since", "2024-01-01", "--dsn", there],
            standalone_mode=False,
        )
    database.execute("drop role if exists reader")
    database.execute("create role reader login; grant usage on schema segments to reader")
    reader = f"{there} user=reader"
    with pytest.raises(SegmenterError, match="permission denied for view customer_segments"):
        app(["customers", file, "--dsn", reader], standalone_mode=False)
    database.execute("grant select on segments.customer_segments to reader")
    app(["customers", file, "--dsn", reader, "--quiet"], standalone_mode=False)
    database.execute("drop owned by reader; drop role reader")
    database.execute("drop schema segments cascade")
    for verb in ("segments", "customers", "drift"):
        with pytest.raises(SegmenterError, match="no view segments") as refused:
            app([verb, file, "--dsn", there], standalone_mode=False)
        assert in_options(str(refused.value)).endswith("Make it: segmenter publish DB --dsn URL.")
    app(["publish", file, "--dsn", there, "--quiet"], standalone_mode=False)
    app(["segments", file, "--dsn", there, "--quiet"], standalone_mode=False)


def test_of_spark_and_of_duckdb_nothing_is_refreshed_there(there, tmp_path):
    here = f"{tmp_path}/here.duckdb"
    with pytest.raises(SegmenterError, match="--dsn belongs to --engine postgres, not to duckdb"):
        app(["refresh", here, "--dsn", there], standalone_mode=False)
    with duckdb.connect(here) as con:
        con.execute(
            "update segments_internal.models set source = json_merge_patch(source, $1)",
            ['{"engine": "spark"}'],
        )
    with pytest.raises(SegmenterError, match="fitted on Spark, where its views are live"):
        app(["refresh", here], standalone_mode=False)
    with pytest.raises(SegmenterError, match="this one was fitted on spark"):
        app(["segments", here, "--dsn", there], standalone_mode=False)
