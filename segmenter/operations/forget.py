"""Forgetting: one customer out of all that the schema ``segments`` stores.

Their rows leave every table that names customers; they leave the training points of each version as
far as can be known which point they were. The user's own table is only read: what the live views
show of it, they go on to show.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
from sqlglot import exp

from segmenter.errors import SegmenterError, first_line
from segmenter.formatting import counted
from segmenter.operations.training_points import Customer, Trace, has_table, source_rows, trace
from segmenter.progress import Progress, Silent
from segmenter.schema.connection import first_row
from segmenter.schema.files import qualified
from segmenter.schema.names import HISTORY, INTERNAL, SCHEMA, SCHEMAS, SNAPSHOT
from segmenter.sources.source import Source
from segmenter.storage import history
from segmenter.storage.current import current_model
from segmenter.storage.publish import updating
from segmenter.workplace.place import Place

__all__ = ["Forgetting", "Removal", "forget"]


@dataclass(frozen=True)
class Removal:
    """What is done in one place.

    Attributes
    ----------
    place : str
        A table, a version of the model, or the user's own table.
    removed : int
        Rows, or customers of a point.
    words : str
    """

    place: str
    removed: int
    words: str


class Forgetting:
    """The forgetting of one customer.

    `prepare` only reads, so that the database may be open read-only; `store` writes.

    Parameters
    ----------
    con : DuckDBPyConnection
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def prepare(self, text: str) -> list[Removal]:
        """Find out what is stored of a customer.

        Parameters
        ----------
        text : str
            Their id as text; it counts as a value of the customer column's type.

        Raises
        ------
        SegmenterError
            There is no model or it is of anonymous points, or nobody knows such a customer.
        """
        self._model_id, source, settings = current_model(self.con)
        self._customer = Customer(text, self._type_of_customers(source))
        self._condition = f"customer_id = {self._customer.value.sql(dialect='duckdb')}"
        self._check_text()
        self._stored = {
            f"{table.db}.{table.name}": count
            for table, condition in self._tables()
            if (count := self._count(table, condition))
        }
        in_snapshot = any(table.endswith(f".{SNAPSHOT}") for table in self._stored)
        there = source_rows(self.con, self._customer, source, settings)
        shown = self._shown_rows(source)
        if not self._stored and not there:
            raise SegmenterError(
                f"this database has no customer {text}: neither the snapshot nor "
                f"{source.relation} has them. Nothing was changed."
            )
        is_new = bool(shown) and not in_snapshot and has_table(self.con, SNAPSHOT)
        self._traces = [] if is_new else trace(self.con, self._customer)
        return [
            *(_of_table(table, count) for table, count in self._stored.items()),
            *([_of_nobody()] if is_new else map(_of_version, self._traces)),
            _of_source(str(source.relation), there, shown),
        ]

    def store(self) -> None:
        """Do what `prepare` has found, in one transaction."""
        with updating(self.con, while_current=self._model_id, again="Forget"):
            tables = self._tables()  # a migration may have moved them
            theirs = {table.name: rows for table, rows in tables if self._count(table, rows)}
            history.forget(self.con, theirs)
            for table, rows in tables:
                self.con.execute(f"delete from {table.sql(dialect='duckdb')} where {rows}")
            if has_table(self.con, SNAPSHOT):
                self._drop_check_sum()
                self.con.execute(
                    f"update {INTERNAL}.snapshots "
                    f"set customers = (select count(*) from {INTERNAL}.{SNAPSHOT})"
                )
            for found in self._traces:
                if found.point is not None:
                    self._leave_point(found)

    def _drop_check_sum(self) -> None:
        """Drop the sum that their rows are in; the next refresh adds its customers up again."""
        self.con.execute(
            f"""
            delete from {INTERNAL}.snapshot_buckets
            where bucket = (
                select hash({self._customer.value.sql(dialect="duckdb")}) % buckets
                from {INTERNAL}.snapshots
            )
            """
        )

    def _leave_point(self, found: Trace) -> None:
        assert found.point is not None
        where = "model_id = $1 and monetary = $2 and frequency = $3"
        words = (
            f"delete from {INTERNAL}.model_points where {where}"
            if found.customers == 1
            else f"update {INTERNAL}.model_points set customers = customers - 1 where {where}"
        )
        self.con.execute(words, [found.model_id, *found.point])

    def _tables(self) -> list[tuple[exp.Table, str]]:
        """Return the tables of our schemas that name customers, each with the condition of them.

        One whose ids are of another type, from another base before, is asked for the same text.
        """
        value = self._customer.value.sql(dialect="duckdb")
        as_text = f"cast(customer_id as varchar) = cast({value} as varchar)"
        rows = self.con.execute(
            """
            select columns.schema_name, columns.table_name, columns.data_type
            from duckdb_columns() as columns
            inner join duckdb_tables() as tables using (table_oid, database_name, schema_name)
            where columns.database_name = current_database()
                and list_contains($1, columns.schema_name)
                and columns.column_name = 'customer_id'
            order by columns.schema_name, columns.table_name
            """,
            [list(SCHEMAS)],
        ).fetchall()
        return [
            (
                exp.table_(table, db=schema, quoted=True),
                self._condition if kind == self._customer.kind else as_text,
            )
            for schema, table, kind in rows
        ]

    def _type_of_customers(self, source: Source) -> str:
        if source.kind == "points":
            if has_table(self.con, HISTORY) and (kind := _past_customers(self.con)):
                return kind
            raise SegmenterError(
                "this model was fitted to anonymous points, so no customer is stored. A point may "
                "be one person all the same: fit with forget_points = True to keep rules only."
            )
        relation = SNAPSHOT if has_table(self.con, SNAPSHOT) else "customer_profile"
        try:
            described = self.con.execute(f"describe {SCHEMA}.{relation}").fetchall()
        except duckdb.Error as error:
            raise SegmenterError(f"{source.relation} cannot be read: {first_line(error)}") from None
        return next(str(row[1]) for row in described if row[0] == "customer_id")

    def _check_text(self) -> None:
        value = self._customer.value.sql(dialect="duckdb")
        try:
            self.con.execute(f"select {value}").fetchall()
        except duckdb.ConversionException:
            raise SegmenterError(
                f"{self._customer.text!r} is no customer of this database: they are "
                f"{self._customer.kind}."
            ) from None

    def _shown_rows(self, source: Source) -> int:
        """Count the customer's rows in the live view, which leaves out who is excluded."""
        view = "transactions" if source.kind == "transactions" else "customer_profile"
        try:
            return 0 if source.is_stored else self._count(qualified(view), self._condition)
        except duckdb.Error:
            return 0

    def _count(self, relation: str | exp.Table, condition: str) -> int:
        name = relation if isinstance(relation, str) else relation.sql(dialect="duckdb")
        return int(first_row(self.con, f"select count(*) from {name} where {condition}")[0])


