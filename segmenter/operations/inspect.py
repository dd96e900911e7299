"""Inspecting a file or table of sales: what its columns are taken for and why, and its totals.

Nothing is written.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
from sqlglot import exp

from segmenter.engines.duckdb import Embedded
from segmenter.errors import InputError, reason
from segmenter.formatting import counted, day, verb, within_years
from segmenter.operations.table import Table, Tabular
from segmenter.schema.connection import check_connection
from segmenter.schema.files import bind
from segmenter.settings import Settings
from segmenter.sources.binding import Binding, bind_source
from segmenter.sources.engine import Engine
from segmenter.sources.expressions import quoted
from segmenter.sources.guessing.facts import Facts
from segmenter.sources.guessing.findings import ROLES, Guess, Guesses, names_in
from segmenter.sources.guessing.guess import guess_columns
from segmenter.sources.source import Source
from segmenter.sources.unit import in_unit, smaller_unit
from segmenter.workplace.opening import MANNERS

__all__ = ["Inspection", "Totals", "complete", "inspect"]

_EXACT_ROWS = 10_000_000
"""In more rows than these customers and orders are counted to about two per cent."""


@dataclass(frozen=True)
class Totals:
    """What a source adds up to.

    Attributes
    ----------
    rows_read, customers, orders : int
    is_about : bool
        Whether customers and orders are estimates, as in tables of more than ten million rows.
    rows_without_customer : int
    revenue, revenue_without_customer : float
    first_day, last_day : datetime or None
    """

    rows_read: int
    customers: int
    orders: int
    is_about: bool
    rows_without_customer: int
    revenue: float
    revenue_without_customer: float
    first_day: datetime | None
    last_day: datetime | None

    def words(self) -> str:
        """Return the totals in a sentence."""
        about = "about " if self.is_about else ""
        parts = [
            f"{about}{counted(self.customers, 'customer')}",
            f"{about}{counted(self.orders, 'order')}",
            f"{self.revenue:,.2f} in all",
        ]
        if self.first_day is not None and self.last_day is not None:
            parts.append(f"{day(self.first_day)} to {day(self.last_day)}")
        if self.rows_without_customer:
            rows = counted(self.rows_without_customer, "row")
            worth = f"{self.revenue_without_customer:,.2f}"
            parts.append(f"{rows} without a customer, worth {worth}")
        return ", ".join(parts)


@dataclass(frozen=True, repr=False)
class Inspection(Tabular):
    """What the columns of a file or table were taken for.

    Attributes
    ----------
    guesses : Guesses
        An expression for each parameter of a source, with the reason.
    totals : Totals or None
        None where customer or amount is missing.
    columns : tuple of dict
        Each column: its type, what it is taken for, how many values it has.
    notes : tuple of str
    """

    guesses: Guesses
    totals: Totals | None
    columns: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]
    _reading: dict[str, Any] = dataclasses.field(compare=False)

    @property
    def is_sure(self) -> bool:
        """Whether nobody needs to be asked."""
        return not self.guesses.unsure

    @property
    def table(self) -> Table:
        """The parameters of a source, and what they are read from."""
        return Table.of(
            [
                {
                    "role": guess.role,
                    "expression": guess.expression,
                    "is_sure": guess.is_sure,
                    "reason": guess.reason,
                    "alternatives": " | ".join(guess.alternatives) or None,
                }
                for guess in self.guesses.guesses
            ]
        )

    def words(self) -> str:
        """Return what it is, and what it adds up to, in a sentence."""
        known = f", recognised as {self.guesses.layout}" if self.guesses.layout else ""
        totals = f": {self.totals.words()}" if self.totals else ""
        return f"{self.guesses.relation}{known}{totals}."

    def source(self, *, accept_unsure: bool = False) -> Source:
        """Return the source, to be fitted.

        Parameters
        ----------
        accept_unsure : bool, default False
            Take also what is not sure.

        Raises
        ------
        InputError
            Something is missing, or is not sure.

        Examples
        --------
        >>> import duckdb, segmenter
        >>> con = duckdb.connect()
        >>> _ = con.execute("create table sales as select i % 50 as customer_id, i as order_id, "
        ...                 "1.5 * i as amount from range(500) as t(i)")
        >>> segmenter.inspect("sales", con).source().amount
        'amount'
        >>> con.close()
        """
        refuse_missing(self.guesses)
        if self.guesses.unsure and not accept_unsure:
            asked = " ".join(guess.question() for guess in self.guesses.unsure)
            raise InputError(
                f"{asked} Name what is right in a Source, or accept it: source(accept_unsure=True)."
            )
        return Source(**self._reading | self.guesses.values())


def inspect(
    transactions: Any, con: duckdb.DuckDBPyConnection | None = None, **given: Any
) -> Inspection:
    """Tell which columns of a file, table or data frame are customer, amount, order and date.

    Parameters
    ----------
    transactions : str, path or data frame
        As in `Source`.
    con : DuckDBPyConnection, optional
        Where a table is.
    **given
        Parameters of `Source` that are known, such as ``amount="net"`` or ``csv={"skip": 3}``.

    Returns
    -------
    Inspection

    Raises
    ------
    InputError
        It cannot be read.

    Examples
    --------
    >>> import duckdb
    >>> con = duckdb.connect()
    >>> _ = con.execute("create table sales as select i % 50 as customer_id, i as order_id, "
    ...                 "1.5 * i as amount from range(500) as t(i)")
    >>> found = inspect("sales", con)
    >>> found.guesses["customer"].expression, found.is_sure
    ('customer_id', True)
    >>> found.totals.words()
    '50 customers, 499 orders, 187,125.00 in all'
    >>> con.close()
    """
    if con is not None:
        check_connection(con, "inspect")
        return inspected(Embedded(con), transactions, given)
    with duckdb.connect() as own:
        own.execute(MANNERS)
        return inspected(Embedded(own), transactions, given)


def inspected(engine: Engine, transactions: Any, given: Mapping[str, Any]) -> Inspection:
    """Inspect what an engine reads."""
    reading = {name: value for name, value in given.items() if name not in ROLES}
    named = Source(transactions=transactions, customer="customer", amount="amount", **reading)
    if named.is_frame:
        engine.register(transactions)
    try:
        columns_given = {role: str(given[role]) for role in ROLES if given.get(role) is not None}
        guesses = guess_columns(engine, named, columns_given)
        totals, notes = None, guesses.notes
        if not guesses.missing:
            source = Source(transactions=transactions, **reading | guesses.values())
            try:
                binding = bind_source(engine, source, Settings())
                totals, said = _totals(engine, binding, guesses)
                notes = (*notes, *(note.message for note in binding.notes), *said)
            except InputError as error:  # what is known of the columns is shown all the same
                notes = (*notes, str(error))
        columns = tuple(_columns(guesses))
        return Inspection(
            guesses, totals, columns, notes, {"transactions": transactions, **reading}
        )
    finally:
        if named.is_frame:
            engine.unregister()


def complete(engine: Engine, given: Mapping[str, Any], relation: Source) -> tuple[Source, Guesses]:
    """Return the source that lacks customer or amount, with what is guessed for it.

    Parameters
    ----------
    engine : Engine
    given : mapping of str to object
        Parameters of `Source`; what is None is guessed where it can be.
    relation : Source
        What is read, and how.

    Raises
    ------
    InputError
        Nothing can be the customer, or the amount.
    """
    known = {name: value for name, value in given.items() if value is not None}
    columns = {role: str(known[role]) for role in ROLES if role in known}
    guesses = guess_columns(engine, relation, columns)
    refuse_missing(guesses)
    return Source(**known | guesses.values()), guesses


def refuse_missing(guesses: Guesses) -> None:
    """Refuse a table without anything that could be the customer, or the amount."""
    for guess in guesses.missing:
        raise InputError(_absent(guesses, guess))


def _absent(guesses: Guesses, guess: Guess) -> str:
    shown = ", ".join(list(guesses.columns)[:12]) + (", ..." if len(guesses.columns) > 12 else "")
    likely = [quoted(name) for name, facts in guesses.columns.items() if _repeats(facts)]
    if guess.alternatives:
        way = f"Name it: {guess.role} = {guess.alternatives[0]!r}, if that is right."
    elif guess.role == "customer" and likely:
        way = f"Name it, for example {guess.role} = {likely[0]!r}."
    else:
        way = f"Say which column, or expression over columns, is the {guess.role}."
    return f"{guesses.relation} has no {guess.role} that is sure ({guess.reason}): {shown}. {way}"


def _repeats(facts: Facts) -> bool:
    """Whether a column has values that stand in several rows, as a customer's do."""
    return 1 < facts.distinct < facts.filled and not (facts.fractional or facts.is_time)


