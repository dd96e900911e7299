"""`unit`: micro amounts are exact where they are counted in small units."""

from decimal import Decimal

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.operations.compare import compare
from segmenter.operations.label import label
from segmenter.operations.refresh import refresh
from segmenter.workplace.place import OwnConnection
from tests.advice import advised, followed, look, said
from tests.combinations import first_in_gate

SATOSHI = "0.00000001"
COINS = {"transactions": "coins", "customer": "customer", "amount": "amount"}


@pytest.fixture
def con():
    """Return a database of amounts such as 0.00000123, of customers who differ a lot."""
    with duckdb.connect() as con:
        con.execute(
            """
            create table coins as
            select
                i % 120 as customer,
                i as order_id,
                cast(((i % 120) * (i % 120) + 1 + i % 7) / 100000000.0 as decimal(18, 8)) as amount
            from range(1200) as t(i)
            """
        )
        yield con


def exact(con) -> Decimal:
    (total,) = con.execute("select sum(amount) from coins").fetchone()
    return total


@first_in_gate("kind", ["decimal(18, 8)", "decimal(38, 10)", "double", "varchar"], first=2)
def test_the_advice_against_vanishing_amounts_makes_them_exact(con, kind):
    con.execute(f"alter table coins alter amount type {kind}")
    asked = COINS | ({"number_format": "1234.56"} if kind == "varchar" else {})
    con.execute("create table as_they_are as from coins")
    refused = said(con, **asked)
    assert "too small" in refused
    (unit,) = advised(refused, "unit")
    seen = look(con, **asked, unit=unit)
    total = con.execute("select sum(cast(amount as decimal(28, 10))) from coins").fetchone()[0]
    assert Decimal(str(seen.money)) == (total / Decimal(unit)).quantize(Decimal("0.01"))
    assert not seen.warnings


def test_an_amount_of_which_nothing_is_left_is_told_with_the_unit_that_keeps_it(con):
    con.execute("update coins set amount = 5 where amount <= 0.0000005")
    (warned,) = look(con, **COINS).warnings
    better = followed(warned, **COINS)
    seen = look(con, **better)
    assert not seen.warnings
    assert Decimal(str(seen.money)) == exact(con) / Decimal(better["unit"])


def test_too_large_amounts_name_a_unit_that_holds_them(con):
    con.execute("alter table coins alter amount type double")
    con.execute("update coins set amount = amount * 1e8")
    refused = said(con, **COINS, unit="1e-18")
    assert "units of 0.000000000000000001" in refused
    assert look(con, **followed(refused, **COINS, unit="1e-18")).money
    con.execute("update coins set amount = amount * 1e11")
    assert look(con, **followed(said(con, **COINS), **COINS)).money


@pytest.mark.parametrize(
    "unit", [0, -1, "-0.01", "abc", 0.5, 10, float("nan"), "nan", "inf", "", True, "1e-19", [1]]
)
def test_what_is_no_unit_is_refused(unit):
    with pytest.raises(SegmenterError, match=r"unit must be a power of ten of at most 1, such as"):
        Source.from_transactions("coins", customer="customer", amount="amount", unit=unit)


@pytest.mark.parametrize(
    ("unit", "stored"),
    [(1, None), ("1.00", None), (0.01, "0.01"), ("1e-8", SATOSHI), (1e-8, SATOSHI)],
)
def test_a_unit_is_stored_as_one_text(unit, stored):
    assert Source(**COINS, unit=unit).unit == stored


def test_a_unit_is_of_transactions():
    with pytest.raises(SegmenterError, match="unit belongs to transactions"):
        Source(profile="coins", unit="0.01")


def test_all_that_reads_the_source_counts_in_the_unit(con, tmp_path):
    fit = segmenter.fit(con, Source(**COINS, unit=SATOSHI, order="order_id"))
    assert fit.source["unit"] == SATOSHI
    total = "select round(sum(monetary), 2) from segments.{}"
    satoshis = float(exact(con) * 10**8)
    for view in ("customer_segments", "customer_segments_snapshot", "customer_profile"):
        assert con.execute(total.format(view)).fetchone() == (satoshis,)
    assert con.execute("select unit from segments.models").fetchall() == [(SATOSHI,)]
    con.execute("insert into coins values (3, 1000, 0.00000050)")
    refresh(OwnConnection(con))
    snapshot = con.execute(total.format("customer_segments_snapshot")).fetchone()
    assert snapshot == (satoshis + 50,)
    assert con.execute(total.format("customer_profile")).fetchone() == (satoshis + 50,)
    script = segmenter.export(fit, "duckdb")
    assert "* 100000000" in script


