"""Watch: ``report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segmenter.cli.database_file import open_model
from segmenter.cli.options import Database, Live, Overwrite, Quiet, Wait, checked_path
from segmenter.errors import SegmenterError

__all__ = ["report"]


def report(
    database: Database,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file to write.",
            callback=checked_path,
        ),
    ] = Path("report.html"),
    png: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write each chart as a PNG file into this folder, too.",
            callback=checked_path,
        ),
    ] = None,
    with_customers: Annotated[
        bool,
        typer.Option(
            "--with-customers",
            help="Name customers, too: the largest whales, and whom to do something about.",
        ),
    ] = False,
    title: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Heading of the page.  [names the table]"),
    ] = None,
    money: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="What money is in, say £ or EUR.  [the table's currency]",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Day or moment that is counted from.  [three months before the end]",
        ),
    ] = None,
    live: Live = True,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Make a page with pictures to decide from and pass on: one HTML file that opens offline.

    Customers against revenue, the map with its boundaries, who is leaving and who moved; then, for
    the analyst, how the segments came about and how far to trust them. No customer is named unless
    you ask for it. Needs the packages of duckdb-segmenter[report].

    Example: segmenter report shop.duckdb -o report.html --png pictures
    """
    from segmenter.report import vega

    vega.require()

    from segmenter.cli.console import listener
    from segmenter.report.write import check_outputs
    from segmenter.report.write import report as make_report
    from segmenter.sources.moments import parse_moment

    if output.absolute() == database.absolute():
        raise SegmenterError(f"{output} is the database itself. Name another file with --output.")
    check_outputs(output, png, overwrite=overwrite)
    start = None if since is None else parse_moment(since, "--since")
    with open_model(database, wait, quiet=quiet) as con:
        make_report(
            con,
            output,
            png=png,
            since=start,
            snapshot=not live,
            with_customers=with_customers,
            title=title,
            money=money,
            overwrite=overwrite,
            progress=listener(quiet),
        )
