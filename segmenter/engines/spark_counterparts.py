"""What Spark has under other names, or under the same with another meaning.

A script knows no types of the columns, so where the meaning depends on them it asks Spark with
``typeof``, which is answered before the first row is read.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from segmenter.engines.rewriting import filled, refuse
from segmenter.engines.spark_patterns import PATTERNS

__all__ = ["COUNTERPARTS"]

_DIALECT = "spark"

_MICROSECONDS = """
    case
        when typeof(:x) = 'timestamp' then unix_micros(cast(:x as timestamp_ltz))
        else cast(
            cast(
                cast(:x as timestamp_ntz) - timestamp_ntz '1970-01-01' as interval second
            ) as decimal(18, 6)
        ) * 1000000
    end
"""
"""Since 1970 in UTC; a time without a zone is one of UTC, whatever the session's zone is."""

_FUNCTIONS: dict[type[exp.Expr], str] = {
    exp.DayOfWeek: "(dayofweek(:x) - 1)",
    exp.DayOfWeekIso: "(weekday(:x) + 1)",
    exp.Dayname: "date_format(:x, 'EEEE')",
    exp.Monthname: "date_format(:x, 'MMMM')",
    exp.TimeToUnix: f"(cast({_MICROSECONDS} as double) / 1000000)",
    exp.ToDays: "make_dt_interval(:x)",
    exp.Week: "weekofyear(:x)",
    exp.IsInf: "(abs(:x) = cast('Infinity' as double))",
    exp.IsNan: "case when :x is not null then isnan(:x) end",
    exp.ArrayContains: """
        case
            when :x is not null and :y is not null then coalesce(array_contains(:x, :y), false)
        end
    """,
}
"""By the kind of call; ``:x`` and ``:y`` are its arguments."""

_NAMED = {
    "weekday": _FUNCTIONS[exp.DayOfWeek],
    "epoch_us": f"cast({_MICROSECONDS} as bigint)",
    "yearweek": "(extract(yearofweek from :x) * 100 + weekofyear(:x))",
    "isoyear": "extract(yearofweek from :x)",
    "prefix": "startswith(:x, :y)",
    "suffix": "endswith(:x, :y)",
    "strlen": "octet_length(:x)",
    "to_seconds": "make_dt_interval(0, 0, 0, :x)",
    "to_minutes": "make_dt_interval(0, 0, :x)",
    "to_hours": "make_dt_interval(0, :x)",
    "to_weeks": "make_dt_interval(7 * :x)",
    "to_months": "make_ym_interval(0, :x)",
    "to_years": "make_ym_interval(:x)",
    "row": "struct(:x, :y)",
    "list_extract": "try_element_at(:x, :y)",
    "list_element": "try_element_at(:x, :y)",
    "array_extract": "try_element_at(:x, :y)",
}
"""The same for calls that sqlglot knows by their name only."""

_REFUSED = ("bit_count", "hash", "printf", "try_strptime")
"""Calls with other results: other hash values and widths, other digits, other texts."""

_PARTS = {
    "dow": _FUNCTIONS[exp.DayOfWeek],
    "dayofweek": _FUNCTIONS[exp.DayOfWeek],
    "weekday": _FUNCTIONS[exp.DayOfWeek],
    "isodow": _FUNCTIONS[exp.DayOfWeekIso],
    "isoyear": _NAMED["isoyear"],
    "epoch": _FUNCTIONS[exp.TimeToUnix],
    "second": "second(:x)",
    "seconds": "second(:x)",
}
"""Parts of a time that ``extract`` takes."""

_UNITS = {
    "YEAR": _NAMED["to_years"],
    "MONTH": _NAMED["to_months"],
    "WEEK": _NAMED["to_weeks"],
    "DAY": _FUNCTIONS[exp.ToDays],
    "HOUR": _NAMED["to_hours"],
    "MINUTE": _NAMED["to_minutes"],
    "SECOND": _NAMED["to_seconds"],
}
"""Intervals of a computed length."""

_BOUNDARIES = {
    "YEAR": "(year(:x) - year(:y))",
    "QUARTER": "((year(:x) - year(:y)) * 4 + quarter(:x) - quarter(:y))",
    "MONTH": "((year(:x) - year(:y)) * 12 + month(:x) - month(:y))",
}
"""How often a year and so on begins between two times; Spark counts those that are full."""

