"""Attributes: columns that stand with each customer, the latest value that is known."""

from __future__ import annotations

import random
from dataclasses import replace

import duckdb
import pytest

import segmenter
from segmenter import Source, fit
from segmenter.operations.refit import as_fitted
from segmenter.operations.refit import refit as fit_again
from segmenter.operations.refresh import refresh
from segmenter.operations.rollback import rollback
from segmenter.settings import SafetyNet
from segmenter.workplace.place import OwnConnection
from tests.combinations import first_in_gate

COUNTRIES = ("AT", "CH", "DE", None)

SALES = Source(
    transactions="sales",
    customer="customer",
    amount="amount",
    order="invoice",
    date="sold_at",
    attributes=["Country", "sales channel"],
)

ATTRIBUTES = 'select customer_id, country, "sales channel" from {} order by customer_id'


def sales_rows(seed: int, count: int = 600) -> list[tuple]:
    """Return rows with ties of moments, and customers with one, several and no country."""
    chance = random.Random(seed)
    return [
        (
            number % 60,
            number // 2,
            float(1 + number % 60 * 4 + chance.randint(0, 20)),
            f"2024-01-{1 + chance.randint(0, 27):02}",
            None if number % 60 == 7 else chance.choice(COUNTRIES),
            chance.choice(("shop", "web")),
        )
        for number in range(count)
    ]


def make_sales(con, rows, table="sales"):
    con.execute(
        f"create or replace table {table} (customer integer, invoice integer, amount double, "
        'sold_at timestamp, country varchar, "sales channel" varchar)'
    )
    con.executemany(f"insert into {table} values (?, ?, ?, ?, ?, ?)", rows)


def latest(rows, column):
    """Return the value of the newest row that has one; ties by order, then by value."""
    found: dict = {}
    for row in rows:
        if row[column] is not None:
            key = (row[3], row[1], row[column])
            found[row[0]] = max(found.get(row[0], key), key)
    return {customer: key[-1] for customer, key in found.items()}


@pytest.fixture
def shop(con):
    make_sales(con, sales_rows(0))
    return con


def attributes_of(con, relation="segments.customer_segments"):
    return con.execute(ATTRIBUTES.format(relation)).fetchall()


@first_in_gate("seed", range(5), first=2)
def test_the_latest_known_value_stands_with_the_customer(con, seed):
    rows = sales_rows(seed)
    make_sales(con, rows)
    fit(con, SALES)
    countries, channels = latest(rows, 4), latest(rows, 5)
    wanted = [(one, countries.get(one), channels[one]) for one in range(60)]
    assert wanted[7][1] is None
    for view in ("customer_profile", "customer_segments", "customer_segments_snapshot"):
        assert attributes_of(con, f"segments.{view}") == wanted
    random.Random(seed).shuffle(rows)
    con.execute("delete from sales")
    con.executemany("insert into sales values (?, ?, ?, ?, ?, ?)", rows)
    assert attributes_of(con) == wanted


def test_a_moment_of_before_has_the_values_of_then(shop):
    fit(shop, SALES)
    known = [row for row in sales_rows(0) if row[3] <= "2024-01-14"]
    at = "segments.customer_segments_at(timestamp '2024-01-14')"
    countries = latest(known, 4)
    assert [row[1] for row in attributes_of(shop, at)] == [
        countries.get(customer) for customer in sorted({row[0] for row in known})
    ]


def test_a_date_in_the_future_is_not_the_latest(shop):
    shop.execute("insert into sales values (3, 9999, 1, timestamp '2999-01-01', 'XX', 'web')")
    fit(shop, SALES)
    assert attributes_of(shop)[3][1] != "XX"


def test_a_refund_says_where_the_customer_is_too(shop):
    shop.execute("insert into sales values (3, 9999, -1, timestamp '2025-01-01', 'XX', 'web')")
    fit(shop, SALES)
    assert attributes_of(shop)[3][1] == "XX"


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (replace(SALES, date=None), "B"),  # that of the highest order
        (replace(SALES, date=None, order=None), "C"),  # the highest value
        (replace(SALES, order=None), "A"),  # the newest
    ],
)
def test_what_is_latest_without_date_or_order(shop, source, wanted):
    shop.execute(
        """
        insert into sales values
            (99, 10, 1, timestamp '2025-01-03', 'A', 'web'),
            (99, 12, 1, timestamp '2025-01-02', 'B', 'web'),
            (99, 11, 1, timestamp '2025-01-01', 'C', 'web')
        """
    )
    fit(shop, source)
    assert attributes_of(shop)[-1] == (99, wanted, "web")


