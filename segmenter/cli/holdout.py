"""Use: ``holdout``, whom a campaign leaves out."""

from __future__ import annotations

from itertools import chain
from typing import Annotated

import typer

from segmenter.cli.database_file import open_model
from segmenter.cli.hidden_libraries import LINEAR_ALGEBRA, show
from segmenter.cli.options import (
    DIALECTS,
    ByLifecycle,
    Database,
    Format,
    FormatOption,
    Live,
    Quiet,
    SafeCsv,
    Wait,
)
from segmenter.cli.reply import reply
from segmenter.cli.tables import Column, write
from segmenter.cli.terminal import results

__all__ = ["Salt", "Share", "holdout"]

COLUMNS = (
    Column("segment", "Segment"),
    Column("lifecycle", "Lifecycle"),
    Column("treated", "Treated", "count"),
    Column("held_out", "Held\nout", "count"),
    Column("mean_spend", "Spend", "mean"),
    Column("smallest_spend_lift", "Smallest\nlift", "mean"),
    Column("smallest_spend_lift_share", "of it", "share"),
    Column("repeat_rate", "Came\nagain", "share"),
    Column("smallest_rate_lift", "Smallest\nlift", "share"),
)

CUSTOMER_COLUMNS = (
    Column("customer_id", ""),
    Column("segment", ""),
    Column("segment_rank", "", "count"),
    Column("lifecycle", ""),
    Column("campaign_group", ""),
)

Salt = Annotated[
    str,
    typer.Option(
        metavar="TEXT",
        help="Names the campaign: the same salt gives the same split, another one draws anew.",
        show_default=False,
    ),
]
Share = Annotated[
    float, typer.Option(metavar="SHARE", help="How many customers are held out, between 0 and 1.")
]


def holdout(
    database: Database,
    salt: Salt,
    share: Share = 0.1,
    by_lifecycle: ByLifecycle = False,
    days: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="For how many days the campaign will be measured: what customers did in as many "
            "of the newest days is looked at.  [90, or half of the history]",
        ),
    ] = None,
    dialect: Annotated[
        str | None,
        typer.Option("--dialect", "-d", metavar="NAME", help=DIALECTS),
    ] = None,
    live: Live = True,
    form: FormatOption = Format.TABLE,
    safe_csv: SafeCsv = True,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Split the customers for a campaign, and tell the smallest lift that it could show.

    Some customers get no mail, so that the others can be compared with them afterwards. Who that
    is depends on customer and salt alone, as segments.is_held_out(customer, salt, share) says in
    every warehouse; nothing is stored. As a table the segments are shown; CSV and JSON list each
    customer, with treated or held out as campaign_group; JSON has the lifts, too. With --dialect
    the query that lists them in another warehouse is printed, over its segments.customer_segments.

    Example: segmenter holdout shop.duckdb --salt spring

    Example: segmenter holdout shop.duckdb --salt spring --by-lifecycle --days 30

    Example: segmenter holdout shop.duckdb --salt spring --format csv

    Example: segmenter holdout shop.duckdb --salt spring --dialect snowflake
    """
    from segmenter.cli.console import waiting
    from segmenter.operations.holdout import holdout as split
    from segmenter.operations.holdout import holdout_customers, holdout_query

    with open_model(database, wait, quiet=quiet) as con:
        if dialect is not None:
            print(holdout_query(salt, share, dialect), file=results.exact())
            return
        if form is not Format.CSV:
            show(LINEAR_ALGEBRA)
            with waiting("Adding up customers", quiet):
                result = split(
                    con, salt, share, days=days, by_lifecycle=by_lifecycle, snapshot=not live
                )
            for sentence in result.sentences():
                reply.note(sentence, "holdout")
        if form is not Format.TABLE:
            asked = holdout_customers(con, salt, share, snapshot=not live)
            with waiting("Adding up customers", quiet):
                rows = asked.rows([column.name for column in CUSTOMER_COLUMNS])
                first = next(rows, None)
            found = rows if first is None else chain([first], rows)
            lifts = {} if form is Format.CSV else {"lifts": result.table.records()}
            write(CUSTOMER_COLUMNS, found, form, safe_csv=safe_csv, more=lifts)
            return
    columns = [one for one in COLUMNS if by_lifecycle or one.name != "lifecycle"]
    write(columns, _rows(result.table.records(), columns), form)
    for sentence in result.sentences():
        results.line(sentence)


def _rows(records: list[dict[str, object]], columns: list[Column]) -> list[list[object]]:
    return [
        [
            "All" if column.name == "segment" and row["segment"] is None else row[column.name]
            for column in columns
        ]
        for row in records
    ]
