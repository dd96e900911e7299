"""Totals of orders that have several rows: on the first line only, or repeated on each of them."""

from __future__ import annotations

from dataclasses import replace

import sqlglot
from sqlglot import exp

from segmenter.formatting import counted
from segmenter.sources.expressions import quoted
from segmenter.sources.guessing.amounts import line_amounts
from segmenter.sources.guessing.evidence import Evidence
from segmenter.sources.guessing.findings import Guess
from segmenter.sources.guessing.orders import Orders, sums_agree

__all__ = ["checked_amount"]

_FEW = 10
_OFTEN = 0.9
_SOMETIMES = 0.4
"""Shares of the orders with several rows whose amount is the same in each of them."""


def checked_amount(
    evidence: Evidence, amount: Guess, tree: exp.Expr, order: exp.Expr, orders: Orders
) -> Guess:
    """Return the guess again, or what is right where a total is repeated on each line.

    Parameters
    ----------
    evidence : Evidence
    amount : Guess
    tree, order : Expr
        Of the amount and of the order's number.
    orders : Orders
    """
    if not orders.with_lines:
        return amount
    lines = f"orders repeat {orders.lines:,.1f} lines"
    if orders.on_one_line >= _OFTEN * orders.with_lines:
        said = f"{amount.reason}; {lines}, and it stands on one of them only"
        return replace(amount, reason=said)
    if orders.with_amounts >= _FEW and orders.with_their_sum >= _OFTEN * orders.with_amounts:
        why = (
            f"in {orders.with_their_sum:,} of {orders.with_amounts:,} orders with three rows or "
            "more one row is worth all the others together, as a total among its lines is"
        )
        return replace(amount, reason=why, is_sure=False)
    if orders.repeated < _SOMETIMES * orders.with_lines:
        return amount
    for text in line_amounts(evidence):
        line = sqlglot.parse_one(text, dialect="duckdb")
        assert isinstance(line, exp.Expr)
        if text == amount.expression:
            return amount
        if sums_agree(evidence, order, tree, evidence.read(line)):
            why = f"{lines}, each repeats {amount.expression}, and these add up to it"
            return replace(amount, expression=text, reason=why, is_sure=True, alternatives=())
    return _repeated(evidence, amount, order, orders)


def _repeated(evidence: Evidence, amount: Guess, order: exp.Expr, orders: Orders) -> Guess:
    """Refuse a total that would count once for each line."""
    column = order.name if isinstance(order, exp.Column) else None
    several = counted(orders.repeated, "order")
    why = (
        f"{several} of {orders.with_lines:,} with several rows repeat it on each of them, so that "
        "it would count several times"
    )
    lines = tuple(text for text in line_amounts(evidence) if text != amount.expression)
    if orders.repeated < _OFTEN * orders.with_lines or column is None:
        return replace(amount, reason=why, is_sure=False, alternatives=lines)
    once = exp.select("*").distinct(quoted(column)).from_(evidence.table.copy())
    way = f"create view orders_once as {once.sql(dialect='duckdb')}"
    reason = f"{amount.expression}: {why}; fit a view with one row an order, made by: {way}"
    return Guess("amount", None, reason, is_sure=False, alternatives=lines)
