"""Refreshing: the snapshot brought up to date, by adding up only the customers who changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
from sqlglot import exp

from segmenter.engines.duckdb import Embedded
from segmenter.errors import InputError, SegmenterError, reason
from segmenter.formatting import counted
from segmenter.operations.refresh_remote import refresh_remote
from segmenter.progress import Progress, Silent, tell
from segmenter.schema.connection import first_row
from segmenter.schema.files import literal
from segmenter.schema.names import INTERNAL, SCHEMA, has_macro
from segmenter.schema.temporary import TemporaryTables
from segmenter.settings import Settings
from segmenter.sources.binding import Binding, bind_source
from segmenter.sources.engine import Engine
from segmenter.sources.views import view_files
from segmenter.storage import snapshot
from segmenter.storage.comments import comment_attributes, comment_snapshot
from segmenter.storage.current import current_model, engine_of_current
from segmenter.storage.publish import updating
from segmenter.workplace.place import Place

__all__ = ["Changes", "Refresh", "refresh"]

MANY = 0.5
"""With a larger share of changed buckets, adding up everybody is the shorter way."""

CUSTOMERS_A_BUCKET = 8
MIN_BUCKETS, MAX_BUCKETS = 2**10, 2**22

_QUOTE = re.compile(r"\bquote\"? = '")
"""The option of the CSV reader in the text of a view."""


@dataclass(frozen=True)
class Changes:
    """What a refresh found.

    Attributes
    ----------
    is_full : bool
        Whether every customer was added up again.
    added_up : int
        Customers who were.
    customers : int
        All customers of the snapshot.
    """

    is_full: bool
    added_up: int
    customers: int


class Refresh(TemporaryTables):
    """Temporary tables of a refresh on one connection; use it in a ``with`` statement.

    `prepare` only reads, so that the database may be open read-only; `store` writes.

    Parameters
    ----------
    con : DuckDBPyConnection

    Examples
    --------
    >>> import duckdb
    >>> from segmenter import Source, fit
    >>> con = duckdb.connect()
    >>> _ = con.execute("create table sales as select i % 50 as customer, 1.0 * i as amount "
    ...                 "from range(500) as t(i)")
    >>> _ = fit(con, Source(transactions="sales", customer="customer", amount="amount"))
    >>> _ = con.execute("insert into sales values (7, 5000)")
    >>> with Refresh(con) as refresh:
    ...     changes = refresh.prepare()
    ...     refresh.store()
    >>> changes.added_up
    50
    >>> con.close()
    """

    prefix = "refresh_"

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        super().__init__(con)
        self._buckets: int | None = None

    def prepare(self, *, full: bool = False, progress: Progress | None = None) -> Changes:
        """Find out what has changed since the last refresh, and how it is now.

        Parameters
        ----------
        full : bool, default False
            Add up every customer, whatever the check sums say.
        progress : Progress, optional

        Raises
        ------
        SegmenterError
            There is no model, or its source is anonymous, gone or no longer what it was.
        """
        listener = progress or Silent()
        self._model_id, self._source, settings = current_model(self.con)
        _refuse_sources_without_customers(self._source)
        if self._source.is_read_again:
            return self._read_again(settings, listener)
        binding = bind_source(Embedded(self.con), self._source, settings)
        if not binding.is_live:
            raise SegmenterError(
                f"in this session {binding.relation} is a temporary table, not the one that the "
                "model was fitted to. Drop or rename the temporary one, then refresh."
            )
        _refuse_other_ids(self.con, binding)
        with _read_as_at_the_fit(binding):
            return self._add_up(binding, full=full, listener=listener)

    def _add_up(self, binding: Binding, *, full: bool, listener: Progress) -> Changes:
        """Add up everybody, or those in whose rows something has changed."""
        self.values = dict(binding.values)
        self._files = view_files(self._source, is_live=True, has_macro=has_macro(self.con))
        known = snapshot.state(self.con)
        if self._source.kind == "profile":
            return self._add_up_all(listener)
        is_known = known.get("model_id") == self._model_id and known["buckets"] is not None
        self._buckets = known["buckets"] if is_known else self._choose_buckets()
        self.values["buckets"] = literal(self._buckets)
        self._check_sums(listener)
        if full or not is_known or self._changed_share() > MANY:
            return self._add_up_all(listener)
        return self._add_up_changed(listener)

    def store(self) -> None:
        """Write the result of `prepare` into the database, in one transaction."""
        with updating(self.con, while_current=self._model_id, again="Refresh"):
            snapshot.create(self.con, self._files, self.staged("profile"), "refresh")
            comment_snapshot(self.con, self._files)
            comment_attributes(self.con, self._source.attributes or ())
            self.con.execute(f"delete from {INTERNAL}.snapshot_buckets")
            if self._buckets is not None:
                self.con.execute(
                    f"insert into {INTERNAL}.snapshot_buckets by name from {self.staged('buckets')}"
                )
            snapshot.note(self.con, self._buckets)

    def _choose_buckets(self) -> int:
        (customers,) = first_row(
            self.con, f"select customers from {INTERNAL}.models where is_current"
        )
        wanted = 1 << (customers // CUSTOMERS_A_BUCKET).bit_length()
        return int(min(max(wanted, MIN_BUCKETS), MAX_BUCKETS))

    def _check_sums(self, progress: Progress) -> None:
        """Scan before anything is added up: what comes later is then seen by the next refresh."""
        with progress.step("Checking the transactions") as done:
            self.create_from("buckets", "queries/snapshot_buckets")
            query = f"select coalesce(sum(source_rows), 0) from {self.staged('buckets')}"
            done(f"{counted(int(first_row(self.con, query)[0]), 'row')} with a customer")

    def _read_again(self, settings: Settings, progress: Progress) -> Changes:
        """Add up all customers of what views cannot read."""
        from segmenter.training.data_checks import count_losses
        from segmenter.training.stage import Stage

        is_known = has_macro(self.con)
        self._files = view_files(self._source, is_live=False, has_macro=is_known)
        with Stage(self.con, self._source, settings) as stage:
            with progress.step(f"Reading {stage.binding.relation}") as done:
                done(counted(stage.add_up(), "customer"))
            count_losses(stage)
            tell(progress, stage.binding.notes)
            self.create("profile", f"from {stage.customers}")
        customers = self.count("profile")
        self._changes = Changes(is_full=True, added_up=customers, customers=customers)
        return self._changes

    def _changed_share(self) -> float:
        assert self._buckets is not None
        self.create_from(
            "changed", "queries/changed_buckets", current_buckets=self.staged("buckets")
        )
        return self.count("changed") / self._buckets

    def _add_up_all(self, progress: Progress) -> Changes:
        with progress.step("Adding up all customers") as done:
            self.create_from("profile", f"views/{self._files['customer_profile']}")
            customers = self.count("profile")
            self._changes = Changes(is_full=True, added_up=customers, customers=customers)
            done(counted(customers, "customer"))
        return self._changes

    def _add_up_changed(self, progress: Progress) -> Changes:
        changed = self.staged("changed")
        with progress.step("Adding up customers with changes") as done:
            self.create_from(
                "transactions", "queries/changed_transactions", "view", changed_buckets=changed
            )
            self.create_from(
                "changed_profile",
                f"views/{self._files['customer_profile']}",
                redirected={"transactions": self.staged("transactions")},
            )
            self.create_from(
                "profile",
                "queries/refreshed_profile",
                changed_buckets=changed,
                changed_profile=self.staged("changed_profile"),
            )
            self._changes = Changes(
                is_full=False,
                added_up=self.count("changed_profile"),
                customers=self.count("profile"),
            )
            done(f"{self._changes.added_up:,} of {counted(self._changes.customers, 'customer')}")
        return self._changes


def refresh(
    place: Place,
    *,
    full: bool = False,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> Changes:
    """Bring the snapshot up to date after new transactions, under the rules as they are.

    Parameters
    ----------
    place : Place
        The database with the model.
    full : bool, default False
        Add up every customer, whatever the check sums say; in PostgreSQL that is always so.
    engine : Engine, optional
        That of the fit; DuckDB when absent. The snapshot is where the rows are.
    progress : Progress, optional

    Returns
    -------
    Changes

    Raises
    ------
    InputError
        The model's source is anonymous or gone.
    BusyError
        Another model was published meanwhile.
    """
    listener = progress or Silent()
    of_fit = engine_of_current(place.con)
    if of_fit != (engine.dialect if engine else "duckdb"):
        raise InputError(
            f"this model was fitted on {of_fit}, where its customers are. Give a session or "
            "connection of it."
        )
    if engine is not None and engine.dialect != "duckdb":
        customers = refresh_remote(place.con, engine, listener)
        return Changes(is_full=True, added_up=customers, customers=customers)
    with Refresh(place.con) as refreshing:
        changes = refreshing.prepare(full=full, progress=listener)
        with (
            listener.step("Writing the snapshot") as done,
            place.writing("the snapshot is up to date"),
        ):
            refreshing.store()
            done(counted(changes.customers, "customer"))
    return changes


@contextmanager
def _read_as_at_the_fit(binding: Binding) -> Iterator[None]:
    """Say what the views, whose types are those of the fit, cannot read of a file any more."""
    try:
        yield
    except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
        raise InputError(
            f"{binding.relation} cannot be read any more as at the fit: {reason(error)} Mend it, "
            "or fit again."
        ) from None


def _refuse_other_ids(con: duckdb.DuckDBPyConnection, binding: Binding) -> None:
    """Refuse a file with ids that the views, whose types are those of the fit, would change."""
    if binding.file is None or not binding.is_guessed:
        return
    views = (
        "select sql from duckdb_views() where database_name = current_database() "
        "and schema_name in ($1, $2)"
    )
    stored = "".join(sql for (sql,) in con.execute(views, [SCHEMA, INTERNAL]).fetchall())
    if binding.file.has_late_quotes and not _QUOTE.search(stored):
        raise InputError(
            f"values of {binding.relation} are in quotes now, which none was at the fit, so that "
            "the views read the quotes as part of them. Fit again."
        )
    for role, view, column in (
        ("customer", f"{SCHEMA}.customer_profile", "customer_id"),
        ("order", f"{INTERNAL}.transactions", "order_id"),
    ):
        if role not in binding.types:
            continue
        query = exp.select(column).from_(view)
        (known,) = Embedded(con).types(query).values()
        now = binding.types[role]
        if known != now and known != "VARCHAR":
            why = "".join(f" {note.message}" for note in binding.notes)
            raise InputError(
                f"{role} of {binding.relation} was {known} at the fit and is {now} now: as {known} "
                f"some would become others. Fit again.{why}"
            )


def _refuse_sources_without_customers(source: Any) -> None:
    if source.kind == "points":
        raise SegmenterError(
            "this model was fitted to anonymous points, so there are no customers to refresh. "
            "segments.segment_summary is live."
        )
    if source.was_frame:
        raise SegmenterError(
            "this model was fitted to a data frame that ended with its session, so nothing new can "
            "be read. Fit again with the frame of today, or load it into a table and fit that."
        )
