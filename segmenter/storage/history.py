"""The history: what each customer was published as, and when.

The snapshot says since when, by which version and why each customer has been published with their
labels; what ends with a publication goes into ``customer_segments_history``. So a first fit writes
no history at all, a later publication only what it changes, and both can never disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import duckdb
from sqlglot import exp

from segmenter.engines.inline_views import one_query
from segmenter.schema.connection import first_row, is_lake, records
from segmenter.schema.files import bind, create_view, literal, read, redirect
from segmenter.schema.names import HISTORY, INTERNAL, SNAPSHOT
from segmenter.sources.attributes import attribute_values
from segmenter.storage.stored import is_same_base, stored_mapping

__all__ = ["Event", "Publication", "add_columns", "create_history_view", "forget", "leave", "write"]

Event = Literal["fit", "refresh", "rollback", "forget", "stored"]

_NEXT = "customer_segments_next"
"""The snapshot that is being made, until it takes the place of the one before."""

_INTEGERS = ("INT", "INTEGER")
"""How the types end of which all ids fit into one."""


@dataclass(frozen=True)
class Publication:
    """A publication that is about to be, and the one before it.

    Attributes
    ----------
    at : datetime
        Its moment in UTC, later than all before.
    event : str
    model_id : int
        The current version.
    before : int or None
        The version of the snapshot that is there; None where there is none.
    is_first : bool
        Whether the database has no other.
    is_same_source : bool
        Whether both versions read the table alike.
    source : mapping
        That of the current version.
    """

    at: datetime
    event: Event
    model_id: int
    before: int | None
    is_first: bool
    is_same_source: bool
    source: Mapping[str, Any]

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, event: Event) -> Publication:
        """Return what is published now, by the current version."""
        (newest,) = first_row(con, f"select max(published_at) from {INTERNAL}.publishing_log")
        now = datetime.now(UTC).replace(tzinfo=None)
        at = now if newest is None else max(now, newest + timedelta(microseconds=1))
        current, text = first_row(
            con, f"select model_id, source from {INTERNAL}.models where is_current"
        )
        known = first_row(
            con,
            f"select model_id, source from {INTERNAL}.snapshots "
            f"inner join {INTERNAL}.models using (model_id)",
        )
        source = stored_mapping(text, "source")
        before, is_same = None, True
        if known:
            before, is_same = known[0], is_same_base(stored_mapping(known[1], "source"), source)
        return cls(at, event, current, before, newest is None, is_same, source)

    def attribute_values(self) -> dict[str, exp.Expr]:
        """Return what stands for the attributes of the customers."""
        return attribute_values(self.source.get("attributes"))

    def values(self) -> dict[str, exp.Expr]:
        """Return what stands for the ``$placeholders`` of the queries of the history."""
        window, as_of = self.source.get("window"), self.source.get("as_of")
        return {
            "published_at": literal(self.at.isoformat(sep=" ")),
            "model_id": literal(self.model_id),
            "changed_by": literal("first" if self.is_first else "refit"),
            "counts_moves": literal(not self.is_first),
            "is_same_source": literal(self.is_same_source),
            "has_window": literal(window is not None),
            "window": exp.cast(literal(window), "interval"),
            "as_of": exp.cast(literal(as_of), "timestamp"),
            **self.attribute_values(),
        }


def write(
    con: duckdb.DuckDBPyConnection,
    publication: Publication,
    views: Mapping[str, exp.Expr],
    customers: str,
) -> None:
    """Make the next snapshot from the one before, and write down what it ends.

    Parameters
    ----------
    con : DuckDBPyConnection
        In a transaction.
    publication : Publication
    views : mapping of str to Expression
        The views up to ``customer_segments``, over the profiles.
    customers : str
        Table with the profile of each customer.
    """
    values = publication.values()
    is_new = publication.before is None
    if not is_new:
        (kind,) = first_row(con, f"select typeof(customer_id) from {customers} limit 1") or ("",)
        values["previous_customer"] = _as_type("previous", _customer_types(con)[1], kind)
    file = "queries/first_labels" if is_new else "queries/published_labels"
    query = one_query({**views, _NEXT: bind(file, values)}, customers)
    con.execute(f"create table {INTERNAL}.{_NEXT} as {query.sql(dialect='duckdb', copy=False)}")
    if not is_new:
        if publication.is_same_source:
            _find_reasons(con, publication, values)
        newest = exp.select("max(last_order_at)").from_(_next())
        _end(con, {**values, "newest_order": newest.subquery(), "next": _next()})
    _replace_snapshot(con)
    _count(con, publication, values)


def leave(con: duckdb.DuckDBPyConnection, publication: Publication) -> None:
    """End all intervals: the version that is current now knows no customers."""
    if publication.before is not None:
        nobody = exp.select("customer_id", "valid_from").from_(f"{INTERNAL}.{SNAPSHOT}").limit(0)
        values = {
            **publication.values(),
            "previous_customer": exp.column("customer_id", "previous"),
            "newest_order": exp.cast(exp.null(), "timestamp"),
            "next": nobody.subquery(),
        }
        _end(con, values)
        con.execute(f"drop table {INTERNAL}.{SNAPSHOT}")
    _note(con, publication, None)


def forget(con: duckdb.DuckDBPyConnection, conditions: Mapping[str, str]) -> None:
    """Write down that somebody is forgotten, and no word of whom, while their rows are there.

    Where they were all customers of a segment, its revenue was theirs, and goes too.

    Parameters
    ----------
    con : DuckDBPyConnection
        In a transaction.
    conditions : mapping of str to str
        Which rows are theirs, of each table that has any.
    """
    ends = {SNAPSHOT: "cast(null as timestamp)", HISTORY: "valid_to"}
    theirs = " union all ".join(
        f"select segment, valid_from, {ends[table]} as valid_to from {INTERNAL}.{table} "
        f"where {condition}"
        for table, condition in conditions.items()
        if table in ends
    )
    if not theirs:
        return
    con.execute(
        f"""
        update {INTERNAL}.published_segments set revenue = null
        from ({theirs}) as theirs
        where customers = 1 and published_segments.segment = theirs.segment
            and published_at >= valid_from and (valid_to is null or published_at < valid_to)
        """
    )
    customers = None
    if SNAPSHOT in conditions:
        (customers,) = first_row(
            con, f"select count(*) from {INTERNAL}.{SNAPSHOT} where not ({conditions[SNAPSHOT]})"
        )
    _note(con, Publication.of(con, "forget"), customers, forgotten=1)


def create_history_view(con: duckdb.DuckDBPyConnection, *, has_customers: bool) -> None:
    """Create the view of the history, of what is over alone where there are no customers."""
    file = HISTORY if has_customers else f"{HISTORY}_over"
    con.execute(create_view(HISTORY, read(f"views/{file}")))


def add_columns(con: duckdb.DuckDBPyConnection) -> None:
    """Let the snapshot of a file from before have a history, which begins with that snapshot."""
    known = records(con, f"select * from {INTERNAL}.snapshots")
    if not known:
        return
    types = _types(con)
    if (SNAPSHOT, "valid_from") in types or (SNAPSHOT, "customer_id") not in types:
        return
    (found,) = known
    publication = Publication(
        found["refreshed_at"], "stored", found["model_id"], None, True, True, {}
    )
    values = publication.values()
    query = bind("queries/first_labels", values)
    redirect(query, {"customer_segments": f"{INTERNAL}.{SNAPSHOT}"})
    con.execute(f"create table {INTERNAL}.{_NEXT} as {query.sql(dialect='duckdb')}")
    _replace_snapshot(con)
    _count(con, publication, values)


def _find_reasons(
    con: duckdb.DuckDBPyConnection, publication: Publication, values: Mapping[str, exp.Expr]
) -> None:
    """Say why customers changed: by what they did, or whom the version before had left by it."""
    reasons = bind("queries/reasons_of_change", {**values, "next": _next()})
    con.execute(
        f"update {INTERNAL}.{_NEXT} set changed_by = reasons.changed_by "
        f"from ({reasons.sql(dialect='duckdb')}) as reasons "
        f"where {_NEXT}.customer_id = reasons.customer_id"
    )
    if publication.before == publication.model_id:
        return
    newest = exp.select("max(last_order_at)").from_(_next()).subquery()
    values = {
        **values,
        "before": literal(publication.before),
        "next": _next(),
        "newest_order": newest,
    }
    files = {
        "models_with_current": "queries/models_with_current",
        "segment_rules": "views/segment_rules",
        "customer_profile": "queries/changed_profiles",
        "customers_classified": "views/customers_classified_by_rules",
        "customer_segments": "views/customer_segments",
        "stayed": "queries/labels_of_version",
    }
    views = {name: bind(file, values) for name, file in files.items()}
    for name in ("segment_rules", "customer_segments"):
        redirect(views[name], {"models": f"{INTERNAL}.models_with_current"})
    stayed = one_query(views, "").sql(dialect="duckdb", copy=False)
    con.execute(
        f"update {INTERNAL}.{_NEXT} set changed_by = 'refit' where customer_id in ({stayed})"
    )


def _replace_snapshot(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(f"drop table if exists {INTERNAL}.{SNAPSHOT}")
    con.execute(f"alter table {INTERNAL}.{_NEXT} rename to {SNAPSHOT}")
    _match_types(con)


def _end(con: duckdb.DuckDBPyConnection, values: Mapping[str, exp.Expr]) -> None:
    query = bind("queries/ended_intervals", values).sql(dialect="duckdb")
    con.execute(f"insert into {INTERNAL}.{HISTORY} by name {query}")


def _count(
    con: duckdb.DuckDBPyConnection, publication: Publication, values: Mapping[str, exp.Expr]
) -> None:
    """Write down what a publication says of each segment, and that it was."""
    query = bind(
        "queries/published_segments",
        {**values, "ended_customer": _as_type("ended_intervals", *_customer_types(con))},
    )
    con.execute(f"insert into {INTERNAL}.published_segments by name {query.sql(dialect='duckdb')}")
    (customers,) = first_row(con, f"select count(*) from {INTERNAL}.{SNAPSHOT}")
    _note(con, publication, customers)


def _note(
    con: duckdb.DuckDBPyConnection,
    publication: Publication,
    customers: int | None,
    forgotten: int = 0,
) -> None:
    con.execute(
        f"insert into {INTERNAL}.publishing_log "
        "(published_at, event, model_id, customers, forgotten) values ($1, $2, $3, $4, $5)",
        [publication.at, publication.event, publication.model_id, customers, forgotten],
    )


def _match_types(con: duckdb.DuckDBPyConnection) -> None:
    """Let what is over hold the ids of the snapshot too, as texts where they are of other types."""
    past, present = _customer_types(con)
    if past == present:
        return
    table = f"{INTERNAL}.{HISTORY}"
    if not first_row(con, f"select 1 from {table} limit 1"):
        kind = present
    elif past.endswith(_INTEGERS) and present.endswith(_INTEGERS):
        both = f"select customer_id from {table} union all select customer_id from "
        kind = con.execute(f"describe {both} {INTERNAL}.{SNAPSHOT}").fetchall()[0][1]
    else:
        kind = "VARCHAR"
    if kind == past:
        return
    if is_lake(con):  # it only widens the types of columns
        change = f"* replace (cast(customer_id as {kind}) as customer_id)"
        con.execute(f"create or replace table {table} as select {change} from {table}")
    else:
        con.execute(f"alter table {table} alter column customer_id type {kind}")


def _as_type(table: str, kind: str, wanted: str) -> exp.Expr:
    """Return a table's customers as another type: NULL where they can be none of it."""
    column = exp.column("customer_id", table)
    return (
        column
        if kind == wanted or not wanted
        else exp.TryCast(this=column, to=exp.DataType.build(wanted, dialect="duckdb"))
    )


def _types(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """Return the type of each column of history and snapshot, by table and column."""
    rows = con.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and schema_name = $1 and table_name in ($2, $3)",
        [INTERNAL, HISTORY, SNAPSHOT],
    ).fetchall()
    return {(table, column): kind for table, column, kind in rows}


def _customer_types(con: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """Return how history and snapshot hold customers, empty where there is no such table."""
    types = _types(con)
    return types.get((HISTORY, "customer_id"), ""), types.get((SNAPSHOT, "customer_id"), "")


def _next() -> exp.Table:
    return exp.table_(_NEXT, db=INTERNAL)
