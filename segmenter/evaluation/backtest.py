"""Backtesting: what the segments of an earlier day would have been worth.

The current model's source and settings are fitted again on what was known at the end of a day,
and what those customers did afterwards is counted by segment, beside the other ways in which people
order customers, cut into groups of as many. Nothing is published; the results are the rows of
``segments.backtest`` and the measured columns of ``segments.segment_lifecycle``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
from sqlglot import exp

from segmenter.engines.duckdb import Embedded
from segmenter.errors import InputError
from segmenter.evaluation.rankings import Span, create_scores
from segmenter.formatting import day, within_years
from segmenter.model import Model
from segmenter.progress import Progress, Silent
from segmenter.schema.connection import first_row, records
from segmenter.schema.files import literal, newest_order
from segmenter.schema.names import INTERNAL
from segmenter.schema.temporary import TemporaryTables, registered
from segmenter.settings import Settings
from segmenter.sources.binding import bind_source
from segmenter.sources.moments import parse_moment
from segmenter.sources.source import Source
from segmenter.sources.source_checks import refuse_without_time
from segmenter.sources.views import view_files
from segmenter.storage import store
from segmenter.storage.current import current_model
from segmenter.storage.publish import updating
from segmenter.training.stage import Stage
from segmenter.training.train import train

__all__ = ["Backtest", "Outcome"]

_RULES = "segmenter_backtest_rows"


@dataclass(frozen=True)
class Outcome:
    """What a backtest found.

    Attributes
    ----------
    as_of, until : datetime
        The last moment that was known, and the last that was measured.
    rows : list of dict
        As in ``segments.backtest``.
    lifecycle : list of dict
        As in ``segments_internal.backtest_lifecycle``: what each segment and lifecycle of then
        did, with 95 % intervals.
    newcomers : int
        Customers who came only after `as_of`; no ranking of then could know them.
    newcomers_revenue, later_revenue : float
        What they spent, and what all customers spent after `as_of`.
    """

    as_of: datetime
    until: datetime
    rows: list[dict[str, Any]]
    lifecycle: list[dict[str, Any]]
    newcomers: int
    newcomers_revenue: float
    later_revenue: float


class Backtest(TemporaryTables):
    """Temporary tables of a backtest on one connection; use it in a ``with`` statement.

    `prepare` only reads, so that the database may be open read-only; `store` writes.

    Parameters
    ----------
    con : DuckDBPyConnection
    """

    prefix = "backtest_"

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        super().__init__(con)
        self._outcomes: list[Outcome] = []

    def check(self, as_of: object, until: object | None = None) -> Span:
        """Return what `prepare` would fit and measure, without doing so; errors are the same."""
        self._model_id, source, settings = current_model(self.con)
        refuse_without_time(source, "A backtest")
        known_until = parse_moment(as_of, "as_of")
        first, measured_until = self._check_span(source, settings, known_until, until)
        return Span(first, known_until, measured_until)

    def prepare(
        self,
        as_of: object,
        until: object | None = None,
        *,
        progress: Progress | None = None,
    ) -> Outcome:
        """Fit what was known at the end of a day, and measure what came after it.

        Parameters
        ----------
        as_of : str, date or datetime
            The last moment that is known; a date to its end.
        until : str, date or datetime, optional
            The last moment that is measured; the newest transaction when absent.
        progress : Progress, optional

        Raises
        ------
        InputError
            There is no model, or no date column; nothing happened before or after the moment.
        """
        listener = progress or Silent()
        span = self.check(as_of, until)
        _, known_until, measured_until = span
        _, source, settings = current_model(self.con)
        learned = self._learn(source, settings, span, listener)
        self._fit(source, settings, known_until, listener)
        with listener.step("Measuring what came after") as done:
            self._measure(source, known_until, measured_until)
            rankings = create_scores(self, learned, span)
            outcome = self._read(known_until, measured_until, rankings)
            done(f"{day(known_until)} to {day(measured_until)}")
        self._outcomes.append(outcome)
        return outcome

    def store(self) -> None:
        """Write the results of `prepare` into the database, in one transaction."""
        with updating(self.con, while_current=self._model_id, again="Backtest"):
            for outcome in self._outcomes:
                self._keep("backtest", outcome.rows)
                self._keep("backtest_lifecycle", outcome.lifecycle)

    def _keep(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Replace what a table says of the day."""
        self.con.execute(f"delete from {INTERNAL}.{table} where as_of = $1", [rows[0]["as_of"]])
        columns = list(rows[0])
        marks = ", ".join(f"${name}" for name in columns)
        self.con.executemany(
            f"insert into {INTERNAL}.{table} ({', '.join(columns)}) values ({marks})", rows
        )

    def _fit(
        self, source: Source, settings: Settings, known_until: datetime, progress: Progress
    ) -> Model:
        """Fit what was known then, and give each customer of then segment and lifecycle."""
        early = dataclasses.replace(source, as_of=known_until, attributes=None)
        with Stage(self.con, early, settings) as stage:
            newest = newest_order({}, added_up=True)
            self.values = stage.binding.values | {"newest_order": newest}
            self.create_from("transactions", "views/transactions", "view")
            model = train(stage, progress, is_checked=True).model
            self._segment(model, str(stage.customers))
        return model

    def _learn(
        self, source: Source, settings: Settings, span: Span, progress: Progress
    ) -> list[dict[str, Any]]:
        """Return what customers of each segment and lifecycle brought after an earlier day.

        That day is as long before as what is measured lasts, and not before half of the history;
        without enough customers or time until then there is nothing.
        """
        first, known_until, until = span
        earlier = max(known_until - (until - known_until), first + (known_until - first) / 2)
        if not first < earlier < known_until:
            return []
        with progress.step("Learning from an earlier day") as done:
            try:
                model = self._fit(source, settings, earlier, Silent())
            except InputError as error:
                done(f"not possible: {error}")
                return []
            if model.active_days is None:
                done("nobody had come again")
                return []
            self._measure(source, earlier, known_until)
            done(day(earlier))
        return self._lifecycle()

    def _check_span(
        self, source: Source, settings: Settings, known_until: datetime, until: object
    ) -> tuple[datetime, datetime]:
        """Return the first moment and the last to measure; refuse what leaves nothing to see."""
        early = dataclasses.replace(source, as_of=known_until, attributes=None)
        binding = bind_source(Embedded(self.con), early, settings)
        self.values = dict(binding.values)
        self.create_from("transactions", "views/transactions", "view")
        relation = binding.relation
        query = self.query("queries/time_span", transactions=self.staged("transactions"))
        first_at, last_at = map(within_years, first_row(self.con, query))
        if first_at is None or last_at is None:
            raise InputError(f"no row of {relation} has a date, so there is no time to go back.")
        span = f"its rows span {day(first_at)} to {day(last_at)}"
        if known_until < first_at:
            raise InputError(
                f"{relation} has nothing up to {day(known_until)} to learn from: {span}. "
                "Choose a later day."
            )
        if last_at <= known_until:
            raise InputError(
                f"{relation} has nothing after {day(known_until)} to measure: {span}. "
                "Choose an earlier day."
            )
        end: datetime = last_at if until is None else parse_moment(until, "until")
        if end <= known_until:
            raise InputError(
                f"until {day(end)} must be later than as_of {day(known_until)}: what is "
                "measured lies between them."
            )
        return first_at, end

    def _segment(self, model: Model, customers: str) -> None:
        """Give each customer of then the segment that the rules of then say."""
        with registered(self.con, _RULES, store.rules_table(model)):
            self.create(
                "segment_rules",
                f"select *, list_position($names, segment) as segment_rank from {_RULES}",
                parameters={"names": list(model.names)},
            )
        self.create(
            "named",
            "select 1 as model_id, unnest($names) as segment, "
            "unnest(range(1, len($names) + 1)) as segment_rank",
            parameters={"names": list(model.names)},
        )
        self.create(
            "models",
            "select 1 as model_id, true as is_current, $monetary::double as monetary_cut, "
            "$frequency::double as frequency_cut, $active::integer as active_days, "
            "$lapsed::integer as lapsed_days",
            parameters={
                "monetary": model.monetary_cut,
                "frequency": model.frequency_cut,
                "active": model.active_days,
                "lapsed": model.lapsed_days,
            },
        )
        tables = {name: self.staged(name) for name in ("segment_rules", "models")}
        tables |= {"customer_profile": customers, "model_segments": self.staged("named")}
        self.create_from("classified", "views/customers_classified_by_rules", redirected=tables)
        tables["customers_classified"] = self.staged("classified")
        self.create_from("segmented", "views/customer_segments", redirected=tables)

    def _measure(self, source: Source, known_until: datetime, until: datetime) -> None:
        """Add up what each customer did after, by the queries of the live profile."""
        self.values = self.values | {
            "known_until": exp.cast(literal(str(known_until)), "timestamp"),
            "until": exp.cast(literal(str(until)), "timestamp"),
        }
        self.create_from(
            "later_transactions",
            "queries/later_transactions",
            "view",
            transactions=self.staged("transactions"),
        )
        profile = view_files(source, is_live=True, has_macro=False)["customer_profile"]
        self.create_from(
            "later",
            f"views/{profile}",
            redirected={"transactions": self.staged("later_transactions")},
        )

    def _lifecycle(self) -> list[dict[str, Any]]:
        """Return what each segment and lifecycle of then did after."""
        segmented, later = map(self.staged, ("segmented", "later"))
        query = self.query("queries/backtest_lifecycle", segmented=segmented, later=later)
        return records(self.con, query)

    def _read(self, known_until: datetime, until: datetime, rankings: tuple[str, ...]) -> Outcome:
        segmented, later = map(self.staged, ("segmented", "later"))
        query = self.query("queries/newcomers", segmented=segmented, later=later)
        (newcomers,) = records(self.con, query)
        if not newcomers.pop("customers"):
            raise InputError(
                f"no customer has a row after {day(known_until)} and up to {day(until)}, "
                "so there is nothing to measure. Leave until out, or choose another day."
            )
        key = {"model_id": self._model_id, "as_of": known_until, "until": until}
        self.values = self.values | {"rankings": exp.array(*map(literal, rankings))}
        query = self.query(
            "queries/backtest",
            segmented=segmented,
            later=later,
            named=self.staged("named"),
            scores=self.staged("scores"),
        )
        rows = records(self.con, query)
        return Outcome(
            known_until,
            until,
            [key | row for row in rows],
            [key | row for row in self._lifecycle()],
            **newcomers,
        )
