"""Watch: ``report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmenter.cli.database_file import open_model
from segmenter.cli.options import Database, Live, Overwrite, Quiet, Wait, checked_path
from segmenter.errors import SegmenterError

if TYPE_CHECKING:
    from segmenter.report.build import Report

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
            "--with-customers", help="Name customers, too: the largest whales, who is lapsing."
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="Count moves from this day.  [three months before the end]"
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
    from segmenter.operations.describe import audit_sentences, rule_sentences
    from segmenter.report.build import make_report
    from segmenter.sources import whole_files
    from segmenter.sources.source import parse_moment

    if output.absolute() == database.absolute():
        raise SegmenterError(f"{output} is the database itself. Name another file with --output.")
    whole_files.check(output, overwrite=overwrite)
    if png is not None:
        whole_files.check_folder(png)
    start = None if since is None else parse_moment(since, "--since")
    progress = listener(quiet)
    with open_model(database, wait, quiet=quiet) as con:
        made = make_report(
            con,
            audit=list(audit_sentences(con)),
            rules=list(rule_sentences(con)),
            progress=progress,
            since=start,
            is_live=live,
            with_customers=with_customers,
        )
    with progress.step("Writing") as done:
        content = made.html.encode()
        files = {output: content, **({} if png is None else _pictures(made, png))}
        whole_files.write(files, overwrite=overwrite)
        done(f"{output}, {len(content) / 1e6:.1f} MB")


def _pictures(made: Report, folder: Path) -> dict[Path, bytes]:
    """Draw every picture."""
    from segmenter.report import vega

    return {
        folder / f"{figure.key}.png": vega.picture(figure.spec, figure.title)
        for figure in made.figures
    }
