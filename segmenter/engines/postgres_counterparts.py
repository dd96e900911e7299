"""What PostgreSQL has under other names: DuckDB's functions, JSON and structs in expressions."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from segmenter.engines.rewriting import filled, refuse

__all__ = ["COUNTERPARTS"]

_FUNCTIONS: dict[type[exp.Expr], str] = {
    exp.Minute: "cast(extract(minute from :x) as integer)",
    exp.Hour: "cast(extract(hour from :x) as integer)",
    exp.Second: "cast(floor(extract(second from :x)) as integer)",
    exp.Quarter: "cast(extract(quarter from :x) as integer)",
    exp.DayOfWeek: "cast(extract(dow from :x) as integer)",
    exp.DayOfWeekIso: "cast(extract(isodow from :x) as integer)",
    exp.DayOfYear: "cast(extract(doy from :x) as integer)",
    exp.Week: "cast(extract(week from :x) as integer)",
    exp.WeekOfYear: "cast(extract(week from :x) as integer)",
    exp.DayOfMonth: "cast(extract(day from :x) as integer)",
    exp.IsInf: "(abs(:x) = cast('Infinity' as double precision))",
    exp.ArraySize: "cardinality(:x)",
    exp.ArrayContains: """
        case when :x is not null and :y is not null then coalesce(:y = any(:x), false) end
    """,
    exp.Contains: "(strpos(:x, :y) > 0)",
    exp.EndsWith: "(right(:x, length(:y)) = :y)",
    exp.IsNan: "(:x = cast('NaN' as double precision))",
    exp.ToDays: "(:x * interval '1 day')",
}
"""By the kind of call; ``:x`` and ``:y`` are its arguments."""

_NAMED = {
    "weekday": _FUNCTIONS[exp.DayOfWeek],
    "prefix": "(left(:x, length(:y)) = :y)",
    "suffix": _FUNCTIONS[exp.EndsWith],
    "strlen": "octet_length(:x)",
    "isoyear": "cast(extract(isoyear from :x) as integer)",
    "yearweek": "cast(extract(isoyear from :x) * 100 + extract(week from :x) as integer)",
    "epoch_us": "cast(extract(epoch from :x) * 1000000 as bigint)",
    "to_weeks": "(:x * interval '7 days')",
    "to_months": "(:x * interval '1 month')",
    "to_years": "(:x * interval '1 year')",
    "to_seconds": "(:x * interval '1 second')",
    "to_minutes": "(:x * interval '1 minute')",
    "to_hours": "(:x * interval '1 hour')",
}
"""The same for calls that sqlglot knows by their name only."""


def _function(node: exp.Expr, dialect: str) -> None:
    del dialect
    second = node.args.get("expression")
    node.replace(filled(_FUNCTIONS[type(node)], "postgres", x=node.this, y=second))


_PARTS = ("second", "seconds", "millisecond", "milliseconds")

_PART = "cast(floor(extract({} from :x)) as integer)"


def _extract(node: exp.Expr, dialect: str) -> None:
    """Leave out the fraction of seconds."""
    del dialect
    part = node.this.name.lower()
    if part in _PARTS:
        node.replace(filled(_PART.format(part), "postgres", x=node.expression))


def _split(node: exp.Expr, dialect: str) -> None:
    """Split at a text; an empty one is the only part of itself."""
    if not node.expression.is_string or node.expression.name == "":
        refuse(node, dialect)
    template = "(case when :x = '' then array[''] else string_to_array(:x, :y) end)"
    node.replace(filled(template, "postgres", x=node.this, y=node.expression))


def _log(node: exp.Expr, dialect: str) -> None:
    """Take logarithms of a base as doubles."""
    del dialect
    if node.expression is not None:
        double = "ln(cast({} as double precision))"
        template = f"({double.format(':y')} / {double.format(':x')})"
        node.replace(filled(template, "postgres", x=node.this, y=node.expression))


def _date(node: exp.Expr, dialect: str) -> None:
    """Make a date of whole numbers, as the parts of another date are none over there."""
    del dialect
    parts = [exp.cast(node.args[part].copy(), "integer") for part in ("year", "month", "day")]
    node.replace(exp.Anonymous(this="MAKE_DATE", expressions=parts))


def _word(node: exp.Expr, dialect: str) -> None:
    """Write the English name of a day or a month, which no setting of the session changes."""
    del dialect
    form = exp.Literal.string("FMDay" if isinstance(node, exp.Dayname) else "FMMonth")
    node.replace(exp.Anonymous(this="TO_CHAR", expressions=[node.this.copy(), form]))


def _named(node: exp.Expr, dialect: str) -> None:
    del dialect
    if node.name.lower() in ("date_part", "datepart") and len(node.expressions) == 2:
        part, time = node.expressions
        if part.name.lower() in _PARTS:
            node.replace(filled(_PART.format(part.name.lower()), "postgres", x=time))
        return
    template = _NAMED.get(node.name.lower())
    if template is not None:
        arguments = dict(zip("xy", node.expressions, strict=False))
        node.replace(filled(template, "postgres", **arguments))


def _json(node: exp.Expr, dialect: str) -> None:
    """Write a path into JSON with the operator that ``json`` and ``jsonb`` both have."""
    del dialect
    path = node.expression
    steps = path.expressions[1:] if isinstance(path, exp.JSONPath) else []
    names = [
        step.this for step in steps if isinstance(step, (exp.JSONPathKey, exp.JSONPathSubscript))
    ]
    is_plain = all(isinstance(name, str) or (isinstance(name, int) and name >= 0) for name in names)
    if not steps or len(names) < len(steps) or not is_plain:
        return
    escaped = (str(name).replace("\\", "\\\\").replace('"', '\\"') for name in names)
    listed = exp.Literal.string("{" + ",".join(f'"{name}"' for name in escaped) + "}")
    outer = node.parent.parent if isinstance(node.parent, exp.Paren) else node.parent
    is_number = isinstance(outer, exp.Cast) and outer.to.is_type(*exp.DataType.NUMERIC_TYPES)
    is_text = is_number or isinstance(node, exp.JSONExtractScalar)  # "12.50" is a number, too
    kind = exp.JSONBExtractScalar if is_text else exp.JSONBExtract
    node.replace(exp.paren(kind(this=node.this.copy(), expression=listed), copy=False))


def _field(node: exp.Expr, dialect: str) -> None:
    """Put a struct in parentheses, without which its name would be a table's."""
    del dialect
    if isinstance(node.this, exp.Column):
        node.set("this", exp.paren(node.this.copy()))


