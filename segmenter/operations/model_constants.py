"""The rows of a model as constants of a query, for where its tables are not."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

import duckdb
from sqlglot import exp

from segmenter.model import Model
from segmenter.schema.files import literal, read
from segmenter.schema.names import INTERNAL
from segmenter.storage.drift_bins import training_bins
from segmenter.storage.store import make_current, save_rules

__all__ = ["RULES_AND_LINES", "rules_and_lines", "with_model"]

RULES_AND_LINES = ("segment_rules", "segment_lines")
"""Views that read nothing but the model."""

_TABLES = ("models", "model_segments", "model_splits", "model_rules")

_TOGETHER = 200
"""Rows of one union; SQLite takes 500 at most."""


def rules_and_lines(model: Model) -> dict[str, exp.Query]:
    """Return the views of a model's rules and lines, with the rows that DuckDB gives as constants.

    Parameters
    ----------
    model : Model
        As it is: it needs no database.
    """
    with duckdb.connect() as con:
        con.execute(f"create schema {INTERNAL}")
        for table in _TABLES:
            con.execute(read(f"tables/{table}"))
        stored = save_rules(con, model)
        assert stored.model_id is not None
        make_current(con, stored.model_id)
        return {name: _constants(con, name) for name in RULES_AND_LINES}


def _constants(con: duckdb.DuckDBPyConnection, name: str) -> exp.Query:
    """Return the rows of a view as a query without a table."""
    order = "frequency_from, monetary_from" if name == "segment_rules" else "level"
    found = con.execute(f"select * from ({read(f'views/{name}')}) as rows order by {order}")
    columns = [(str(column[0]), str(column[1]).lower()) for column in found.description]
    rows = [
        {column: _value(value, kind) for (column, kind), value in zip(columns, row, strict=True)}
        for row in found.fetchall()
    ]
    if not rows:
        nothing: dict[str, exp.Expr] = {
            column: exp.cast(exp.null(), kind) for column, kind in columns
        }
        return _rows([nothing]).where(exp.false())
    for column, kind in columns:  # the first row's types are those of all
        if kind in ("bigint", "integer") and rows[0][column].is_int:
            rows[0][column] = exp.cast(rows[0][column], kind)
    parts = [_rows(rows[start : start + _TOGETHER]) for start in range(0, len(rows), _TOGETHER)]
    if len(parts) == 1:
        return parts[0]
    query: exp.Query = exp.select("*").from_("rows_1")
    for number in range(2, len(parts) + 1):
        query = query.union(exp.select("*").from_(f"rows_{number}"), distinct=False)
    for number, part in enumerate(parts, start=1):
        query = query.with_(f"rows_{number}", as_=part)
    return query


def _value(value: object, kind: str) -> exp.Expr:
    """Return a value as a constant whose type every engine knows."""
    if value is None:
        return exp.cast(exp.null(), kind)
    if isinstance(value, float):
        text = repr(value) if isfinite(value) else f"{'-' * (value < 0)}Infinity"
        return exp.cast(literal(text), "double")
    assert isinstance(value, str | int)
    return literal(value)


def with_model(tree: exp.Expr, model: Model) -> exp.Expr:
    """Put the current model's row, segments and bins as constants in the place of its tables.

    Parameters
    ----------
    tree : Expr
        With CTEs of its own; it is changed.
    model : Model
        With its points, where bins are read.
    """
    constants = {
        "models": [
            {
                "model_id": literal(1),  # whatever the version: what stays the same is left alone
                "is_current": exp.true(),
                "monetary_cut": _cut(model.monetary_cut),
                "frequency_cut": _cut(model.frequency_cut),
                "active_days": exp.cast(literal(model.active_days), "integer"),
                "lapsed_days": exp.cast(literal(model.lapsed_days), "integer"),
            }
        ],
        "model_segments": [
            {
                "model_id": literal(1),
                "segment_rank": literal(rank),
                "segment": literal(name),
            }
            for rank, name in enumerate(model.names, start=1)
        ],
    }
    if any(t.db == INTERNAL and t.name == "model_bins" for t in tree.find_all(exp.Table)):
        constants["model_bins"] = _bins(model)
    read_columns = {column.name for column in tree.find_all(exp.Column)}
    for name, rows in reversed(constants.items()):
        tables = [t for t in tree.find_all(exp.Table) if t.db == INTERNAL and t.name == name]
        for found in tables:
            found.set("db", None)
        if tables:
            used = [{key: row[key] for key in row if key in read_columns} for row in rows]
            _put_first(tree, exp.CTE(this=_rows(used), alias=exp.TableAlias(this=name)))
    return tree


def _bins(model: Model) -> list[dict[str, exp.Expr]]:
    """Return the rows of the table of bins."""
    found = training_bins(model.points, model.rules, model.names, model.whales)
    return [
        {
            "model_id": literal(1),
            "metric": literal(each.metric),
            "bin": literal(each.bin),
            "lower_edge": _value(each.lower_edge, "double"),
            "upper_edge": _value(each.upper_edge, "double"),
            "segment": _value(each.segment, "varchar"),
            "customers": exp.cast(literal(each.customers), "bigint"),
            "share_of_customers": _value(each.share_of_customers, "double"),
        }
        for each in found
    ]


def _cut(value: float | None) -> exp.Expr:
    """Return a threshold as a double, from all of its digits."""
    return exp.cast(exp.null() if value is None else literal(repr(float(value))), "double")


def _rows(rows: Iterable[dict[str, exp.Expr]]) -> exp.Query:
    """Return rows of constants as selects, one after the other."""
    selects = [
        exp.select(*(exp.alias_(value, column) for column, value in row.items())) for row in rows
    ]
    query: exp.Query = selects[0]
    for more in selects[1:]:
        query = query.union(more, distinct=False, copy=False)
    return query


def _put_first(tree: exp.Expr, cte: exp.CTE) -> None:
    ctes = tree.args["with_"]
    ctes.set("expressions", [cte, *ctes.expressions])
