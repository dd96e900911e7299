"""The stage: where a fit adds up the transactions once, in temporary tables of its connection.

The queries are those of the live views, read from the same files, so that a fit and the views
cannot disagree. Nothing here outlives the ``with`` block and nothing is written to the database.
"""

from __future__ import annotations

from collections.abc import Iterable
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
from segmenter.schema.connection import as_numpy, tidying_up
from segmenter.schema.files import QUALITY, bind, literal, redirect
from segmenter.settings import Settings
from segmenter.sources.binding import Binding, bind_source
from segmenter.sources.engine import Engine, Kind
from segmenter.sources.source import Source
from segmenter.sources.views import transactions_file, view_files
from segmenter.training.coarsening import MAX_BITS, Grid

__all__ = ["Cut", "Losses", "Stage", "Survey"]

_LOSING = ("condition", "customer", "amount", "order", "date")

_TOTALS = "data_quality_totals"
_COUNTS = "data_quality_counts"
_COUNTED = (
    "check_name varchar, unit varchar, found bigint, total bigint, revenue double, "
    "total_revenue double, example varchar"
)


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
    rows_without_date: int
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
        with tidying_up(error):
            self.close()

    def close(self) -> None:
        """Drop what was made."""
        while self._made:
            name, kind = self._made.pop()
            self.engine.drop(name, kind)
        if self.source.is_frame:
            self.engine.unregister()

    def survey(self) -> Survey:
        """Scan the transactions once."""
        return Survey(**self._row(self._sql("queries/source_survey")))

    def losses(self) -> Losses | None:
        """Count the rows that never come to the transactions; None where there can be none."""
        values = self.binding.values
        can_lose = values["lost_value"].find(exp.Case) is not None
        if not (can_lose or "where" in values or self.source.window or self.source.as_of):
            return None
        row = self._row(self._sql("queries/lost_rows"))
        by_role = {name: row.pop(f"lost_by_{name}") for name in _LOSING}
        by_role["where"] = by_role.pop("condition")
        return Losses(lost_by=by_role, **row)

    def unusable_row(self) -> dict[str, Any]:
        """Return the first row of the source that cannot be used, empty when all can."""
        return self._row(self._sql(f"queries/unusable_{self.source.kind}"))

    def add_up(self) -> int:
        """Aggregate the transactions into the profile, once; return the number of customers."""
        self._create("customer_profile", "table")
        return self._count(self._staged("customer_profile"))

    def cut(self) -> Cut:
        """Find the whales' thresholds."""
        self._create("profile_cut", "table")
        return Cut(**self._row(exp.select("*").from_(self._staged("profile_cut"))))

    def points(self) -> tuple[Points, Grid | None]:
        """Return the training profile, and the grid that it needed to be within ``max_points``."""
        self._create("profile_points", "table")
        exact = self._count(self._staged("profile_points"))
        grid = None if exact <= self.settings.max_points else self._finest_grid()
        found = self.engine.arrow(self._points_query(grid))
        columns = (as_numpy(found.column(name)) for name in ("cents", "frequency", "customers"))
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
            if self._count(self._points_query(Grid(bits))) <= self.settings.max_points:
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
            return self._sql("queries/training_points")
        return self._sql("queries/training_points_on_grid", step=grid.step_expression())

    def _count(self, rows: exp.Table | exp.Query) -> int:
        table = rows.subquery("counted") if isinstance(rows, exp.Query) else rows
        return int(self._row(exp.select("count(*) as n").from_(table))["n"])

    def examples(self, limit: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return column names and a few rows of the profile, or of the points."""
        query = exp.select("*").from_(self._staged(self._rows)).order_by("1").limit(limit)
        columns = list(self.engine.types(query))
        return columns, [tuple(row.values()) for row in self.engine.rows(query)]

    def quality(self, counts: Iterable[tuple[Any, ...]] | None = None) -> list[str]:
        """Return the words of ``data_quality`` that block or warn.

        Parameters
        ----------
        counts : iterable of tuple, optional
            Rows that stand for ``data_quality_counts``, which is computed when they are absent.
        """
        local = Embedded(self.con)
        if counts is None:
            if _TOTALS in self._files:
                self._create(_TOTALS, "table")
            self._create(_COUNTS, "table")
        else:
            self.con.execute(f"create or replace temp table segmenter_{_COUNTS} ({_COUNTED})")
            marks = ", ".join("?" * 7)
            self.con.executemany(
                f"insert into {local.staged(_COUNTS)} values ({marks})", list(counts)
            )
        query = redirect(bind(f"views/{QUALITY}", self._values), {_COUNTS: local.staged(_COUNTS)})
        found = local.rows(query)
        local.drop(_COUNTS, "table")
        return [row["message"] for row in found if row["severity"] in ("blocks", "warns")]

    def currencies(self) -> tuple[int, str | None]:
        """Count the rows that are not in the most frequent currency, and list the currencies."""
        row = self._row(self._sql("queries/currencies"))
        return row["deviating"], row["listed"]

    def profile_rows(self) -> int:
        """Count the profiles, or the points."""
        return self._count(self._staged(self._rows))

    def buyers(self) -> tuple[int, int]:
        """Count the customers with one order, and those with any."""
        people = "customers" if self.source.kind == "points" else "1"
        counted = (
            f"cast(coalesce(sum(case when frequency {which} then {people} end), 0) as bigint) "
            f"as {name}"
            for which, name in (("= 1", "once"), ("> 0", "buyers"))
        )
        row = self._row(exp.select(*counted).from_(self._staged(self._rows)))
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
            .from_(self._staged(name))
            .subquery()
        )

    @property
    def customers(self) -> str | None:
        """Name of the temporary table of profiles; None where points were brought."""
        return None if self.source.kind == "points" else self.engine.staged("customer_profile")

    def _fix_window(self) -> None:
        """Give a window that ends at the newest transaction its end, so that it is read once."""
        if self.source.window and not self.source.as_of:
            found = self._row(
                exp.select("max(ordered_at) as newest").from_(self._staged("transactions"))
            )
            newest = literal(str(found["newest"])) if found["newest"] else exp.null()
            self._values["as_of"] = exp.cast(newest, "timestamp")
            self._files["transactions"] = transactions_file(self.source, is_fixed=True)
            self._create("transactions", "view")

    def _row(self, query: exp.Expr) -> dict[str, Any]:
        """Return the first row of a query by column name, empty when there is none."""
        found = self.engine.rows(query)
        return found[0] if found else {}

    def _create(self, name: str, kind: Kind) -> None:
        self.engine.create(name, self._sql(f"views/{self._files[name]}"), kind)
        if (name, kind) not in self._made:
            self._made.append((name, kind))

    def _staged(self, name: str) -> exp.Table:
        return exp.to_table(self.engine.staged(name), dialect="duckdb")

    def _sql(self, path: str, **values: exp.Expr) -> exp.Query:
        """Return a file's query over the temporary objects."""
        here = {name: self.engine.staged(name) for name in self._files}
        query = redirect(bind(path, self._values | values), here)
        assert isinstance(query, exp.Query)
        return query if self.engine.dialect == "duckdb" else settle_percentiles(self.engine, query)
