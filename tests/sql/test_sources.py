"""What a source may read and call: nothing that only this session has, and nothing by accident."""

from __future__ import annotations

import re

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Source
from segmenter.stage import Stage

COLUMNS = {"customer": "customer_id", "amount": "amount"}


def said(con, **source):
    """Return what a fit says against a source, which it must leave without a model."""
    with pytest.raises(SegmenterError) as refused:
        segmenter.fit(con, Source(**source))
    query = "select count(*) from duckdb_schemas() where schema_name = 'segments'"
    assert con.execute(query).fetchone() == (0,)
    text = str(refused.value)
    assert "\n" not in text
    return text


def against(con, **changes):
    return said(con, **({"transactions": "sales"} | COLUMNS | changes))


def double(value: float) -> float:
    return value * 2


@pytest.fixture
def crowded(shop):
    """The shop with what other clients do not have, and macros of its own."""
    shop.create_function("dbl", double)
    shop.execute(
        """
        attach ':memory:' as other;
        create table other.sales as from sales;
        create macro other.theirs(x) as x;
        create temp macro fleeting(x) as x;
        create macro by_python(x) as dbl(x) + 1;
        create macro chance(x) as x + random();
        create macro total(x) as sum(x);
        create macro net(x) as round(x / 1.19, 2);
        create sequence counter
        """
    )
    return shop


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        ("dbl(amount)", r"amount calls dbl\(\), a function of this session only"),
        ("by_python(amount)", r"amount calls dbl\(\), a function of this session only"),
        ("fleeting(amount)", r"calls fleeting\(\), a temporary macro"),
        ("other.theirs(amount)", r"calls theirs\(\), a macro of the attached database 'other'"),
        ("amount + nextval('counter')", r"calls nextval\(\), which is a volatile"),
        ("chance(amount)", r"calls random\(\), which is a volatile"),
        ("uuidv7()::varchar::double", r"calls uuidv7\(\), which is a volatile"),
        ("total(amount)", "must be a scalar expression .* not an aggregate"),
    ],
)
def test_functions_that_no_other_client_has_are_refused(crowded, amount, message):
    assert re.search(message, against(crowded, amount=amount))
    with pytest.raises(duckdb.Error, match=r"(?i)currval|not yet defined"):
        crowded.execute("select currval('counter')")


def test_macros_of_the_database_are_welcome(crowded):
    model = segmenter.fit(
        crowded, Source(transactions="sales", **COLUMNS | {"amount": "net(amount)"})
    )
    assert model.customers == 60


@pytest.mark.parametrize(
    ("view", "message"),
    [
        ("from other.sales", r"reads other\.main\.sales of the attached database 'other'"),
        ("select * from sales where exists (from other.sales)", "attached database 'other'"),
        ("from query_table('other.main.sales')", "attached database 'other'"),
        ("select * replace (dbl(amount) as amount) from sales", r"calls dbl\(\)"),
        ("select * replace (by_python(amount) as amount) from sales", r"calls dbl\(\)"),
        ("select * replace (fleeting(amount) as amount) from sales", r"calls fleeting\(\)"),
        ("from passing", "works in this session only"),
        ("from registered", "works in this session only"),
    ],
)
@pytest.mark.parametrize("depth", [0, 2])
def test_views_that_no_other_client_can_read_are_refused(crowded, view, message, depth):
    crowded.execute("create temp table passing as from sales")
    crowded.register("registered", crowded.execute("from sales").df())
    crowded.execute(f"create view view_0 as {view}")
    for i in range(depth):
        crowded.execute(f"create view view_{i + 1} as select * from view_{i} where amount > 0")
    assert re.search(message, against(crowded, transactions=f"view_{depth}"))


def test_views_over_the_same_database_are_welcome(crowded):
    crowded.execute(
        """
        create schema "my shop";
        create view "my shop"."all.sales" as select * replace (net(amount) as amount) from sales;
        create view top as with s as (from "my shop"."all.sales") select * from s where amount > 0
        """
    )
    for name in ("top", '"my shop"."all.sales"'):
        assert segmenter.fit(crowded, Source(transactions=name, **COLUMNS)).customers == 60


def test_a_view_is_read_as_where_the_session_is(shop, tmp_path):
    shop.execute(f"""attach '{tmp_path}/it''s.my file.duckdb' as "my ""file" """)
    shop.execute("""create table "my ""file".main.sales as from sales; use "my ""file" """)
    shop.execute("create view v as from sales; create schema s; use s")
    assert segmenter.fit(shop, Source(transactions="v", **COLUMNS)).customers == 60
    shop.execute("use memory")


@pytest.mark.parametrize(
    "name", ["models", "model_points", "customer_profile", "customer_segments_snapshot"]
)
def test_our_own_objects_are_no_source(shop, sales, name):
    segmenter.fit(shop, sales)
    shop.execute(f"create view mine as from segments.{name}")
    shop.execute("create view segments_too as from mine")
    for source in (f"segments.{name}", "mine", "segments_too"):
        with pytest.raises(SegmenterError, match=rf"segments\.{name}.* written by each fit"):
            segmenter.fit(shop, Source(transactions=source, **COLUMNS))


def test_a_hidden_table_is_not_mixed_up_with_the_one_that_hides_it(shop, sales):
    shop.execute("create temp table sales as select * replace (1 as amount) from memory.main.sales")
    text = against(shop, transactions="memory.main.sales")
    assert "is hidden in this session by a temporary table of the same name" in text
    shop.execute("drop table temp.sales")
    model = segmenter.fit(shop, Source(transactions="memory.main.sales", **COLUMNS))
    assert model.segments[0].mean_monetary > 100


def test_the_field_of_a_struct_may_be_the_whole_expression(con):
    con.execute(
        "create table t as select {'a': i % 3, 'b': i} as st, {'x': 2.0 * i} as paid "
        "from range(9) as r(i)"
    )
    found = []
    for customer, amount in (("st.a", "paid.x"), ("(st.a)", "(paid.x)"), ("t.st.a", "t.paid.x")):
        source = Source(transactions="t", customer=customer, amount=amount)
        with Stage(con, source, segmenter.Settings()) as stage:
            assert stage.add_up() == 3
            found.append(stage.examples(9))
    assert found[0] == found[1] == found[2]
    assert found[0][1][1][:2] == (1, 24.0)


def test_a_suggested_expression_works(con):
    con.execute("""create table t as select 1 as k, '5' as "o'rder ""名" """)
    with pytest.raises(SegmenterError) as refused:
        segmenter.fit(con, Source(transactions="t", customer="k", amount="o'rder \"名"))
    suggested = eval(re.search(r"amount = ('cast.*'|\"cast.*\")\.$", str(refused.value))[1])
    assert suggested == """cast("o'rder ""名" as double)"""
    with Stage(
        con, Source(transactions="t", customer="k", amount=suggested), segmenter.Settings()
    ) as stage:
        assert stage.add_up() == 1


def test_a_file_that_is_not_there_has_a_nearest_name(shop, tmp_path):
    shop.execute(f"copy sales to '{tmp_path}/prof.parquet'")
    shop.execute(f"copy sales to '{tmp_path}/s[1].parquet'")
    text = against(shop, transactions=f"{tmp_path}/prf.parquet")
    assert "no file matches" in text
    assert "Did you mean 'prof.parquet'?" in text
    model = segmenter.fit(shop, Source(transactions=f"{tmp_path}/s[1].parquet", **COLUMNS))
    assert model.customers == 60
