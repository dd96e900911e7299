"""The rows of a model as constants of a query, for where its tables are not."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from segmenter.model import Model
from segmenter.schema.files import literal
from segmenter.schema.names import INTERNAL

__all__ = ["with_model"]


def with_model(tree: exp.Expr, model: Model) -> exp.Expr:
    """Put the current model's row and segments as constants in the place of its tables.

    Parameters
    ----------
    tree : Expr
        With CTEs of its own; it is changed.
    model : Model
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
    read_columns = {column.name for column in tree.find_all(exp.Column)}
    for name, rows in reversed(constants.items()):
        tables = [t for t in tree.find_all(exp.Table) if t.db == INTERNAL and t.name == name]
        for found in tables:
            found.set("db", None)
        if tables:
            used = [{key: row[key] for key in row if key in read_columns} for row in rows]
            _put_first(tree, exp.CTE(this=_rows(used), alias=exp.TableAlias(this=name)))
    return tree


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
        query = query.union(more, distinct=False)
    return query


def _put_first(tree: exp.Expr, cte: exp.CTE) -> None:
    ctes = tree.args["with_"]
    ctes.set("expressions", [cte, *ctes.expressions])
