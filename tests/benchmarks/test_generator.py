"""The generator of the benchmarks: the same rows on any machine, and what it promises."""

from __future__ import annotations

import duckdb
import pytest

from benchmarks.generator import LINES, generated_sales, write_parquet

ROWS, CUSTOMERS = 10_000, 1_000


def generate(threads: int, seed: int = 1) -> list[tuple]:
    with duckdb.connect(config={"threads": threads}) as con:
        con.execute(f"create table {LINES} as select range as line from range({ROWS})")
        query = generated_sales(ROWS, CUSTOMERS, seed)
        return con.execute(f"select * from ({query}) order by all").fetchall()


@pytest.fixture(scope="module")
def sales():
    """Generated sales by one thread."""
    return generate(threads=1)


def test_threads_change_nothing(sales):
    assert generate(threads=4) == sales


def test_another_seed_gives_other_sales(sales):
    assert generate(threads=1, seed=2) != sales


def test_the_file_holds_the_same_rows(sales, tmp_path):
    path = tmp_path / "sales.parquet"
    write_parquet(path, ROWS, CUSTOMERS)
    assert duckdb.execute(f"from '{path}' order by all").fetchall() == sales


def test_every_customer_has_an_order(sales):
    assert len(sales) == ROWS
    assert len({customer for customer, *_ in sales} - {None}) == CUSTOMERS


def test_some_orders_have_no_customer(sales):
    customers_of: dict[int, set] = {}
    for customer, order, *_ in sales:
        customers_of.setdefault(order, set()).add(customer)
    assert all(len(customers) == 1 for customers in customers_of.values())
    anonymous = sum(customers == {None} for customers in customers_of.values())
    repeats = len(customers_of) - CUSTOMERS
    assert 0.13 < anonymous / repeats < 0.17


def test_refunds_and_skew(sales):
    amounts = [amount for _, _, amount, _ in sales]
    assert 0.025 < sum(amount < 0 for amount in amounts) / ROWS < 0.035
    assert max(amounts) > 20 * sorted(amounts)[ROWS // 2]
    orders: dict[int, set] = {}
    for customer, order, *_ in sales:
        if customer is not None:
            orders.setdefault(customer, set()).add(order)
    counts = sorted(map(len, orders.values()))
    assert counts[0] == 1
    assert counts[-1] > 20 * counts[CUSTOMERS // 2]


def test_too_few_rows_are_refused():
    with pytest.raises(ValueError, match="too few for 100 customers"):
        generated_sales(100, 100, 1)
