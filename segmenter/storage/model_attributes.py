"""The attributes of a model's customers at the fit, as a table, for drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from segmenter.model import Model
from segmenter.schema.connection import first_row
from segmenter.schema.files import bind, literal
from segmenter.schema.names import INTERNAL
from segmenter.sources.attributes import attribute_values

if TYPE_CHECKING:
    import duckdb

__all__ = ["save_attributes"]


def save_attributes(con: duckdb.DuckDBPyConnection, model: Model, customers: str | None) -> None:
    """Note how many customers have each value of the attributes, for drift.

    Parameters
    ----------
    con : DuckDBPyConnection
    model : Model
        As it was stored.
    customers : str or None
        Table with the profile of each customer.
    """
    attributes = model.source.get("attributes")
    if not attributes or customers is None:
        return
    if not first_row(con, f"select 1 from {customers} limit 1"):
        return
    values = attribute_values(attributes) | {
        "customers": exp.to_table(customers, dialect="duckdb"),
        "model_id": literal(model.model_id),
    }
    query = bind("queries/attribute_values", values).sql(dialect="duckdb")
    con.execute(f"insert into {INTERNAL}.model_attributes by name {query}")
