"""Functions whose rows are like those of a view: the customers as of a moment, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from segmenter.engines.ddl import create_table_function
from segmenter.engines.translate import port
from segmenter.model import Model
from segmenter.operations.model_constants import with_model
from segmenter.sources.source import Source
from segmenter.sources.views import view_files
from segmenter.storage.table_macros import AT, MOMENT, customers_at

__all__ = ["over_views"]


def over_views(
    model: Model, source: Source, values: Mapping[str, exp.Expr], dialect: str
) -> dict[str, str]:
    """Return the statement that creates each function, after the views: none without dates.

    Parameters
    ----------
    model : Model
    source : Source
    values : mapping of str to Expression
        What stands for each ``$placeholder``.
    dialect : str
        Only PostgreSQL has them.
    """
    if dialect != "postgres" or source.kind != "transactions" or source.date is None:
        return {}
    files = view_files(source, is_live=True, has_macro=True)
    query = port(with_model(customers_at(values, files).expression, model), dialect)
    return {AT: create_table_function(AT, MOMENT, query, "customer_segments")}
