"""Exact percentiles where a warehouse has none that aggregates."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

__all__ = ["percentile_by_rank"]


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
                exp.paren(_over(exp.Count(this=exp.Star()), keys) - 1)
                * exp.cast(exp.Literal.string(quantile.name), "double"),
                place,
            ),
        )
        found = _interpolated(value, exp.column(rank), exp.column(place))
        is_part = isinstance(percentile.parent, exp.Binary)
        percentile.replace(exp.paren(found) if is_part else found)
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
