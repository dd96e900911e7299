"""Guessing a source: which columns are customer, amount, order and date, why, and how sure.

Layouts of well-known exports come first, then names, and the rows have the last word: an amount
that is repeated on each line of an order, a number that several customers share, a total that is
not the sum of its parts is not sure, and is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sqlglot
from sqlglot import exp

from segmenter.errors import InputError
from segmenter.sources.binding import input_file
from segmenter.sources.bound_expressions import read_columns
from segmenter.sources.engine import Engine
from segmenter.sources.expressions import resolve
from segmenter.sources.guessing.amounts import guess_amount
from segmenter.sources.guessing.conditions import (
    codes_of_states,
    guess_condition,
    guess_currency,
    signed_amount,
)
from segmenter.sources.guessing.dictionary import find_layout
from segmenter.sources.guessing.evidence import Evidence, gather
from segmenter.sources.guessing.findings import ROLES, Guess, Guesses, names_in
from segmenter.sources.guessing.nested import fields_called, refuse_rows_in_a_list
from segmenter.sources.guessing.orders import (
    doubts,
    guess_date,
    guess_date_format,
    guess_order,
    is_of_customers,
    seen,
    unread_dates,
)
from segmenter.sources.guessing.people import guess_customer
from segmenter.sources.guessing.title_line import refuse_lines_above
from segmenter.sources.guessing.totals import checked_amount
from segmenter.sources.rejected_lines import refuse_single_column
from segmenter.sources.source import Source

__all__ = ["guess_columns"]

_FORMATS = ("number_format", "date_format")
"""What is no expression."""

_NEEDED = ("customer", "amount")
"""Without which there is nothing to fit."""


def guess_columns(engine: Engine, source: Source, given: Mapping[str, str]) -> Guesses:
    """Guess what a source does not say.

    Parameters
    ----------
    engine : Engine
        DuckDB itself.
    source : Source
        Its relation is looked at; what it says of columns is not.
    given : mapping of str to str
        Parameters that the caller named, which are taken as they are.

    Raises
    ------
    InputError
        The relation cannot be read, or what was given is no expression over it.
    """
    table, relation, _ = engine.find(source)
    file = input_file(source, engine)
    columns = read_columns(engine, table, relation, file)
    refuse_lines_above(file, columns)
    refuse_single_column(engine.local, file, columns)
    with gather(engine, table, relation, columns, file) as evidence:
        if not evidence.rows:
            raise InputError(f"{relation} has no rows, so there is nothing to segment.")
        evidence.number_format = given.get("number_format")
        guesses = _Guessing(evidence, given).result()
    if guesses.missing:
        refuse_rows_in_a_list(table, relation, columns)
    return guesses


class _Guessing:
    """The roles of one table, guessed one after the other: later ones rest on earlier ones."""

    def __init__(self, evidence: Evidence, given: Mapping[str, str]) -> None:
        self._evidence = evidence
        self._given = given
        self._layout = find_layout(evidence.columns)
        self._found: dict[str, Guess] = {}
        self._notes: list[str] = []

    def result(self) -> Guesses:
        """Return all guesses."""
        evidence, layout = self._evidence, self._layout
        where = self._given.get("where") or (layout.where if layout else None)
        if where:
            evidence.condition = self._tree("where", where)
        self._take("customer", lambda: self._of_layout("customer") or guess_customer(evidence))
        self._take("order", lambda: self._of_layout("order") or guess_order(evidence))
        self._take("amount", lambda: self._amount_of_layout() or guess_amount(evidence))
        self._look_at_orders()
        self._take("number_format", self._number_format)
        self._take("date", lambda: self._of_layout("date") or guess_date(evidence))
        date = self._found["date"].expression
        if date is None:
            self._notes += unread_dates(evidence)
        self._take("date_format", lambda: guess_date_format(evidence, date))
        self._take("currency", lambda: guess_currency(evidence, layout))
        self._take("where", self._condition)
        self._notes += codes_of_states(evidence)
        if layout and layout.note:
            self._notes.append(f"{layout.name}: {layout.note}.")
        guesses = tuple(self._found[role] for role in ROLES)
        name = layout.name if layout else None
        notes = tuple(self._notes)
        return Guesses(evidence.relation, name, guesses, notes, evidence.rows, evidence.facts)

    def _take(self, role: str, guess: object) -> None:
        """Keep what was given, or what is guessed."""
        assert callable(guess)
        text = self._given.get(role)
        if text is not None:
            if role not in _FORMATS:
                self._tree(role, text)
            self._found[role] = Guess(role, text, "given", is_given=True)
        else:
            found: Guess = guess()
            if found.expression is None and not found.alternatives and role in _NEEDED:
                fields = fields_called(self._evidence.columns, role)
                found = replace(found, alternatives=fields)
            self._found[role] = found

    def _tree(self, role: str, text: str) -> exp.Expr:
        """Return a text as an expression over the table."""
        evidence = self._evidence
        tree = resolve(evidence.engine.local, role, text, evidence.columns, evidence.relation)
        return evidence.read(tree) if role == "amount" else tree

    def _of_layout(self, role: str) -> Guess | None:
        """Return the column that a layout has for a role, where it has a value."""
        layout = self._layout
        name = layout.column(role, self._evidence.filled) if layout else None
        if layout is None or name is None:
            return None
        return Guess(role, name, f"as in {layout.name}")

    def _amount_of_layout(self) -> Guess | None:
        """Return the amount of a layout, where its columns are numbers or texts that are some."""
        layout, evidence = self._layout, self._evidence
        text = layout.expression(evidence.columns) if layout else None
        if layout is None or text is None:
            return None
        names = [evidence.spelled(name) for name in names_in(text)]
        if not all(
            name and (evidence.number(name) or not evidence.facts[name].filled) for name in names
        ):
            return None  # it has the columns, but not what belongs into them
        reason = layout.doubt or f"as in {layout.name}"
        return Guess("amount", _bare(text, evidence), reason, is_sure=layout.doubt is None)

    def _number_format(self) -> Guess:
        """Return the format of an amount whose columns are texts."""
        evidence, amount = self._evidence, self._found["amount"].expression
        text = amount or ""
        names = [text] if text in evidence.facts else names_in(text)
        columns = [name for each in names if (name := evidence.spelled(each))]
        formats = [evidence.number_formats(name) for name in columns]
        known = [found for found in formats if found]
        if not known:
            return Guess("number_format", None, "amounts are numbers already")
        common = [each for each in known[0] if all(each in found for found in known)]
        example = evidence.facts[columns[formats.index(known[0])]].example
        if not common:
            why = f"amounts such as {example!r} are written in several forms"
            return Guess("number_format", known[0][0], why, is_sure=False)
        if len(common) > 1:
            why = f"in {example!r} and the like a sign may stand before thousands or cents"
            return Guess("number_format", common[0], why, False, tuple(common[1:]))
        return Guess("number_format", common[0], f"the form of {example!r}")

    def _look_at_orders(self) -> None:
        """Let the rows of orders say whether amount, order and customer fit together."""
        order, amount, customer = (self._found[role] for role in ("order", "amount", "customer"))
        if amount.expression is not None and amount.is_sure and not amount.is_given:
            tree = self._tree("amount", amount.expression)
            amount = self._found["amount"] = signed_amount(self._evidence, amount, tree)
        if order.expression is None or amount.expression is None:
            return
        trees = {
            role: self._tree(role, self._found[role].expression or "")
            for role in ("order", "amount", "customer")
            if self._found[role].expression is not None
        }
        orders = seen(self._evidence, trees["order"], trees["amount"], trees.get("customer"))
        doubt = doubts(orders)
        if doubt and not order.is_given:
            self._found["order"] = replace(order, is_sure=False, reason=doubt)
        if orders.lost and not customer.is_given:
            why = f"rows worth {orders.lost:,.2f} have none, though their orders have"
            self._found["customer"] = replace(customer, is_sure=False, reason=why)
        if not amount.is_given and not (self._layout and self._layout.is_line):
            self._found["amount"] = checked_amount(
                self._evidence, amount, trees["amount"], trees["order"], orders
            )
            self._look_at_customers(trees)

    def _look_at_customers(self, trees: Mapping[str, exp.Expr]) -> None:
        """Ask about an amount that is one of the customer, repeated in each order."""
        amount = self._found["amount"]
        may_be = self._evidence.hinted("customer_total", "within")
        if "customer" not in trees or not amount.is_sure or amount.expression not in may_be:
            return
        if is_of_customers(self._evidence, trees["order"], trees["amount"], trees["customer"]):
            why = "customers have the same in each of their orders, as a sum over all of them is"
            self._found["amount"] = replace(amount, is_sure=False, reason=why)

    def _condition(self) -> Guess:
        amount = self._found["amount"].expression
        if amount is None:
            return Guess("where", None, "every row counts")
        is_net = "refund" in amount.casefold()
        tree = self._tree("amount", amount)
        return guess_condition(self._evidence, self._layout, tree, is_net)


def _bare(text: str, evidence: Evidence) -> str:
    """Return a column without its quotes where it is all that an expression consists of."""
    tree = sqlglot.parse_one(text, dialect="duckdb")
    is_column = isinstance(tree, exp.Column) and tree.name in evidence.columns
    return tree.name if is_column else text
