"""The stage: where a fit adds up the transactions once, in temporary tables of its connection.

The queries are those of the live views, read from the same files, so that a fit and the views
cannot disagree. Nothing here outlives the ``with`` block and nothing is written to the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import duckdb
from sqlglot import exp

from segmenter.engines.duckdb import Embedded
from segmenter.engines.percentiles import settle_percentiles
from segmenter.errors import InputError
from segmenter.points import Points
from segmenter.schema.arrow import as_numpy
from segmenter.schema.connection import tidying_up
from segmenter.schema.files import bind, literal, redirect
from segmenter.settings import Settings
from segmenter.sources.binding import Binding, bind_source
from segmenter.sources.engine import Engine, Kind
from segmenter.sources.source import Source
from segmenter.sources.views import transactions_file, view_files
from segmenter.training.coarsening import MAX_BITS, Grid

__all__ = ["Cut", "Losses", "Stage", "Survey"]

_LOSING = ("condition", "customer", "amount", "order", "date")


@dataclass(frozen=True)
class Survey:
    """What one scan of the transactions tells; counts are rows, revenue is in their currency.

    Refunds count as positive in `absolute_revenue`; `rounded_off` is what rounding each amount to
    ten-thousandths changes; `rows_rounded_to_zero` have an amount of which nothing is left.
    `rows_with_placeholder` have a date that programs write for none: before 1900-01-02, or
    1970-01-01.
    """

    source_rows: int
    rows_without_customer: int
    rows_without_amount: int
    rows_not_usable: int
    positive_rows_without_order: int
    rows_with_empty_order: int
    rows_without_date: int
    first_at: datetime | None
    last_at: datetime | None
    rows_in_future: int
    newest_in_future: datetime | None
    rows_with_placeholder: int
    oldest_placeholder: datetime | None
    rows_with_money: int
    rows_rounded_to_zero: int
    revenue: float
    absolute_revenue: float
    rounded_off: float
    revenue_without_customer: float


@dataclass(frozen=True)
class Losses:
    """Rows that the source's expressions lose, see `segmenter.sources.lost_rows`.

    Attributes
    ----------
    all_rows : int
    rows_left_out : int
        Those for which the condition is false or NULL.
    source_rows : int
        Those that meet it, for which it is NULL, or that a failing ``try_cast`` in it drops.
    lost_rows : int
        Those that any expression loses.
    lost_by : dict of str to int
        Rows by parameter.
    unknown_rows : int
        Rows for which the condition is NULL because a column is.
    lost_value : str or None
        An example.
    rows_in_future : int
        Rows that are later than this time tomorrow, UTC.
    newest_in_future : datetime or None
    """

    all_rows: int
    rows_left_out: int
    source_rows: int
    lost_rows: int
    lost_by: dict[str, int]
    unknown_rows: int
    lost_value: str | None
    rows_in_future: int
    newest_in_future: datetime | None


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
    """Temporary objects of a fit on one engine; use it in a ``with`` statement.

    Parameters
    ----------
    place : DuckDBPyConnection or Engine
        A connection may be read-only.
    source : Source
    settings : Settings
    """

    def __init__(
        self, place: duckdb.DuckDBPyConnection | Engine, source: Source, settings: Settings
    ) -> None:
        self.engine: Engine = (
            Embedded(place) if isinstance(place, duckdb.DuckDBPyConnection) else place
        )
        self.con = self.engine.local
        self.source = source
        self.settings = settings
        self._made: list[tuple[str, Kind]] = []

    def __enter__(self) -> Self:
        if self.source.is_frame:
            self.engine.register(self.source.relation)
        try:
            self.binding: Binding = bind_source(self.engine, self.source, self.settings)
            self.values = dict(self.binding.values)
            self._files = view_files(self.source, is_live=True, has_macro=False)
            if "transactions" in self._files:
                self.create("transactions", "view")
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
        with tidying_up(error):
            self.close()

    def close(self) -> None:
        """Drop what was made."""
        while self._made:
            name, kind = self._made.pop()
            self.engine.drop(name, kind)
        if self.source.is_frame or self.source.is_read_again:
            self.engine.unregister()

    def survey(self) -> Survey:
        """Scan the transactions once."""
        return Survey(**self.row(self.query("queries/source_survey")))

    def losses(self) -> Losses | None:
        """Count the rows that never come to the transactions; None where there can be none."""
        values = self.binding.values
        can_lose = values["lost_value"].find(exp.Case) is not None
        if not (can_lose or "where" in values or self.source.window or self.source.as_of):
            return None
        row = self.row(self.query("queries/lost_rows"))
        by_role = {name: row.pop(f"lost_by_{name}") for name in _LOSING}
        by_role["where"] = by_role.pop("condition")
        return Losses(lost_by=by_role, **row)

    def unusable_row(self) -> dict[str, Any]:
        """Return the first row of the source that cannot be used, empty when all can."""
        return self.row(self.query(f"queries/unusable_{self.source.kind}"))

    def add_up(self) -> int:
        """Aggregate the transactions into the profile, once; return the number of customers."""
        self.create("customer_profile", "table")
        return self.count(self.staged("customer_profile"))

    def cut(self) -> Cut:
        """Find the whales' thresholds."""
        self.create("profile_cut", "table")
        return Cut(**self.row(exp.select("*").from_(self.staged("profile_cut"))))

    def points(self) -> tuple[Points, Grid | None]:
        """Return the training profile, and the grid that it needed to be within ``max_points``."""
        self.create("profile_points", "table")
        exact = self.count(self.staged("profile_points"))
        grid = None if exact <= self.settings.max_points else self._finest_grid()
        found = self.engine.arrow(self._points_query(grid))
        columns = (as_numpy(found.column(name)) for name in ("cents", "frequency", "customers"))
        return Points.group(*columns), grid

    def repeat_intervals(self) -> tuple[float | None, float | None]:
        """Return within how many days three quarters, and 95 %, of the returning customers do."""
        row = self.row(self.query("queries/repeat_intervals"))
        return row["usual_days"], row["long_days"]

    def _finest_grid(self) -> Grid:
        """Halve the range of grids down to the finest one with few enough points."""
        fits, too_fine = -1, MAX_BITS
        while too_fine - fits > 1:
            bits = (fits + too_fine) // 2
            if self.count(self._points_query(Grid(bits))) <= self.settings.max_points:
                fits = bits
            else:
                too_fine = bits
        if fits < 0:
            raise InputError(
                "even on the coarsest grid there are more distinct points than max_points = "
                f"{self.settings.max_points:,}. Raise max_points, or count orders instead of "
                "single lines or clicks."
            )
        return Grid(fits)

    def _points_query(self, grid: Grid | None) -> exp.Query:
        if grid is None:
            return self.query("queries/training_points")
        return self.query("queries/training_points_on_grid", step=grid.step_expression())

    def count(self, rows: exp.Table | exp.Query) -> int:
        """Return the number of rows of a table or query."""
        table = rows.subquery("counted") if isinstance(rows, exp.Query) else rows
        return int(self.row(exp.select("count(*) as n").from_(table))["n"])

    def examples(self, limit: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return column names and a few rows of the profile, or of the points."""
        query = exp.select("*").from_(self.staged(self.profile_view)).order_by("1").limit(limit)
        columns = list(self.engine.types(query))
        return columns, [tuple(row.values()) for row in self.engine.rows(query)]

    @property
    def profile_view(self) -> str:
        """The view with a row for each customer, or for each anonymous point."""
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
            .from_(self.staged(name))
            .subquery()
        )

    @property
    def customers(self) -> str | None:
        """Name of the temporary table of profiles; None where points were brought."""
        return None if self.source.kind == "points" else self.engine.staged("customer_profile")

    def _fix_window(self) -> None:
        """Give a window that ends at the newest transaction its end, so that it is read once."""
        if self.source.window and not self.source.as_of:
            found = self.row(
                exp.select("max(ordered_at) as newest").from_(self.staged("transactions"))
            )
            newest = literal(str(found["newest"])) if found["newest"] else exp.null()
            self.values["as_of"] = exp.cast(newest, "timestamp")
            self._files["transactions"] = transactions_file(self.source, is_fixed=True)
            self.create("transactions", "view")

    def row(self, query: exp.Expr) -> dict[str, Any]:
        """Return the first row of a query by column name, empty when there is none."""
        found = self.engine.rows(query)
        return found[0] if found else {}

    def has(self, name: str) -> bool:
        """Tell whether the source has this view."""
        return name in self._files

    def create(self, name: str, kind: Kind) -> None:
        """Make a temporary table or view of the file of a view."""
        self.engine.create(name, self.query(f"views/{self._files[name]}"), kind)
        if (name, kind) not in self._made:
            self._made.append((name, kind))

    def staged(self, name: str) -> exp.Table:
        """Return a temporary object as a table of a query."""
        return exp.to_table(self.engine.staged(name), dialect="duckdb")

    def query(self, path: str, **values: exp.Expr) -> exp.Query:
        """Return a file's query over the temporary objects."""
        here = {name: self.engine.staged(name) for name in self._files}
        query = redirect(bind(path, self.values | values), here)
        assert isinstance(query, exp.Query)
        return query if self.engine.dialect == "duckdb" else settle_percentiles(self.engine, query)
