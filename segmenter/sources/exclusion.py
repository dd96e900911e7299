"""Exclusion: customers who are left out of everything, such as test and internal accounts.

They are listed in a table, view or file, which the live views read as they read the source: a new
line there takes effect at once. What is bound is a condition on rows, so that every query with a
row filter leaves them out.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
from sqlglot import exp

from segmenter.errors import InputError, reason
from segmenter.schema.connection import first_row
from segmenter.schema.files import literal
from segmenter.sources.expressions import quoted
from segmenter.sources.file_names import is_file_name
from segmenter.sources.files import InputFile
from segmenter.sources.relations import find_table
from segmenter.sources.source import Source

__all__ = ["Exclusion", "find_exclusion"]

_ALIAS = "excluded"

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


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
            .from_(_aliased(self.table))
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
    text = str(source.exclude)
    is_csv = False
    if is_file_name(text):
        file = InputFile(text)
        is_csv = file.is_csv
        table, relation, is_live = file.table(as_text=True), text, True
        if is_csv:
            table.this.append("expressions", exp.column("header").eq(exp.true()))
    else:
        table, relation, is_live = find_table(con, text)
    columns = _columns(con, table, relation)
    column = _column(columns, source)
    if is_csv:
        _check_header(con, relation, column, customer_type, customers)
    value: exp.Expr = exp.column(column, table=_ALIAS, quoted=True)
    if is_csv and customer_type != "VARCHAR":
        value = exp.TryCast(this=value, to=exp.DataType.build(customer_type, dialect="duckdb"))
        _check_lines(con, table, relation, column, value, customer_type)
    elif not _are_alike(columns[column], customer_type):
        raise InputError(
            f"the customers to exclude in {relation} ({column}) are {columns[column]}, and those "
            f"of {source.kind} are {customer_type}, so none would ever be found. Give a list of "
            f"{customer_type}, for example a view with cast({quoted(column)} as {customer_type})."
        )
    return Exclusion(relation, table, column, value, is_live)


def _aliased(table: exp.Table) -> exp.Table:
    aliased = table.copy()
    aliased.set("alias", exp.TableAlias(this=exp.to_identifier(_ALIAS)))
    return aliased


def _columns(con: duckdb.DuckDBPyConnection, table: exp.Table, relation: str) -> dict[str, str]:
    query = exp.select("*").from_(table.copy()).sql(dialect="duckdb")
    try:
        return {row[0]: str(row[1]) for row in con.execute(f"describe {query}").fetchall()}
    except duckdb.Error as error:
        raise InputError(f"{relation} cannot be read: {reason(error)}") from None


def _column(columns: dict[str, str], source: Source) -> str:
    by_folded = {name.casefold(): name for name in reversed(columns)}
    wanted = (source.customer_text.strip('"').casefold(), "customer_id")
    return next((by_folded[name] for name in wanted if name in by_folded), next(iter(columns)))


def _are_alike(listed: str, customer: str) -> bool:
    """Tell whether two types compare as a person expects."""
    return listed == customer or (_is_number(listed) and _is_number(customer))


def _is_number(kind: str) -> bool:
    return kind.removeprefix("U").startswith(_NUMBERS) and not kind.endswith("]")


def _check_header(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    column: str,
    customer_type: str,
    customers: exp.Select,
) -> None:
    """Refuse a first line that is a customer: it would be taken for a title and not be excluded."""
    if customer_type == "VARCHAR":
        same = exp.column("value").eq(literal(column))
        query = exp.select(exp.Exists(this=exp.select("1").from_(customers.subquery()).where(same)))
    else:
        kind = exp.DataType.build(customer_type, dialect="duckdb")
        query = exp.select(exp.TryCast(this=literal(column), to=kind).is_(exp.null()).not_())
    if first_row(con, query.sql(dialect="duckdb"))[0]:
        raise InputError(
            f"the first line of {relation} reads as a customer ({column}), and should be the "
            "title of the column. Put a line customer_id on top."
        )


def _check_lines(
    con: duckdb.DuckDBPyConnection,
    table: exp.Table,
    relation: str,
    column: str,
    value: exp.Expr,
    customer_type: str,
) -> None:
    """Refuse a line that is no customer: it would be ignored without a word."""
    text = exp.column(column, table=_ALIAS, quoted=True)
    query = (
        exp.select(text)
        .from_(_aliased(table))
        .where(value.copy().is_(exp.null()), text.copy().is_(exp.null()).not_())
        .order_by(text.copy())
        .limit(1)
    )
    found = first_row(con, query.sql(dialect="duckdb"))
    if found:
        raise InputError(
            f"{found[0]!r} in {relation} is no customer to exclude: customers are {customer_type}. "
            "Mend the line, or leave it out."
        )
