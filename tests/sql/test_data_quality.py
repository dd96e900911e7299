"""What is wrong with the rows: counted, with an example, and said in the same words by a fit."""

from __future__ import annotations

import duckdb
import pytest

import segmenter
from segmenter import Settings, Source
from segmenter.progress import Silent
from tests.datasets import load_dataset

SALES = """
    create table sales as
    select * from (values
        (1, 'a', 10.00::double, timestamp '2024-01-01', 'EUR'),
        (1, 'a', 10.00, timestamp '2024-01-01', 'EUR'),
        (1, 'b', 20.00, timestamp '2024-01-05', 'EUR'),
        (2, 'c', 50.00, timestamp '2024-01-03', 'EUR'),
        (2, 'd', 51.00, timestamp '2024-01-04', 'EUR'),
        (2, 'e', -4.00, timestamp '2024-01-05', 'EUR'),
        (3, 'f', 90.00, timestamp '2024-01-06', 'EUR'),
        (3, null, 5.00, timestamp '2024-01-06', 'EUR'),
        (4, 'g', -7.00, timestamp '2024-01-07', 'GBP'),
        (4, 'h', 0.00, timestamp '2024-01-07', null),
        (5, 'i', null, timestamp '2024-01-08', 'EUR'),
        (5, 'j', 30.00, null, 'EUR'),
        (5, 'k', 31.00, timestamp '2999-01-01', 'EUR'),
        (null, 'm', 25.00, timestamp '2024-01-09', 'EUR'),
        (null, 'l', 15.00, timestamp '2024-01-09', 'EUR')
    ) as t (customer, invoice, amount, sold_at, money)
"""

COLUMNS = {"transactions": "sales", "customer": "customer", "amount": "amount"}
IDENTITIES = ("collective_customers", "customer_spellings", "float_customers", "total_lines")
ALL = COLUMNS | {"order": "invoice", "date": "sold_at", "currency": "money"}


OF_RESULT = {
    *("orders_without_spread", "one_number", "top_segment_large", "mostly_one_order", "unsteady"),
    *("lowest_segment_active", "newcomers_in_lowest", "short_history", "few_training_customers"),
}
"""Notes on what was found, not on the rows."""


class Heard(Silent):
    def __init__(self):
        self.warnings = []

    def warn(self, message, code):
        if code not in OF_RESULT:
            self.warnings.append(message)


def fit(con, **source):
    heard = Heard()
    segmenter.fit(
        con,
        Source(**source),
        Settings(cut=1, n_neighbors=1),
        publish=True,
        replace=True,
        progress=heard,
    )
    return heard.warnings


def found(con, columns="severity, unit, found, round(share_of_total, 4), revenue, example"):
    rows = con.execute(f"select check_name, {columns} from segments.data_quality").fetchall()
    return {row[0]: row[1:] for row in rows}


@pytest.fixture
def sold(con):
    con.execute(SALES)
    return con


def test_every_check_finds_what_a_person_finds(sold):
    fit(sold, **ALL)
    assert found(sold) == {
        "duplicate_rows": ("warns", "rows", 1, 0.0667, 10.0, "order a"),
        "few_customers": ("warns", "customers", 4, None, 297.0 - 4, None),
        "missing_amounts": ("warns", "rows", 1, 0.0667, None, "order i"),
        "rows_without_customer": ("warns", "rows", 2, 0.1333, 40.0, "order l"),
        "rows_without_date": ("warns", "rows", 1, 0.0667, 30.0, "order j"),
        "rows_without_order": ("warns", "rows", 1, 0.0667, 5.0, "customer 3"),
        "several_currencies": ("warns", "rows", 2, 0.1333, -7.0, "EUR 12, GBP 1, none 1"),
        "customers_without_order": ("informs", "customers", 1, 0.2, -7.0, "customer 4"),
        "future_dates": ("warns", "rows", 1, 0.0667, 31.0, "2999-01-01 00:00:00"),
        "refunds": ("informs", "rows", 2, 0.1333, -11.0, "order e"),
        "time_span": ("informs", "days", 356113, None, None, "2024-01-01 to 2999-01-01"),
        "zero_amounts": ("informs", "rows", 1, 0.0667, None, "order h"),
        "customers_with_one_order": ("ok", "customers", 1, 0.25, 95.0, "customer 3"),
        "unusable_amounts": ("ok", "rows", 0, 0.0, None, None),
        "rounded_amounts": ("ok", "rows", 0, 0.0, None, None),
        "lost_rows": ("ok", "rows", 0, 0.0, None, None),
        "unknown_condition": ("ok", "rows", 0, 0.0, None, None),
        "collective_customers": ("ok", "customers", 0, 0.0, None, None),
        "customer_spellings": ("ok", "customers", 0, 0.0, None, None),
        "empty_orders": ("ok", "rows", 0, 0.0, None, None),
        "float_customers": ("ok", "customers", 0, 0.0, None, None),
        "total_lines": ("ok", "customers", 0, 0.0, None, None),
    }


