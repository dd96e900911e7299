"""A database with its verbs, as an object: ``segmenter.open("shop.duckdb")``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from contextlib import closing, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from segmenter.api import pictures
from segmenter.api.home import ConnectionHome, FileHome
from segmenter.api.listener import listener
from segmenter.api.publishing import Publishing
from segmenter.api.reading import Reading
from segmenter.errors import InputError
from segmenter.model import Model
from segmenter.operations.forget import forget
from segmenter.operations.models import prune
from segmenter.operations.refresh import Changes, refresh
from segmenter.operations.rollback import rollback
from segmenter.operations.table import Table
from segmenter.schema.connection import check_connection, unwrapped
from segmenter.settings import MAX_CHANGE, SafetyNet, Settings
from segmenter.sources.source import Source
from segmenter.workplace.opening import Access

if TYPE_CHECKING:
    import duckdb

    from segmenter.operations.backtest import BacktestResult
    from segmenter.operations.fit import FitResult
    from segmenter.operations.quality import Quality

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
        others can read it meanwhile. It is made by the first fit when it does not exist. Of the
        ``session`` of a Python model of dbt-duckdb a connection of its own is used, outside of
        dbt's transaction.
    read_only : bool, default False
        Refuse what would store something.
    wait : float, optional
        Of a file: seconds to wait while another program has it open, before the work and again
        before a result is stored. By default not before the work, and ten seconds before storing.
    allow : str or sequence of str, optional
        Of a file: what its views may read besides the models' own data and what is below its
        folder: files, folders, URLs, or 'all' for a database that you trust.
    memory_limit, threads : optional
        Of a file: what the engine may use, such as ``'2GB'`` and 4; the clustering uses no more
        threads either.

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
    database = unwrapped(database)
    check_connection(database, "open")
    if (wait, how.allow, memory_limit, threads) != (None, (), None, None):
        raise InputError(
            "wait, allow, memory_limit and threads are for a file that is opened here. Set them on "
            "the connection itself."
        )
    return Database(ConnectionHome(database, read_only=read_only))


class Database(Reading, Publishing):
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
        to: str | os.PathLike[str] | None = None,
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
        to : str or path, optional
            Publish for dashboards when all went well, see `publish`.

        Raises
        ------
        InputError
            Bad input. The database is as it was before.
        """
        from segmenter.operations.fit import fit_into, unpublished

        net = SafetyNet(max_change, publish, replace)
        target = self._target(to)
        reads = source.files if session is None else []
        with (
            self._home.working(reads, attach=source.attach or {}, needs_model=False) as place,
            _engine(session) as engine,
        ):
            result = fit_into(place, engine, source, settings, net, listener())
        if not result.is_published:
            warnings.warn(unpublished(result, net), stacklevel=2)
        elif target is not None:
            self._publish(target)
        return result

    def refit(
        self,
        *,
        window: str | None = None,
        as_of: object = None,
        attributes: Sequence[str] | None = None,
        max_change: float = MAX_CHANGE,
        publish: bool = False,
        session: Any = None,
        to: str | os.PathLike[str] | None = None,
        **settings: Any,
    ) -> FitResult:
        """Find the segments anew in the current model's source, with its settings.

        Parameters
        ----------
        window, as_of : optional
            As in `Source`; as in the current model when absent.
        attributes : list of str, optional
            As in `Source`; those of the current model when absent, none when empty.
        max_change, publish, session, to : optional
            As in `fit`.
        **settings
            Those of `Settings` that are changed, such as ``levels=3``.

        Raises
        ------
        InputError
            The source is gone or no longer what it was, or a setting is wrong.
        """
        from segmenter.operations.fit import unpublished
        from segmenter.operations.refit import as_fitted, refit

        with self._home.reading() as con:
            fitted = as_fitted(con, settings, window=window, as_of=as_of, attributes=attributes)
        net = SafetyNet(max_change, publish)
        target = self._target(to)
        reads = fitted.source.files if session is None else []
        with (
            self._home.working(reads, attach=fitted.source.attach or {}) as place,
            _engine(session) as engine,
        ):
            result = refit(place, fitted, net, engine=engine, progress=listener())
        if not result.is_published:
            warnings.warn(unpublished(result, net), stacklevel=2)
        elif target is not None:
            self._publish(target)
        return result

    def rollback(
        self,
        model_id: int,
        *,
        session: Any = None,
        to: str | os.PathLike[str] | None = None,
    ) -> Model:
        """Make an earlier version of the model the current one again.

        Parameters
        ----------
        model_id : int
        session : SparkSession or psycopg.Connection, optional
            Of a version that was fitted there.
        to : str or path, optional
            Publish for dashboards when all went well, see `publish`.
        """
        target = self._target(to)
        with self._home.working() as place, _engine(session) as engine:
            model = rollback(place, model_id, engine=engine, progress=listener())
        if target is not None:
            self._publish(target)
        return model

    def prune(self, keep: int) -> tuple[int, ...]:
        """Delete all versions but the newest `keep` and the current one; return those gone."""
        with self._home.working() as place:
            return prune(place, keep)

    def refresh(
        self,
        *,
        full: bool = False,
        session: Any = None,
        to: str | os.PathLike[str] | None = None,
    ) -> Changes:
        """Bring the snapshot up to date after new transactions, under the rules as they are.

        Parameters
        ----------
        full : bool, default False
            Add up every customer, whatever the check sums say.
        session : psycopg.Connection, optional
            Of a model that was fitted there: its snapshot is over there, too.
        to : str or path, optional
            Publish for dashboards when all went well, see `publish`.
        """
        target = self._target(to)
        with self._home.working(attach=None) as place, _engine(session) as engine:
            changes = refresh(place, full=full, engine=engine, progress=listener())
        if target is not None:
            self._publish(target)
        return changes

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

    def backtest(self, as_of: object, until: object = None) -> BacktestResult:
        """Fit what was known at the end of a day, and measure what came after it.

        Parameters
        ----------
        as_of : str, date or datetime, or a list of them
            The last moment that is known; a date to its end. Several are each measured, and
            ``standings`` of the result has the spread.
        until : str, date or datetime, optional
            The last moment that is measured; the newest transaction when absent.
        """
        from segmenter.operations.backtest import backtest

        with self._home.working() as place:
            found = backtest(place, as_of, until, progress=listener())
        found.table.drawn_by(pictures.backtest)
        return found


def _engine(session: Any) -> Any:
    """Return a context with the engine of a session, or with None: DuckDB itself."""
    if session is None:
        return nullcontext(None)
    from segmenter.operations.fit import engine_of

    return closing(engine_of(session))
