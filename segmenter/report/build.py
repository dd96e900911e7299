"""Making the report: from a connection to one page and its pictures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

import duckdb

from segmenter.formatting import counted
from segmenter.progress import Progress
from segmenter.report import vega
from segmenter.report.charts.base import unchecked
from segmenter.report.elements import Figure
from segmenter.report.facts import Facts
from segmenter.report.html import page
from segmenter.report.queries import ReportQueries
from segmenter.report.sections.analyst import analyst_sections
from segmenter.report.sections.decision import decision_sections, tiles
from segmenter.report.theme import day, moment

__all__ = ["Report", "make_report"]


@dataclass(frozen=True, repr=False)
class Report:
    """A report, not yet written.

    Attributes
    ----------
    html : str
    figures : list of Figure
    """

    html: str
    figures: list[Figure]

    def _repr_html_(self) -> str:
        page = escape(self.html, quote=True)
        return f'<iframe srcdoc="{page}" style="width: 100%; height: 90vh; border: 0"></iframe>'


def make_report(
    con: duckdb.DuckDBPyConnection,
    *,
    audit: Sequence[str],
    rules: Sequence[str],
    progress: Progress,
    since: dt.datetime | None = None,
    is_live: bool = False,
    with_customers: bool = False,
    title: str | None = None,
    currency: str | None = None,
) -> Report:
    """Make the report of the current model.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model; it may be read-only.
    audit, rules : sequence of str
        How the segments came about and which rules they follow, in sentences.
    progress : Progress
    since : datetime, optional
        Moves are counted from then.
    is_live : bool, default False
        Add up the transactions instead of reading the snapshot.
    with_customers : bool, default False
        Also name customers.
    title : str, optional
    currency : str, optional
        What money is in.
    """
    with vega.bundled_script() as library:
        with (
            progress.step("Asking the database") as done,
            ReportQueries(con, is_live=is_live) as questions,
        ):
            facts = questions.facts(since=since, with_customers=with_customers)
            facts = replace(facts, currency=currency)
            done(counted(facts.customers, "customer"))
        with progress.step("Drawing") as done, unchecked():
            found = list(decision_sections(facts))
            decision = [section for section in found if not section.is_missing]
            analyst = [*analyst_sections(facts, audit, rules)]
            analyst += [section for section in found if section.is_missing]
            html = page(
                title=title or f"Customer segments of {facts.relation}",
                when=_when(facts),
                tiles=tiles(facts),
                names=facts.names,
                decision=decision,
                analyst=analyst,
                library=library(),
            )
            figures = [figure for section in (*decision, *analyst) for figure in section.figures]
            done(counted(len(figures), "chart"))
    return Report(html, figures)


def _when(facts: Facts) -> str:
    """Say as of when the report is, and under which model."""
    model = facts.model
    parts = []
    if facts.first_order_at is not None and facts.last_order_at is not None:
        parts.append(f"Orders from {day(facts.first_order_at)} to {day(facts.last_order_at)}")
    if facts.refreshed_at is not None:
        parts.append(f"customers as of the snapshot of {moment(facts.refreshed_at)}")
    else:
        parts.append(f"customers as of {moment(facts.read_at)}")
    if "unit" in model["source"]:
        parts.append(f"monetary in {facts.money}")
    parts.append(f"model {model['model_id']}, fitted {moment(model['fitted_at'])}")
    sentence = "; ".join(parts)
    return sentence[0].upper() + sentence[1:] + "."
