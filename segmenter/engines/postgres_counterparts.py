"""What PostgreSQL has under other names: DuckDB's functions, JSON and structs in expressions."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from segmenter.engines.rewriting import filled

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
    kind = exp.JSONBExtractScalar if isinstance(node, exp.JSONExtractScalar) else exp.JSONBExtract
    node.replace(exp.paren(kind(this=node.this.copy(), expression=listed), copy=False))


def _field(node: exp.Expr, dialect: str) -> None:
    """Put a struct in parentheses, without which its name would be a table's."""
    del dialect
    if isinstance(node.this, exp.Column):
        node.set("this", exp.paren(node.this.copy()))


def _named_field(node: exp.Expr, dialect: str) -> None:
    del dialect
    key = node.expressions[0] if len(node.expressions) == 1 else None
    if isinstance(node.this, exp.Column) and isinstance(key, exp.Literal) and key.is_string:
        field = exp.to_identifier(key.name, quoted=True)
        node.replace(exp.Dot(this=exp.paren(node.this.copy()), expression=field))


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
    exp.Extract: _extract,
    exp.Dayname: _word,
    exp.Monthname: _word,
    exp.JSONExtract: _json,
    exp.JSONExtractScalar: _json,
    exp.Dot: _field,
    exp.Bracket: _named_field,
    exp.Interval: _interval,
}
"""How each is written in PostgreSQL."""
