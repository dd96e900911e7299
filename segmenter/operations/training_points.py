"""Memory: which training point of each stored version one customer was, as far as can be known.

A point is a profile and a number of customers; who they were is nowhere stored. For the current
model the snapshot that its fit wrote still tells. For the others the customer's rows up to the fit
are added up again, which is right unless rows came late or were changed since.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
from sqlglot import exp

from segmenter.errors import SegmenterError
from segmenter.schema.connection import first_row, records
from segmenter.schema.files import LISTS, bind, literal, redirect
from segmenter.schema.names import INTERNAL, SCHEMAS
from segmenter.schema.temporary import TemporaryTables
from segmenter.settings import Settings
from segmenter.sources.source import Source
from segmenter.sources.views import view_files
from segmenter.storage.stored import stored_mapping, stored_settings, stored_source
from segmenter.training.coarsening import Grid
from segmenter.training.stage import Stage

__all__ = ["Customer", "Trace", "has_table", "source_rows", "trace"]

_KNOWN = "known"

Profile = tuple[float, int]


@dataclass(frozen=True)
class Customer:
    """One customer, as the command line names it.

    Attributes
    ----------
    text : str
    kind : str
        Type of the database's customers.
    """

    text: str
    kind: str

    @property
    def value(self) -> exp.Expr:
        """The customer as an expression of its type."""
        return exp.cast(literal(self.text), exp.DataType.build(self.kind, dialect="duckdb"))


@dataclass(frozen=True)
class Trace:
    """What is known of a customer in one version.

    Attributes
    ----------
    model_id : int
    point : tuple of float and int, or None
        Monetary and frequency of the training point that they were.
    customers : int
        How many the point stands for, they included; 0 where there is none.
    words : str
        How that is known, or why there is none.
    """

    model_id: int
    point: Profile | None
    customers: int
    words: str


def trace(con: duckdb.DuckDBPyConnection, customer: Customer) -> list[Trace]:
    """Return what is known of a customer in each stored version, oldest first."""
    versions = records(con, f"select * from {INTERNAL}.models order by model_id")
    return [_trace_in(con, customer, version) for version in versions]


def _trace_in(con: duckdb.DuckDBPyConnection, customer: Customer, version: dict[str, Any]) -> Trace:
    key = version["model_id"]
    query = f"select 1 from {INTERNAL}.model_points where model_id = $1 limit 1"
    kept = first_row(con, query, [key])
    if not kept:
        return Trace(key, None, 0, "keeps rules only and no points")
    seen = False
    for profile, basis in _profiles(con, customer, version):
        seen = True
        monetary, frequency = _point_of(profile, version["relative_step"])
        if frequency == 0:
            return Trace(key, None, 0, "learned nothing from them: they had no order")
        if _is_whale(profile, version):
            return Trace(key, None, 0, "learned nothing from them: they were a whale")
        found = first_row(
            con,
            f"select customers from {INTERNAL}.model_points "
            "where model_id = $1 and monetary = $2 and frequency = $3",
            [key, monetary, frequency],
        )
        if found:
            return Trace(key, (monetary, frequency), found[0], basis)
    if seen:
        return Trace(
            key,
            None,
            0,
            "has no point of their profile: at the fit they had another one, whose point stays, or "
            "none yet",
        )
    if "exclude" in stored_mapping(version["source"], "source"):
        return Trace(key, None, 0, "left them out, if they were excluded by its fit already")
    return Trace(
        key,
        None,
        0,
        "may have a point of theirs, which nothing tells any more: its source has no row of them",
    )


def _profiles(
    con: duckdb.DuckDBPyConnection, customer: Customer, version: dict[str, Any]
) -> Iterator[tuple[Profile, str]]:
    """Yield what the profile was at the fit, the surest way first."""
    snapshot = _in_snapshot(con, customer, version["model_id"])
    if snapshot is not None and snapshot[1]:
        yield snapshot[0], "as its fit wrote them into the snapshot"
        return
    again = _added_up_again(con, customer, version)
    if again is not None:
        yield again, "as their rows up to the fit add up today"
    if snapshot is not None:
        yield snapshot[0], "as the last refresh saw them"


def _in_snapshot(
    con: duckdb.DuckDBPyConnection, customer: Customer, model_id: int
) -> tuple[Profile, bool] | None:
    """Return the profile in the snapshot, and whether it is still as the version's fit wrote it."""
    if not has_table(con, "customer_segments_snapshot"):
        return None
    found = first_row(
        con,
        f"select monetary, frequency from {INTERNAL}.customer_segments_snapshot "
        f"where customer_id = {customer.value.sql(dialect='duckdb')}",
    )
    if not found:
        return None
    of_fit = first_row(
        con,
        f"""
        select 1
        from {INTERNAL}.snapshots inner join {INTERNAL}.models using (model_id)
        where model_id = $1 and buckets is null
            and refreshed_at - fitted_at < interval 1 minute -- a fit writes it at its end
        """,
        [model_id],
    )
    return (found[0], found[1]), bool(of_fit)


