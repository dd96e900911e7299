"""The segments as a table with their audit: how ``fit``, ``demo`` and ``segments`` end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.cli.console import waiting
from segmenter.cli.options import Format
from segmenter.cli.tables import Column, write_records
from segmenter.cli.terminal import Screen, results
from segmenter.formatting import counted
from segmenter.operations.describe import audit_sentences, rule_sentences
from segmenter.operations.segments import segments
from segmenter.schema.connection import first_row
from segmenter.schema.names import INTERNAL, SCHEMA, SNAPSHOT
from segmenter.storage.stored import stored_mapping

if TYPE_CHECKING:
    import duckdb

__all__ = ["show_audit", "show_result", "show_segments"]

COLUMNS = (
    Column("segment", "Segment"),
    Column("segment_rank", "", "count"),
    Column("customers", "Customers", "count"),
    Column("share_of_customers", "Share", "share"),
    Column("revenue", "Revenue", "revenue"),
    Column("share_of_revenue", "Of ident.\nrevenue", "share"),
    Column("share_of_all_revenue", "Of all\nrevenue", "share"),
    Column("mean_monetary", "Mean\nspend", "mean"),
    Column("mean_monetary_without_whales", "", "mean"),
    Column("median_monetary", "", "mean"),
    Column("mean_frequency", "Mean\norders", "mean"),
    Column("median_frequency", "", "mean"),
)

FIRST_RULES = 5


def show_result(
    con: duckdb.DuckDBPyConnection, database: Path, form: Format, *, quiet: bool = False
) -> None:
    """End a fit: the segments, the audit, the first rules, what to type next."""
    show_segments(con, form, snapshot=True, quiet=quiet)
    if form is not Format.TABLE:
        return
    show_audit(con)
    _heading("The first rules")
    for sentence in rule_sentences(con, limit=FIRST_RULES):
        _line(sentence)
    _heading("What to type next")
    for command in _next_steps(con, database):
        results.command(f"  {command}")


def show_segments(
    con: duckdb.DuckDBPyConnection,
    form: Format,
    *,
    snapshot: bool = False,
    quiet: bool = False,
) -> list[dict[str, Any]]:
    """Write the summary and return it; in a table also say what its shares are of."""
    with waiting("Adding up customers", quiet):
        rows = segments(con, snapshot=snapshot).records()
    write_records(COLUMNS, rows, form)
    if form is Format.TABLE:
        _explain(con, at_risk="At-Risk" in [row["segment"] for row in rows])
    return rows


def show_audit(con: duckdb.DuckDBPyConnection, *, to: Screen = results) -> None:
    """Write how the segments came about, in sentences."""
    _heading("How they came about", to)
    for sentence in audit_sentences(con):
        _line(sentence, to)


def _explain(con: duckdb.DuckDBPyConnection, *, at_risk: bool) -> None:
    """Say what the words and the shares of the table mean."""
    row = first_row(
        con,
        f"""
        select
            source_rows, rows_without_customer, revenue_without_customer, customers, whales,
            source
        from {INTERNAL}.models
        where is_current
        """,
    )
    text = "At-Risk means low value here, not that a customer is leaving. " * at_risk
    if row[4] and not (_has_view(con, "customer_segments") or _has_view(con, SNAPSHOT)):
        text += (
            f"These are the customers that the model learned from; {counted(row[4], 'whale')} of "
            f"{row[3]:,} customers and their revenue are not among them. "
        )
    if row[1]:
        text += (
            f"Identified revenue is that of known customers: at the fit {row[1]:,} of {row[0]:,} "
            f"rows, worth {row[2]:,.2f}, had none. "
        )
    unit = stored_mapping(row[5], "source").get("unit")
    if unit is not None:
        text += f"Here monetary is in units of {unit}: revenue and spend, rules and thresholds."
    if text:
        results.line(text.strip(), style="dim")


def _next_steps(con: duckdb.DuckDBPyConnection, database: Path) -> list[str]:
    name = f"'{database}'" if " " in str(database) else str(database)
    steps = {
        f"segmenter rules {name}": "all rules",
        f"segmenter classify {name} 250 3": "a customer who spent 250 in 3 orders",
    }
    if _has_view(con, "customer_segments"):
        steps |= {
            f"segmenter customers {name} --upgrades": "who is close to a higher segment",
            f"segmenter quality {name}": "are the segments any good?",
            f"segmenter report {name} -o report.html": "all of it on one page, with pictures",
            "select * from segments.customer_segments": "in any SQL client",
        }
    width = max(map(len, steps))
    return [f"{command:{width}}  {what}" for command, what in steps.items()]


def _has_view(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    query = "select 1 from duckdb_views() where schema_name = $1 and view_name = $2"
    return bool(first_row(con, query, [SCHEMA, name]))


def _heading(text: str, to: Screen = results) -> None:
    to.line()
    to.line(text, style="bold")


def _line(text: str, to: Screen = results) -> None:
    to.line(f"  {text}")