def _totals(engine: Engine, binding: Binding, guesses: Guesses) -> tuple[Totals, list[str]]:
    """Return what a source adds up to, and what to know of it."""
    values = dict(binding.values)
    is_about = guesses.rows > _EXACT_ROWS
    paid = exp.Case().when(values["amount"].copy() > 0, values["order"].copy())
    if isinstance(values["order"], exp.Null):
        values["different_orders"] = exp.func("count_if", values["amount"].copy() > 0)
    else:
        values["different_orders"] = _different(paid, is_about)
    values["different_customers"] = _different(values["customer"].copy(), is_about)
    try:
        row = engine.rows(bind("queries/inspected", values))[0]
    except duckdb.Error as error:
        raise InputError(f"{guesses.relation} cannot be read: {reason(error)}") from None
    totals = Totals(
        row["rows_read"],
        row["customers"],
        row["orders"],
        is_about,
        row["rows_without_customer"],
        row["revenue"] or 0.0,
        row["revenue_without_customer"] or 0.0,
        within_years(row["first_day"]),
        within_years(row["last_day"]),
    )
    unit, vanished = binding.source.unit, row["rows_rounded_to_zero"]
    notes = [f"{in_unit(unit, 'money')}."] if unit else []
    if vanished:
        notes.append(
            f"{counted(vanished, 'row')} of {row['rows_with_money']:,} with money "
            f"{verb(vanished, 'has', 'have')} so little that nothing is left of it: amounts are "
            "rounded to ten-thousandths. Count them in a smaller unit, say unit = "
            f"{smaller_unit(unit)!r}."
        )
    return totals, notes


def _different(tree: exp.Expr, is_about: bool) -> exp.Expr:
    if is_about:
        return exp.func("approx_count_distinct", tree)
    return exp.Count(this=exp.Distinct(expressions=[tree]))


def _columns(guesses: Guesses) -> list[dict[str, Any]]:
    """Return each column with what it was taken for."""
    used: dict[str, list[str]] = {}
    for guess in guesses.guesses:
        for name in _names(guess.expression, guesses):
            used.setdefault(name, []).append(guess.role)
        for text in guess.alternatives:
            for name in _names(text, guesses):
                used.setdefault(name, []).append(f"{guess.role}?")
    return [
        {
            "column": name,
            "type": facts.kind,
            "taken_for": ", ".join(dict.fromkeys(used.get(name, []))) or None,
            "filled": facts.filled,
            "distinct": facts.distinct,
            "example": facts.example,
        }
        for name, facts in guesses.columns.items()
    ]


def _names(text: str | None, guesses: Guesses) -> list[str]:
    """Return the columns that an expression reads."""
    if text is None:
        return []
    if text in guesses.columns:
        return [text]
    wanted = {name.casefold() for name in names_in(text)}
    return [name for name in guesses.columns if name.casefold() in wanted]
