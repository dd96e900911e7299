"""From DuckDB's SQL to other warehouses: one difference, one function, where sqlglot needs help.

Each function takes a syntax tree that was parsed as DuckDB and the name of a dialect, and returns
the tree with the same meaning there. `TRANSLATIONS` is the order in which `port` applies them.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from segmenter.engines.clickhouse_forms import clickhouse_forms
from segmenter.engines.constant_folding import fold_constants
from segmenter.engines.exact_numbers import exact_doubles, floor_by_casts
from segmenter.engines.literals import settled_literals
from segmenter.engines.mysql_forms import mysql_forms
from segmenter.engines.percentile_by_rank import percentile_by_rank
from segmenter.engines.semantics import keep_meaning
from segmenter.engines.sqlite_forms import sqlite_forms
from segmenter.engines.utc_time import utc_now
from segmenter.schema.names import CLASSIFIER, SCHEMA

__all__ = [
    "TRANSLATIONS",
    "calendar_days",
    "clickhouse_forms",
    "decimal_scale",
    "double_division",
    "exact_doubles",
    "finite_inputs",
    "floor_by_casts",
    "fold_constants",
    "infinities",
    "known_extremes",
    "microseconds",
    "mysql_forms",
    "percentile_by_rank",
    "plain_times",
    "port",
    "qualified_function",
    "settled_literals",
    "sqlite_forms",
    "tolerant_casts",
    "typed_nulls",
    "utc_now",
    "whole_division",
]

_INFINITY = {"bigquery": "inf", "snowflake": "inf"}
"""How a dialect spells infinity as a text; elsewhere ``Infinity``."""

_INFINITY_WORD = {"clickhouse": "inf", "mysql": "1.7976931348623157e308", "sqlite": "9e999"}
"""Where infinity is no text, or where that is read in another way."""

_TRUNCATES_BIGINT = ("redshift", "sqlite", "trino")
"""Where a plain ``/`` of two BIGINTs is the whole division."""


def finite_inputs(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Ask with two comparisons whether a number is finite.

    NaN is the greatest number or fails each comparison, so neither it nor NULL passes.
    """
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name.lower() == "isfinite":
            value = call.expressions[0]
            if dialect == "mysql":  # whose doubles are all finite
                call.replace(exp.not_(exp.Is(this=value.copy(), expression=exp.null())))
                continue
            call.replace(
                exp.and_(
                    exp.GT(this=value.copy(), expression=_double("-Infinity")),
                    exp.LT(this=value.copy(), expression=_double("Infinity")),
                )
            )
    return tree


def infinities(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Write infinity as a dialect spells it; where there is none, the largest double."""
    for cast in list(tree.find_all(exp.Cast)):
        text = cast.this.name if cast.this.is_string else ""
        if text.removeprefix("-") != "Infinity" or not cast.to.is_type("double"):
            continue
        sign = text.removesuffix("Infinity")
        if dialect in _INFINITY:
            cast.replace(_double(f"{sign}{_INFINITY[dialect]}"))
        elif dialect in _INFINITY_WORD:
            word = exp.var(_INFINITY_WORD[dialect])
            cast.replace(exp.Neg(this=word) if sign else word)
    return tree


def _double(text: str) -> exp.Expr:
    return exp.cast(exp.Literal.string(text), "double")


def double_division(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Divide as doubles, as DuckDB's ``/`` does, where others would divide decimals or integers."""
    del dialect
    for division in reversed(list(tree.find_all(exp.Div))):  # the outer ones copy the inner ones
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
        for division in reversed(list(tree.find_all(exp.IntDiv))):
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


def typed_nulls(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Give columns that the user's table does not have a type, which some views insist on."""
    text = "varchar(256)" if dialect == "redshift" else "varchar"  # one without a length fails
    for alias in tree.find_all(exp.Alias):
        if isinstance(alias.this, exp.Null):
            alias.set("this", exp.cast(exp.null(), text))
    return tree


def qualified_function(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Call the classifier by the schema that it was created in."""
    if dialect == "clickhouse":  # whose functions are in none
        return tree
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name.lower() == CLASSIFIER and not isinstance(call.parent, exp.Dot):
            call.replace(exp.Dot(this=exp.to_identifier(SCHEMA), expression=call.copy()))
    return tree


TRANSLATIONS: tuple[Callable[[exp.Expr, str], exp.Expr], ...] = (
    fold_constants,
    finite_inputs,
    infinities,
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
    sqlite_forms,
    clickhouse_forms,
    mysql_forms,
    floor_by_casts,
    exact_doubles,
)


def port(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Apply every translation; DuckDB itself only has its constants folded."""
    if dialect == "duckdb":
        return fold_constants(tree, dialect)
    tree = keep_meaning(tree, dialect)
    for translation in TRANSLATIONS:
        tree = translation(tree, dialect)
    return tree
