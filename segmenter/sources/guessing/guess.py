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

from segmenter.sources.bound_expressions import read_columns
from segmenter.sources.engine import Engine
from segmenter.sources.expressions import resolve
from segmenter.sources.guessing.amounts import guess_amount
from segmenter.sources.guessing.conditions import guess_condition, guess_currency
from segmenter.sources.guessing.dictionary import find_layout
from segmenter.sources.guessing.evidence import Evidence, gather
from segmenter.sources.guessing.findings import ROLES, Guess, Guesses
from segmenter.sources.guessing.orders import dated, doubts, guess_date, guess_order, seen
from segmenter.sources.guessing.people import guess_customer
from segmenter.sources.guessing.totals import checked_amount
from segmenter.sources.source import Source

__all__ = ["guess_columns"]


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
    columns = read_columns(engine, table, relation)
    with gather(engine, table, relation, columns) as evidence:
        return _Guessing(evidence, given).result()


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
        self._take("date", lambda: self._date_of_layout() or guess_date(evidence))
        self._take("currency", lambda: guess_currency(evidence, layout))
        self._take("where", self._condition)
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
            self._tree(role, text)
            self._found[role] = Guess(role, text, "given", is_given=True)
        else:
            self._found[role] = guess()

    def _tree(self, role: str, text: str) -> exp.Expr:
        """Return a text as an expression over the table."""
        evidence = self._evidence
        return resolve(evidence.engine.local, role, text, evidence.columns, evidence.relation)

    def _of_layout(self, role: str) -> Guess | None:
        """Return the column that a layout has for a role, where it has a value."""
        layout = self._layout
        name = layout.column(role, self._evidence.filled) if layout else None
        if layout is None or name is None:
            return None
        return Guess(role, name, f"as in {layout.name}")

    def _date_of_layout(self) -> Guess | None:
        found = self._of_layout("date")
        if found is None:
            return None
        return dated(self._evidence, found.expression or "", found.reason)

    def _amount_of_layout(self) -> Guess | None:
        """Return the amount of a layout, its texts read as numbers."""
        layout, evidence = self._layout, self._evidence
        text = layout.expression(evidence.columns) if layout else None
        if layout is None or text is None:
            return None
        readings, is_sure = {}, True
        for each in sqlglot.parse_one(text, dialect="duckdb").find_all(exp.Column):
            name = layout_column(each.name, evidence)
            if name is None or evidence.facts[name].is_number:
                continue
            found = evidence.readings(name) if evidence.facts[name].filled else []
            readings[each.name.casefold()] = found[0] if found else "null"
            is_sure = is_sure and len(found) < 2
        if readings:
            text = _read(text, readings)
        reason = layout.doubt or f"as in {layout.name}"
        shown = _bare(text, evidence)
        return Guess("amount", shown, reason, is_sure=is_sure and layout.doubt is None)

    def _look_at_orders(self) -> None:
        """Let the rows of orders say whether amount, order and customer fit together."""
        order, amount, customer = (self._found[role] for role in ("order", "amount", "customer"))
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

    def _condition(self) -> Guess:
        amount = self._found["amount"].expression
        if amount is None:
            return Guess("where", None, "every row counts")
        is_net = "refund" in amount.casefold()
        tree = self._tree("amount", amount)
        return guess_condition(self._evidence, self._layout, tree, is_net)


def layout_column(name: str, evidence: Evidence) -> str | None:
    """Return a column as the table spells it."""
    return next((each for each in evidence.facts if each.casefold() == name.casefold()), None)


def _read(text: str, readings: Mapping[str, str]) -> str:
    """Put what reads texts in the place of the columns of an expression."""

    def reading(node: exp.Expr) -> exp.Expr:
        is_text = isinstance(node, exp.Column) and node.name.casefold() in readings
        if not is_text:
            return node
        return exp.paren(sqlglot.parse_one(readings[node.name.casefold()], dialect="duckdb"))

    return sqlglot.parse_one(text, dialect="duckdb").transform(reading).sql(dialect="duckdb")


def _bare(text: str, evidence: Evidence) -> str:
    """Return a column without its quotes where it is all that an expression consists of."""
    tree = sqlglot.parse_one(text, dialect="duckdb")
    is_column = isinstance(tree, exp.Column) and tree.name in evidence.columns
    return tree.name if is_column else text
