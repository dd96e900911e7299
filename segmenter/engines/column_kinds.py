"""Which columns of the user must be numbers or times, by what an expression does with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sqlglot import exp

from segmenter.engines.known_alike import ARITHMETIC, COMPARISONS
from segmenter.errors import InputError
from segmenter.sources.expressions import SOURCE_ALIAS

__all__ = ["TIMES", "numbers_and_times", "operands_of"]

TIMES = ("timestamp", "timestampntz", "date")
"""Types of times."""


def numbers_and_times(tree: exp.Expr, warehouse: str) -> tuple[set[int], set[int]]:
    """Return the ids of the user's columns that must be numbers, and of those that are times.

    Parameters
    ----------
    tree : Expr
    warehouse : str
        What a message calls it.

    Raises
    ------
    InputError
        A column is compared with a text that may be a time.
    """
    numbers: set[int] = set()
    times: set[int] = set()
    for node in tree.walk():
        if isinstance(node, ARITHMETIC):
            if not isinstance(node.expression, exp.Interval):
                numbers |= _columns((node.this, node.expression))
        elif isinstance(node, exp.Cast):
            if node.to.is_type("double"):
                numbers |= _columns([node.this])
            elif node.to.is_type(*TIMES):
                times |= _columns([node.this])
        elif isinstance(node, COMPARISONS):
            operands = operands_of(node)
            if any(_is_number(each) for each in operands):
                numbers |= _columns(operands)
            elif any(_is_time(each) for each in operands):
                times |= _columns(operands)
            else:
                _refuse_texts_of_times(node, operands, warehouse)
    return numbers, times


def operands_of(node: exp.Expr) -> list[exp.Expr]:
    """Return what a comparison compares."""
    keys = ("this", "expression", "low", "high")
    values = (node.args.get(key) for key in keys)
    return [*(value for value in values if isinstance(value, exp.Expr)), *node.expressions]


def _columns(nodes: Iterable[exp.Expr]) -> set[int]:
    """Return the user's columns whose value is that of an expression."""
    found: set[int] = set()
    for node in nodes:
        if isinstance(node, exp.Column) and node.table == SOURCE_ALIAS:
            found.add(id(node))
        elif isinstance(node, exp.Paren | exp.Neg | exp.Coalesce | exp.Case):
            found |= _columns(_results(node))
    return found


def _results(node: exp.Expr) -> Iterator[exp.Expr]:
    """Yield what the value of an expression may be."""
    if isinstance(node, exp.Case):
        yield from (branch.args["true"] for branch in node.args["ifs"])
        if node.args.get("default"):
            yield node.args["default"]
    else:
        yield node.this
        yield from node.expressions


def _is_number(node: exp.Expr) -> bool:
    if isinstance(node, exp.Paren | exp.Coalesce | exp.Case):
        return any(_is_number(each) for each in _results(node))
    if isinstance(node, exp.Literal):
        return not node.is_string
    if isinstance(node, exp.Boolean):
        return True
    is_cast = isinstance(node, exp.Cast) and node.to.is_type("double")
    return is_cast or isinstance(node, (*ARITHMETIC, exp.Neg))


def _is_time(node: exp.Expr) -> bool:
    if isinstance(node, exp.Paren | exp.Coalesce | exp.Case):
        return any(_is_time(each) for each in _results(node))
    return isinstance(node, exp.Cast) and node.to.is_type(*TIMES)


def _refuse_texts_of_times(node: exp.Expr, operands: list[exp.Expr], warehouse: str) -> None:
    reads_column = any(column.table == SOURCE_ALIAS for column in node.find_all(exp.Column))
    for each in operands:
        if reads_column and each.is_string and re.match(r"\s*\d+-\d+-\d", each.name):
            text = each.sql(dialect="duckdb")
            raise InputError(
                f"{warehouse} would compare {text} letter by letter, and a time is later than its "
                f"day. Write timestamp {text} or date {text}, and fit again."
            )
