"""Lists of people: a table, view or file of the user's that has a customer in each row."""

from __future__ import annotations

from collections.abc import Callable
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

__all__ = ["IsCustomer", "PersonList", "aliased", "find_list"]

IsCustomer = Callable[[str], bool]
"""Tells whether a text is a customer."""

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


@dataclass(frozen=True)
class PersonList:
    """A list that was found.

    Attributes
    ----------
    relation : str
        Its name in messages.
    table : Table
    columns : dict of str to str
        Their types.
    is_csv : bool
        Whether every value is read as text.
    is_live : bool
        Whether it outlives the session.
    """

    relation: str
    table: exp.Table
    columns: dict[str, str]
    is_csv: bool
    is_live: bool

    def named_column(self, *names: str) -> str | None:
        """Return the first column that has one of these names, whatever the capitals."""
        by_folded = {name.casefold(): name for name in reversed(self.columns)}
        return next((by_folded[name] for name in names if name in by_folded), None)

    def customer_column(self, source: Source) -> str | None:
        """Return the column called as the source's customer column, else ``customer_id``."""
        return self.named_column(source.customer_text.strip('"').casefold(), "customer_id")

    def customers(
        self,
        con: duckdb.DuckDBPyConnection,
        column: str,
        customer_type: str,
        is_customer: IsCustomer,
        *,
        alias: str,
        whose: str,
        purpose: str = "",
    ) -> exp.Expr:
        """Return a column as a value of the customers' type.

        Parameters
        ----------
        con : DuckDBPyConnection
        column : str
        customer_type : str
        is_customer : callable
            Asked of the title of a CSV file, where customers are texts.
        alias : str
            What the list is called in the query.
        whose : str
            Where the other customers are, in messages.
        purpose : str
            What these are for, in messages.

        Raises
        ------
        InputError
            They are of another type, or a line of a CSV file is no customer.
        """
        value: exp.Expr = exp.column(column, table=alias, quoted=True)
        if self.is_csv:
            self._check_title(con, column, customer_type, is_customer)
        if self.is_csv and customer_type != "VARCHAR":
            value = exp.TryCast(this=value, to=exp.DataType.build(customer_type, dialect="duckdb"))
            self._check_lines(con, column, value, customer_type, alias, purpose)
        elif not _are_alike(self.columns[column], customer_type):
            raise InputError(
                f"the customers{purpose} in {self.relation} ({column}) are "
                f"{self.columns[column]}, and those of {whose} are {customer_type}, so none would "
                f"ever be found. Give a list of {customer_type}, for example a view with "
                f"cast({quoted(column)} as {customer_type})."
            )
        return value

    def _check_title(
        self,
        con: duckdb.DuckDBPyConnection,
        column: str,
        customer_type: str,
        is_customer: IsCustomer,
    ) -> None:
        """Refuse a first line that is a customer: it would be taken for a title and be ignored."""
        if customer_type == "VARCHAR":
            is_one = is_customer(column)
        else:
            kind = exp.DataType.build(customer_type, dialect="duckdb")
            same = exp.select(exp.TryCast(this=literal(column), to=kind).is_(exp.null()).not_())
            (is_one,) = first_row(con, same.sql(dialect="duckdb"))
        if is_one:
            raise InputError(
                f"the first line of {self.relation} reads as a customer ({column}), and should be "
                "the title of the column. Put a line customer_id on top."
            )

    def _check_lines(
        self,
        con: duckdb.DuckDBPyConnection,
        column: str,
        value: exp.Expr,
        customer_type: str,
        alias: str,
        purpose: str,
    ) -> None:
        """Refuse a line that is no customer: it would be ignored without a word."""
        text = exp.column(column, table=alias, quoted=True)
        query = (
            exp.select(text)
            .from_(aliased(self.table, alias))
            .where(value.copy().is_(exp.null()), text.copy().is_(exp.null()).not_())
            .order_by(text.copy())
            .limit(1)
        )
        found = first_row(con, query.sql(dialect="duckdb"))
        if found:
            raise InputError(
                f"{found[0]!r} in {self.relation} is no customer{purpose}: customers are "
                f"{customer_type}. Mend the line, or leave it out."
            )


def find_list(con: duckdb.DuckDBPyConnection, name: str) -> PersonList:
    """Look a list up. Lines of a CSV file are read as text.

    Raises
    ------
    InputError
        There is no such table or file, or it cannot be read.
    """
    is_csv = False
    if is_file_name(name):
        file = InputFile(name)
        is_csv = file.is_csv
        table, relation, is_live = file.table(as_text=True), name, True
        if is_csv:
            table.this.append("expressions", exp.column("header").eq(exp.true()))
    else:
        table, relation, is_live = find_table(con, name)
    query = exp.select("*").from_(table.copy()).sql(dialect="duckdb")
    try:
        rows = con.execute(f"describe {query}").fetchall()
    except duckdb.Error as error:
        raise InputError(f"{relation} cannot be read: {reason(error)}") from None
    return PersonList(relation, table, {row[0]: str(row[1]) for row in rows}, is_csv, is_live)


def aliased(table: exp.Table, alias: str) -> exp.Table:
    """Return a table under another name."""
    copy = table.copy()
    copy.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return copy


def _are_alike(listed: str, customer: str) -> bool:
    """Tell whether two types compare as a person expects."""
    return listed == customer or (_is_number(listed) and _is_number(customer))


def _is_number(kind: str) -> bool:
    return kind.removeprefix("U").startswith(_NUMBERS) and not kind.endswith("]")
