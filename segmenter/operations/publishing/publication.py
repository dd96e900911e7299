"""A publication: what people read of a database, as tables in a file of its own.

The views are asked in one transaction, so that all of them are of one moment. Those over customers
are asked over the customers that were copied before them: transactions are added up once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from segmenter.errors import SegmenterError, first_line
from segmenter.model import Model
from segmenter.schema.connection import first_row, records
from segmenter.schema.files import MODEL_VIEWS, STEPS, VIEWS, bind, read, redirect
from segmenter.schema.names import (
    HISTORY,
    LAYOUT_VERSION,
    PUBLICATION,
    SCHEMA,
    SNAPSHOT,
    STORAGE,
    SUMMARY,
    SUMMARY_OF_SNAPSHOT,
    stored_layout,
)
from segmenter.sources.attributes import attribute_values
from segmenter.storage import store
from segmenter.storage.comments import comment_attributes, comment_publication
from segmenter.storage.functions import create_functions
from segmenter.version import __version__
from segmenter.workplace.opening import MANNERS, checkpoint_draft

__all__ = [
    "OBJECTS",
    "Publication",
    "comment_on",
    "described",
    "relations",
    "view_queries",
    "write_draft",
]

_CUSTOMERS = "customer_segments"

_OVER_CUSTOMERS = (
    *("customer_upgrades", "segment_lifecycle", "next_actions", SUMMARY, "segment_attributes"),
)
"""Views that read nothing of the source but its customers."""

_AS_VIEWS = ("customer_profile",)
"""Objects whose columns another one has."""

_GONE = "whales"
"""A name of before, whose view says what is in its place."""

OBJECTS = frozenset((*MODEL_VIEWS, *VIEWS, SNAPSHOT, SUMMARY_OF_SNAPSHOT, HISTORY, PUBLICATION))
"""What any publication may have."""

_BLOCK = 16384
"""Bytes of a block, the fewest that there may be: most tables have a few rows."""

_DRAFT = "segmenter_draft"


@dataclass(frozen=True)
class Publication:
    """What was published.

    Attributes
    ----------
    model_id : int
    fitted_at, published_at : datetime
        UTC.
    customers : int or None
        None where the model was fitted to anonymous points.
    rows : mapping of str to int
        The rows of each object of the schema ``segments``.
    size : int
        Bytes of a DuckDB file that holds all of it.
    model : Model
    """

    model_id: int
    fitted_at: datetime
    published_at: datetime
    customers: int | None
    rows: Mapping[str, int]
    size: int
    model: Model = field(repr=False)


def write_draft(con: duckdb.DuckDBPyConnection, draft: Path, path: Path) -> Publication:
    """Copy what people read into a new file.

    Parameters
    ----------
    con : DuckDBPyConnection
        Its database has a model; it is only read.
    draft : Path
        The new file, which the connection may write.
    path : Path
        What it becomes, for messages.

    Raises
    ------
    SegmenterError
        The database is of an older layout, or the disk is full.
    """
    if stored_layout(con) != LAYOUT_VERSION:
        raise SegmenterError(
            "the model was stored by an earlier version of Segmenter. Bring the database up to "
            "date first, with a refresh or a fit; then publish."
        )
    model = store.load(con)
    attributes = attribute_values(model.source.get("attributes"))
    (here,) = first_row(con, "select current_database()")
    with closing(con.cursor()) as cursor:
        cursor.execute(f"{MANNERS}; use {_quoted(here)}")
        views = _views(cursor)
        comments = _comments(cursor)
        with _attached(cursor, draft):
            cursor.execute("begin transaction")
            with _rolled_back(cursor):
                cursor.execute(f"create schema {_DRAFT}.{SCHEMA}")
                _copy(cursor, views, attributes)
                cursor.execute("commit")
            checkpoint_draft(cursor, path, _DRAFT)
    with closing(duckdb.connect(str(draft))) as made:
        made.execute(MANNERS)
        for name in _AS_VIEWS:
            if name in views and _CUSTOMERS in views:
                made.execute(bind(f"published/{name}", attributes).sql(dialect="duckdb"))
        create_functions(made, model)
        made.execute(read(f"published/{PUBLICATION}"))
        newest = f"(select max(last_order_at) from {SCHEMA}.{_CUSTOMERS})"
        count = f"(select count(*) from {SCHEMA}.{_CUSTOMERS})"
        made.execute(
            f"insert into {SCHEMA}.{PUBLICATION} by name select $1 as model_id, $2 as fitted_at, "
            f"$3 as published_at, {count if _CUSTOMERS in views else 'null'} as customers, "
            f"{newest if _CUSTOMERS in views else 'null'} as newest_order_at, "
            "$4 as segmenter_version, $5 as layout_version",
            [
                model.model_id,
                model.fitted_at,
                datetime.now(UTC).replace(tzinfo=None, microsecond=0),
                __version__,
                LAYOUT_VERSION,
            ],
        )
        comment_publication(made, comments)
        comment_attributes(made, model.source.get("attributes") or ())
        (row,) = records(made, f"select * from {SCHEMA}.{PUBLICATION}")
        rows = {
            name: int(first_row(made, f"select count(*) from {SCHEMA}.{name}")[0])
            for name, _ in relations(made)
        }
        checkpoint_draft(made, path)
    return Publication(
        row["model_id"],
        row["fitted_at"],
        row["published_at"],
        row["customers"],
        rows,
        draft.stat().st_size,
        model,
    )


def relations(con: duckdb.DuckDBPyConnection) -> list[tuple[str, bool]]:
    """Return the names of a publication's tables and views, and whether each is a view."""
    return con.execute(
        """
        select table_name, false as is_view from duckdb_tables()
        where schema_name = $1 and database_name = current_database()
        union all
        select view_name, true from duckdb_views()
        where schema_name = $1 and database_name = current_database()
        order by is_view, table_name
        """,
        [SCHEMA],
    ).fetchall()


