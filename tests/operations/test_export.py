"""Exporting: which table and columns a script names, and what it refuses."""

from __future__ import annotations

import contextlib
import re
import sys
from dataclasses import replace

import duckdb
import pandas as pd
import pytest
import sqlglot

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.cli import main
from segmenter.engines.ddl import DIALECTS
from segmenter.engines.explanation_forms import EXPLAINS
from segmenter.operations.refresh import Refresh
from tests.combinations import first_in_gate
from tests.datasets import SHOP


@pytest.fixture(scope="module")
def fitted_shop(sales):
    """The small shop with its model; tests must not change it."""
    with duckdb.connect() as con:
        con.execute(SHOP)
        segmenter.fit(con, sales)
        yield con


@pytest.fixture(scope="module")
def model(fitted_shop):
    return segmenter.load(fitted_shop)


def creating(script, dialect):
    """Return the statements between the begin and the end of a transaction."""
    known = re.sub(r"(\$\w*\$) PARALLEL SAFE", r"\1", script)  # which sqlglot does not know
    trees = sqlglot.parse(known, read=dialect)
    return [tree for tree in trees if isinstance(tree, sqlglot.exp.Create)]


def reading(model, dialect="snowflake", **source):
    """Return the first view of a script of the model with another source."""
    stored = {name: value for name, value in (model.source | source).items() if value is not None}
    table = stored.pop("table", None)
    script = segmenter.export(replace(model, source=stored), dialect, table=table)
    return script.split("VIEW segments.transactions AS")[1].split(";")[0]


def test_names_stay_as_they_were_written(model):
    text = reading(
        model,
        transactions="Shop.Sales",
        customer="CustomerID",
        amount='"Unit Price" * sales.quantity',
        order="order",
        date="Invoice Date",
        where="sales.kind.name = 'it''s' and coalesce(\"Order\", '') <> 'x'",
    )
    for part in (
        "FROM Shop.Sales AS user_table",
        "user_table.CustomerID AS customer_id",
        'user_table."Unit Price" * user_table.quantity',
        'user_table."order" AS order_id',
        'user_table."Invoice Date"',
        "user_table.kind.name = 'it\\'s'",
        "COALESCE(user_table.\"Order\", '') <> 'x'",
    ):
        assert part in text


def test_expressions_are_written_in_the_dialect(model):
    amount = "cast(amount as decimal(18, 2)) / 3"
    source = {"table": "shop.sales", "date": "strptime(day, '%Y-%m-%d')"}
    text = reading(model, "bigquery", amount=amount, **source)
    assert "CAST(ROUND(CAST(user_table.amount AS NUMERIC), 2) AS FLOAT64) / 3" in text
    assert "PARSE_TIMESTAMP('%F', user_table.day)" in text


@pytest.mark.parametrize(
    ("dialect", "table", "written"),
    [
        ("bigquery", "my-project.shop.sales", "FROM my-project.shop.sales AS"),
        ("snowflake", 'lake.shop."Sales 2024"', 'lake.shop."Sales 2024"'),
        ("postgres", "sales", "FROM sales AS"),
        ("spark", "`odd name`.sales", "`odd name`.sales"),
    ],
)
def test_the_table_may_have_another_name_there(model, dialect, table, written):
    assert written in reading(model, dialect, table=table)
    points = segmenter.export(model, dialect, what="points", table=table)
    assert written in points


@pytest.mark.parametrize("dialect", ["bigquery", "snowflake"])
def test_a_view_that_would_not_find_its_table_is_refused(model, dialect):
    with pytest.raises(SegmenterError, match=r"does not find sales .*table = 'shop\.sales'"):
        segmenter.export(model, dialect)
    assert "FROM sales AS" in segmenter.export(model, dialect, what="points")


def test_trino_keeps_the_function_where_it_can(model):
    script = segmenter.export(model, "trino")
    assert script.index("FUNCTION classify_segment(") > script.rindex("CREATE OR REPLACE VIEW")
    named = segmenter.export(model, "trino", table="hive.shop.sales")
    assert "CREATE OR REPLACE FUNCTION hive.segments.classify_segment(" in named


def test_a_name_with_dollars_ends_no_function(shop, sales):
    model = segmenter.fit(shop, sales, Settings(names=("$$$", "$$", "$")))
    for dialect in ("postgres", "redshift", "snowflake"):
        script = segmenter.export(model, dialect, table="shop.sales")
        function = creating(script, dialect)[1]
        assert "'$$$'" in function.expression.name.replace("\\'", "'")


def test_duckdb_reads_the_table_of_its_own_schema(model):
    assert "FROM main.sales AS user_table" in reading(model, "duckdb")


def test_without_optional_columns_no_null_is_left_to_guess(shop):
    model = segmenter.fit(
        shop, Source(transactions="sales", customer="customer_id", amount="amount")
    )
    text = segmenter.export(model, "postgres")
    assert "CAST(NULL AS VARCHAR) AS order_id" in text
    assert "COUNT(CASE WHEN is_positive THEN 1 END) AS frequency" in text
    assert "COUNT(DISTINCT" not in text
    assert "WHERE\n  TRUE" not in text