_DIGITS = "[0-9]+(_[0-9]+)*"
_NUMBER = (
    rf"(?i)\A[ \t\n\x0B\f\r]*[+-]?(({_DIGITS}([.]({_DIGITS})?)?|[.]{_DIGITS})(e[+-]?{_DIGITS})?"
    r"|inf(inity)?|nan)[ \t\n\x0B\f\r]*\z"
)
"""Texts that DuckDB takes for a number; Java takes ``1d`` too, and no ``1_000``."""


def _function(node: exp.Expr, dialect: str) -> None:
    del dialect
    second = node.args.get("expression")
    node.replace(filled(_FUNCTIONS[type(node)], _DIALECT, x=node.this, y=second))


def _named(node: exp.Expr, dialect: str) -> None:
    name = node.name.lower()
    first = node.expressions[0] if node.expressions else None
    if name in _REFUSED:
        refuse(node, dialect)
    elif name in ("date_part", "datepart") and first is not None and first.is_string:
        part = _PARTS.get(first.name.lower())
        if part is not None:
            node.replace(filled(part, _DIALECT, x=node.expressions[1]))
    elif name == "row":
        node.set("this", "STRUCT")
    elif name in _NAMED:
        node.replace(
            filled(_NAMED[name], _DIALECT, **dict(zip("xy", node.expressions, strict=False)))
        )


def _extract(node: exp.Expr, dialect: str) -> None:
    del dialect
    part = _PARTS.get(node.this.name.lower())
    if part is not None:
        node.replace(filled(part, _DIALECT, x=node.expression))


def _interval(node: exp.Expr, dialect: str) -> None:
    """Compute the length of an interval."""
    unit = node.text("unit").upper().rstrip("S")
    if node.this is not None and not isinstance(node.this, exp.Literal):
        if unit not in _UNITS:
            refuse(node, dialect)
        node.replace(filled(_UNITS[unit], _DIALECT, x=node.this.unnest()))


def _added(node: exp.Expr, dialect: str) -> None:
    """Add an interval with ``+``."""
    del dialect
    if isinstance(node.expression, exp.Interval):
        node.replace(exp.paren(node.this.copy() + node.expression.copy()))


def _date_boundaries(node: exp.Expr, dialect: str) -> None:
    unit = node.text("unit").upper()
    if unit in _BOUNDARIES:
        node.replace(filled(_BOUNDARIES[unit], _DIALECT, x=node.this, y=node.expression))
    elif unit not in ("", "DAY"):
        refuse(node, dialect)


def _cast(node: exp.Expr, dialect: str) -> None:
    """Round to whole numbers: doubles to the even neighbour, decimals half away from zero.

    Of texts ``try_cast`` takes those that DuckDB takes. Times of the day are of another type.
    """
    kind = node.args["to"]
    if kind.is_type("time"):
        refuse(node, dialect)
    cast = "try_cast" if isinstance(node, exp.TryCast) else "cast"
    whole = isinstance(node.this.unnest(), (exp.IntDiv, exp.Boolean, exp.Predicate, exp.Literal))
    if kind.is_type("tinyint", "smallint", "int", "bigint") and not whole:
        name = kind.sql(dialect=_DIALECT)
        template = f"""
            case
                when typeof(:x) in ('float', 'double')
                    then {cast}(rint(cast(:x as double)) as {name})
                when typeof(:x) like 'decimal%'
                    then {cast}(round(cast(:x as decimal(38, 18))) as {name})
                else {cast}(:x as {name})
            end
        """
        node.replace(filled(template, _DIALECT, x=node.this))
    elif cast == "try_cast" and kind.is_type("float", "double", "decimal"):
        template = f"""
            case
                when typeof(:x) <> 'string' then try_cast(:x as {kind.sql(dialect=_DIALECT)})
                when cast(:x as string) rlike :y then
                    try_cast(replace(cast(:x as string), '_', '') as {kind.sql(dialect=_DIALECT)})
            end
        """
        node.replace(filled(template, _DIALECT, x=node.this, y=exp.Literal.string(_NUMBER)))


