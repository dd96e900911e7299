"""What stands around the statements of a script: what to know, and all of them or none."""

from __future__ import annotations

from collections.abc import Collection

from segmenter.schema.names import SCHEMA

__all__ = ["BY_RULES", "COLUMNS", "KEPT", "SCRIPT", "begin", "comments", "commit", "lock_view"]

COLUMNS = {
    "transactions": ("customer_id", "amount"),
    "customer_profile": ("customer_id", "monetary", "frequency"),
    "customer_segments": ("customer_id", "segment", "segment_rank"),
    "segment_summary": ("segment", "customers"),
    "segment_rules": ("segment", "frequency_from", "monetary_below"),
    "segment_lines": ("level", "higher_segments", "threshold"),
    "customer_upgrades": ("customer_id", "frequency_needed", "median_order"),
    "drift_bins": ("metric", "bin", "stability_index"),
    "drift": ("metric", "value", "is_drifted"),
}
"""Columns that tell our views from somebody else's, each after those that it reads."""

SCRIPT = tuple(COLUMNS)
"""The views of a script."""

KEPT = {
    "customer_segments_snapshot": ("customer_id", "segment", "days_since_last_order"),
    "segment_summary_snapshot": ("segment", "customers"),
    "customer_segments_history": ("customer_id", "valid_from", "changed_by"),
}
"""Views over the tables that a refresh keeps in PostgreSQL, with the columns that tell them."""

BY_RULES = [
    "Expressions of the table's columns are translated by rules only: no row was compared with",
    "DuckDB, as a fit on Spark or in PostgreSQL compares them.",
]
"""What to know of a script with expressions."""

_BEGIN = {
    "duckdb": "BEGIN TRANSACTION",
    "postgres": "BEGIN",
    "redshift": "BEGIN",
    "sqlite": "BEGIN IMMEDIATE",
}
"""How a transaction begins, where it takes in statements that create objects."""

_POSTGRES = {
    "client_encoding": "'UTF8'",
    "standard_conforming_strings": "on",
    "transform_null_equals": "off",
    "intervalstyle": "'postgres'",
    "lock_timeout": "'500ms'",  # before PostgreSQL looks for deadlocks, and may end a reader
}
"""Settings of a transaction that the meaning of a script depends on, or its readers."""

_MYSQL = [
    "SET NAMES utf8mb4",
    "SET @segmenter_sql_mode = @@SESSION.sql_mode",
    "SET SESSION sql_mode = 'TRADITIONAL'",
]
"""What a script is written for; its last statement gives the mode back."""

_ALL_OR_NOTHING = [
    "It is one transaction: after an error nothing of it is there, and the model before goes on."
]

_ONE_BY_ONE = [
    "There is no transaction around these statements here. After an error run the whole script",
    "again until it ends without one: until then some objects are still those of before.",
]

_OTHER_COLUMNS = [
    "A view cannot be replaced by one with other columns or types. If the database says so, put",
    "drop view if exists",
    *(f"{SCHEMA}.{name}{',' if name != SCRIPT[0] else ';'}" for name in reversed(SCRIPT)),
    "before CREATE SCHEMA, and before COMMIT the grants on these views, which go with them.",
]

_ADVICE = {
    "bigquery": ["Create the dataset in your table's location first if that is not the default."],
    "duckdb": [
        "Run it in another file than the model's own, which has all of this already.",
        "It is one transaction. After an error end it with ROLLBACK, and the model before goes on;",
        "a shell must stop there (duckdb -bail), for DuckDB 1.5 would commit the rest.",
    ],
    "mysql": [
        "For MySQL 8 and MariaDB. The views hold the model; the function, which is slower, comes",
        "last, for your own queries, and needs the right to create routines.",
        "A value that is no number or no time where one is due ends a query: BIGINT out of range.",
    ],
    "postgres": [
        *_ALL_OR_NOTHING,
        "psql -v ON_ERROR_STOP=1 says so in its exit code. Who reads the views goes first: if that",
        "takes long, the script ends with a lock timeout; run it again.",
        _OTHER_COLUMNS[0],
        f"drop function if exists {SCHEMA}.customer_segments_at(timestamp);",
        *_OTHER_COLUMNS[1:],
    ],
    "redshift": [*_ALL_OR_NOTHING, *_OTHER_COLUMNS],
    "sqlite": [
        *_ALL_OR_NOTHING,
        "Run it with sqlite3 -bail. There are no schemas and no functions here, so that views are",
        f"called {SCHEMA}_customer_profile and so on, in the table's own file, and hold the model.",
        "A value that is no number or no time where one is due ends a query: integer overflow.",
    ],
    "trino": [
        *_ONE_BY_ONE,
        "The views need no function. It comes last, for your own queries, and needs a catalog",
        "that keeps functions (hive, memory): the table's, or sql.default-function-catalog.",
    ],
}
"""What else whoever runs a script should know."""


def comments(dialect: str) -> list[str]:
    """Return what to know before a script is run, line by line."""
    lines = list(_ADVICE.get(dialect, ()))
    return lines if dialect in _BEGIN or dialect == "trino" else [*_ONE_BY_ONE, *lines]


def begin(dialect: str, views: Collection[str]) -> list[str]:
    """Return the statements before those of a model: a transaction, and what it depends on.

    Parameters
    ----------
    dialect : str
    views : collection of str
        What the script creates.
    """
    if dialect == "mysql":
        return [";\n".join(_MYSQL)]
    if dialect not in _BEGIN:
        return []
    statements = [_BEGIN[dialect]]
    if dialect == "postgres":
        statements += [f"SET LOCAL {name} = {value}" for name, value in _POSTGRES.items()]
        statements += [lock_view(name) for name in reversed(SCRIPT) if name in views]
    return [";\n".join(statements)]


def lock_view(name: str) -> str:
    """Return PostgreSQL's statement that locks a view of ours, if there is one, and no more.

    Taken in the order of those who read, from the last view to the first, these locks make nobody
    wait for somebody who waits for him. ``LOCK TABLE`` would lock the user's table as well.
    """
    column, *_ = {**COLUMNS, **KEPT}[name]
    return f"ALTER VIEW IF EXISTS {SCHEMA}.{name} ALTER COLUMN {column} DROP DEFAULT"


def commit(dialect: str) -> list[str]:
    """Return the statements after those of a model."""
    if dialect == "mysql":
        return ["SET SESSION sql_mode = @segmenter_sql_mode"]
    return ["COMMIT"] if dialect in _BEGIN else []
