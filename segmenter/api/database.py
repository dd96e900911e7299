"""A database with its verbs, as an object: ``segmenter.open("shop.duckdb")``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from contextlib import closing, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from segmenter.api import pictures
from segmenter.api.home import ConnectionHome, FileHome
from segmenter.api.listener import listener
from segmenter.errors import InputError
from segmenter.model import Model
from segmenter.operations import classify as classifying
from segmenter.operations.classify import Explanation
from segmenter.operations.compare import Comparison, compare
from segmenter.operations.customers import customers
from segmenter.operations.drift import Drift, drift
from segmenter.operations.export import What, export
from segmenter.operations.forget import forget
from segmenter.operations.label import Labels, label
from segmenter.operations.models import models, prune
from segmenter.operations.moves import Moves, customer_moves, moves
from segmenter.operations.refresh import Changes, refresh
from segmenter.operations.rollback import rollback
from segmenter.operations.segments import rules, segments
from segmenter.operations.table import Table
from segmenter.schema.connection import check_connection
from segmenter.settings import MAX_CHANGE, SafetyNet, Settings
from segmenter.sources.source import Source
from segmenter.storage import store
from segmenter.workplace.opening import Access

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import ArrayLike, NDArray

    from segmenter.operations.backtest import BacktestResult
    from segmenter.operations.fit import FitResult
    from segmenter.operations.quality import Quality
    from segmenter.report.build import Report

__all__ = ["Database", "open_database"]


def open_database(
    database: str | os.PathLike[str] | duckdb.DuckDBPyConnection,
    *,
    read_only: bool = False,
    wait: float | None = None,
    allow: str | Sequence[str] = (),
    memory_limit: str | None = None,
    threads: int | None = None,
) -> Database:
    """Open a DuckDB file, or a connection to one, with every verb as a method.

    Parameters
    ----------
    database : str, path or DuckDBPyConnection
        A file is open only while a method works, and for writing only while its result is stored:
        others can read it meanwhile. It is made by the first fit when it does not exist.
    read_only : bool, default False
        Refuse what would store something.
    wait : float, optional
        Of a file: seconds to wait while another program has it open, before the work and again
        before a result is stored. By default not before the work, and ten seconds before storing.
    allow : str or sequence of str, optional
        Of a file: what its views may read besides the models' own data and what is below its
        folder: files, folders, URLs, or 'all' for a database that you trust.
    memory_limit, threads : optional
        Of a file: what the engine may use, such as ``'2GB'`` and 4.

    Returns
    -------
    Database

    Raises
    ------
    InputError
        It is neither a path nor a connection, or a parameter of files came with a connection.

    Examples
    --------
    >>> import duckdb, segmenter
    >>> con = duckdb.connect()
    >>> _ = con.execute("create table sales as select i % 50 as customer, 1.0 * i as amount "
    ...                 "from range(500) as t(i)")
    >>> db = segmenter.open(con)
    >>> sales = segmenter.Source.from_transactions("sales", customer="customer", amount="amount")
    >>> db.fit(sales).is_published
    True
    >>> db.classify(4000, 10)
    'Elite'
    >>> con.close()
    """
    how = Access(
        wait,
        (allow,) if isinstance(allow, str) else tuple(allow),
        memory_limit,
        threads,
        warn=warnings.warn,
    )
    if isinstance(database, str | os.PathLike):
        return Database(FileHome(database, how, read_only=read_only))
    check_connection(database, "open")
    if (wait, how.allow, memory_limit, threads) != (None, (), None, None):
        raise InputError(
            "wait, allow, memory_limit and threads are for a file that is opened here. Set them on "
            "the connection itself."
        )
    return Database(ConnectionHome(database, read_only=read_only))


class Database:
    """A database with models, every verb a method. `segmenter.open` makes it.

    Methods that find no model raise `NoModelError`; bad input `InputError`; a file that another
    program has open `BusyError`. All are `SegmenterError`; Ctrl-C is `Interrupted`. Tables are read
    whole and outlive the database; they have ``to_pandas()`` and ``to_arrow()``.
    """

    def __init__(self, home: FileHome | ConnectionHome) -> None:
        self._home = home

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Be done with it: a file is not open between calls, a connection is its owner's."""

    def __repr__(self) -> str:
        return f"Database({self._home.name!r})"

    def fit(
        self,
        source: Source,
        settings: Settings | None = None,
        *,
        max_change: float = MAX_CHANGE,
        publish: bool = False,
        replace: bool = False,
        session: Any = None,
    ) -> FitResult:
        """Find segments in a table of sales and publish them in the schema ``segments``.

        Parameters
        ----------
        source : Source
            The table is only read.
        settings : Settings, optional
        max_change : float, default 0.1
            Over an existing model: when the refit alone would move a larger share of the
            customers, the version is stored but not published, with a `UserWarning`.
        publish : bool, default False
            Publish, however many customers move.
        replace : bool, default False
            Fit over the model of another source or condition, which is refused otherwise.
        session : SparkSession or psycopg.Connection, optional
            Where the rows are, when they are not in DuckDB. They stay there, and function and
            views are published there too.

        Raises
        ------
        InputError
            Bad input. The database is as it was before.
        """
        from segmenter.operations.fit import fit_into, unpublished
        from segmenter.training.warm_up import warm_up

        net = SafetyNet(max_change, publish, replace)
        reads = source.files if session is None else []
        with self._home.working(reads, needs_model=False) as place, _engine(session) as engine:
            result = fit_into(
                place, engine, source, settings, net, listener(), before_training=warm_up
            )
        if not result.is_published:
            warnings.warn(unpublished(result, net), stacklevel=2)
        return result

    def segments(self, *, snapshot: bool = False) -> Table:
        """Return the segments, highest first: customers, revenue, means.

        Parameters
        ----------
        snapshot : bool, default False
            As of the last fit or refresh: nothing is added up.
        """
        with self._home.reading() as con:
            return segments(con, snapshot=snapshot).drawn_by(pictures.segments)

    def rules(self) -> Table:
        """Return the rules: which spend and how many orders lead where."""
        with self._home.reading() as con:
            return rules(con)

    def customers(
        self,
        *,
        segment: str | None = None,
        lifecycle: str | None = None,
        upgrades: bool = False,
        order_by: str | None = None,
        limit: int | None = None,
        snapshot: bool = False,
    ) -> Table:
        """Return customers with their segment.

        Parameters
        ----------
        segment : str, optional
            Only customers of this segment.
        lifecycle : {'new', 'active', 'lapsing', 'lapsed'}, optional
            Only customers at this point of their life.
        upgrades : bool, default False
            What leads each to a segment of higher value.
        order_by : str, optional
            A column: largest first, but what is needed for an upgrade smallest first. By default
            monetary, or the money that is needed.
        limit : int, optional
            At most so many; everybody when absent.
        snapshot : bool, default False
            As of the last fit or refresh: nothing is added up.
        """
        with self._home.reading() as con:
            return customers(
                con,
                segment=segment,
                lifecycle=lifecycle,
                upgrades=upgrades,
                order_by=order_by,
                limit=limit,
                snapshot=snapshot,
            ).table()

    def classify(
        self, monetary: ArrayLike, frequency: ArrayLike
    ) -> str | NDArray[np.object_] | None:
        """Return the segment of one profile, or of each of many.

        Parameters
        ----------
        monetary, frequency : float or array-like, shape (n,)
            NaN or infinity gives None.

        Returns
        -------
        str or None, or ndarray of them, shape (n,)
        """
        with self._home.reading() as con:
            found = classifying.classify(con, monetary, frequency)
        return found[0] if np.ndim(monetary) == np.ndim(frequency) == 0 else found

    def explain(
        self,
        monetary: float | None = None,
        frequency: float | None = None,
        *,
        customer: object = None,
    ) -> Explanation:
        """Tell why a customer is in a segment, and the smallest changes that would change it.

        Parameters
        ----------
        monetary, frequency : float, optional
            What was spent, and in how many orders.
        customer : optional
            The id of a customer, instead of the two numbers.
        """
        with self._home.reading() as con:
            return classifying.explain(con, monetary, frequency, customer=customer)

    def models(self) -> Table:
        """Return the versions of the model, the oldest first."""
        with self._home.reading() as con:
            return models(con)

    def model(self, model_id: int | None = None) -> Model:
        """Return a version of the model as an object, the current one by default."""
        with self._home.reading() as con:
            return store.load(con, model_id)

    def compare(self, model_a: int, model_b: int) -> Comparison:
        """Compare two versions: the customers as they are now, under the rules of each."""
        with self._home.reading() as con:
            return compare(con, model_a, model_b)

    def rollback(self, model_id: int, *, session: Any = None) -> Model:
        """Make an earlier version of the model the current one again.

        Parameters
        ----------
        model_id : int
        session : SparkSession or psycopg.Connection, optional
            Of a version that was fitted there.
        """
        with self._home.working() as place, _engine(session) as engine:
            return rollback(place, model_id, engine=engine, progress=listener())

    def prune(self, keep: int) -> tuple[int, ...]:
        """Delete all versions but the newest `keep` and the current one; return those gone."""
        with self._home.working() as place:
            return prune(place, keep)

    def refresh(self, *, full: bool = False) -> Changes:
        """Bring the snapshot up to date after new transactions, under the rules as they are.

        Parameters
        ----------
        full : bool, default False
            Add up every customer, whatever the check sums say.
        """
        with self._home.working() as place:
            return refresh(place, full=full, progress=listener())

    def forget(self, customer: object) -> Table:
        """Remove a customer from all that is stored; return what was removed where."""
        with self._home.working() as place:
            steps = forget(place, customer, progress=listener())
        return Table.of([vars(step) for step in steps])

    def quality(self, model_id: int | None = None) -> Quality:
        """Measure how good the segments are, beside a flat clustering into as many."""
        from segmenter.operations.quality import quality

        with self._home.working() as place:
            found = quality(place, model_id, progress=listener())
        found.table.drawn_by(pictures.quality)
        return found

    def drift(self) -> Drift:
        """Tell whether the customers are still like those that the model learned from."""
        with self._home.reading() as con:
            found = drift(con)
        found.table.drawn_by(pictures.drift)
        return found

    def moves(self, start: object, end: object = None) -> Moves:
        """Count who changed segment between two moments.

        Parameters
        ----------
        start, end : str, date or datetime
            A date means to its end. Without an end it is the newest transaction.
        """
        with self._home.reading() as con:
            found = moves(con, start, end)
        found.table.drawn_by(pictures.moves)
        return found

    def customer_moves(
        self, start: object, end: object = None, *, limit: int | None = None
    ) -> Table:
        """Return who changed segment between two moments, the largest change of money first."""
        with self._home.reading() as con:
            return customer_moves(con, start, end, limit=limit).table()

    def backtest(self, as_of: object, until: object = None) -> BacktestResult:
        """Fit what was known at the end of a day, and measure what came after it.

        Parameters
        ----------
        as_of : str, date or datetime
            The last moment that is known; a date to its end.
        until : str, date or datetime, optional
            The last moment that is measured; the newest transaction when absent.
        """
        from segmenter.operations.backtest import backtest

        with self._home.working() as place:
            found = backtest(place, as_of, until, progress=listener())
        found.table.drawn_by(pictures.backtest)
        return found

    def label(
        self,
        given: str | os.PathLike[str] | Source,
        output: str | os.PathLike[str],
        *,
        monetary: str | None = None,
        frequency: str | None = None,
        overwrite: bool = False,
        overwrite_column: bool = False,
    ) -> Labels:
        """Label a file: all its rows and columns, with ``segment`` and ``segment_rank``.

        Parameters
        ----------
        given : str, path or Source
            A Parquet or CSV file or glob of profiles; or a source of transactions in such files,
            which are added up: one row a customer.
        output : str or path
            The Parquet or CSV file to write.
        monetary, frequency : str, optional
            Of profiles: columns or expressions; by default columns of these names.
        overwrite : bool, default False
            Replace an existing output.
        overwrite_column : bool, default False
            Of profiles: replace columns ``segment`` and ``segment_rank`` of the input.
        """
        with self._home.reading(confined=False) as con:
            return label(
                con,
                given,
                output,
                monetary=monetary,
                frequency=frequency,
                overwrite=overwrite,
                overwrite_column=overwrite_column,
                progress=listener(),
                prepare=lambda path, draft: self._home.confine(con, [path], str(draft)),
            )

    def export(self, dialect: str, *, what: What = "all", table: str | None = None) -> str:
        """Return a SQL script that runs the current model in another warehouse.

        Parameters
        ----------
        dialect : str
            duckdb, postgres, spark, databricks, snowflake, bigquery, redshift or trino.
        what : {'all', 'points'}, default 'all'
            'points' gives one query instead, which computes the anonymous training points there.
        table : str, optional
            The table as it is called there.
        """
        return export(self.model(), dialect, what=what, table=table)

    def report(
        self,
        output: str | os.PathLike[str] | None = None,
        *,
        png: str | os.PathLike[str] | None = None,
        since: object = None,
        snapshot: bool = False,
        with_customers: bool = False,
        overwrite: bool = False,
    ) -> Report:
        """Make the report: one page that opens offline. Needs ``duckdb-segmenter[report]``.

        Parameters
        ----------
        output : str or path, optional
            The HTML file to write; a notebook shows the page without it.
        png : str or path, optional
            A folder for each chart as a PNG file.
        since : str, date or datetime, optional
            Moves are counted from then; by default from three months before the end.
        snapshot : bool, default False
            Read what the last fit or refresh added up instead of adding up now.
        with_customers : bool, default False
            Also name customers.
        overwrite : bool, default False
            Replace files that are there already.
        """
        from segmenter.report import vega

        vega.require()

        from segmenter.report.write import report

        self._home.refuse_as_output(output)
        with self._home.reading() as con:
            return report(
                con,
                output,
                png=png,
                since=since,
                snapshot=snapshot,
                with_customers=with_customers,
                overwrite=overwrite,
                progress=listener(),
            )


def _engine(session: Any) -> Any:
    """Return a context with the engine of a session, or with None: DuckDB itself."""
    if session is None:
        return nullcontext(None)
    from segmenter.operations.fit import engine_of

    return closing(engine_of(session))