def _in_zone(node: exp.Expr, dialect: str) -> None:
    """Go from a zone to UTC where the time has none, and from UTC to the zone where it has one.

    Of an hour that comes twice the later one is meant.
    """
    del dialect
    zone = node.args["zone"]
    if not (zone.is_string and zone.name.upper() == "UTC"):
        template = """
            case
                when
                    typeof(:x) = 'timestamp_ntz'
                    and from_utc_timestamp(to_utc_timestamp(:x, :y) + interval 1 hour, :y) = :x
                    then to_utc_timestamp(:x, :y) + interval 1 hour
                when typeof(:x) = 'timestamp_ntz' then to_utc_timestamp(:x, :y)
                else from_utc_timestamp(:x, :y)
            end
        """
        node.replace(filled(template, _DIALECT, x=node.this, y=zone))


def _from_seconds(node: exp.Expr, dialect: str) -> None:
    """Keep the microseconds."""
    del dialect
    if node.args.get("scale") is None:
        template = "timestamp_micros(cast(rint(cast(:x as double) * 1000000) as bigint))"
        node.replace(filled(template, _DIALECT, x=node.this))


def _log(node: exp.Expr, dialect: str) -> None:
    """Take ``log`` with base 10."""
    del dialect
    if node.expression is None:
        node.replace(exp.Anonymous(this="LOG10", expressions=[node.this.copy()]))


def _side(node: exp.Expr, dialect: str) -> None:
    """Leave out as many characters where a negative number of them is asked for."""
    del dialect
    count = node.expression
    if isinstance(count, exp.Literal):
        return
    template = (
        "left(:x, case when :y < 0 then greatest(length(:x) + :y, 0) else :y end)"
        if isinstance(node, exp.Left)
        else "case when :y < 0 then substring(:x, 1 - :y) else right(:x, :y) end"
    )
    node.replace(filled(template, _DIALECT, x=node.this, y=count))


def _substring(node: exp.Expr, dialect: str) -> None:
    """Begin before the text where DuckDB does; there is no way backwards."""
    start, length = node.args.get("start"), node.args.get("length")
    starts_at = start.name if isinstance(start, exp.Literal) else ""
    if isinstance(length, exp.Neg) and starts_at != "1":
        refuse(node, dialect)
    if starts_at == "0" and length is not None:
        node.replace(filled("left(:x, :y - 1)", _DIALECT, x=node.this, y=length))


def _element(node: exp.Expr, dialect: str) -> None:
    """Have NULL where there is no such element."""
    del dialect
    index = node.expressions[0] if len(node.expressions) == 1 else None
    if index is None or isinstance(index, exp.Slice) or index.is_string:
        return
    place = index.copy() + 1  # sqlglot counts from 0
    if isinstance(index, exp.Literal) and index.name.isdigit():
        place = exp.Literal.number(int(index.name) + 1)
    node.replace(exp.Anonymous(this="TRY_ELEMENT_AT", expressions=[node.this.copy(), place]))


def _json(node: exp.Expr, dialect: str) -> None:
    """Refuse JSON itself, which is a text without quotes there and NULL for its null."""
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    if not isinstance(parent, exp.Cast) or parent.to.is_type(*exp.DataType.TEXT_TYPES):
        refuse(node, dialect)


def _concatenated(node: exp.Expr, dialect: str) -> None:
    """Leave NULL out, and make texts of everything."""
    del dialect
    parts = [
        part.copy()
        if part.is_string
        else exp.func("coalesce", exp.cast(part.copy(), "text"), exp.Literal.string(""))
        for part in node.expressions
    ]
    node.replace(exp.Anonymous(this="CONCAT", expressions=parts))


COUNTERPARTS: dict[type[exp.Expr], Callable[[exp.Expr, str], None]] = {
    **dict.fromkeys(_FUNCTIONS, _function),
    exp.Anonymous: _named,
    exp.Extract: _extract,
    exp.Interval: _interval,
    exp.DateAdd: _added,
    exp.DateDiff: _date_boundaries,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.AtTimeZone: _in_zone,
    exp.UnixToTime: _from_seconds,
    exp.BitwiseCount: refuse,
    exp.Log: _log,
    exp.Left: _side,
    exp.Right: _side,
    exp.Substring: _substring,
    **PATTERNS,
    exp.Bracket: _element,
    exp.JSONExtract: _json,
    exp.Concat: _concatenated,
}
"""How each is written in Spark."""
