r"""Calls with patterns in PostgreSQL, where classes know all letters and ``\b`` is a backspace."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from segmenter.engines.rewriting import filled, refuse

__all__ = ["PATTERNS"]

_CLASSES = {
    "\\w": "A-Za-z0-9_",
    "\\d": "0-9",
    "[:alnum:]": "A-Za-z0-9",
    "[:alpha:]": "A-Za-z",
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:upper:]": "A-Z",
    "[:word:]": "A-Za-z0-9_",
}
"""What DuckDB means by them within brackets."""

_OUTSIDE = {
    "\\b": "\\y",
    "\\B": "\\Y",
    "\\w": "[A-Za-z0-9_]",
    "\\W": "[^A-Za-z0-9_]",
    "\\d": "[0-9]",
    "\\D": "[^0-9]",
    "\\z": "\\Z",
}

_TOKEN = re.compile(r"\\.|\[:\w+:\]|.", re.DOTALL)


def _written(pattern: str) -> str:
    """Return a pattern with the same meaning in PostgreSQL."""
    written, before, in_class = "", "", False
    for token in _TOKEN.findall(pattern):
        if in_class:
            written += _CLASSES.get(token, token)
            in_class = token != "]" or before in ("[", "[^")
            before += token
            continue
        in_class, before = token == "[", token
        written += _OUTSIDE.get(token, token)
    return written


def _pattern(node: exp.Expr, dialect: str) -> None:
    del dialect
    if node.expression.is_string:
        node.set("expression", exp.Literal.string(_written(node.expression.name)))


def _whole(node: exp.Expr, dialect: str) -> None:
    """Compare a whole text."""
    if not node.expression.is_string:
        refuse(node, dialect)
    pattern = exp.Literal.string(f"^(?:{_written(node.expression.name)})$")
    node.replace(exp.paren(exp.RegexpLike(this=node.this.copy(), expression=pattern)))


def _extracted(node: exp.Expr, dialect: str) -> None:
    """Write the match or its first group as PostgreSQL has it, before its version 15 too."""
    group = node.text("group")
    if group not in ("0", "1") or not node.expression.is_string:
        refuse(node, dialect)
    pattern = _written(node.expression.name)
    text = exp.Literal.string(pattern if group == "1" else f"({pattern})")
    template = "case when :x is not null then coalesce(substring(:x, :y), '') end"
    node.replace(filled(template, "postgres", x=node.this, y=text))


PATTERNS: dict[type[exp.Expr], Callable[[exp.Expr, str], None]] = {
    exp.RegexpLike: _pattern,
    exp.RegexpFullMatch: _whole,
    exp.RegexpReplace: _pattern,
    exp.RegexpExtract: _extracted,
}
"""How each is written in PostgreSQL."""
