"""The stage: where a fit adds up the transactions once, in temporary tables of its connection.

The queries are those of the live views, read from the same files, so that a fit and the views
cannot disagree. Nothing here outlives the ``with`` block and nothing is written to the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import duckdb
from sqlglot import exp

from segmenter.binding import FRAME, Binding, bind_source
from segmenter.catalog import QUALITY, bind, literal, redirect, view_files
from segmenter.coarsening import MAX_BITS, Grid
from segmenter.errors import SegmenterError
from segmenter.points import Points
from segmenter.query import records
from segmenter.settings import Settings
from segmenter.source import Source

__all__ = ["Cut", "Stage", "Survey"]

_PREFIX = "segmenter_"

_COUNTS = "data_quality_counts"
_COUNTED = (
    "check_name varchar, unit varchar, found bigint, total bigint, revenue double, "
    "total_revenue double, example varchar"
)


def _staged(name: str) -> str:
    return f"temp.main.{_PREFIX}{name}"


@dataclass(frozen=True)
class Survey:
    """What one scan of the transactions tells; counts are rows, revenue is in their currency."""

    source_rows: int
    rows_without_customer: int
    rows_without_amount: int
    rows_not_usable: int
    positive_rows_without_order: int
    rows_without_date: int
    revenue: float
    revenue_without_customer: float


@dataclass(frozen=True)
class Cut:
    """The one row of ``profile_cut``."""

    monetary_cut: float | None
    frequency_cut: float | None
    customers: int
    customers_without_order: int
    whales: int
    whales_by_monetary: int
    whales_by_frequency: int
    revenue: float
    whale_revenue: float
    whale_share_of_revenue: float | None


class Stage:
    """Temporary objects of a fit on one connection; use it in a ``with`` statement.

    Parameters
    ----------
    con : DuckDBPyConnection
        May be read-only.
    source : Source
    settings : Settings
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, source: Source, settings: Settings) -> None:
        self.con = con
        self.source = source
        self.settings = settings
        self._made: list[tuple[str, str]] = []

    def __enter__(self) -> Self:
        if self.source.is_frame:
            try:
                self.con.register(FRAME, self.source.relation)
            except (duckdb.Error, TypeError) as error:
                kind = type(self.source.relation).__name__
                raise SegmenterError(
                    f"a {kind} cannot be read as a table ({error}). Give a table or file name, a "
                    "pandas or Polars frame, or an Arrow table."
                ) from None
        try:
            self.binding: Binding = bind_source(self.con, self.source, self.settings)
            self._values = dict(self.binding.values)
            self._files = view_files(self.source, is_live=True, has_macro=False)
            if "transactions" in self._files:
                self._create("transactions", "view")
                self._fix_window()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop what was made."""
        while self._made:
            name, kind = self._made.pop()
            self.con.execute(f"drop {kind} if exists {_staged(name)}")
        if self.source.is_frame:
            self.con.unregister(FRAME)

    def survey(self) -> Survey:
        """Scan the transactions once."""
        return Survey(**self._row(self._sql("queries/source_survey")))

    def unusable_row(self) -> dict[str, Any]:
        """Return the first row of the source that cannot be used, empty when all can."""
        return self._row(self._sql(f"queries/unusable_{self.source.kind}"))

    def add_up(self) -> int:
        """Aggregate the transactions into the profile, once; return the number of customers."""
        self._create("customer_profile", "table")
        return self._count(f"from {_staged('customer_profile')}")

    def cut(self) -> Cut:
        """Find the whales' thresholds."""
        self._create("profile_cut", "table")
        return Cut(**self._row(f"select * from {_staged('profile_cut')}"))

    def points(self) -> tuple[Points, Grid | None]:
        """Return the training profile, and the grid that it needed to be within ``max_points``."""
        self._create("profile_points", "table")
        exact = self._count(f"from {_staged('profile_points')}")
        grid = None if exact <= self.settings.max_points else self._finest_grid()
        found = self.con.sql(self._points_query(grid)).to_arrow_table()
        columns = (found.column(name).to_numpy() for name in ("cents", "frequency", "customers"))
        return Points.group(*columns), grid

    def repeat_intervals(self) -> tuple[float | None, float | None]:
        """Return within how many days three quarters, and 95 %, of the returning customers do."""
        row = self._row(self._sql("queries/repeat_intervals"))
        return row["usual_days"], row["long_days"]

    def _finest_grid(self) -> Grid:
        """Halve the range of grids down to the finest one with few enough points."""
        fits, too_fine = -1, MAX_BITS
        while too_fine - fits > 1:
            bits = (fits + too_fine) // 2
            if self._count(f"from ({self._points_query(Grid(bits))})") <= self.settings.max_points:
                fits = bits
            else:
                too_fine = bits
        if fits < 0:
            raise SegmenterError(
                "even on the coarsest grid there are more distinct points than max_points = "
                f"{self.settings.max_points:,}. Raise max_points, or count orders instead of "
                "single lines or clicks."
            )
        return Grid(fits)

    def _points_query(self, grid: Grid | None) -> str:
        if grid is None:
            return self._sql("queries/training_points")
        return self._sql("queries/training_points_on_grid", step=grid.step_expression())

    def _count(self, rows: str) -> int:
        return int(self._row(f"select count(*) as n {rows}")["n"])

    def examples(self, limit: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return column names and a few rows of the profile, or of the points."""
        found = self.con.execute(f"select * from {_staged(self._rows)} order by 1 limit {limit}")
        return [column[0] for column in found.description or ()], found.fetchall()

    def quality(self, counts: Iterable[tuple[Any, ...]] | None = None) -> list[str]:
        """Return the words of ``data_quality`` that block or warn.

        Parameters
        ----------
        counts : iterable of tuple, optional
            Rows that stand for ``data_quality_counts``, which is computed when they are absent.
        """
        if counts is None:
            self._create(_COUNTS, "table")
        else:
            self.con.execute(f"create or replace temp table {_PREFIX}{_COUNTS} ({_COUNTED})")
            self._made.append((_COUNTS, "table"))
            marks = ", ".join("?" * 7)
            self.con.executemany(f"insert into {_staged(_COUNTS)} values ({marks})", list(counts))
        found = records(self.con, self._sql(f"views/{QUALITY}"))
        return [row["words"] for row in found if row["severity"] in ("blocks", "warns")]

    def currencies(self) -> tuple[int, str | None]:
        """Count the rows that are not in the most frequent currency, and list the currencies."""
        row = self._row(self._sql("queries/currencies"))
        return row["deviating"], row["listed"]

    def profile_rows(self) -> int:
        """Count the profiles, or the points."""
        return self._count(f"from {_staged(self._rows)}")

    def buyers(self) -> tuple[int, int]:
        """Count the customers with one order, and those with any."""
        people = "customers" if self.source.kind == "points" else "1"
        row = self._row(
            f"select coalesce(sum(case when frequency = 1 then {people} end), 0)::bigint as once, "
            f"coalesce(sum(case when frequency > 0 then {people} end), 0)::bigint as buyers "
            f"from {_staged(self._rows)}"
        )
        return row["once"], row["buyers"]

    @property
    def _rows(self) -> str:
        return "profile_points" if self.source.kind == "points" else "customer_profile"

    def profiles(self) -> exp.Expr:
        """Return a query: customer_id (NULL in points), monetary, frequency, customers with it."""
        name, key, customers = (
            ("profile_points", exp.null(), exp.column("customers"))
            if self.customers is None
            else ("customer_profile", exp.column("customer_id"), literal(1))
        )
        return (
            exp.select(
                exp.alias_(key, "customer_id"),
                exp.column("monetary"),
                exp.column("frequency"),
                exp.alias_(customers, "customers"),
            )
            .from_(_staged(name))
            .subquery()
        )

    @property
    def customers(self) -> str | None:
        """Name of the temporary table of profiles; None where points were brought."""
        return None if self.source.kind == "points" else _staged("customer_profile")

    def _fix_window(self) -> None:
        """Give a window that ends at the newest transaction its end, so that it is read once."""
        if self.source.window and not self.source.as_of:
            found = self._row(f"select max(ordered_at) as newest from {_staged('transactions')}")
            newest = literal(str(found["newest"])) if found["newest"] else exp.null()
            self._values["as_of"] = exp.cast(newest, "timestamp")
            self._create("transactions", "view")

    def _row(self, query: str) -> dict[str, Any]:
        """Return the first row of a query by column name, empty when there is none."""
        found = records(self.con, query)
        return found[0] if found else {}

    def _create(self, name: str, kind: str) -> None:
        query = self._sql(f"views/{self._files[name]}")
        self.con.execute(f"create or replace temp {kind} {_PREFIX}{name} as {query}")
        if (name, kind) not in self._made:
            self._made.append((name, kind))

    def _sql(self, path: str, **values: exp.Expr) -> str:
        """Return a file's query over the temporary objects."""
        here = {name: _staged(name) for name in self._files}
        return redirect(bind(path, self._values | values), here).sql(dialect="duckdb")
