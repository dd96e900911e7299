"""Calls with patterns in Spark, which reads them as Java does."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from segmenter.engines.java_patterns import java_pattern, java_replacement
from segmenter.engines.rewriting import refuse

__all__ = ["PATTERNS"]


def _pattern(node: exp.Expr, dialect: str) -> None:
    """Write a pattern as Java has it."""
    options = node.args.get("flag") or node.args.get("modifiers")
    given = options.name if options is not None else ""
    pattern = java_pattern(node.expression.name) if node.expression.is_string else None
    if pattern is None or not set(given) <= set("cigs"):
        refuse(node, dialect)
        return
    flags = "".join(flag for flag in "is" if flag in given)
    if flags:
        pattern = f"(?{flags}{'u' * ('i' in flags)}){pattern}"
    if isinstance(node, exp.RegexpReplace):
        _replacing(node, dialect, pattern, is_global="g" in given)
    elif isinstance(node, exp.RegexpFullMatch):
        whole = exp.Literal.string(rf"\A(?:{pattern})\z")
        node.replace(exp.paren(exp.RegexpLike(this=node.this.copy(), expression=whole)))
    else:
        node.set("expression", exp.Literal.string(pattern))
        node.set("flag", None)


def _replacing(node: exp.Expr, dialect: str, pattern: str, *, is_global: bool) -> None:
    """Replace the first match, as DuckDB does without ``g``: with it goes what stands before."""
    new = node.args.get("replacement")
    text = java_replacement(new.name, first_group=0 if is_global else 2) if new else None
    if new is None or not new.is_string or text is None:
        refuse(node, dialect)
        return
    if not is_global:
        pattern, text = rf"\A([\s\S]*?)({pattern})", f"$1{_apart(text)}"
    arguments = [node.this.copy(), exp.Literal.string(pattern), exp.Literal.string(text)]
    node.replace(exp.Anonymous(this="REGEXP_REPLACE", expressions=arguments))


def _apart(text: str) -> str:
    """Keep a first digit from being read as one of the number before it."""
    return f"\\{text}" if text[:1].isdigit() else text


PATTERNS: dict[type[exp.Expr], Callable[[exp.Expr, str], None]] = dict.fromkeys(
    (
        exp.RegexpLike,
        exp.RegexpFullMatch,
        exp.RegexpReplace,
        exp.RegexpExtract,
        exp.RegexpSplit,
    ),
    _pattern,
)
"""How each is written in Spark."""
