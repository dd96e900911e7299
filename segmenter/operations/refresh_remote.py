"""Refreshing where the rows are: the snapshot of a model that was fitted in PostgreSQL.

Everybody is added up and labelled over there, by the SQL of a refresh in DuckDB; only who changed
is written. The tables are those of a database of DuckDB, in the schema ``segments_internal``, and
the views over them are in ``segments``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
from sqlglot import exp

from segmenter.engines.ddl import create_view
from segmenter.engines.inline_views import one_query
from segmenter.engines.postgres import Postgres
from segmenter.engines.script_frame import KEPT
from segmenter.engines.translate import port
from segmenter.errors import InputError, NoModelError
from segmenter.formatting import counted
from segmenter.model import Model
from segmenter.operations.export import put_function
from segmenter.operations.model_constants import with_model
from segmenter.operations.model_functions import model_body
from segmenter.operations.rollback import source_of
from segmenter.progress import Progress
from segmenter.schema.files import bind, literal, redirect
from segmenter.schema.names import HISTORY, INTERNAL, SNAPSHOT, SUMMARY_OF_SNAPSHOT
from segmenter.sources.engine import Engine, Publication
from segmenter.storage import history, snapshot, store
from segmenter.storage.comments import head_of_view
from segmenter.storage.stored import is_same_base
from segmenter.training.stage import Stage

__all__ = ["refresh_remote"]

_STATE = "snapshots"

_STAGED = ("next", "ended", "state", "reasons", "stayed")
"""Temporary tables of a refresh, after those of its stage."""

_VIEWS = {
    SNAPSHOT: "customer_segments_snapshot_merged",
    SUMMARY_OF_SNAPSHOT: "segment_summary",
    HISTORY: HISTORY,
}


def refresh_remote(con: duckdb.DuckDBPyConnection, engine: Engine, progress: Progress) -> int:
    """Bring the snapshot and its history up to date where the rows are, in one transaction.

    Parameters
    ----------
    con : DuckDBPyConnection
        The database of the model; it is only read.
    engine : Engine
        That of the fit.
    progress : Progress

    Returns
    -------
    int
        How many customers there are.

    Raises
    ------
    InputError
        The engine keeps no snapshot, or the model was fitted to anonymous points.
    BusyError
        Somebody else refreshes or publishes there.
    SegmenterError
        The source is gone, or the server refuses: what was there before stands.
    """
    model = store.load(con)
    if not isinstance(engine, Postgres):
        raise InputError(
            f"a snapshot is kept in DuckDB and in PostgreSQL, and not on {engine.name}: the views "
            "there are live. Copy segments.customer_segments over there."
        )
    if model.source.get("points") is not None:
        raise InputError(
            "this model was fitted to anonymous points, so there are no customers to refresh."
        )
    model.require_macro("to refresh over there")
    with Stage(engine, source_of(model), model.settings) as stage:
        with progress.step("Adding up all customers") as done:
            done(counted(stage.add_up(), "customer"))
        assert stage.customers is not None
        with progress.step("Writing the snapshot") as done:
            customers, written = _Refreshing(con, engine, model, stage.customers).write()
            done(f"{written:,} of {counted(customers, 'customer')} are new or changed")
    engine.commit()
    return customers


class _Refreshing:
    """A refresh of one model, in the transaction of an engine.

    Parameters
    ----------
    con : DuckDBPyConnection
    engine : Postgres
    model : Model
    customers : str
        Table with the profile of each customer.
    """

    def __init__(
        self, con: duckdb.DuckDBPyConnection, engine: Postgres, model: Model, customers: str
    ) -> None:
        self.engine = engine
        self.model = model
        self.customers = customers
        self.known = engine.begin_snapshot()
        if self.known:
            engine.check_customers(customers)
        self.before = _version(con, self.known)
        self.publication = self._publication()
        self.values = self.publication.values() | {
            "fitted_at": literal(str(model.fitted_at)),
            "next": self._staged("next"),
            "previous_customer": exp.column("customer_id", "previous"),
        }

    def write(self) -> tuple[int, int]:
        """Label everybody, write who changed and what ended; tell of how many customers."""
        file = "published_labels" if self.known else "first_labels"
        chain = {
            **snapshot.views_over("customers_classified", self.customers),
            "next": bind(f"queries/{file}", self.values),
        }
        self._stage("next", self._labels(chain, self.model))
        customers = self.engine.rows(_from(self._staged("next"), "count(*) as n"))[0]["n"]
        if self.known:
            self._find_reasons()
        written = self._merge()
        self.engine.replace_views(self._views(), KEPT)
        for name in _STAGED:
            self.engine.drop(name, "table")
        return int(customers), written

    def _merge(self) -> int:
        run = self.engine.execute
        if not self.known:
            run(bind("tables/customer_segments_snapshot_merged", self.values))
        newest = _from(self._staged("next"), "max(last_order_at)").subquery()
        ended = bind("queries/ended_intervals", {**self.values, "newest_order": newest})
        self._stage("ended", ended)
        self._stage("state", bind("queries/merged_state", self.values))
        if not self.known:
            for table, staged in ((HISTORY, "ended"), (_STATE, "state")):
                run(_create(table, _from(self._staged(staged), "*").where(exp.false())))
        run(_insert(HISTORY, self._staged("ended")))
        run(_delete_who_left(self._staged("next")))
        written = run(bind("queries/merge_snapshot", self.values))
        run(exp.Delete(this=exp.table_(_STATE, db=INTERNAL)))
        run(_insert(_STATE, self._staged("state")))
        return written

    def _find_reasons(self) -> None:
        """Say why customers changed, as `segmenter.storage.history` does."""
        if self.before is None or not self.publication.is_same_source:
            return  # 'refit', as the labels say: the version before is not known any more, or read
            # the table otherwise, so that its profiles cannot be compared with those of now
        self._stage("reasons", bind("queries/reasons_of_change", self.values))
        self._say("changed_by = reasons.changed_by", "reasons")
        if self._is_refit():
            newest = _from(self._staged("next"), "max(last_order_at)").subquery()
            values = {**self.values, "newest_order": newest}
            chain = {
                "customer_profile": bind("queries/changed_profiles", values),
                "customers_classified": bind("views/customers_classified", values),
                "customer_segments": bind("views/customer_segments", values),
                "stayed": bind("queries/labels_of_version", values),
            }
            self._stage("stayed", self._labels(chain, self.before))
            self._say("changed_by = 'refit'", "stayed")

    def _is_refit(self) -> bool:
        assert self.before is not None
        return self.before.model_id != self.model.model_id

    def _say(self, assignment: str, staged: str) -> None:
        """Set a column of the next snapshot for customers of another table."""
        update = exp.Update(
            this=exp.alias_(self._staged("next"), "upcoming", table=True),
            expressions=[exp.maybe_parse(assignment, dialect="duckdb")],
            from_=exp.From(this=exp.alias_(self._staged(staged), staged, table=True)),
            where=exp.Where(
                this=exp.column("customer_id", "upcoming").eq(exp.column("customer_id", staged))
            ),
        )
        self.engine.execute(update)

    def _publication(self) -> history.Publication:
        now = datetime.now(UTC).replace(tzinfo=None)
        newest = self.known.get("refreshed_at")
        assert self.model.model_id is not None
        return history.Publication(
            at=now if newest is None else max(now, newest + timedelta(microseconds=1)),
            event="refresh",
            model_id=self.model.model_id,
            before=self.known.get("model_id"),
            is_first=not self.known,
            is_same_source=not self.known
            or (self.before is not None and is_same_base(self.before.source, self.model.source)),
            source=self.model.source,
        )

    def _labels(self, chain: dict[str, exp.Expr], model: Model) -> exp.Expr:
        query = with_model(one_query(chain, self.customers), model)
        put_function(query, model_body(model))
        return query

    def _views(self) -> Publication:
        views = {name: bind(f"views/{file}", self.values) for name, file in _VIEWS.items()}
        summary = views[SUMMARY_OF_SNAPSHOT]
        redirect(summary, {"customer_segments": f"{INTERNAL}.{SNAPSHOT}"})
        with_model(summary, self.model)
        ported = {name: port(query, self.engine.dialect) for name, query in views.items()}
        return Publication(
            before=[],
            functions={},
            views=ported,
            statements=[create_view(n, q, self.engine.dialect) for n, q in ported.items()],
            comments={name: head_of_view(file) for name, file in _VIEWS.items()},
        )

    def _staged(self, name: str) -> exp.Table:
        return exp.to_table(self.engine.staged(name), dialect="duckdb")

    def _stage(self, name: str, query: exp.Expr) -> None:
        self.engine.create(name, query, "table")


def _version(con: duckdb.DuckDBPyConnection, known: Mapping[str, Any]) -> Model | None:
    """Return the version that a snapshot is of; None where this file does not have it."""
    if not known:
        return None
    try:
        found = store.load(con, known["model_id"])
    except NoModelError:
        return None
    return found if found.fitted_at == known["fitted_at"] and found.has_macro else None


def _from(table: exp.Expr, column: str) -> exp.Select:
    return exp.select(column).from_(table)


def _create(table: str, query: exp.Query) -> exp.Expr:
    return exp.Create(this=exp.table_(table, db=INTERNAL), kind="TABLE", expression=query)


def _insert(table: str, rows: exp.Table) -> exp.Expr:
    return exp.Insert(this=exp.table_(table, db=INTERNAL), expression=_from(rows, "*"))


def _delete_who_left(upcoming: exp.Table) -> exp.Expr:
    of_them = _from(exp.alias_(upcoming, "upcoming", table=True), "1").where(
        exp.column("customer_id", "upcoming").eq(exp.column("customer_id", "known"))
    )
    return exp.Delete(
        this=exp.alias_(exp.table_(SNAPSHOT, db=INTERNAL), "known", table=True),
        where=exp.Where(this=exp.not_(exp.Exists(this=of_them))),
    )
