"""Generated sales of any size: skewed, with repeat purchases, refunds and rows without a customer.

    python -m benchmarks.generator sales.parquet --rows 100000000 [--customers 10000000] [--seed 1]

Row number and seed decide everything, so the same call writes the same rows on any number of
threads. About 4 rows make an order. Each customer has at least one order and some have hundreds:
the rest of the orders goes to customers by a power law. A customer's prices are scaled by a
log-normal factor, so that spend has a heavy tail. 3 % of the rows are refunds, and 15 % of the
orders that are not a first one have no customer. Orders come in the order of their time, over two
years.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

__all__ = ["generated_sales", "write_parquet"]

LINES = "generated_lines"
LINES_PER_ORDER = 4
SKEW = 3  # the power by which repeat orders crowd on few customers
ANONYMOUS = 0.15
REFUNDS = 0.03


def generated_sales(rows: int, customers: int, seed: int) -> str:
    """Return the query of generated sales over the table of line numbers.

    Parameters
    ----------
    rows : int
        At least 4 for each customer.
    customers : int
        How many customers there are.
    seed : int

    Returns
    -------
    str
        Columns: customer_id BIGINT, invoice_no BIGINT, amount DECIMAL(18, 2), ordered_at TIMESTAMP.
    """
    orders = -(-rows // LINES_PER_ORDER)
    each = orders / customers
    if each < 1 / (1 - ANONYMOUS):
        raise ValueError(f"{rows:,} rows are too few for {customers:,} customers: 5 a customer")

    def uniform(key: str, salt: int) -> str:
        return f"((hash({key}, {seed}, {salt}) >> 11) + 0.5) / 9007199254740992.0"

    def normal(key: str, salt: int) -> str:
        radius = f"sqrt(-2 * ln({uniform(key, salt)}))"
        return f"{radius} * cos(2 * pi() * {uniform(key, salt + 1)})"

    every = int(each * (1 - ANONYMOUS))
    return f"""
        with lines as (
            select line, line // {LINES_PER_ORDER} as invoice_no from {LINES}
        ),
        orders as (
            select *,
                case
                    when invoice_no % {every} = 0 and invoice_no // {every} < {customers}
                        then invoice_no // {every}
                    when {uniform("invoice_no", 1)} > {ANONYMOUS}
                        then cast(floor({customers} * pow({uniform("invoice_no", 2)}, {SKEW}))
                            as bigint)
                end as customer_id
            from lines
        )
        select
            (customer_id * 7919 + 13) % {_prime_above(customers)} as customer_id,
            invoice_no,
            cast(
                round(exp(1.7 + 0.8 * {normal("line", 3)} + 0.7 * {normal("customer_id", 5)}), 2)
                * case when {uniform("line", 7)} < {REFUNDS} then -1 else 1 end
                as decimal(18, 2)
            ) as amount,
            timestamp '2024-01-01' + to_seconds(
                cast((invoice_no + {uniform("invoice_no", 8)}) / {orders} * 731 * 86400 as bigint)
            ) as ordered_at
        from orders
    """


def _prime_above(number: int) -> int:
    """Return a prime, modulo which a multiplication mixes the customers without a collision."""
    candidate = max(number, 10_000) | 1
    while any(candidate % divisor == 0 for divisor in range(3, int(candidate**0.5) + 1, 2)):
        candidate += 2
    return candidate


def write_parquet(path: Path, rows: int, customers: int, seed: int = 1) -> None:
    """Write generated sales to a Parquet file."""
    with duckdb.connect() as con:
        con.execute("set enable_progress_bar = false")
        query = generated_sales(rows, customers, seed)
        # a table, because range() itself is read by one thread
        con.execute(f"create temp table {LINES} as select range as line from range({rows})")
        con.execute(f"copy ({query}) to '{path}' (format parquet, compression zstd)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--customers", type=int, help="a tenth of the rows when absent")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    write_parquet(wanted.path, wanted.rows, wanted.customers or wanted.rows // 10, wanted.seed)


if __name__ == "__main__":
    main()