def has_table(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Tell whether our schemas have a table."""
    query = (
        "select 1 from duckdb_tables() where database_name = current_database() "
        "and list_contains($1, schema_name) and table_name = $2"
    )
    return bool(first_row(con, query, [list(SCHEMAS), name]))


def source_rows(
    con: duckdb.DuckDBPyConnection, customer: Customer, source: Source, settings: Settings
) -> int | None:
    """Count a customer's rows in the user's table, excluded or not; None where it is gone."""
    if source.was_frame or source.kind == "points":
        return 0
    try:
        with Stage(
            con, dataclasses.replace(source, exclude=None, attributes=None), settings
        ) as stage:
            if source.kind == "transactions":
                rows = "temp.main.segmenter_transactions"
            else:
                given = bind("views/customer_profile_given", stage.binding.values)
                rows = f"({given.sql(dialect='duckdb')}) as given"
            value = customer.value.sql(dialect="duckdb")
            query = f"select count(*) from {rows} where customer_id = {value}"
            return int(first_row(con, query)[0])
    except (SegmenterError, duckdb.Error):
        return None


def _added_up_again(
    con: duckdb.DuckDBPyConnection, customer: Customer, version: dict[str, Any]
) -> Profile | None:
    """Return the profile from the rows up to the fit, None where the source is gone or has none."""
    source = stored_source(version["source"])
    settings = stored_settings(version["settings"])
    if source.was_frame or source.kind == "points":
        return None
    try:
        source = _as_of_fit(con, source, settings, version["fitted_at"])
        with Stage(con, source, settings) as stage:
            return _profile(con, stage, customer, version["fitted_at"])
    except (SegmenterError, duckdb.Error):
        return None  # gone, or another one by now


def _as_of_fit(
    con: duckdb.DuckDBPyConnection, source: Source, settings: Settings, fitted_at: datetime
) -> Source:
    """Let a window that moves end where it ended at the fit."""
    if not source.window or source.as_of:
        return source
    until = dataclasses.replace(source, window=None, as_of=fitted_at)
    with Stage(con, until, settings):
        (newest,) = first_row(con, "select max(ordered_at) from temp.main.segmenter_transactions")
    return dataclasses.replace(source, as_of=newest or fitted_at)


def _profile(
    con: duckdb.DuckDBPyConnection, stage: Stage, customer: Customer, fitted_at: datetime
) -> Profile | None:
    values = {name: tree for name, tree in stage.binding.values.items() if name not in LISTS}
    known = bind(
        "queries/known_transactions",
        {
            "transactions": exp.to_table("temp.main.segmenter_transactions"),
            "customer_id": customer.value,
            "known_until": exp.cast(literal(str(fitted_at)), "timestamp"),
        },
    )
    file = view_files(stage.source, is_live=True, has_macro=False)["customer_profile"]
    with TemporaryTables(con) as tables:
        query = redirect(bind(f"views/{file}", values), {"transactions": tables.staged(_KNOWN)})
        if stage.source.kind == "transactions":
            tables.create(_KNOWN, known.sql(dialect="duckdb"), "view")
        return _only_profile(con, query, customer)


def _only_profile(
    con: duckdb.DuckDBPyConnection, query: exp.Expr, customer: Customer
) -> Profile | None:
    found = first_row(
        con,
        f"select monetary, frequency from ({query.sql(dialect='duckdb')}) as profile "
        f"where customer_id = {customer.value.sql(dialect='duckdb')}",
    )
    return (found[0], found[1]) if found else None


def _point_of(profile: Profile, relative_step: float | None) -> Profile:
    """Return the point of a profile: itself, or the middle of its cell on the version's grid."""
    monetary, frequency = profile
    if relative_step is None:
        return profile
    cents = round(monetary * 100)
    step = int(Grid(round(-np.log2(relative_step))).step(np.array([cents]))[0])
    size = abs(cents) - abs(cents) % step + step // 2
    return (-size if cents < 0 else size) / 100, frequency


def _is_whale(profile: Profile, version: dict[str, Any]) -> bool:
    cuts = (version["monetary_cut"], version["frequency_cut"])
    return any(cut is not None and value > cut for value, cut in zip(profile, cuts, strict=True))