def test_lists_of_whom_to_act_on_have_them_too(shop):
    fit(shop, SALES)
    known = {row[0]: row for row in attributes_of(shop)}
    for view in ("customer_upgrades", "next_actions"):
        found = attributes_of(shop, f"segments.{view}")
        assert found
        assert found == [known[customer] for customer, *_ in found]
        columns = [row[0] for row in shop.execute(f"describe segments.{view}").fetchall()]
        assert columns[-2:] == ["country", "sales channel"]
    table = segmenter.open(shop).customers(upgrades=True, order_by="country")
    countries = [row["country"] for row in table]
    assert countries == sorted(countries, key=lambda one: one or "", reverse=True)


def test_the_model_does_not_look_at_them(shop):
    with_them = fit(shop, SALES)
    without = fit(shop, replace(SALES, attributes=None))
    assert with_them.segments == without.segments
    columns = [row[0] for row in shop.execute("describe segments.customer_segments").fetchall()]
    assert columns[-1] == "lifecycle_rank"
    views = "select count(*) from duckdb_views() where view_name = 'segment_attributes'"
    assert shop.execute(views).fetchone() == (0,)


def test_segments_by_attribute_add_up_to_the_summary(shop):
    fit(shop, SALES)
    by_attribute = shop.execute(
        """
        select attribute, segment, sum(customers), round(sum(revenue), 2)
        from segments.segment_attributes group by all order by all
        """
    ).fetchall()
    summary = shop.execute(
        "select segment, customers, round(revenue, 2) from segments.segment_summary order by all"
    ).fetchall()
    assert by_attribute == [
        (attribute, *row) for attribute in ("country", "sales channel") for row in summary
    ]
    by_attribute = "from segments.segment_attributes"
    unknown = f"select sum(customers) {by_attribute} where attribute_value is null"
    assert shop.execute(unknown).fetchone() == (1,)
    shares = f"select sum(share_of_customers), sum(share_of_revenue) {by_attribute}"
    for both in shop.execute(f"{shares} group by attribute, attribute_value").fetchall():
        assert both == pytest.approx((1, 1))


def test_a_refresh_sees_an_attribute_that_changed(shop):
    fit(shop, SALES)
    refresh(OwnConnection(shop))
    shop.execute("update sales set country = 'FR' where customer = 12")
    changes = refresh(OwnConnection(shop))
    assert not changes.is_full
    assert attributes_of(shop)[12][1] == "FR"
    snapshot = "from {} order by customer_id"
    assert (
        shop.execute(snapshot.format("segments.customer_segments_snapshot")).fetchall()
        == shop.execute(snapshot.format("segments.customer_segments")).fetchall()
    )
    over = "select count(*) from segments.customer_segments_history where valid_to is not null"
    assert shop.execute(over).fetchone() == (0,), "an attribute is no label"


def test_a_refit_keeps_changes_and_drops_them(shop):
    fit(shop, SALES)

    def columns_after(attributes):
        fitted = as_fitted(shop, {}, attributes=attributes)
        fit_again(OwnConnection(shop), fitted, SafetyNet(publish=True))
        found = shop.execute("describe segments.customer_segments").fetchall()
        return [name for name, *_ in found][13:]

    assert columns_after(None) == ["country", "sales channel"]
    assert columns_after(["country"]) == ["country"]
    assert columns_after(None) == ["country"]
    assert columns_after([]) == []
    assert columns_after(None) == []
    for model_id, wanted in ((1, ["country", "sales channel"]), (5, [])):
        rollback(OwnConnection(shop), model_id)
        found = shop.execute("describe segments.customer_segments_snapshot").fetchall()
        assert [name for name, *_ in found][13:] == wanted


