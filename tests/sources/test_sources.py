"""What a source may read and call: nothing that only this session has, and nothing by accident."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Source
from segmenter.operations.label import label_profiles
from segmenter.sources.files import InputFile
from segmenter.sources.output_files import OutputFile
from segmenter.training.stage import Stage
from tests.advice import followed
from tests.combinations import first_in_gate

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
        create schema other.elsewhere;
        create view other.elsewhere.v as from other.main.sales;
        create macro other.theirs(x) as x;
        create macro by_table() as table from other.sales;
        create macro by_query(x) as x + (select count(*) from other.main.sales);
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
        ("by_query(amount)", r"by_query\(\) reads other\.main\.sales of the attached database"),
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
        ("from other.sales", r"reads other\.sales of the attached database 'other'"),
        ("select * from sales where exists (from other.sales)", "attached database 'other'"),
        ("from query_table('other.main.sales')", r"other\.main\.sales of the attached database"),
        ("from query('from other.sales')", r"other\.main\.sales of the attached database"),
        ("from other.elsewhere.v", r"reads other\.elsewhere\.v of the attached database 'other'"),
        ("from by_table()", r"macro by_table\(\) reads other\.sales of the attached"),
        ("select * replace (by_query(amount) as amount) from sales", r"by_query\(\) reads other"),
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


@pytest.mark.parametrize(
    "scan", [{"name": "DUCKLAKE_SCAN"}, {"name": "SQLITE_SCAN ", "File": "their.sqlite"}]
)
def test_a_scan_that_names_no_database_is_of_an_attached_one(shop, monkeypatch, scan):
    """So do lakes and foreign files plan theirs, which need extensions that are not here."""
    shop.execute("create view v as from sales")
    extra = {"Table": "t", **{key: scan[key] for key in scan.keys() - {"name"}}}
    node = {"name": scan["name"], "children": [], "extra_info": extra}
    plan = [{"name": "PROJECTION", "children": [node], "extra_info": {}}]
    monkeypatch.setattr("segmenter.sources.visibility._plan", lambda con, query: plan)
    assert "v reads t of an attached database, which" in against(shop, transactions="v")


def test_a_search_path_of_this_session_alone_is_no_way_out(crowded):
    crowded.execute("create table other.lines as from sales")
    crowded.execute("set search_path = 'memory.main,other.main'")
    crowded.execute("create view v as from lines")
    crowded.execute("from v")
    assert "v works in this session only" in against(crowded, transactions="v")


def test_the_advice_against_an_attached_table_works(crowded):
    crowded.execute("create view v as from other.sales")
    advice = re.search(r"first: (create table .*)\.$", against(crowded, transactions="v"))[1]
    crowded.execute(advice)
    assert segmenter.fit(crowded, Source(transactions="my_copy", **COLUMNS)).customers == 60


def test_views_over_the_same_database_are_welcome(crowded):
    crowded.execute(
        """
        create schema "my shop";
        create view "my shop"."all.sales" as select * replace (net(amount) as amount) from sales;
        create view top as with s as (from "my shop"."all.sales") select * from s where amount > 0
        """
    )
    for name in ("top", '"my shop"."all.sales"'):
        source = Source(transactions=name, **COLUMNS)
        assert segmenter.fit(crowded, source, replace=True).customers == 60


def test_a_view_is_read_as_where_the_session_is(shop, tmp_path):
    shop.execute(f"""attach '{tmp_path}/it''s.my file.duckdb' as "my ""file" """)
    shop.execute("""create table "my ""file".main.sales as from sales; use "my ""file" """)
    shop.execute("create view v as from sales; create schema s; use s")
    assert segmenter.fit(shop, Source(transactions="v", **COLUMNS)).customers == 60
    shop.execute("use memory")


@first_in_gate(
    "name",
    [
        "segments.models",
        "segments_internal.model_points",
        "segments.customer_profile",
        "segments.customer_segments_snapshot",
        "segments_internal.customer_segments_snapshot",
    ],
    first=2,
)
def test_our_own_objects_are_no_source(shop, sales, name):
    segmenter.fit(shop, sales)
    shop.execute(f"create view mine as from {name}")
    shop.execute("create view segments_too as from mine")
    for source in (name, "mine", "segments_too"):
        with pytest.raises(SegmenterError, match=rf"{name}.* written by each fit"):
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
    better = followed(str(refused.value), transactions="t", customer="k", amount="o'rder \"名")
    assert better["number_format"] == "1234.56"
    with Stage(con, Source(**better), segmenter.Settings()) as stage:
        assert stage.add_up() == 1


@pytest.mark.parametrize("kind", ["profile", "points"])
def test_an_empty_table_is_said_to_be_empty(con, kind):
    con.execute(
        "create table given (customer_id int, monetary double, frequency int, customers int)"
    )
    assert "given has no rows" in said(con, **{kind: "given"})
    con.execute("insert into given values (null, 1, 1, 1)")
    assert "given has no rows" in said(con, **{kind: "given", "where": "monetary > 5"})
    if kind == "profile":
        assert "given has no rows with a customer" in said(con, profile="given")


def test_a_file_that_is_not_there_has_a_nearest_name(shop, tmp_path):
    shop.execute(f"copy sales to '{tmp_path}/prof.parquet'")
    shop.execute(f"copy sales to '{tmp_path}/s[1].parquet'")
    text = against(shop, transactions=f"{tmp_path}/prf.parquet")
    assert "no file matches" in text
    assert "Did you mean 'prof.parquet'?" in text
    model = segmenter.fit(shop, Source(transactions=f"{tmp_path}/s[1].parquet", **COLUMNS))
    assert model.customers == 60


class Heard:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @contextmanager
    def step(self, name):
        yield self.told.append

    def warn(self, message, code):
        self.told.append(message)


def test_one_of_a_kind_is_not_in_the_plural(con):
    con.execute("create table t as select i as k, i * i + 1 as amount from range(20) as r(i)")
    heard = Heard()
    source = Source(transactions="t", customer="k", amount="amount")
    segmenter.fit(con, source, segmenter.Settings(cut_on="monetary"), progress=heard)
    assert "1 whale (1 by monetary, 0 by frequency)" in heard.told
    heard.told.clear()
    with pytest.raises(SegmenterError):
        segmenter.fit(con, Source(**source.as_dict(), where="k = 3"), replace=True, progress=heard)
    assert {"1 row", "1 customer", "1 training customer, 1 distinct point"} <= set(heard.told)


def test_columns_from_the_names_of_folders_are_texts(shop, sales, tmp_path):
    """A shop called 007 is not number 7."""
    shop.execute(
        "create table by_store as select *, ['007', '7'][1 + customer_id % 2] as store from sales"
    )
    shop.execute(f"copy by_store to '{tmp_path}/lake' (format parquet, partition_by (store))")
    source = replace(sales, where="store = '007'")
    expected = segmenter.fit(shop, replace(source, transactions="by_store"))
    for given in (f"{tmp_path}/lake/*/*.parquet", f"{tmp_path}/lake/**/*.parquet"):
        found = segmenter.fit(shop, replace(source, transactions=given), replace=True)
        assert found.segments == expected.segments
    output = OutputFile(tmp_path / "out.parquet")
    numbers = {"monetary": "amount", "frequency": "1"}
    label_profiles(shop, InputFile(f"{tmp_path}/lake/*/*.parquet"), output, **numbers)
    query = f"select distinct store from '{output.path}' order by store"
    assert shop.execute(query).fetchall() == [("007",), ("7",)]
