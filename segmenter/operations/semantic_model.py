"""A semantic model: what the columns mean and how they add up, for tools that ask in words.

It is a document of the Open Semantic Interchange (now Apache Ossie), version 0.1.1: data sets,
their columns with descriptions, and metrics. It names what `publish` writes and the live views
alike, and says what the comments in the catalogue say.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from segmenter.schema.connection import first_row, records
from segmenter.schema.names import SCHEMA, SUMMARY
from segmenter.sources.expressions import quoted
from segmenter.storage.added_views import has_object
from segmenter.storage.current import current_model

if TYPE_CHECKING:
    import duckdb

__all__ = ["semantic_model"]

VERSION = "0.1.1"

CUSTOMERS = "customer_segments"

_KEYS = {
    CUSTOMERS: ["customer_id"],
    SUMMARY: ["segment"],
    "segment_history": ["month", "segment"],
}
"""The data sets, and what identifies a row of each."""

_DIMENSIONS = ("VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP", "ENUM", "UUID")
"""How the types begin of columns to group by; numbers are, too, where `_RANKS` names them."""

_RANKS = ("segment_rank", "lifecycle_rank", "customer_id")

_OF_CUSTOMERS = {
    "customers": ("count({0}.customer_id)", "Number of customers."),
    "revenue": ("sum({0}.monetary)", "What these customers have spent, refunds included."),
    "orders": ("sum({0}.frequency)", "Number of their orders."),
    "mean_monetary": ("avg({0}.monetary)", "What one of them has spent on average."),
    "whales": (
        "count(case when {0}.is_whale then 1 end)",
        "Customers above a cut of monetary or frequency.",
    ),
}

_OF_SEGMENTS = {
    "customers": ("sum({0}.customers)", "Number of customers."),
    "revenue": ("sum({0}.revenue)", "What these customers have spent, refunds included."),
}
"""Where the customers are anonymous."""


def semantic_model(con: duckdb.DuckDBPyConnection) -> str:
    """Return a semantic model of the segments, as JSON.

    Parameters
    ----------
    con : DuckDBPyConnection
        Its database has a model; it is only read.

    Raises
    ------
    NoModelError
        There is none.
    """
    model_id, source, _ = current_model(con)
    known = [name for name in _KEYS if has_object(con, SCHEMA, name)]
    has_customers = CUSTOMERS in known
    (names,) = first_row(
        con, f"select string_agg(segment, ', ' order by segment_rank) from {SCHEMA}.{SUMMARY}"
    )
    attributes = set(source.attributes or ())
    of, metrics = (CUSTOMERS, _OF_CUSTOMERS) if has_customers else (SUMMARY, _OF_SEGMENTS)
    model: dict[str, Any] = {
        "name": "customer_segments",
        "description": (
            f"Customer segments by Segmenter, model {model_id}: {names}, the highest first. "
            "At-Risk means low value, not that a customer is leaving; lifecycle says that."
        ),
        "datasets": [_dataset(con, name, attributes) for name in known],
        "metrics": [
            {"name": name, "expression": _expression(text.format(of)), "description": words}
            for name, (text, words) in metrics.items()
        ],
    }
    if has_customers:
        model["relationships"] = [
            {
                "name": "segment_of_customer",
                "from": CUSTOMERS,
                "to": SUMMARY,
                "from_columns": ["segment"],
                "to_columns": ["segment"],
            }
        ]
    document = {"version": VERSION, "semantic_model": [model]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _dataset(con: duckdb.DuckDBPyConnection, name: str, attributes: set[str]) -> dict[str, Any]:
    (comment,) = first_row(
        con,
        "select comment from duckdb_views() where database_name = current_database() "
        "and schema_name = $1 and view_name = $2",
        [SCHEMA, name],
    )
    columns = records(
        con,
        "select column_name, data_type, comment from duckdb_columns() "
        "where database_name = current_database() and schema_name = $1 and table_name = $2 "
        "order by column_index",
        [SCHEMA, name],
    )
    return {
        "name": name,
        "source": f"{SCHEMA}.{name}",
        "primary_key": _KEYS[name],
        "description": " ".join((comment or "").split()),
        "fields": [_field(column, attributes) for column in columns],
    }


def _field(column: dict[str, Any], attributes: set[str]) -> dict[str, Any]:
    name, kind = column["column_name"], column["data_type"]
    field: dict[str, Any] = {"name": name, "expression": _expression(quoted(name))}
    if kind.startswith(_DIMENSIONS) or name in _RANKS or name in attributes:
        field["dimension"] = {"is_time": kind.startswith(("DATE", "TIMESTAMP"))}
    if column["comment"]:
        field["description"] = column["comment"]
    return field


def _expression(text: str) -> dict[str, Any]:
    return {"dialects": [{"dialect": "ANSI_SQL", "expression": text}]}
