"""A date in the future is not believed; amounts that rounding eats; currencies."""

from __future__ import annotations

import pytest

import segmenter
from segmenter import Source
from segmenter.evaluation.backtest import Backtest
from segmenter.operations.refresh import Refresh
from tests.advice import advised, fitted, look, said
from tests.combinations import each_once

SALES = {"transactions": "sales", "customer": "customer_id", "amount": "amount", "date": "sold_at"}
TYPO = "insert into sales select 59, 9999, 5.0, timestamp '2203-05-01'"
LIVE = "from segments.customer_segments order by customer_id"
LIFE = "select customer_id, days_since_last_order, lifecycle " + LIVE


@pytest.mark.parametrize(("order", "window"), each_once(["order_id", None], [None, "6 weeks"]))
def test_one_typed_date_changes_nobody_elses_lifecycle(shop, order, window):
    source = SALES | {"order": order, "window": window}
    fitted(shop, **source)
    before = shop.execute(LIFE).fetchall()
    shop.execute(TYPO)
    assert shop.execute(LIFE).fetchall() == before
    told = [words for words in fitted(shop, **source) if "in the future" in words]
    assert told == [
        "1 row has a date in the future, up to 2203-05-01 00:00:00, and counts as without a date."
    ]
    assert shop.execute(LIFE).fetchall() == before
    assert (
        shop.execute(LIFE.replace("segments order", "segments_snapshot order")).fetchall() == before
    )
    at = LIFE.replace("segments.customer_segments", "segments.customer_segments_at(null)")
    assert shop.execute(at).fetchall() == before
    with Refresh(shop) as refresh:
        refresh.prepare(full=True)
        refresh.store()
    assert (
        shop.execute(LIFE.replace("segments order", "segments_snapshot order")).fetchall() == before
    )


def test_the_money_of_such_a_row_counts(shop):
    before = look(shop, **SALES)
    shop.execute(TYPO)
    after = look(shop, **SALES)
    assert after.money == before.money + 5
    assert after.last_order_at == before.last_order_at


@pytest.mark.parametrize("many", [250_000, 0])
def test_large_tables_and_windows_are_warned_too(shop, monkeypatch, many):
    monkeypatch.setattr("segmenter.training.data_checks.MANY_ROWS", many)
    shop.execute(TYPO)
    for window in (None, "6 weeks"):
        heard = look(shop, **SALES, window=window).warnings
        assert any(words.startswith("1 row has a date in the future") for words in heard)


def test_a_backtest_ends_before_it(shop):
    fitted(shop, **SALES)
    shop.execute(TYPO)
    with Backtest(shop) as backtest:
        outcome = backtest.prepare("2024-02-15")
    assert outcome.until.year == 2024


def test_an_order_of_tomorrow_is_not_the_future(shop):
    """No time zone is more than a day ahead."""
    shop.execute(
        "insert into sales select 59, 9999, 5.0, current_localtimestamp() + interval 6 hour"
    )
    seen = look(shop, **SALES)
    assert not any("in the future" in words for words in seen.warnings)
    assert seen.last_order_at.year > 2024


def test_a_date_in_the_future_is_none_to_a_refresh_either(shop):
    fitted(shop, **SALES)
    with Refresh(shop) as refresh:
        refresh.prepare(full=True)
        refresh.store()
    sums = "select bucket, check_sum from segments_internal.snapshot_buckets order by bucket"
    before = shop.execute(sums).fetchall()
    shop.execute("insert into sales select 59, 9999, 5.0, timestamp '2203-05-01'")
    with Refresh(shop) as refresh:
        refresh.prepare()
        refresh.store()
    early = shop.execute(sums).fetchall()
    shop.execute("update sales set sold_at = null where order_id = 9999")
    with Refresh(shop) as refresh:
        assert refresh.prepare().added_up == 0  # counted as without a date already
    assert early != before


@pytest.mark.parametrize("factor", [1e-5, 1e-4])
def test_amounts_that_rounding_eats_are_refused_with_a_unit_that_fits(con, factor):
    con.execute(
        f"create table t as select i % 40 as player, (1 + i % 9) * {factor} * 0.53 as amount "
        "from range(3000) as r(i)"
    )
    message = said(con, transactions="t", customer="player", amount="amount")
    assert "are too small" in message
    (unit,) = set(advised(message, "unit"))
    seen = look(con, transactions="t", customer="player", amount="amount", unit=unit)
    expected = sum((1 + i % 9) * factor * 0.53 / float(unit) for i in range(3000))
    assert seen.money == pytest.approx(expected, rel=1e-4)


