"""MySQL and MariaDB: collations that take 'abc' for 'ABC', and casts that read what they can.

A value that is no number or no time where one is due ends the query with "BIGINT value is out of
range": a plain cast would make 12 of '12,50', and no date of 31 February.
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from segmenter.engines.column_kinds import TIMES, numbers_and_times, operands_of
from segmenter.engines.known_alike import COMPARISONS
from segmenter.errors import InputError
from segmenter.sources.expressions import SOURCE_ALIAS

__all__ = ["mysql_forms"]

_KEYS = ("customer_id", "order_id", "segment")
"""Columns of ours that may be texts, by which rows are told apart."""

_NUMBER = "^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$"

_TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?)?$"

_CHECKED = """
    case
        when {value} is null then null
        when {condition} then {value}
        else -9223372036854775807 - 1 - ({value} is not null)
    end
"""
"""A value, or the end of the query: the condition is that it looks like what it should be."""


def mysql_forms(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Write what MySQL has another meaning of.

    Raises
    ------
    InputError
        Two columns are compared, whose types nobody knows here.
    """
    if dialect == "mysql":
        for form in (_values, _times, _keys, _joins):
            form(tree)
    return tree


def _values(tree: exp.Expr) -> None:
    """Let each column of the user be a number, a time or a text with its own letters."""
    numbers, times = numbers_and_times(tree, "MySQL")
    user = [column for column in tree.find_all(exp.Column) if column.table == SOURCE_ALIAS]
    texts = [node for node in tree.find_all(*COMPARISONS) if _compares_texts(node, numbers | times)]
    patterns = [node for node in tree.find_all(exp.Like) if _reads_source(node)]
    choices = [node for node in tree.find_all(exp.Case) if node.this and _reads_source(node.this)]
    if choices:
        _refuse(choices[0])
    for column in user:
        if id(column) in numbers:
            column.replace(_checked(column, _NUMBER))
        elif id(column) in times:
            is_day = f"and not cast({_text(column)} as datetime(6)) is null"
            time = _checked(column, _TIME, is_day)
            is_cast = isinstance(column.parent, exp.Cast)
            column.replace(time if is_cast else exp.cast(time, "timestamp"))
    for node in texts:
        if not any(each.is_string for each in operands_of(node)):
            _refuse(node)
        for each in operands_of(node):
            each.replace(_bytes(_letters(each)))
    for node in patterns:  # by bytes, a sign such as ä would be two
        node.set("this", exp.Collate(this=_letters(node.this), expression=exp.var("utf8mb4_bin")))


def _reads_source(node: exp.Expr) -> bool:
    return any(column.table == SOURCE_ALIAS for column in node.find_all(exp.Column))


def _compares_texts(node: exp.Expr, others: set[int]) -> bool:
    columns = [column for column in node.find_all(exp.Column) if column.table == SOURCE_ALIAS]
    return bool(columns) and not any(id(column) in others for column in columns)


def _refuse(node: exp.Expr) -> None:
    raise InputError(
        f"{node.sql(dialect='duckdb')} may compare texts, which MySQL takes for the same by its "
        "collation. Compare with values, or let a view there have it as a column."
    )


def _text(column: exp.Expr) -> str:
    return column.sql(dialect="mysql")


def _checked(column: exp.Expr, pattern: str, more: str = "") -> exp.Expr:
    # REGEXP_INSTR is in both of them, REGEXP_LIKE is not
    condition = f"regexp_instr({_text(column)}, '{pattern}') = 1 {more}"
    return sqlglot.parse_one(
        _CHECKED.format(value=_text(column), condition=condition), dialect="mysql"
    )


def _letters(value: exp.Expr) -> exp.Expr:
    """Return a text in the characters that hold all others."""
    kind = exp.DataType.build("char character set utf8mb4", dialect="mysql")
    return exp.Cast(this=value.copy(), to=kind)


def _bytes(value: exp.Expr) -> exp.Expr:
    return exp.cast(value.copy(), exp.DataType.build("binary", dialect="mysql"))


def _times(tree: exp.Expr) -> None:
    """Keep the microseconds of times."""
    for cast in list(tree.find_all(exp.Cast)):
        if cast.to.is_type(*TIMES) and not cast.to.is_type("date"):
            cast.set("to", exp.DataType.build("datetime(6)", dialect="mysql"))


def _keys(tree: exp.Expr) -> None:
    """Tell groups apart by the bytes of texts as well; the column itself keeps its type."""
    for group in tree.find_all(exp.Group):
        group.set("expressions", _with_bytes(group.expressions))
    for window in tree.find_all(exp.Window):
        window.set("partition_by", _with_bytes(window.args.get("partition_by") or []))


def _with_bytes(keys: list[exp.Expr]) -> list[exp.Expr]:
    return keys + [_bytes(key) for key in keys if key.name in _KEYS]


def _joins(tree: exp.Expr) -> None:
    for join in tree.find_all(exp.Join):
        for equal in join.find_all(exp.EQ):
            if equal.this.name in _KEYS:
                for side in (equal.this, equal.expression):
                    side.replace(_bytes(side))
