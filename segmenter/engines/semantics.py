"""The user's own expressions where another engine has the same words for something else.

sqlglot writes DuckDB's functions in another dialect. Some exist over there with another meaning,
which nobody would notice: those are written in another way, or refused with the way out.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from segmenter.engines import postgres_counterparts, postgres_patterns, spark_counterparts
from segmenter.engines.rewriting import filled, refuse
from segmenter.sources.expressions import SOURCE_ALIAS

__all__ = ["keep_meaning"]

_DIRECTIVES = frozenset("YmdHMSy")
"""Parts of a time that every dialect writes as DuckDB does."""


def keep_meaning(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Write what the user's expressions mean in DuckDB, where the dialect would understand another.

    Parameters
    ----------
    tree : Expr
        A query over the user's table, or a part of one; parts that read no column of it are ours.
    dialect : str
        Others than PostgreSQL, Spark and Databricks are left as they are.

    Raises
    ------
    InputError
        There is no such way; the message names the function.
    """
    rewrites = _REWRITES.get(dialect, {})
    for node in reversed(list(tree.find_all(*rewrites))):  # the inner ones first
        rewrite = rewrites.get(type(node))  # a kind of a kind is another one
        if rewrite and any(c.table == SOURCE_ALIAS for c in node.find_all(exp.Column)):
            rewrite(node, dialect)
    return tree


def _times(node: exp.Expr, dialect: str) -> None:
    """Refuse a form of times with letters of its own, or with rare parts."""
    form = node.args["format"]
    if node.this.is_string and not form.is_string:  # DuckDB takes both orders
        node.set("format", node.this.copy())
        node.set("this", form.copy())
        form = node.args["format"]
    parts = re.sub("%(.)", lambda found: "" if found[1] in _DIRECTIVES else "?x", form.name)
    if not form.is_string or re.search("[A-Za-z]", parts):
        refuse(node, dialect)


def _read_times(node: exp.Expr, dialect: str) -> None:
    """Refuse what `_times` does, and years of two digits, whose century is another there."""
    if "%y" in node.args["format"].name:
        refuse(node, dialect)
    _times(node, dialect)


def _round_half_away(node: exp.Expr, dialect: str) -> None:
    """Round halves away from zero; PostgreSQL's doubles go to the even neighbour."""
    del dialect
    if node.args.get("decimals") is None:
        whole = exp.Anonymous(this="TRUNC", expressions=[node.this])
        rest = exp.paren(node.this.copy() - whole.copy(), copy=False) * 2
        node.replace(exp.paren(whole + exp.Anonymous(this="TRUNC", expressions=[rest])))


def _without_escapes(node: exp.Expr, dialect: str) -> None:
    """Take a backslash in a pattern for itself, as DuckDB does where no ESCAPE is given."""
    pattern = node.expression
    if isinstance(node.parent, exp.Escape) or (pattern.is_string and "\\" not in pattern.name):
        return
    if dialect == "postgres":
        node.replace(exp.Escape(this=node.copy(), expression=exp.Literal.string("")))
    elif pattern.is_string:
        pattern.replace(exp.Literal.string(pattern.name.replace("\\", "\\\\")))
    else:
        refuse(node, dialect)


def _from_the_start(node: exp.Expr, dialect: str) -> None:
    """Refuse a start counted from the end, which lies before the text in PostgreSQL."""
    if isinstance(node.args.get("start"), exp.Neg):
        refuse(node, dialect)


def _separated(node: exp.Expr, dialect: str) -> None:
    """Refuse an empty separator: DuckDB has each character as a part, others the whole text."""
    separator = node.args.get("delimiter")
    if separator is not None and separator.is_string and separator.name == "":
        refuse(node, dialect)


_YEARS = "(extract(year from :x) - extract(year from :y))"

_BOUNDARIES = {
    "YEAR": f"cast({_YEARS} as integer)",
    "QUARTER": f"cast({_YEARS} * 4 + extract(quarter from :x) - extract(quarter from :y) as int)",
    "MONTH": f"cast({_YEARS} * 12 + extract(month from :x) - extract(month from :y) as integer)",
}


def _date_boundaries(node: exp.Expr, dialect: str) -> None:
    """Count midnights between two times; PostgreSQL has spans of 24 hours, or 7 of them."""
    unit = node.text("unit").upper()
    if unit in _BOUNDARIES:
        node.replace(filled(_BOUNDARIES[unit], dialect, x=node.this, y=node.expression))
        return
    if unit not in ("", "DAY"):
        refuse(node, dialect)
    end, start = (exp.cast(side, "date") for side in (node.this, node.expression))
    node.replace(exp.paren(exp.Sub(this=end, expression=start)))


Rewrite = Callable[[exp.Expr, str], None]

_BOTH: dict[type[exp.Expr], Rewrite] = {
    exp.Format: refuse,
    exp.SimilarTo: refuse,
    exp.SplitPart: _separated,
    exp.TimeToStr: _times,
    exp.StrToTime: _read_times,
    exp.Like: _without_escapes,
    exp.ILike: _without_escapes,
}

_SPARK = {**spark_counterparts.COUNTERPARTS, **_BOTH}

_REWRITES: dict[str, dict[type[exp.Expr], Rewrite]] = {
    "spark": _SPARK,
    "databricks": _SPARK,
    "postgres": {
        **postgres_counterparts.COUNTERPARTS,
        **_BOTH,
        exp.Round: _round_half_away,
        **postgres_patterns.PATTERNS,
        exp.Substring: _from_the_start,
        exp.DateDiff: _date_boundaries,
    },
}
