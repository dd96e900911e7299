"""Exclusion: customers who are left out of everything, such as test and internal accounts.

They are listed in a table, view or file, which the live views read as they read the source: a new
line there takes effect at once. What is bound is a condition on rows, so that every query with a
row filter leaves them out.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
from sqlglot import exp

from segmenter.schema.connection import first_row
from segmenter.schema.files import literal
from segmenter.sources.person_lists import aliased, find_list
from segmenter.sources.source import Source

__all__ = ["Exclusion", "find_exclusion"]

_ALIAS = "excluded"


@dataclass(frozen=True)
class Exclusion:
    """A list of customers, ready to stand in a condition.

    Attributes
    ----------
    relation : str
        Its name in messages.
    table : Table
    column : str
        The column with the customers.
    customers : Expression
        The column as a value of the customer's type.
    is_live : bool
        Whether it outlives the session.
    """

    relation: str
    table: exp.Table
    column: str
    customers: exp.Expr
    is_live: bool

    def keeps(self, customer: exp.Expr) -> exp.Expr:
        """Return the condition that a row's customer is not listed; no customer never is."""
        listed = (
            exp.select(exp.Literal.number(1))
            .from_(aliased(self.table, _ALIAS))
            .where(exp.EQ(this=self.customers.copy(), expression=customer.copy()))
        )
        return exp.not_(exp.Exists(this=listed))


def find_exclusion(
    con: duckdb.DuckDBPyConnection, source: Source, customer_type: str, customers: exp.Select
) -> Exclusion:
    """Look the list of a source up.

    The customers are in the column that is called as the source's customer column, else in
    ``customer_id``, else in the first one. Lines of a CSV file are read as text and then as
    the customer's type.

    Parameters
    ----------
    con : DuckDBPyConnection
    source : Source
        One with ``exclude``.
    customer_type : str
        Type of its customers.
    customers : Select
        The customer of each row, as ``value``.

    Raises
    ------
    InputError
        There is no such table or file, other clients could not read it, or its customers are of
        another type.
    """

    def is_customer(title: str) -> bool:
        same = exp.column("value").eq(literal(title))
        exists = exp.Exists(this=exp.select("1").from_(customers.subquery()).where(same))
        return bool(first_row(con, exp.select(exists).sql(dialect="duckdb"))[0])

    found = find_list(con, str(source.exclude))
    column = found.customer_column(source) or next(iter(found.columns))
    value = found.customers(
        con,
        column,
        customer_type,
        is_customer,
        alias=_ALIAS,
        whose=source.kind,
        purpose=" to exclude",
    )
    return Exclusion(found.relation, found.table, column, value, found.is_live)
