"""From DuckDB's SQL to other warehouses: one rule, one function, where sqlglot needs help.

Each rule takes a syntax tree that was parsed as DuckDB and the name of a dialect, and returns the
tree with the same meaning there. `RULES` is the order in which `port` applies them.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from segmenter.engines.literals import settled_literals
from segmenter.engines.semantics import keep_meaning
from segmenter.engines.utc_time import utc_now
from segmenter.schema.names import SCHEMA

__all__ = [
    "FUNCTION",
    "RULES",
    "calendar_days",
    "decimal_scale",
    "double_division",
    "finite_inputs",
    "fold_constants",
    "known_extremes",
    "microseconds",
    "percentile_by_rank",
    "plain_times",
    "port",
    "qualified_function",
    "settled_literals",
    "tolerant_casts",
    "typed_nulls",
    "utc_now",
    "whole_division",
]

FUNCTION = "classify_segment"
"""Name of the classifier, whatever the dialect."""

_INFINITY = {"bigquery": "inf", "snowflake": "inf"}
"""How a dialect spells infinity as a text; elsewhere ``Infinity``."""

_TRUNCATES_BIGINT = ("redshift", "trino")
"""Where a plain ``/`` of two BIGINTs is the whole division."""


def fold_constants(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Decide what is known before the query runs: choices by setting, filters that are true.

    ``case when false then a else b end`` becomes b, ``'either' in ('monetary', 'either')`` is
    decided, ``coalesce(null, a)`` becomes a, and a date minus no window is NULL.
    """
    del dialect
    for case in list(tree.find_all(exp.Case)):
        if case.this is None:  # else its branches are values to compare with
            _fold_case(case)
    for difference in list(tree.find_all(exp.Sub)):
        if _is_null(difference.expression):
            difference.replace(exp.null())
    for coalesce in list(tree.find_all(exp.Coalesce)):
        _fold_coalesce(coalesce)
    for where in list(tree.find_all(exp.Where)):
        _fold_where(where)
    return tree


def _fold_case(case: exp.Case) -> None:
    is_percentile = case.find(exp.PercentileCont) is not None
    for branch in list(case.args["ifs"]):
        truth = _truth(branch.this)
        if truth is False:
            case.args["ifs"].remove(branch)
        elif truth is True and branch is case.args["ifs"][0]:
            case.replace(branch.args["true"])
            return
    if not case.args["ifs"]:
        nothing = exp.cast(exp.null(), "double") if is_percentile else exp.null()
        case.replace(case.args.get("default") or nothing)


def _truth(condition: exp.Expr) -> bool | None:
    """Return whether a condition of literals holds, None where it depends on a column."""
    if isinstance(condition, exp.Boolean):
        return bool(condition.this)
    if isinstance(condition, exp.In):
        values = [condition.this, *condition.expressions]
        if len(values) > 1 and all(value.is_string for value in values):
            return condition.this in condition.expressions
    return None


def _fold_coalesce(coalesce: exp.Coalesce) -> None:
    values = [value for value in (coalesce.this, *coalesce.expressions) if not _is_null(value)]
    if len(values) == 1:
        coalesce.replace(values[0])
    elif values:
        coalesce.set("this", values[0])
        coalesce.set("expressions", values[1:])


def _fold_where(where: exp.Where) -> None:
    condition = where.this
    parts = list(condition.flatten()) if isinstance(condition, exp.And) else [condition]
    open_parts = [part for part in parts if _truth(part) is not True]
    if not open_parts:
        where.pop()
    elif len(open_parts) < len(parts):
        where.set("this", exp.and_(*open_parts, copy=False))


def _is_null(value: exp.Expr) -> bool:
    return isinstance(value.this if isinstance(value, exp.Cast) else value, exp.Null)