def described(con: duckdb.DuckDBPyConnection, database: str) -> list[tuple[str, str, bool]]:
    """Return what a publication has that is attached: names, comments, whether it is a view."""
    return con.execute(
        "select table_name, coalesce(comment, ''), false from duckdb_tables() "
        "where database_name = $1 and schema_name = $2 "
        "union all select view_name, coalesce(comment, ''), true from duckdb_views() "
        "where database_name = $1 and schema_name = $2",
        [database, SCHEMA],
    ).fetchall()


def comment_on(con: duckdb.DuckDBPyConnection, kind: str, name: str, text: str) -> None:
    """Comment on what was published."""
    literal = exp.Literal.string(text).sql(dialect="duckdb")
    con.execute(f"comment on {kind} {name} is {literal}")


def view_queries(con: duckdb.DuckDBPyConnection, database: str) -> dict[str, exp.Expr]:
    """Return what each view of a publication reads, which is attached under this name."""
    found = con.execute(
        "select view_name, sql from duckdb_views() where database_name = $1 and schema_name = $2",
        [database, SCHEMA],
    ).fetchall()
    return {name: sqlglot.parse_one(text, dialect="duckdb").expression for name, text in found}


def _views(con: duckdb.DuckDBPyConnection) -> dict[str, bool]:
    """Return the views that people read, in an order of dependence; whether they have customers."""
    found = con.execute(
        """
        select views.view_name, bool_or(columns.column_name = 'customer_id')
        from duckdb_views() as views
        inner join duckdb_columns() as columns
            on views.view_oid = columns.table_oid and views.database_oid = columns.database_oid
        where views.database_name = current_database() and views.schema_name = $1
        group by views.view_name
        """,
        [SCHEMA],
    ).fetchall()
    there = dict(found)
    ours = (*MODEL_VIEWS, *VIEWS, SNAPSHOT, SUMMARY_OF_SNAPSHOT, HISTORY)
    return {
        name: there[name]
        for name in dict.fromkeys(ours)
        if name in there and name not in STEPS and name != _GONE
    }


def _copy(
    con: duckdb.DuckDBPyConnection,
    views: Mapping[str, bool],
    attributes: Mapping[str, exp.Expr],
) -> None:
    """Copy each view as a table, in the caller's transaction."""
    done: dict[str, str] = {}
    for name, has_customers in views.items():
        if name in _AS_VIEWS and _CUSTOMERS in views:
            continue
        query: exp.Expr = exp.select("*").from_(exp.table_(name, db=SCHEMA))
        if name in _OVER_CUSTOMERS and _CUSTOMERS in done:
            query = redirect(bind(f"views/{name}", attributes), done)
        if has_customers:
            assert isinstance(query, exp.Query)
            order = ("customer_id", "valid_from") if name == HISTORY else ("customer_id",)
            query = exp.select("*").from_(query.subquery(name)).order_by(*order)
        done[name] = f"{_DRAFT}.{SCHEMA}.{name}"
        con.execute(f"create table {done[name]} as {query.sql(dialect='duckdb', copy=False)}")


def _comments(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return what the catalogue says of the views."""
    query = (
        "select view_name, comment from duckdb_views() where schema_name = $1 "
        "and database_name = current_database() and comment is not null"
    )
    return dict(con.execute(query, [SCHEMA]).fetchall())


@contextmanager
def _attached(con: duckdb.DuckDBPyConnection, draft: Path) -> Iterator[None]:
    file = exp.Literal.string(str(draft)).sql(dialect="duckdb")
    options = f"storage_version '{STORAGE}', block_size {_BLOCK}"
    try:
        con.execute(f"attach {file} as {_DRAFT} ({options})")
    except duckdb.Error as error:
        raise SegmenterError(
            f"the connection cannot write another file: {first_line(error)} Open the database "
            "by its path instead: segmenter.open('shop.duckdb')."
        ) from None
    try:
        yield
    finally:
        with suppress(duckdb.Error):  # a fatal error leaves nothing that could be detached
            con.execute(f"detach {_DRAFT}")


@contextmanager
def _rolled_back(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # the engine may have rolled back by itself
            con.execute("rollback")
        raise


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
