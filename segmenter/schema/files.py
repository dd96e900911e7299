"""The SQL objects: their names, their order, and how a file of ``sql/`` becomes a statement.

Files are read from the package, parsed by sqlglot, and their ``$placeholders`` are replaced by
parsed expressions and quoted identifiers; nothing is pasted into a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from segmenter.schema.names import INTERNAL, SCHEMA, SCHEMAS

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = [
    "LISTS",
    "MACROS",
    "MODEL_VIEWS",
    "QUALITY",
    "STEPS",
    "TABLES",
    "TABLE_MACROS",
    "VIEWS",
    "bind",
    "create_view",
    "has_file",
    "literal",
    "newest_order",
    "qualified",
    "query_text",
    "read",
    "redirect",
]

TABLES = (
    "models",
    "model_segments",
    "model_points",
    "model_splits",
    "model_rules",
    "model_bins",
    "model_attributes",
    "model_quality",
    "snapshots",
    "snapshot_buckets",
    "backtest",
    "backtest_lifecycle",
    "customer_segments_history",
    "publishing_log",
    "published_segments",
)
"""The tables of the models; that of the snapshot has the columns of its view, and three more."""

TABLE_MACROS = (
    "customer_segments_at",
    "segment_moves",
    "customer_moves",
    "compare_models",
    "compare_rules",
    "customer_changes",
)
"""The table macros of the schema, each after those that it reads."""

MACROS = ("is_held_out",)
"""The functions of the schema that are the same for every model."""

LISTS = frozenset(
    (
        "attributes",
        "source_attributes",
        "ordered_attributes",
        "dated_attributes",
        "latest_attributes",
        "attribute_values",
        "differing_attributes",
        "counted_attributes",
        "attribute_pairs",
    )
)
"""The ``$placeholders`` that stand for any number of columns: none where no value is given."""

MODEL_VIEWS = (
    "segment_rules",
    "segment_lines",
    "models",
    "current_model",
    "model_quality",
    "backtest",
    "publishing_log",
    "segment_history",
    "whales",
)
"""The views that are the same for every source: what is stored, and `whales`, a name of before."""

QUALITY = "data_quality"
"""The view that says what is wrong with the rows, in sentences."""

VIEWS = (
    "transactions",
    "customer_profile",
    "profile_cut",
    "profile_points",
    "customers_classified",
    "customer_segments",
    "customer_upgrades",
    "segment_lifecycle",
    "next_actions",
    "segment_summary",
    "segment_attributes",
    "drift_bins",
    "drift",
    "attribute_drift",
    "identity_counts",
    "data_quality_totals",
    "data_quality_counts",
    QUALITY,
)
"""Every live view, each after those that it reads."""

STEPS = frozenset(
    (
        "transactions",
        "profile_cut",
        "profile_points",
        "customers_classified",
        "drift_bins",
        "identity_counts",
        "data_quality_totals",
        "data_quality_counts",
    )
)
"""Those of them that are steps on the way to what people use."""


def qualified(view: str) -> str:
    """Return the full name of a view."""
    return f"{INTERNAL if view in STEPS else SCHEMA}.{view}"


def has_file(path: str) -> bool:
    """Tell whether there is a SQL file."""
    return (files("segmenter.sql") / f"{path}.sql").is_file()


@cache
def read(path: str) -> str:
    """Return the text of a SQL file, for example ``read("views/transactions")``."""
    return (files("segmenter.sql") / f"{path}.sql").read_text(encoding="utf-8")


def bind(path: str, values: Mapping[str, exp.Expr], *, copy: bool = True) -> exp.Expr:
    """Parse a SQL file and put expressions in the place of its ``$placeholders``.

    Parameters
    ----------
    path : str
    values : mapping of str to Expression
    copy : bool, default True
        Leave the values as they are. Large ones that stand in one place can be spent instead.
    """
    from sqlglot import exp

    tree = _parsed(path).copy()
    for placeholder in list(tree.find_all(exp.Placeholder)):
        if placeholder.name in LISTS:
            _spread(placeholder, values.get(placeholder.name))
            continue
        value = values[placeholder.name].copy() if copy else values[placeholder.name]
        parent = placeholder.parent
        if isinstance(parent, exp.Table) and isinstance(value, exp.Table):
            parent.set("this", value.this)
            parent.set("db", value.args.get("db"))
            parent.set("catalog", value.args.get("catalog"))
        else:
            placeholder.replace(value)
    return tree


def _spread(placeholder: exp.Expr, columns: exp.Expr | None) -> None:
    """Put the members of a tuple in the place of a placeholder, among its neighbours."""
    parent, key = placeholder.parent, placeholder.arg_key
    assert parent is not None
    assert key is not None
    spread: list[exp.Expr] = []
    for each in parent.args[key]:
        if each is not placeholder:
            spread.append(each)
        elif columns is not None:
            spread.extend(column.copy() for column in columns.expressions)
    parent.set(key, spread)


@cache
def _parsed(path: str) -> exp.Expr:
    """Return a file's tree, of which copies are made: without comments and places in the text."""
    import sqlglot

    tree = sqlglot.parse_one(read(path), dialect="duckdb")
    for node in tree.walk():
        node.pop_comments()
        if node.meta_get("line") is not None:
            node.meta.clear()
    return tree


def newest_order(values: Mapping[str, exp.Expr], *, added_up: bool) -> exp.Expr:
    """Return the time of the newest order as a subquery.

    Parameters
    ----------
    values : mapping of str to Expression
    added_up : bool
        Whether it is read from profiles; otherwise from the transactions, which spares a query
        about a few customers from adding up all of them.
    """
    from sqlglot import exp

    return exp.Subquery(
        this=bind(f"queries/newest_order{'_of_profiles' if added_up else ''}", values)
    )


def redirect(tree: exp.Expr, tables: Mapping[str, str]) -> exp.Expr:
    """Read other tables, given by their full names, in the place of objects of our schemas."""
    from sqlglot import exp

    for table in tree.find_all(exp.Table):
        if table.db in SCHEMAS and table.name in tables:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            other = exp.to_table(tables[table.name], dialect="duckdb")
            for part in ("this", "db", "catalog"):
                table.set(part, other.args.get(part))
    return tree


def query_text(path: str, values: Mapping[str, exp.Expr]) -> str:
    """Return the query of a SQL file: the file itself where it has nothing to be bound."""
    text = read(path)
    if "$" not in text:
        return text
    wanted = (name for name in _placeholders(path) if name in values or name not in LISTS)
    return _bound_text(path, tuple((name, values[name]) for name in wanted))


@cache
def _placeholders(path: str) -> tuple[str, ...]:
    from sqlglot import exp

    return tuple(sorted({found.name for found in _parsed(path).find_all(exp.Placeholder)}))


@lru_cache(maxsize=256)
def _bound_text(path: str, values: tuple[tuple[str, exp.Expr], ...]) -> str:
    """Bind and write a file; a session that fits the same source again has it at hand."""
    return bind(path, dict(values)).sql(dialect="duckdb", copy=False)


def create_view(name: str, query: str) -> str:
    """Return the statement that creates a view in its schema."""
    return f"create or replace view {qualified(name)} as\n{query}"


def literal(value: str | float | bool | None) -> exp.Expr:
    """Return a value as a SQL literal."""
    from sqlglot import exp

    return exp.convert(value)
