"""Texts of the user's SQL and segments' names, where a session's settings give them a meaning."""

from __future__ import annotations

from functools import reduce

from sqlglot import exp

__all__ = ["settled_literals"]


def settled_literals(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Take literals apart that not every session reads as the same text.

    In PostgreSQL a backslash is itself or an escape, by ``standard_conforming_strings``; the body
    of a function is read anew at each call, under the settings of whoever calls it. Spark looks for
    ``${name}``, and puts a setting or a variable of the environment in its place.
    """
    for literal in list(tree.find_all(exp.Literal)):
        if not literal.is_string:
            continue
        if dialect == "postgres" and "\\" in literal.name:
            backslash = exp.Chr(expressions=[exp.Literal.number(92)])
            literal.replace(_joined(literal.name.split("\\"), backslash))
        elif dialect in ("spark", "databricks") and "${" in literal.name:
            head, *rest = literal.name.split("${")
            parts = [head, *(f"{{{part}" for part in rest)]
            literal.replace(_joined(parts, exp.Literal.string("$")))
    return tree


def _joined(parts: list[str], separator: exp.Expr) -> exp.Expr:
    """Return texts with a separator between them, as one expression."""
    texts: list[exp.Expr] = [exp.Literal.string(parts[0])]
    for part in parts[1:]:
        texts += [separator.copy(), exp.Literal.string(part)]
    return exp.paren(reduce(lambda left, right: exp.DPipe(this=left, expression=right), texts))