def test_sums_that_are_all_zero_to_the_cent_are_refused(con):
    con.execute(
        "create table t as select i % 40 as player, 0.0001 as amount from range(400) as r(i)"
    )
    message = said(con, transactions="t", customer="player", amount="amount")
    assert "are too small" in message


def test_usual_fractions_of_cents_are_welcome(con):
    con.execute(
        "create table t as select i % 40 as player, 3.0 / (1 + i % 7) as amount "
        "from range(400) as r(i)"
    )
    assert look(con, transactions="t", customer="player", amount="amount").customers == 40


def test_the_view_says_that_amounts_are_too_small(con):
    con.execute(
        "create table t as select i % 40 as player, 2.5e0 + i % 40 as amount "
        "from range(400) as r(i)"
    )
    fitted(con, transactions="t", customer="player", amount="amount")
    con.execute("update t set amount = amount * 1e-5")
    query = "select severity, found from segments.data_quality where check_name = 'rounded_amounts'"
    assert con.execute(query).fetchone() == ("blocks", 400)


def test_one_currency_written_in_several_ways_is_one(con):
    con.execute(
        "create table t as select i % 200 as c, 2.5 + i % 7 as amount, "
        "['EUR', 'eur', ' EUR ', 'Eur'][1 + i % 4] as money from range(400) as r(i)"
    )
    con.execute("insert into t values (1, null, 'USD'), (2, null, 'USD')")
    source = {"transactions": "t", "customer": "c", "amount": "amount", "currency": "money"}
    query = "select found from segments.data_quality where check_name = 'several_currencies'"
    assert not any("currency" in words for words in fitted(con, **source))
    assert con.execute(query).fetchone() == (0,)
    con.execute("insert into t values (1, 5, 'usd')")
    assert con.execute(query).fetchone() == (1,)


def test_several_currencies_that_nobody_named_are_told_and_the_advice_keeps_one(con):
    con.execute(
        "create table t as select i % 60 as c, 1.5 + i as amount, "
        "['usd', null, ' eur ', 'EUR', '', 'EUR'][1 + i % 6] as \"Currency Code\" "
        "from range(600) as r(i)"
    )
    source = {"transactions": "t", "customer": "c", "amount": "amount"}
    (told,) = (words for words in look(con, **source).warnings if "currencies" in words)
    assert "Currency Code has several currencies, EUR 300, USD 100, and amounts are summed" in told
    (where,) = advised(told, "where")
    kept = look(con, **source, where=where)
    (euros,) = con.execute(
        "select sum(amount) from t where upper(trim(\"Currency Code\")) = 'EUR'"
    ).fetchone()
    assert kept.money == float(euros)
    source["where"] = "c < 30"
    (told,) = (words for words in look(con, **source).warnings if "currencies" in words)
    (where,) = advised(told, "where")
    (fewer,) = con.execute(
        "select sum(amount) from t where c < 30 and upper(trim(\"Currency Code\")) = 'EUR'"
    ).fetchone()
    kept = look(con, **source | {"where": where})
    assert kept.money == float(fewer)
    assert not any("currencies" in words for words in kept.warnings)


def test_a_currency_on_the_first_line_of_an_order_alone_is_one(con):
    con.execute(
        "create table t as select i % 60 as c, 1.5 + i as amount, "
        "case when i % 3 = 0 then 'EUR' end as currency from range(600) as r(i)"
    )
    source = {"transactions": "t", "customer": "c", "amount": "amount"}
    assert not any("currenc" in words for words in look(con, **source).warnings)


def test_a_model_of_the_future_alone_has_no_lifecycle(con):
    con.execute(
        "create table t as select i % 60 as c, i + 0.5 as amount, "
        "timestamp '2500-01-01' + to_days(i::int) as day from range(300) as r(i)"
    )
    heard = fitted(con, transactions="t", customer="c", amount="amount", date="day")
    assert any(words.startswith("300 rows have a date in the future") for words in heard)
    assert con.execute("select count(lifecycle) from segments.customer_segments").fetchone() == (0,)
    assert segmenter.load(con).active_days is None
    assert Source(**segmenter.load(con).source).date == "day"