def test_a_table_called_like_a_view_is_not_hidden_by_it(shop, sales):
    shop.execute("create table customer_profile as from sales")
    model = segmenter.fit(shop, replace(sales, transactions="customer_profile"))
    query = segmenter.export(model, "duckdb", what="points")
    found = shop.execute(query).fetchall()
    assert sorted(found) == sorted(shop.execute("from segments_internal.profile_points").fetchall())
    query = segmenter.export(model, "duckdb", what="points", table="main.customer_profile")
    assert sorted(shop.execute(query).fetchall()) == sorted(found)


def test_profiles_are_a_source_too(shop, sales):
    segmenter.fit(shop, sales)
    shop.execute("create table given as from segments.customer_profile")
    model = segmenter.fit(shop, Source(profile="given"), replace=True)
    script = segmenter.export(model, "trino")
    assert "VIEW segments.transactions" not in script
    assert "FROM given AS user_table" in script


@pytest.fixture(scope="module")
def of_odd_columns():
    with duckdb.connect() as con:
        con.execute(SHOP)
        con.execute(
            """
            create table odd as
            select
                customer_id as "Kunden-Nr", amount as "a + b", order_id as "order", sold_at as "Tag"
            from sales
            """
        )
        columns = {"amount": "a + b", "order": "order", "date": "tag", "where": "true"}
        return segmenter.fit(con, Source(transactions="odd", customer="kunden-nr", **columns))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_column_called_like_an_expression_stays_a_column(of_odd_columns, dialect):
    script = segmenter.export(of_odd_columns, dialect, table="shop.odd")
    found = creating(script, dialect)
    (statement,) = [tree for tree in found if tree.this.name.endswith("transactions")]
    read = {column.name for column in statement.find_all(sqlglot.exp.Column)}
    assert {"Kunden-Nr", "a + b", "order"} <= read
    assert not read & {"Kunden", "Nr", "a", "b", "true"}


def test_what_is_stored_reads_the_same_columns_again(shop, sales):
    shop.execute(
        """
        create table "odd.sales" as
        select customer_id as "Kunden-Nr", amount as "1st", {'a': order_id, 'b': 0} as st from sales
        """
    )
    source = Source(transactions="odd.sales", customer="kunden-nr", amount="1st", order="st.a")
    model = segmenter.fit(shop, source)
    assert model.source == {
        "transactions": '"odd.sales"',
        "customer": '"Kunden-Nr"',
        "amount": '"1st"',
        "order": "st.a",
    }
    again = segmenter.fit(shop, Source(**model.source))
    assert again.source == model.source
    plain = segmenter.fit(shop, sales, replace=True)
    assert again.segments == model.segments == plain.segments
    with Refresh(shop) as refresh:
        assert refresh.prepare().added_up == 60
    script = segmenter.export(model, "duckdb", what="points")
    points = shop.execute("from segments_internal.profile_points").fetchall()
    assert sorted(shop.execute(script).fetchall()) == sorted(points)


@pytest.fixture(scope="module")
def from_points(fitted_shop):
    points = fitted_shop.execute("from segments_internal.profile_points").df()
    with duckdb.connect() as con:
        return segmenter.fit(con, Source(points=points))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_model_of_points_is_a_function_with_rules_and_lines(from_points, dialect):
    script = segmenter.export(from_points, dialect)
    functions = {"duckdb": 2, "sqlite": 0}.get(dialect, 1)  # also in main
    functions *= 1 + (dialect in EXPLAINS)
    assert script.count(" FUNCTION ") + script.count(" MACRO ") == functions + script.count(
        "DROP F"
    )
    assert script.count("segment_rules AS") == script.count("segment_lines AS") == 1
    assert "customer_profile AS" not in script
    with pytest.raises(SegmenterError, match="only its function is exported"):
        segmenter.export(from_points, dialect, table="sales")
    with pytest.raises(SegmenterError, match="itself fitted to points"):
        segmenter.export(from_points, dialect, what="points")


def test_files_and_frames_need_a_table(shop, sales, tmp_path):
    shop.execute(f"copy sales to '{tmp_path}/sales.parquet'")
    of_file = segmenter.fit(shop, replace(sales, transactions=f"{tmp_path}/sales.parquet"))
    frame = pd.DataFrame(shop.execute("from sales").df())
    of_frame = segmenter.fit(shop, replace(sales, transactions=frame), replace=True)
    for model, what in ((of_file, ".*sales.parquet"), (of_frame, "a data frame")):
        with pytest.raises(SegmenterError, match=rf"fitted to {what}.*table = 'shop\.sales'"):
            segmenter.export(model, "postgres")
        assert "FROM shop.sales AS" in segmenter.export(model, "postgres", table="shop.sales")
    script = "".join(segmenter.export(of_file, "duckdb").split())  # long paths break lines
    assert f"READ_PARQUET('{tmp_path}/sales.parquet')" in script


