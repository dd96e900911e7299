"""Percentiles of another engine's rows with DuckDB's last bit.

Engines interpolate between two neighbours with roundings of their own, and so do versions of
DuckDB. So the engine looks the neighbours up, which is exact, and the DuckDB of this process goes
the way between them.
"""

from __future__ import annotations

import math

import duckdb
from sqlglot import exp

from segmenter.engines.constant_folding import fold_constants
from segmenter.schema.files import literal
from segmenter.sources.engine import Engine

__all__ = ["settle_percentiles"]


def settle_percentiles(engine: Engine, query: exp.Query) -> exp.Query:
    """Put the values of a query's percentiles in their place.

    Parameters
    ----------
    engine : Engine
        Asked once for the percentiles of the same values: for two neighbours of each, and for the
        number of rows. What it sorts are distinct values, not rows.
    query : Query
        Each percentile of it is of values that are not NULL, in a CTE without GROUP BY.
    """
    if query.find(exp.PercentileCont) is None:
        return query
    folded = fold_constants(query, engine.dialect)
    assert isinstance(folded, exp.Query)
    of_values: dict[tuple[int, str], list[exp.PercentileCont]] = {}
    selects: dict[int, exp.Select] = {}
    for percentile in folded.find_all(exp.PercentileCont):
        select = percentile.parent_select
        assert isinstance(select, exp.Select)
        selects[id(select)] = select
        of_values.setdefault((id(select), percentile.this.sql()), []).append(percentile)
    for percentiles in of_values.values():
        quantiles = [float(percentile.expression.name) for percentile in percentiles]
        (row,) = engine.rows(_neighbours(percentiles[0], quantiles))
        for place, (percentile, quantile) in enumerate(zip(percentiles, quantiles, strict=True)):
            lower, upper = row[f"lower{place}"], row[f"upper{place}"]
            value = _between(engine.local, quantile, lower, upper, row["total"])
            known = exp.null() if value is None else literal(repr(value))
            percentile.replace(exp.cast(known, "double"))
    for select in selects.values():
        select.set("from_", None)  # constants now, and still one row
        select.set("where", None)
    return folded


def _neighbours(percentile: exp.PercentileCont, quantiles: list[float]) -> exp.Query:
    """Return the query of the values below and above each quantile, and of the number of rows."""
    select = percentile.parent_select
    assert select is not None
    cte = select.parent
    assert isinstance(cte, exp.CTE)
    earlier = cte.parent.expressions[: cte.parent.expressions.index(cte)] if cte.parent else []
    counted = exp.select(
        exp.alias_(percentile.this.copy(), "value"), exp.alias_(exp.Count(this=exp.Star()), "n")
    ).from_(select.args["from_"].this.copy())
    if select.args.get("where"):
        counted = counted.where(select.args["where"].this.copy())
    found = (
        exp.select("cast(max(total) as bigint) as total")
        .from_("placed")
        .with_("counted", as_=counted.group_by(percentile.this.copy()))
        .with_(
            "placed",
            as_=exp.select(
                "value", "sum(n) over (order by value) as up_to", "sum(n) over () as total"
            ).from_("counted"),
        )
    )
    for place, quantile in enumerate(quantiles):
        row = f"(total - 1) * cast('{quantile!r}' as double)"
        found = found.select(
            f"min(case when up_to > floor({row}) then value end) as lower{place}",
            f"min(case when up_to > ceil({row}) then value end) as upper{place}",
        )
    ctes = found.args["with_"]
    ctes.set("expressions", [*(before.copy() for before in earlier), *ctes.expressions])
    return found


def _between(
    local: duckdb.DuckDBPyConnection,
    quantile: float,
    lower: float | None,
    upper: float | None,
    total: int | None,
) -> float | None:
    """Return the point between two neighbours as DuckDB finds it among all values."""
    if lower is None or upper is None or total is None:
        return None
    place = (total - 1) * quantile
    rest = place - math.floor(place)
    rows = local.execute(
        f"select quantile_cont(value, cast('{rest!r}' as double)) "
        "from (select unnest($1) as value) as neighbours",
        [[float(lower), float(upper)]],
    ).fetchall()
    return float(rows[0][0])