def _item(node: exp.Expr, dialect: str) -> None:
    """Write a field in brackets with a point, and count from the end of a list as DuckDB does."""
    del dialect
    key = node.expressions[0] if len(node.expressions) == 1 else None
    if isinstance(node.this, exp.Column) and isinstance(key, exp.Literal) and key.is_string:
        field = exp.to_identifier(key.name, quoted=True)
        node.replace(exp.Dot(this=exp.paren(node.this.copy()), expression=field))
    elif isinstance(key, exp.Neg) and isinstance(key.this, exp.Literal):
        back = exp.Literal.number(int(key.this.name) - 1)  # sqlglot counts from 0
        template = "(:x)[cardinality(:x) + 1 - :y]"
        node.replace(filled(template, "postgres", x=node.this, y=back))


def _interval(node: exp.Expr, dialect: str) -> None:
    """Multiply where the length of an interval is computed."""
    del dialect
    unit = node.args.get("unit")
    if unit is not None and not isinstance(node.this, exp.Literal):
        one = exp.Interval(this=exp.Literal.string("1"), unit=unit.copy())
        node.replace(exp.paren(exp.Mul(this=exp.paren(node.this.copy()), expression=one)))


COUNTERPARTS: dict[type[exp.Expr], Callable[[exp.Expr, str], None]] = {
    **dict.fromkeys(_FUNCTIONS, _function),
    exp.Anonymous: _named,
    exp.DateFromParts: _date,
    exp.Log: _log,
    exp.Split: _split,
    exp.Extract: _extract,
    exp.Dayname: _word,
    exp.Monthname: _word,
    exp.JSONExtract: _json,
    exp.JSONExtractScalar: _json,
    exp.Dot: _field,
    exp.Bracket: _item,
    exp.Interval: _interval,
}
"""How each is written in PostgreSQL."""
