"""What the report says: its questions to the database, each answered by a few rows.

Customers are read once, into a temporary table of distinct profiles that names nobody; all but the
objects that look back in time are asked of that table.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any, Self

import duckdb

from segmenter.errors import SegmenterError
from segmenter.formatting import day, within_years
from segmenter.operations.lifecycle import lapsed
from segmenter.report import availability
from segmenter.report.availability import (
    NO_CUSTOMERS,
    NO_RHYTHM,
    NOTHING_TO_DO,
    ONLY_LIVE,
    RowsOrMissing,
    no_time,
)
from segmenter.report.facts import Facts, Map, Rows
from segmenter.report.level_maps import level_maps, trees
from segmenter.report.recursion_tree import levels
from segmenter.schema.connection import first_row, records
from segmenter.schema.files import literal, read
from segmenter.schema.names import INTERNAL, SCHEMA, SNAPSHOT
from segmenter.schema.temporary import TemporaryTables
from segmenter.settings import Settings
from segmenter.sources.attributes import attribute_values
from segmenter.sources.source import Source
from segmenter.storage import snapshot
from segmenter.storage.added_views import added_view
from segmenter.storage.stored import (
    stored_mapping,
    stored_notes,
    stored_source,
    stored_warnings,
)

__all__ = ["ALL_OTHERS", "LISTED", "MANY", "ReportQueries"]

ALL_OTHERS = "all others, or not known"

MANY = 2_000
"""With more customers than this the map shows how dense they are, not where each one is."""

LISTED = 5_000
"""So many of whom something should be done about are in a page that names customers."""

FINE = {"monetary_cells": 48, "frequency_cells": 48}
COARSE = {"monetary_cells": 12, "frequency_cells": 30}
"""Cells of the map from 1 to 10, where it shows places and where it shows density."""

FEWEST, MOST_VALUES = 5, 30
"""Of an attribute's values those with as many customers are shown, and no more of them."""

_MEASURED = (
    *("repeat_rate", "repeat_rate_low", "repeat_rate_high"),
    *("mean_later_revenue", "mean_later_revenue_low", "mean_later_revenue_high"),
)