def test_a_check_without_findings_still_has_its_row(con):
    con.execute(
        "create table clean as select i % 200 as customer, i as invoice, 1.0 + i % 7 as amount, "
        "timestamp '2024-01-01' + to_hours(i::integer) as sold_at, 'EUR' as money "
        "from range(1000) as t(i)"
    )
    assert fit(con, **ALL | {"transactions": "clean"}) == []
    rows = found(con, "severity, found, message")
    assert len(rows) == 22
    assert {row[0] for name, row in rows.items() if name != "time_span"} == {"ok"}
    assert rows["several_currencies"][1:] == (0, "All amounts are in one currency.")
    assert rows["time_span"][1:] == (42, "The rows span 42 days: 2024-01-01 to 2024-02-11.")
    assert rows["few_customers"][1:] == (200, "200 customers have an order.")


def test_what_cannot_be_looked_at_says_so(sold):
    fit(sold, **COLUMNS)
    rows = found(sold, "severity, found, message")
    assert rows["rows_without_date"] == (
        "informs",
        None,
        "No date column was named, so nothing is known of time.",
    )
    assert rows["several_currencies"][1] is None
    assert rows["rows_without_order"][2].startswith("No order column was named")
    assert rows["rows_without_customer"][1] == 2


def test_rows_that_come_later_and_cannot_be_used_block(sold):
    fit(sold, **ALL)
    sold.execute("insert into sales values (3, 'x', 'nan', null, 'EUR'), (3, 'y', 1e18, null, '')")
    severity, count, example = found(sold, "severity, found, example")["unusable_amounts"]
    assert (severity, count) == ("blocks", 2)
    assert example == "1e+18, order x, customer 3"
    with pytest.raises(segmenter.SegmenterError, match="cannot be used"):
        fit(sold, **ALL)


def test_only_what_lies_in_the_window_and_meets_the_condition_is_looked_at(sold):
    fit(sold, **ALL | {"window": "4 days", "as_of": "2024-01-07"})
    rows = found(sold, "found, example")
    assert rows["duplicate_rows"] == (0, None)
    assert rows["time_span"] == (4, "2024-01-04 to 2024-01-07")
    assert rows["several_currencies"] == (2, "EUR 5, GBP 1, none 1")
    fit(sold, **ALL | {"where": "money = 'EUR'"})
    assert found(sold, "found")["several_currencies"] == (0,)


@pytest.mark.parametrize("many", [250_000, 0])
def test_a_fit_warns_in_the_words_of_the_view(sold, monkeypatch, many):
    monkeypatch.setattr("segmenter.training.data_checks.MANY_ROWS", many)
    warnings = fit(sold, **ALL)
    rows = found(sold, "severity, message")
    expected = {words for severity, words in rows.values() if severity == "warns"}
    if not many:  # a large table is not searched for copies
        expected.remove(rows["duplicate_rows"][1])
    assert expected <= set(warnings)
    assert (rows["duplicate_rows"][1] in warnings) == bool(many)
    assert rows["rows_without_customer"][1] == (
        "2 rows (13.3 %) have no customer and are left out, with 12.3 % of the revenue."
    )


