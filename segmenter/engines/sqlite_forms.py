"""SQLite: no schemas, no functions, no types of times, and values of any type in any column.

Times are texts ``YYYY-MM-DD HH:MM:SS``, with up to six decimals; such texts sort as the times do.
A value that is no number or no time where one is due ends the query with "integer overflow": a
view has no other way to fail, and a plain cast would make 12 of '12,50'.
"""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp

from segmenter.engines.column_kinds import TIMES, numbers_and_times
from segmenter.engines.known_alike import COMPARISONS
from segmenter.errors import InputError
from segmenter.schema.names import SCHEMA
from segmenter.sources.expressions import SOURCE_ALIAS

__all__ = ["sqlite_forms"]

_CHECKED_TIME = """
    select case
        when datetime(written.second, '+0 days') = written.second
            and (
                written.rest = ''
                or written.rest glob '.[0-9]*'
                and not substr(written.rest, 2) glob '*[^0-9]*'
                and length(written.rest) <= 7
            )
            then written.second || rtrim(rtrim(written.rest, '0'), '.')
        when not written.second is null
            then abs(-9223372036854775807 - (written.second is not null))
    end
    from (
        select
            substr(
                replace(:value, 'T', ' ')
                || case length(:value) when 10 then ' 00:00:00' else '' end,
                1, 19
            ) as second,
            substr(:value, 20) as rest
    ) as written
"""
"""A text as a time; 31 February is none: ``datetime`` counts on, to 2 March."""

_LITERAL_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?)?")


def sqlite_forms(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Write what SQLite has no word for, or another meaning of.

    Raises
    ------
    InputError
        A column is compared with a text that may be a time.
    """
    if dialect == "sqlite":
        for form in (_names, _patterns, _values, _times, _shifts):
            form(tree)
    return tree


def _names(tree: exp.Expr) -> None:
    """Put the schema's name before those of our views: only attached files are schemas."""
    for table in tree.find_all(exp.Table):
        if table.db == SCHEMA and not table.catalog:
            table.set("db", None)
            table.set("this", exp.to_identifier(f"{SCHEMA}_{table.name}"))


def _patterns(tree: exp.Expr) -> None:
    """Write LIKE, which takes 'a' for 'A', as GLOB."""
    for like in list(tree.find_all(exp.Like)):
        marks = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
        pattern = "".join(marks.get(sign, sign) for sign in like.expression.name)
        like.replace(exp.Glob(this=like.this, expression=exp.Literal.string(pattern)))


def _values(tree: exp.Expr) -> None:
    """Let each column of the user be a number, a time or a text with its own letters."""
    numbers, times = numbers_and_times(tree, "SQLite")
    for column in list(tree.find_all(exp.Column)):
        if column.table != SOURCE_ALIAS:
            continue
        if id(column) in numbers:
            column.replace(_number(column))
        elif id(column) in times:
            column.replace(_time(column))
        elif _is_compared(column):
            column.replace(_binary(column))


def _is_compared(column: exp.Column) -> bool:
    """Whether rows are told apart by a column, for which its own collation would count."""
    parent = column.parent
    return isinstance(parent, (*COMPARISONS, exp.Alias, exp.Paren)) or (
        isinstance(parent, exp.Case) and parent.this is column
    )


def _binary(column: exp.Expr) -> exp.Expr:
    return exp.Collate(this=column.copy(), expression=exp.Var(this="BINARY"))


def _failure(value: exp.Expr) -> exp.Expr:
    """Return what ends a query, for a value that is not NULL."""
    is_some = exp.paren(exp.not_(exp.Is(this=value.copy(), expression=exp.null())))
    least = exp.Neg(this=exp.Literal.number(2**63 - 1))
    return exp.Abs(this=exp.Sub(this=least, expression=is_some))


def _number(column: exp.Expr) -> exp.Expr:
    kind = exp.Anonymous(this="TYPEOF", expressions=[column.copy()])
    is_text = exp.In(this=kind, expressions=[exp.Literal.string(t) for t in ("text", "blob")])
    return exp.Case().when(is_text, _failure(column)).else_(column.copy())


def _time(column: exp.Expr) -> exp.Expr:
    """Return a text that is a time in the one form that sorts; what is none ends the query."""
    tree = sqlglot.parse_one(_CHECKED_TIME, dialect="sqlite")
    for placeholder in list(tree.find_all(exp.Placeholder)):
        placeholder.replace(column.copy())
    assert isinstance(tree, exp.Query)
    return tree.subquery()


def _part(text: exp.Expr, start: int, length: int | None = None) -> exp.Expr:
    sizes = [start] if length is None else [start, length]
    return exp.Anonymous(
        this="SUBSTR", expressions=[text.copy(), *(exp.Literal.number(size) for size in sizes)]
    )


def _times(tree: exp.Expr) -> None:
    """Leave out casts to times, which read a number from a text; those to dates cut."""
    for cast in list(tree.find_all(exp.Cast)):
        if not cast.to.is_type(*TIMES):
            continue
        value = cast.this
        if value.is_string:
            cast.replace(exp.Literal.string(_canonical(value.name)))
        elif cast.to.is_type("date"):
            day: exp.Expr = exp.Anonymous(this="DATE", expressions=[value])
            if any(column.table == SOURCE_ALIAS for column in value.find_all(exp.Column)):
                midnight = exp.Literal.string(" 00:00:00")  # to be compared with other times
                day = exp.paren(exp.DPipe(this=day, expression=midnight))
            cast.replace(day)
        else:
            cast.replace(value)


def _canonical(text: str) -> str:
    found = _LITERAL_TIME.fullmatch(text.strip())
    if found is None:
        raise InputError(
            f"{text!r} is no time in the form that SQLite sorts. Write it as 2024-01-31 or "
            "2024-01-31 18:00:00, and fit again."
        )
    fraction = (found[3] or "").rstrip("0")
    return f"{found[1]} {found[2] or '00:00:00'}{'.' if fraction else ''}{fraction}"


def _shifts(tree: exp.Expr) -> None:
    """Add and take off intervals: the last day of a month stays one, as in DuckDB."""
    for shift in list(tree.find_all(exp.Add, exp.Sub)):
        interval = shift.expression
        if isinstance(interval, exp.Interval):
            number = int(interval.this.name) * (-1 if isinstance(shift, exp.Sub) else 1)
            shift.replace(_shifted(shift.this, number, interval.text("unit").upper()))


def _shifted(time: exp.Expr, number: int, unit: str) -> exp.Expr:
    if unit == "DAY":
        shifted = _day(time, f"{number:+} days")
    else:
        months = number * (12 if unit == "YEAR" else 1)
        last = _day(time, "start of month", f"{months + 1:+} months", "-1 day")
        shifted = exp.Anonymous(this="MIN", expressions=[_day(time, f"{months:+} months"), last])
    return exp.DPipe(this=shifted, expression=_part(time, 11))


def _day(time: exp.Expr, *modifiers: str) -> exp.Expr:
    texts = [exp.Literal.string(each) for each in modifiers]
    return exp.Anonymous(this="DATE", expressions=[time.copy(), *texts])