class ReportQueries(TemporaryTables):
    """Asks a connection for the facts of the report; use it in a ``with`` statement.

    Parameters
    ----------
    con : DuckDBPyConnection
        It may be read-only; what it needs for itself is temporary.
    is_live : bool, default False
        Add up the transactions instead of reading the snapshot.
    """

    prefix = "report_"

    def __init__(self, con: duckdb.DuckDBPyConnection, *, is_live: bool = False) -> None:
        super().__init__(con)
        self._model = self._read_model()
        self._source = Source.from_dict(self._model["source"])
        self._has_customers = self._source.kind != "points"
        known = snapshot.state(con)
        fresh = known.get("model_id") == self._model["model_id"]
        self._refreshed_at = known["refreshed_at"] if fresh and not is_live else None
        self._customers = f"{SCHEMA}.{SNAPSHOT}"

    def __enter__(self) -> Self:
        if not self._has_customers:
            self.create_from("profiles", "queries/report_profiles_of_points")
            return self
        if self._refreshed_at is None:
            self._customers = self.staged("customers")
            self.create("customers", f"from {SCHEMA}.customer_segments")
        self.create_from("profiles", "queries/report_profiles", customer_segments=self._customers)
        return self

    def facts(self, *, since: dt.datetime | None = None, with_customers: bool = False) -> Facts:
        """Ask everything.

        Parameters
        ----------
        since : datetime, optional
            Moves are counted from then; three months before the last order when absent.
        with_customers : bool, default False
            Also name customers.
        """
        first, last = self._span()
        self._refuse_nobody()
        _check_since(since, last)
        start = since or _three_months_before(first, last)
        model_id = self._model["model_id"]
        segments = self._ask("report_segments")
        splits = self._of_model("model_splits", "level")
        learned = self._of_model("model_segments", "segment_rank")
        tree = levels(splits, [row["segment"] for row in learned])
        named = with_customers and self._has_customers
        return Facts(
            model=self._model,
            segments=segments,
            splits=splits,
            versions=records(self.con, read("queries/model_versions")),
            read_at=dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0),
            refreshed_at=self._refreshed_at,
            first_order_at=first,
            last_order_at=last,
            map=self._map(sum(row["customers"] for row in segments)),
            concentration=self._ask("report_concentration"),
            lifecycle=self._lifecycle(last),
            lapsed=lapsed(self.con),
            actions=self._actions(),
            moves=self._moves(start, last),
            history=availability.history(self.con),
            moves_from=start,
            names_customers=with_customers,
            backtest=availability.backtest(self.con, model_id),
            quality=availability.quality(self.con, model_id),
            drift=availability.drift(self.con),
            data_quality=availability.data_quality(self.con),
            whales=self._whales() if named else [],
            levels=level_maps(self.con, tree),
            trees=trees(self.con, tree, self._coordinates()),
            to_do=self._to_do() if named else [],
            has_customers=self._has_customers,
            by_attribute=self._by_attribute(),
        )

    def _by_attribute(self) -> dict[str, dict[str, Rows]]:
        """Return the segments of each value of each attribute, the rest of the values last."""
        attributes = self._source.attributes or ()
        self.values = attribute_values(attributes)
        self.values |= {"least": literal(FEWEST), "most": literal(MOST_VALUES)}
        found: dict[str, dict[str, Rows]] = {name: {} for name in attributes}
        if attributes:
            query = self.query("queries/report_attributes", customers=self._customers)
            for row in records(self.con, query):
                value = row.pop("attribute_value")
                name = ALL_OTHERS if value is None else value
                found[row.pop("attribute")].setdefault(name, []).append(row)
        return found

    def _refuse_nobody(self) -> None:
        query = f"select 1 from {self._customers} limit 1"
        if self._has_customers and not first_row(self.con, query):
            raise SegmenterError(
                "there are no customers any more, so there is nothing to report. Look at "
                f"{self._source.relation}, or put the database back as it was."
            )

    def _read_model(self) -> dict[str, Any]:
        (model,) = records(self.con, f"select * from {INTERNAL}.models where is_current")
        stored_source(model["source"])  # refuse one that is damaged
        parsed = {name: stored_mapping(model[name], name) for name in ("source", "settings")}
        said = [note.message for note in stored_notes(model.get("notes"))]
        return {**model, **parsed, "warnings": [*stored_warnings(model["warnings"]), *said]}

    def _coordinates(self) -> Settings:
        """Return the settings that decide in which coordinates blocks were clustered."""
        known = self._model["settings"]
        return Settings.from_mapping({name: known.get(name) for name in ("scale", "cut")})

    def _of_model(self, table: str, order: str) -> Rows:
        query = f"select * from {INTERNAL}.{table} where model_id = $1 order by {order}"
        return records(self.con, query, [self._model["model_id"]])

    def _ask(self, file: str, **values: float) -> Rows:
        self.values = {name: literal(value) for name, value in values.items()}
        return records(self.con, self.query(f"queries/{file}", profiles=self.staged("profiles")))

    def _span(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        """Return the times of the first and the last order."""
        if not self._has_customers:
            return None, None
        query = f"select min(first_order_at), max(last_order_at) from {self._customers}"
        first, last = map(within_years, first_row(self.con, query))
        return first, last

    def _map(self, customers: int) -> Map:
        lowest, highest, least, most = first_row(
            self.con,
            f"""
            select quantile_cont(case when monetary > 0 then monetary end, 0.002),
                max(monetary), min(frequency), max(frequency)
            from {self.staged("profiles")}
            """,
        )
        low = _round_down(lowest or 1.0)
        top = max(highest, low) * 1.25
        is_density = customers > MANY
        cells = COARSE if is_density else FINE
        ends = {
            "monetary_from": low,
            "monetary_to": top,
            "frequency_to": max(most, 1),
        }
        return Map(
            cells=self._ask("report_map", lowest=low, **cells),
            boundaries=self._ask("report_boundaries", **ends),
            monetary=(low, top),
            frequency=(0.0 if least == 0 else 0.5, max(most, 1) + 0.5),
            lowest=low,
            is_density=is_density,
        )

    def _lifecycle(self, last: dt.datetime | None) -> RowsOrMissing:
        if last is None:
            return no_time(self._source.kind)
        rows = self._ask("report_lifecycle")
        measured = {
            (row["segment"], row["lifecycle"]): row
            for row in availability.measured_lifecycle(self.con, self._model["model_id"])
        }
        nothing = dict.fromkeys(_MEASURED)
        for row in rows:
            found = measured.get((row["segment"], row["lifecycle"]), nothing)
            row |= {name: found[name] for name in _MEASURED}
        return rows or NO_RHYTHM

    def _actions(self) -> RowsOrMissing:
        if not self._has_customers:
            return NO_CUSTOMERS
        if self._refreshed_at is not None:
            return ONLY_LIVE
        # over the customers that were added up already
        actions = added_view(self.con, "next_actions", {"customer_segments": self._customers})
        self.create("actions", f"from {actions.sql(dialect='duckdb')}")
        query = self.query("queries/report_actions", actions=self.staged("actions"))
        return records(self.con, query) or NOTHING_TO_DO

    def _to_do(self) -> Rows:
        if self._refreshed_at is not None:
            return []
        query = f"""
            select * exclude (segment_rank)
            from {self.staged("actions")}
            order by next_action desc, revenue_at_stake desc, customer_id
            limit {LISTED}
            """
        return records(self.con, query)

    def _moves(self, start: dt.datetime | None, last: dt.datetime | None) -> RowsOrMissing:
        if start is None or last is None:
            return no_time(self._source.kind)
        return availability.moves(self.con, start, last)

    def _whales(self) -> Rows:
        return records(
            self.con,
            f"""
            select customer_id, segment, monetary, frequency, last_order_at
            from {self._customers}
            where is_whale
            order by monetary desc, customer_id
            limit 20
            """,
        )


def _round_down(amount: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is not above an amount."""
    power = 10.0 ** math.floor(math.log10(amount))
    return max(step * power for step in (1, 2, 5) if step * power <= amount * (1 + 1e-9))


def _check_since(since: dt.datetime | None, last: dt.datetime | None) -> None:
    if since is None:
        return
    if last is None:
        raise SegmenterError(
            "since needs a date column, and the model was fitted without one. Leave it out."
        )
    if since >= last:
        raise SegmenterError(
            f"since = '{day(since)}' must be before the newest order, {day(last)}."
        )


def _three_months_before(first: dt.datetime | None, last: dt.datetime | None) -> dt.datetime | None:
    """Return when moves start: three months back, or half way where there is less than that."""
    if first is None or last is None:
        return None
    back = dt.timedelta(days=91)
    return last - back if last - first > back else first + (last - first) / 2
