"""The two ways of keeping a meaning: another expression from a template, or a refusal."""

from __future__ import annotations

from functools import cache

import sqlglot
from sqlglot import exp

from segmenter.errors import InputError

__all__ = ["filled", "refuse"]


def filled(template: str, dialect: str, **arguments: exp.Expr | None) -> exp.Expr:
    """Return a template of a dialect with copies of its arguments, ``:x`` and ``:y`` say."""
    given = {name: tree.copy() for name, tree in arguments.items() if tree is not None}
    return exp.replace_placeholders(_parsed(template, dialect).copy(), **given)


@cache
def _parsed(template: str, dialect: str) -> exp.Expr:
    return sqlglot.parse_one(template, dialect=dialect)


def refuse(node: exp.Expr, dialect: str) -> None:
    """Refuse a part of an expression that has another meaning in a dialect."""
    raise InputError(
        f"{node.sql(dialect='duckdb')} does not mean the same in {dialect} as in DuckDB. Write it "
        "with other functions, or let a view there have it as a column."
    )