@first_in_gate("encoding", ["utf-8", "latin-1", "utf-16"])
def test_a_script_for_duckdb_reads_a_csv_as_the_fit_did(con, tmp_path, encoding):
    """Encoding, later cents of a column that begins with whole numbers, casts, dates as d/m/Y."""
    rows = [f"kü{i % 700};{i % 90}{'.49' if i > 24_000 else ''};{1 + i % 28}/{1 + i % 12}/2024\n"
            for i in range(30_000)]  # fmt: skip
    file = tmp_path / "sales.csv"
    file.write_text("".join(["customer;amount;day\n", *rows]), encoding=encoding)
    plain, cast = ("amount", "day"), ("cast(amount as double)", "cast(day as timestamp)")
    for amount, date in (plain, cast) if encoding == "utf-8" else (cast,):
        source = Source(transactions=str(file), customer="customer", amount=amount, date=date)
        model = segmenter.fit(con, source, publish=True)
        query = "select * from segments.customer_segments order by customer_id"
        with duckdb.connect() as other:
            other.execute(segmenter.export(model, "duckdb"))
            found = other.execute(query).fetchall()
        assert found == con.execute(query).fetchall()
        assert round(sum(row[1] for row in found) * 100) == sum(
            i % 90 * 100 + (49 if i > 24_000 else 0) for i in range(30_000)
        )


def test_too_many_rules_leave_the_points(shop, sales):
    model = segmenter.fit(shop, sales, Settings(max_rules=1))
    with pytest.raises(SegmenterError, match=r"more than max_rules = 1, .*larger n_neighbors"):
        segmenter.export(model, "postgres")
    assert "GROUP BY" in segmenter.export(model, "postgres", what="points")


def test_the_verb_prints_the_script_and_nothing_else(shop, model, tmp_path, capsys, monkeypatch):
    path = tmp_path / "shop.duckdb"
    shop.execute(f"attach '{path}' as file")
    shop.execute("create table file.main.sales as from sales")
    shop.execute("use file")
    stored = segmenter.fit(shop, Source(**model.source))
    shop.execute("use memory")
    shop.execute("detach file")
    for words, expected in (
        (["--dialect", "trino"], segmenter.export(stored, "trino")),
        (
            ["--dialect", "spark", "--what", "points", "--table", "lake.sales"],
            segmenter.export(stored, "spark", what="points", table="lake.sales"),
        ),
    ):
        monkeypatch.setattr(sys, "argv", ["segmenter", "export", str(path), *words])
        with pytest.raises(SystemExit) as stop:
            main()
        assert not stop.value.code
        assert capsys.readouterr() == (expected, "")
    monkeypatch.setattr(sys, "argv", ["segmenter", "export", str(path), "--dialect", "oracle"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("segmenter: there is no dialect 'oracle'; export knows duckdb, postgres")


def test_a_name_that_closes_the_quotes_of_the_function(con):
    con.execute(SHOP)
    settings = Settings(names=("A $$", "B $body0$", "C"))
    segmenter.fit(
        con, Source(transactions="sales", customer="customer_id", amount="amount"), settings
    )
    script = segmenter.export(segmenter.load(con), "postgres")
    assert script.count("$body1$") == 4  # of two functions


@pytest.mark.parametrize("name", ["order", "user", "select"])
def test_a_table_whose_name_is_a_keyword_is_quoted(model, name):
    assert f'FROM "{name}" AS user_table' in reading(model, "postgres", transactions=name)


GOES_ON = [False] if duckdb.__version__.startswith("1.") else [False, True]
"""Whether statements go on after an error; 1.5 would take them for a transaction without it."""


@first_in_gate("goes_on", GOES_ON)
def test_a_script_that_fails_half_way_changes_nothing(shop, sales, goes_on):
    one = segmenter.export(segmenter.fit(shop, sales, Settings(names=("A", "B", "C"))), "duckdb")
    other = segmenter.export(segmenter.fit(shop, sales), "duckdb")
    broken = other.replace("FROM segments.customer_segments", "FROM segments.nothing")
    assert broken != other
    query = "select segment, count(*) from segments.customer_segments group by segment order by 1"
    with duckdb.connect() as con:
        con.execute(SHOP)
        for _ in range(2):
            con.execute(one)
        before = con.execute(query).fetchall()
        if goes_on:  # as a shell may do after an error
            for statement in duckdb.extract_statements(broken):
                with contextlib.suppress(duckdb.Error):
                    con.execute(statement)
        else:
            with pytest.raises(duckdb.Error, match="nothing"):
                con.execute(broken)
            con.execute("rollback")
        assert con.execute(query).fetchall() == before
        assert con.execute("select classify_segment(1e9, 99)").fetchone() == ("A",)
        con.execute(other)
        assert con.execute("select classify_segment(1e9, 99)").fetchone() == ("Elite",)