def test_labels_of_transactions_are_in_the_unit_of_the_model(con, tmp_path):
    segmenter.fit(con, Source(**COINS, unit=SATOSHI, order="order_id"))
    given, output = tmp_path / "coins.parquet", tmp_path / "labels.parquet"
    con.execute(f"copy coins to '{given}'")
    asked = {**COINS, "transactions": str(given), "order": "order_id"}
    label(con, Source(**asked), output)
    differing = f"""
        select count(*) from '{output}' as labels
        inner join segments.customer_segments as customers using (customer_id)
        where labels.segment <> customers.segment or labels.monetary <> customers.monetary
    """
    assert con.execute(differing).fetchone() == (0,)
    with pytest.raises(SegmenterError, match=r"another one than the model has .*Leave unit out"):
        label(con, Source(**asked, unit="0.01"), tmp_path / "other.parquet")


def test_labels_of_profiles_say_the_unit_and_how_to_come_to_it(con, tmp_path):
    segmenter.fit(con, Source(**COINS, unit=SATOSHI, order="order_id"))
    given, output = tmp_path / "profiles.parquet", tmp_path / "labels.parquet"
    con.execute(
        "copy (select customer, cast(sum(amount) as double) as monetary, count(*) as frequency "
        f"from coins group by customer) to '{given}'"
    )
    from tests.advice import Heard

    heard = Heard()
    label(con, given, output, progress=heard)
    (warned,) = heard.warnings
    assert f"units of {SATOSHI}" in warned
    (monetary,) = advised(warned, "monetary")
    heard = Heard()
    label(con, given, output, monetary=monetary, overwrite=True, progress=heard)
    assert not heard.warnings
    heard = Heard()  # a name with the number in it multiplies nothing
    con.execute(
        f"copy (select customer, monetary as total_100000000, frequency from '{given}') "
        f"to '{tmp_path / 'named.parquet'}'"
    )
    label(
        con,
        tmp_path / "named.parquet",
        tmp_path / "named_labels.parquet",
        monetary="total_100000000",
        progress=heard,
    )
    assert f"units of {SATOSHI}" in heard.warnings[0]
    differing = f"""
        select count(*) from '{output}' as labels
        inner join segments.customer_segments as customers on labels.customer = customer_id
        where labels.segment <> customers.segment
    """
    assert con.execute(differing).fetchone() == (0,)


def test_a_fit_in_another_unit_is_another_base(con):
    segmenter.fit(con, Source(**COINS, unit=SATOSHI))
    other = Source(**COINS, unit="0.000001")
    with pytest.raises(SegmenterError, match="money in another unit"):
        segmenter.fit(con, other)
    segmenter.fit(con, other, replace=True)
    with pytest.raises(SegmenterError, match=r"units of 0\.00000001 and of 0\.000001"):
        compare(con, 1, 2)


def test_sql_takes_a_unit(con):
    segmenter.register(con)
    con.execute(
        "select fit_segments('coins', {'customer': 'customer', 'amount': 'amount', "
        f"'unit': '{SATOSHI}'}})"
    )
    found = con.execute("select round(sum(monetary)) from segments.customer_segments").fetchone()
    assert found == (float(exact(con) * 10**8),)


def test_an_inspection_says_which_amounts_vanish(con):
    found = segmenter.inspect("coins", con, customer="customer", amount="amount")
    (note,) = (note for note in found.notes if "nothing is left" in note)
    better = segmenter.inspect(
        "coins", con, customer="customer", amount="amount", unit=advised(note, "unit")[0]
    )
    assert not [note for note in better.notes if "nothing is left" in note]
    assert better.source(accept_unsure=True).unit
    assert better.totals.revenue > 1


def test_thresholds_are_those_of_whole_numbers(con):
    """A fit in units is the fit of the same numbers as whole ones."""
    con.execute(
        "create table whole as select customer, order_id, cast(amount * 100000000 as bigint) as "
        "amount from coins"
    )
    small = segmenter.fit(con, Source(**COINS, unit=SATOSHI), Settings(cut=1))
    large = segmenter.fit(
        con, Source(**{**COINS, "transactions": "whole"}), Settings(cut=1), replace=True
    )
    assert small.points.cents.tolist() == large.points.cents.tolist()
