"""What of the user's SQL is known to mean the same where a script cannot look at any type."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from segmenter.errors import InputError

__all__ = ["ARITHMETIC", "COMPARISONS", "refuse_unknown"]

ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div)

COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In)

_ALIKE = (
    *ARITHMETIC,
    *COMPARISONS,
    exp.And,
    exp.Boolean,
    exp.Case,
    exp.Cast,
    exp.Coalesce,
    exp.Column,
    exp.DataType,
    exp.Identifier,
    exp.If,
    exp.Is,
    exp.Like,
    exp.Literal,
    exp.Neg,
    exp.Not,
    exp.Null,
    exp.Or,
    exp.Paren,
)
"""Each a class of its own, whose subclasses may be something else."""

_TYPES = ("double", "timestamp", "timestampntz", "date")
"""What may be cast to: a time only from a column or a literal."""


def refuse_unknown(tree: exp.Expr, dialect: str) -> None:
    """Refuse an expression of the user that is not known to mean the same as in DuckDB.

    Columns, ``+ - *``, division by a number, comparisons, ``between``, ``in``, ``is null``,
    ``and``, ``or``, ``not``, ``case``, ``coalesce``, ``like`` with a plain pattern, ``cast`` to
    DOUBLE, TIMESTAMP and DATE are.

    Parameters
    ----------
    tree : Expr
        As DuckDB understood it.
    dialect : str

    Raises
    ------
    InputError
        The message has the part and the way out.
    """
    for node in _nodes(tree):
        if type(node) not in _ALIKE or not _is_plain(node):
            raise InputError(
                f"{node.sql(dialect='duckdb')} is not known to mean the same in {dialect} as in "
                "DuckDB. Let a view there have it as a column, and fit over that."
            )


def _nodes(tree: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the parts of an expression; a type has none that matter."""
    return tree.walk(prune=lambda node: isinstance(node, exp.DataType))


def _is_plain(node: exp.Expr) -> bool:
    if isinstance(node, exp.Div):
        return _is_number(node.expression)
    if isinstance(node, exp.Cast):
        is_value = isinstance(node.this, exp.Column | exp.Literal | exp.Null)
        return node.to.is_type(*_TYPES) and (node.to.is_type("double") or is_value)
    if isinstance(node, exp.Like):
        pattern = node.expression
        return pattern.is_string and "\\" not in pattern.name
    if isinstance(node, exp.In):
        return bool(node.expressions) and not node.args.get("query")
    if isinstance(node, exp.Is):
        return isinstance(node.expression, exp.Null)
    return True


def _is_number(value: exp.Expr) -> bool:
    """Whether a value is a number other than zero."""
    if not isinstance(value, exp.Literal) or value.is_string:
        return False
    return bool(re.search("[1-9]", value.name.lower().partition("e")[0]))
