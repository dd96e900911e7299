"""Use: ``campaign``, what the treated did beside the held out."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from segmenter.cli.database_file import open_model
from segmenter.cli.hidden_libraries import LINEAR_ALGEBRA, show
from segmenter.cli.holdout import Salt, Share
from segmenter.cli.options import ByLifecycle, Database, Format, FormatOption, Quiet, SafeCsv, Wait
from segmenter.cli.reply import reply
from segmenter.cli.tables import Column, write_records
from segmenter.cli.terminal import results

__all__ = ["campaign"]

_GROUP = (Column("segment", "Segment"), Column("lifecycle", "Lifecycle"))

SPEND = (
    *_GROUP,
    Column("treated", "Treated", "count"),
    Column("held_out", "Held\nout", "count"),
    Column("treated_mean_spend", "Treated\nspent", "mean"),
    Column("held_out_mean_spend", "Held out\nspent", "mean"),
    Column("spend_lift", "Lift", "mean"),
    Column("spend_lift_low", "from", "mean"),
    Column("spend_lift_high", "to", "mean"),
)

RATE = (
    *_GROUP,
    Column("treated_repeat_rate", "Treated\nbought", "share"),
    Column("held_out_repeat_rate", "Held out\nbought", "share"),
    Column("rate_lift", "Lift", "share"),
    Column("rate_lift_low", "from", "share"),
    Column("rate_lift_high", "to", "share"),
)

COLUMNS = (
    *_GROUP[:1],
    Column("segment_rank", "", "count"),
    *_GROUP[1:],
    *SPEND[2:],
    *RATE[2:],
    Column("message", ""),
)


def campaign(
    database: Database,
    salt: Salt,
    since: Annotated[
        str,
        typer.Option(
            metavar="DATE",
            help="Day or moment that is counted from.",
            show_default=False,
        ),
    ],
    share: Share = 0.1,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Last day, to its end, or moment that is measured.  [newest transaction]",
        ),
    ] = None,
    by_lifecycle: ByLifecycle = False,
    form: FormatOption = Format.TABLE,
    safe_csv: SafeCsv = True,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    r"""Compare what the treated customers of a campaign did with what the held out did.

    Salt and share are those of the holdout. Customers count in the segment that they had just
    before the campaign began (a day begins at midnight); who came later does not count. Both
    differences have 95 % intervals, that of the spend with the spend before as covariate. In CSV
    and JSON the row without a segment is that of all customers.

    Example: segmenter campaign shop.duckdb --salt spring --since 2011-09-01

    Example: segmenter campaign shop.duckdb --salt spring --share 0.2 \
        --since 2011-09-01 --until 2011-10-31 --format json
    """
    from segmenter.cli.console import waiting
    from segmenter.operations.campaign import campaign as compared
    from segmenter.sources.moments import parse_moment

    for moment, option in ((since, "--since"), (until, "--until")):
        if moment is not None:
            parse_moment(moment, option)
    show(LINEAR_ALGEBRA)
    with open_model(database, wait, quiet=quiet) as con, waiting("Adding up customers", quiet):
        result = compared(con, salt, since, until, share=share, by_lifecycle=by_lifecycle)
    rows: list[dict[str, Any]] = result.table.records()
    for note in result.notes:
        reply.note(note, "campaign")
    if form is not Format.TABLE:
        write_records(_shown(COLUMNS, by_lifecycle), rows, form, safe_csv=safe_csv)
        return
    for row in rows:
        row["segment"] = row["segment"] or "All"
    write_records(_shown(SPEND, by_lifecycle), rows, form)
    results.line()
    write_records(_shown(RATE, by_lifecycle), rows, form)
    for sentence in result.sentences():
        results.line(sentence)


def _shown(columns: tuple[Column, ...], by_lifecycle: bool) -> list[Column]:
    return [column for column in columns if by_lifecycle or column.name != "lifecycle"]