def forget(place: Place, customer: object, *, progress: Progress | None = None) -> list[Removal]:
    """Remove a customer from all that is stored: the snapshot and the models' training points.

    Parameters
    ----------
    place : Place
        The database with the models. The user's own table is only read.
    customer : object
        Their id; as text it counts as a value of the customer column's type.
    progress : Progress, optional

    Returns
    -------
    list of Removal
        What was removed where, and how it is known.

    Raises
    ------
    InputError
        The model is of anonymous points.
    SegmenterError
        Nobody knows such a customer.
    """
    listener = progress or Silent()
    forgetting = Forgetting(place.con)
    with listener.step("Looking for what is stored") as done:
        steps = forgetting.prepare(str(customer))
        done(f"customer {customer}")
    with place.writing(f"customer {customer} is forgotten"):
        forgetting.store()
    return steps


def _past_customers(con: duckdb.DuckDBPyConnection) -> str:
    """Return the type of the ids in the history, empty where it has none."""
    query = f"select typeof(customer_id) from {INTERNAL}.{HISTORY} limit 1"
    found = first_row(con, query)
    return str(found[0]) if found else ""


def _of_table(table: str, count: int) -> Removal:
    rows = counted(count, "row")
    return Removal(table, count, f"{rows} removed")


def _of_version(found: Trace) -> Removal:
    place = f"model {found.model_id}"
    if found.point is None:
        return Removal(place, 0, found.words)
    monetary, frequency = found.point
    point = f"the point of {monetary:,.2f} in {counted(frequency, 'order')}"
    left = found.customers - 1
    done = f"removed {point}" if not left else f"one customer fewer at {point}, {left:,} left"
    return Removal(place, 1, f"{done} ({found.words})")


def _of_nobody() -> Removal:
    return Removal(
        "models",
        0,
        "left as they are: the live views show them and the snapshot does not, so that they came "
        "after the last refresh or were forgotten before",
    )


def _of_source(relation: str, there: int | None, shown: int) -> Removal:
    if there is None:
        return Removal(relation, 0, "cannot be read now, so whether it has rows of them is unknown")
    if not there:
        return Removal(relation, 0, "has no rows of them that count")
    rows = counted(there, "row")
    if not shown:
        return Removal(
            relation, 0, f"still has {rows} of them, which no view shows: they are excluded"
        )
    return Removal(
        relation,
        0,
        f"still has {rows} of them: the live views show them, and the next refresh or fit brings "
        "them back, unless the rows are deleted there or the customer is excluded (exclude)",
    )
