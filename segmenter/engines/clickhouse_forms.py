"""ClickHouse: joins without NULLs, aliases that hide columns, sums and times that wrap around.

A cast to a type with NULLs makes NULL of a text that is no number, and one hour of the next day of
25 o'clock: a text in the place of a number or a time that is none ends the query instead.
"""

from __future__ import annotations

from sqlglot import exp

from segmenter.sources.expressions import SOURCE_ALIAS

__all__ = ["clickhouse_forms"]

_SETTINGS = {
    "aggregate_functions_null_for_empty": 1,  # else the sum of nothing is 0, and so is its time
    "join_use_nulls": 1,  # else a row without a partner has 0 and ''
    "prefer_column_name_to_alias": 1,  # else 'a > 0 as b, f(a) as a' compares f(a)
}
"""What the meaning of a view depends on; it goes with the view, whatever a session has."""

_TIME = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?)?$"
)

_TYPES = {
    "timestamp": "Nullable(DateTime64(6, 'UTC'))",
    "timestampntz": "Nullable(DateTime64(6, 'UTC'))",
    "date": "Nullable(Date32)",  # Date begins in 1970 and wraps around
}


def clickhouse_forms(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Write what ClickHouse has no word for, or another meaning of."""
    if dialect == "clickhouse":
        for form in (_types, _decimals, _whole_division, _sums, _joins, _names, _settings):
            form(tree)
    return tree


def _types(tree: exp.Expr) -> None:
    """Keep microseconds and early days; all times of ClickHouse are moments, which count in UTC."""
    for cast in list(tree.find_all(exp.Cast)):
        for name, kind in _TYPES.items():
            if cast.to.is_type(name) and not cast.to.expressions:
                cast.set("to", exp.DataType.build(kind, dialect="clickhouse"))
                break
        column = cast.this
        if isinstance(column, exp.Column) and column.table == SOURCE_ALIAS:
            cast.replace(_checked(cast, column, is_number=cast.to.is_type("double")))


def _checked(cast: exp.Cast, column: exp.Column, *, is_number: bool) -> exp.Expr:
    """Return what a column is cast to, or the end of the query."""
    is_none: exp.Expr = exp.Is(this=cast.copy(), expression=exp.null())
    if not is_number:
        text = exp.Anonymous(this="toString", expressions=[column.copy()])
        form = exp.Anonymous(this="match", expressions=[text, exp.Literal.string(_TIME)])
        is_none = exp.paren(exp.or_(is_none, exp.not_(form)))
    is_some = exp.not_(exp.Is(this=column.copy(), expression=exp.null()))
    word = "number" if is_number else "time"
    message = exp.Literal.string(f"a value of {column.name} is no {word}")
    ends = exp.Anonymous(this="throwIf", expressions=[exp.and_(is_some, is_none), message])
    return exp.Case().when(exp.EQ(this=ends, expression=exp.Literal.number(0)), cast.copy())


def _decimals(tree: exp.Expr) -> None:
    """Write the user's numbers with a point as the decimals that they are in DuckDB."""
    for literal in list(tree.find_all(exp.Literal)):
        if literal.is_string or not literal.name.replace(".", "", 1).isdigit():
            continue
        user = literal.find_ancestor(exp.Binary, exp.Between, exp.In, exp.Coalesce, exp.Case)
        if "." in literal.name and user is not None and _reads_source(user):
            places = len(literal.name.partition(".")[2])
            value = [exp.Literal.string(literal.name), exp.Literal.number(places)]
            literal.replace(exp.Anonymous(this="toDecimal128", expressions=value))


def _reads_source(node: exp.Expr) -> bool:
    return any(column.table == SOURCE_ALIAS for column in node.find_all(exp.Column))


def _whole_division(tree: exp.Expr) -> None:
    for division in list(tree.find_all(exp.IntDiv)):
        parts = [division.this.unnest(), division.expression]
        division.replace(exp.Anonymous(this="intDiv", expressions=parts))


def _sums(tree: exp.Expr) -> None:
    """Add up whole numbers in 128 bits, as DuckDB does: those of 64 bits wrap around."""
    for total in tree.find_all(exp.Sum):
        if isinstance(total.this, exp.Cast) and total.this.to.is_type("double"):
            continue
        total.set("this", exp.cast(total.this, exp.DataType.build("int128")))


def _joins(tree: exp.Expr) -> None:
    """Choose among the rows of an inner join afterwards, but for what is equal: it needs that."""
    for join in tree.find_all(exp.Join):
        condition, select = join.args.get("on"), join.parent
        if join.side or condition is None or not isinstance(select, exp.Select):
            continue
        parts = list(condition.flatten()) if isinstance(condition, exp.And) else [condition]
        equal = [part for part in parts if isinstance(part, exp.EQ)]
        others = [part for part in parts if not isinstance(part, exp.EQ)]
        if others:
            join.set("on", exp.and_(*equal) if equal else None)
            join.set("kind", "INNER" if equal else "CROSS")
            select.where(*others, copy=False)


def _names(tree: exp.Expr) -> None:
    """Name columns of a join, which keep the table in their name where two tables have them."""
    for select in tree.find_all(exp.Select):
        for column in list(select.expressions):
            if isinstance(column, exp.Column) and column.table and not column.is_star:
                column.replace(exp.alias_(column.copy(), column.name))


def _settings(tree: exp.Expr) -> None:
    if isinstance(tree, exp.Query):
        pairs = [
            exp.EQ(this=exp.var(name), expression=exp.Literal.number(value))
            for name, value in _SETTINGS.items()
        ]
        tree.set("settings", pairs)