def test_nearly_everybody_with_one_order_is_a_warning(con):
    con.execute(
        "create table once as select least(i, 200) as customer, i as invoice, i % 50 + 0.5 as "
        "amount from range(205) as t(i)"
    )
    warnings = fit(con, **COLUMNS | {"transactions": "once", "order": "invoice"})
    expected = (
        "200 customers (99.5 %) have one order: the segments differ by little but the size of one "
        "order."
    )
    assert expected in warnings
    assert found(con, "message")["customers_with_one_order"] == (expected,)


def test_finished_profiles(con):
    con.execute(
        "create table base as select i as customer_id, i * 2.5e0 as monetary, i % 4 as frequency "
        "from range(200) as t(i)"
    )
    assert fit(con, profile="base") == []
    con.execute("insert into base values (7, 1, 1), (999, 'nan', 1), (998, 5, null), (null, 50, 1)")
    assert found(con, "severity, found, example") == {
        "duplicate_customers": ("blocks", 1, "customer 7"),
        "unusable_rows": ("blocks", 2, "customer 998"),
        "rows_without_customer": ("warns", 1, None),
        "customers_without_order": ("informs", 50, "customer 0"),
        "customers_with_one_order": ("ok", 51, "customer 1"),
        "few_customers": ("ok", 151, None),
        **dict.fromkeys(IDENTITIES, ("ok", 0, None)),
    }


def test_anonymous_points(con):
    con.execute(
        "create table counts as select i * 2.5e0 as monetary, 1 + i % 4 as frequency, "
        "1 + i as customers from range(40) as t(i)"
    )
    assert fit(con, points="counts") == []
    con.execute("insert into counts values (3, 1, 0), ('inf', 1, 2)")
    assert found(con, "severity, found, example") == {
        "unusable_rows": ("blocks", 2, "monetary 3.0, frequency 1.0, customers 0.0"),
        "customers_with_one_order": ("ok", 190, None),
        "few_customers": ("ok", 820, None),
    }


def test_what_is_left_of_a_data_frame(sold):
    frame = sold.execute("from sales").df()
    heard = fit(sold, **ALL | {"transactions": frame})
    assert any("exact copy" in words for words in heard)
    rows = found(sold, "severity, found")
    assert rows == {
        "rows_without_customer": ("warns", 2),
        "few_customers": ("warns", rows["few_customers"][1]),
        "customers_with_one_order": ("ok", 1),
    }


def test_a_currency_that_is_no_column_is_refused(sold):
    with pytest.raises(segmenter.SegmenterError, match=r"'mony'.*Did you mean 'money'"):
        fit(sold, **ALL | {"currency": "mony"})
    with pytest.raises(segmenter.SegmenterError, match="currency belongs to transactions"):
        Source(profile="base", currency="money")


def test_the_currency_is_stored_with_the_model(sold):
    sold.execute('alter table sales rename column money to "the money"')
    fit(sold, **ALL | {"currency": "the money"})
    assert segmenter.load(sold).source["currency"] == '"the money"'


def test_known_figures_of_online_retail(con):
    segmenter.fit(con, load_dataset(con, "online_retail"), Settings(levels=1))
    rows = found(con, "severity, found, round(share_of_total, 3), round(revenue, 2)")
    assert rows["rows_without_customer"] == ("warns", 135_080, 0.249, 1_447_682.12)
    # the bundled file has no column that tells the lines of an order apart
    assert rows["duplicate_rows"][:3] == ("informs", 541_909 - 304_734, 0.438)
    assert rows["zero_amounts"][1] == 2_515
    assert rows["time_span"][1] == 374
    assert rows["refunds"][1] == 9_288 + 2


def test_every_client_can_ask(sold, tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(SALES)
        fit(con, **ALL)
        expected = con.execute("from segments.data_quality").fetchall()
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as shop (read_only)")
        assert con.execute("from shop.segments.data_quality").fetchall() == expected


@pytest.mark.parametrize(
    ("copies", "severity"), [(0, "ok"), (30, "warns"), (100, "informs"), (300, "warns")]
)
def test_copies_warn_when_few_or_when_all_was_loaded_twice(con, copies, severity):
    con.execute(
        "create table twice as select i as customer, i + 0.5 as amount from range(300) as t(i);"
        f"insert into twice from twice where customer < {copies}"
    )
    fit(con, **COLUMNS | {"transactions": "twice"})
    assert found(con, "severity, found")["duplicate_rows"] == (severity, copies)