def test_other_attributes_do_not_change_why_customers_moved(shop):
    fit(shop, SALES)
    shop.execute("insert into sales values (3, 9999, 9000, timestamp '2024-01-29', 'DE', 'web')")
    fit(shop, replace(SALES, attributes=["country"]), publish=True)
    moved = "select changed_by from segments.customer_segments_history where customer_id = 3"
    assert ("own spend",) in shop.execute(moved).fetchall()


def test_they_are_published_and_exported(shop, tmp_path):
    model = fit(shop, SALES)
    wanted = attributes_of(shop)
    segmenter.open(shop).publish(tmp_path / "bi.duckdb")
    with duckdb.connect(str(tmp_path / "bi.duckdb")) as bi:
        assert attributes_of(bi) == attributes_of(bi, "segments.customer_profile") == wanted
        rows = "from segments.segment_attributes order by all"
        assert bi.execute(rows).fetchall() == shop.execute(rows).fetchall()
        said = "select distinct comment from duckdb_columns() where column_name = 'country'"
        ((comment,),) = bi.execute(said).fetchall()
        assert comment.startswith("Attribute that the fit names")
    script = segmenter.export(model, "duckdb")
    with duckdb.connect() as other:
        make_sales(other, sales_rows(0))
        other.execute(script)
        assert attributes_of(other) == wanted
    for dialect in ("snowflake", "bigquery", "spark", "trino"):
        elsewhere = segmenter.export(model, dialect, table="shop.sales")
        assert "-- Without the attributes country, sales channel: join" in elsewhere
        assert "sales channel" not in elsewhere.partition("CREATE")[2]


def test_every_column_says_what_it_is(shop):
    fit(shop, SALES)
    refresh(OwnConnection(shop))
    silent = """
        select table_name, column_name from duckdb_columns()
        where schema_name = 'segments' and comment is null
    """
    assert shop.execute(silent).fetchall() == []


def test_profiles_and_frames_have_them_too(con):
    make_sales(con, sales_rows(0))
    con.execute(
        """
        create table profiles as
        select customer as customer_id, round(sum(amount), 2) as monetary,
            count(distinct invoice) as frequency, max(country) as country
        from sales group by customer
        """
    )
    fit(con, Source.from_profiles("profiles", attributes=["country"]))
    wanted = con.execute("select customer_id, country from profiles order by all").fetchall()
    found = "select customer_id, country from segments.customer_segments order by all"
    assert con.execute(found).fetchall() == wanted
    frame = con.sql("from sales").to_arrow_table()
    with duckdb.connect() as other:
        fit(other, replace(SALES, transactions=frame))
        assert attributes_of(other, "segments.customer_profile") == attributes_of(other)
        countries = latest(sales_rows(0), 4)
        assert [row[1] for row in attributes_of(other)] == [countries.get(one) for one in range(60)]


@first_in_gate(
    "value",
    [
        "true", "7::utinyint", "1.25::decimal(9, 2)", "2.5::double", "date '2024-02-03'",
        "timestamptz '2024-02-03 04:05:06Z'", "time '04:05'", "uuid()",
        "'b'::enum('a', 'b')", "170141183460469231731687303715884105727::hugeint",
    ], first=4,
)  # fmt: skip
def test_types_that_dashboards_show(con, value):
    con.execute(
        "create table sales as select i % 60 as customer, 1.0 + i % 60 as amount, "
        f"{value} as own from range(300) as t(i)"
    )
    source = Source(transactions="sales", customer="customer", amount="amount", attributes=["own"])
    fit(con, source)
    assert con.execute(
        "select count(*) from segments.customer_segments as ours inner join sales "
        "on customer = customer_id and sales.own::varchar = ours.own::varchar"
    ).fetchone() >= (60,)
    assert con.execute("select count(*) from segments.segment_attributes").fetchone()[0] >= 3


def test_fit_segments_knows_them(shop):
    segmenter.register(shop)
    shop.execute(
        "select fit_segments('sales', {'customer': 'customer', 'amount': 'amount', "
        "'attributes': ['country']})"
    ).fetchall()
    assert shop.execute("describe segments.customer_segments").fetchall()[-1][0] == "country"