def finite_inputs(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Ask with two comparisons whether a number is finite.

    NaN is the greatest number or fails each comparison, so neither it nor NULL passes.
    """
    infinity = _INFINITY.get(dialect, "Infinity")
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name.lower() == "isfinite":
            value = call.expressions[0]
            call.replace(
                exp.and_(
                    exp.GT(this=value.copy(), expression=_double(f"-{infinity}")),
                    exp.LT(this=value.copy(), expression=_double(infinity)),
                )
            )
    return tree


def _double(text: str) -> exp.Expr:
    return exp.cast(exp.Literal.string(text), "double")


def double_division(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Divide as doubles, as DuckDB's ``/`` does, where others would divide decimals or integers."""
    del dialect
    for division in list(tree.find_all(exp.Div)):
        if division.args.get("typed"):
            continue
        if not _is_double(division.this):
            division.set("this", exp.cast(division.this.copy(), "double"))
        division.set("typed", True)
        division.set("safe", False)
    return tree


def _is_double(value: exp.Expr) -> bool:
    plain = value.unnest()
    return isinstance(plain, exp.Div) or (
        isinstance(plain, exp.Cast) and plain.to.is_type("double")
    )


def whole_division(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Divide whole numbers without the detour over doubles, which would round large ones."""
    if dialect in _TRUNCATES_BIGINT:
        for division in list(tree.find_all(exp.IntDiv)):
            whole = exp.cast(division.this.unnest().copy(), "bigint")
            division.replace(
                exp.Div(this=whole, expression=division.expression, typed=True, safe=False)
            )
    return tree


def microseconds(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Keep the microseconds of times where a plain TIMESTAMP has milliseconds."""
    if dialect == "trino":
        for kind in list(tree.find_all(exp.DataType)):
            if kind.is_type("timestamp", "timestampntz") and not kind.expressions:
                kind.replace(exp.DataType.build("timestamp(6)", dialect=dialect))
    return tree


def calendar_days(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Count days between dates where a difference with a unit counts 86,400 seconds.

    There, a span over the change to summer time is a day short in a session with such a zone.
    """
    if dialect in ("databricks", "spark"):
        for difference in list(tree.find_all(exp.DateDiff)):
            if difference.text("unit").upper() in ("", "DAY"):
                dates = [difference.this, difference.expression]
                difference.replace(exp.Anonymous(this="DATEDIFF", expressions=dates))
    return tree


def plain_times(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Make times without a zone where reading a text or truncating a date gives one with a zone.

    There, the time would be the session's midnight, and another one in another session.
    """
    if dialect == "postgres":
        for call in list(tree.find_all(exp.StrToTime)):
            call.replace(exp.cast(call.copy(), "timestamp"))
        for truncation in tree.find_all(exp.TimestampTrunc, exp.DateTrunc):
            truncation.set("this", exp.cast(truncation.this, "timestamp"))
    return tree


def decimal_scale(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Round where a cast to a decimal with a scale would keep more digits or is none."""
    if dialect == "bigquery":
        for cast in list(tree.find_all(exp.Cast)):
            if cast.to.is_type("decimal"):
                sizes = cast.to.expressions  # none of them means DECIMAL(18, 3) in DuckDB
                whole = exp.Literal.number(0 if sizes else 3)
                scale = sizes[1].this if len(sizes) > 1 else whole
                rounded = exp.Round(decimals=scale.copy())
                cast.replace(rounded)
                cast.set("to", exp.DataType.build("decimal"))
                rounded.set("this", cast)
    return tree


def tolerant_casts(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Keep the trying of ``try_cast`` where it takes nothing but texts."""
    if dialect == "snowflake":
        for cast in list(tree.find_all(exp.TryCast)):
            cast.set("this", exp.cast(cast.this, "text", copy=False))
    return tree


def known_extremes(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Leave NULLs out of ``greatest`` and ``least`` where one of them makes the result NULL."""
    if dialect in ("bigquery", "trino"):
        calls = list(tree.find_all(exp.Greatest, exp.Least))
        for call in reversed(calls):  # the inner ones first, since the outer one copies them
            values = [call.this, *call.expressions]
            filled = [
                exp.func("coalesce", value.copy(), *(v.copy() for v in values if v is not value))
                for value in values
            ]
            if len(values) > 1:
                call.set("this", filled[0])
                call.set("expressions", filled[1:])
    return tree


def percentile_by_rank(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Compute percentiles from ranks: two neighbours in order, and a line between them.

    Not every warehouse has an exact ``percentile_cont`` that aggregates, and those that do round
    differently. Values must not be NULL, and each query with a percentile must be a CTE.
    """
    for select in list(tree.find_all(exp.Select)):
        percentiles = [
            found for column in select.expressions for found in column.find_all(exp.PercentileCont)
        ]
        if percentiles:
            _rank(select, percentiles, dialect)
    return tree


def _rank(select: exp.Select, percentiles: list[exp.PercentileCont], dialect: str) -> None:
    cte = select.parent
    assert isinstance(cte, exp.CTE)
    group = select.args.get("group")
    keys = group.expressions if group else []
    ranked = exp.select("*").from_(select.args["from_"].this.copy())
    where = select.args.get("where")
    if where is not None:
        ranked = ranked.where(where.this.copy())
        where.pop()
    name = f"{cte.alias}_ranked"
    for number, percentile in enumerate(percentiles, start=1):
        value, quantile = percentile.this, percentile.expression
        rank, place = f"rank_{number}", f"place_{number}"
        ranked = ranked.select(
            exp.alias_(_over(exp.RowNumber(), keys, _ordered(value, dialect)), rank),
            exp.alias_(
                exp.paren(_over(exp.Count(this=exp.Star()), keys) - 1) * _double(quantile.name),
                place,
            ),
        )
        percentile.replace(_interpolated(value, exp.column(rank), exp.column(place)))
    select.set("from_", exp.From(this=exp.to_table(name)))
    others = cte.parent
    assert isinstance(others, exp.With)
    ctes = others.expressions
    ctes.insert(ctes.index(cte), exp.CTE(this=ranked, alias=exp.TableAlias(this=name)))
    others.set("expressions", ctes)


def _over(function: exp.Expr, keys: list[exp.Expr], order: exp.Order | None = None) -> exp.Window:
    return exp.Window(this=function, partition_by=[key.copy() for key in keys], order=order)


def _ordered(value: exp.Expr, dialect: str) -> exp.Order:
    """Order by a value that is never NULL, without saying where NULLs would go."""
    nulls_first = Dialect.get_or_raise(dialect).NULL_ORDERING == "nulls_are_small"
    return exp.Order(expressions=[exp.Ordered(this=value.copy(), nulls_first=nulls_first)])


def _interpolated(value: exp.Expr, rank: exp.Expr, place: exp.Expr) -> exp.Expr:
    """Return ``lower + (upper - lower) * fraction``, which is exact where the two are equal."""
    below = exp.Floor(this=place.copy())
    lower = _value_at(value, rank, below)
    upper = _value_at(value, rank, exp.Ceil(this=place.copy()))
    fraction = exp.Max(this=place.copy() - below.copy())
    return lower + exp.paren(upper - lower.copy()) * fraction


def _value_at(value: exp.Expr, rank: exp.Expr, place: exp.Expr) -> exp.Expr:
    condition = exp.EQ(this=rank.copy(), expression=place.copy() + 1)
    return exp.Max(this=exp.Case().when(condition, value.copy()))


def typed_nulls(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Give columns that the user's table does not have a type, which some views insist on."""
    text = "varchar(256)" if dialect == "redshift" else "varchar"  # one without a length fails
    for alias in tree.find_all(exp.Alias):
        if isinstance(alias.this, exp.Null):
            alias.set("this", exp.cast(exp.null(), text))
    return tree


def qualified_function(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Call the classifier by the schema that it was created in."""
    del dialect
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name.lower() == FUNCTION and not isinstance(call.parent, exp.Dot):
            call.replace(exp.Dot(this=exp.to_identifier(SCHEMA), expression=call.copy()))
    return tree


Rule = Callable[[exp.Expr, str], exp.Expr]

RULES: tuple[Rule, ...] = (
    fold_constants,
    finite_inputs,
    double_division,
    whole_division,
    utc_now,
    microseconds,
    calendar_days,
    plain_times,
    decimal_scale,
    tolerant_casts,
    known_extremes,
    percentile_by_rank,
    typed_nulls,
    qualified_function,
    settled_literals,
)


def port(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Apply every rule; DuckDB itself only has its constants folded."""
    if dialect == "duckdb":
        return fold_constants(tree, dialect)
    tree = keep_meaning(tree, dialect)
    for rule in RULES:
        tree = rule(tree, dialect)
    return tree
