"""Watch: ``report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmenter.cli.database_file import open_model
from segmenter.cli.options import Database, Quiet, Wait, checked_path
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
            help="The HTML file to make.",
            callback=checked_path,
        ),
    ] = Path("report.html"),
    png: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Also write each chart as a PNG file into this folder.",
            callback=checked_path,
        ),
    ] = None,
    with_customers: Annotated[
        bool,
        typer.Option(
            "--with-customers", help="Also name customers: the largest whales, who is lapsing."
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="Count moves from this day. Default: three months before the end."
        ),
    ] = None,
    live: Annotated[
        bool,
        typer.Option("--live", help="Add up the transactions now instead of reading the snapshot."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is not a report of ours.")
    ] = False,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Make a page to look at and pass on: one HTML file that opens offline, for people to decide.

    Customers against revenue, the map with its boundaries, who is leaving and who moved; then, for
    the analyst, how the segments came about and how far to trust them. Customers are those of the
    snapshot (`segmenter refresh`), never one by one, and none is named unless you ask for it.

    Example: segmenter report shop.duckdb -o report.html --png pictures
    """
    from segmenter.report import vega as bundle

    bundle.require()

    from segmenter.cli.console import listener
    from segmenter.operations.describe import audit_sentences, rule_sentences
    from segmenter.report import files as writing
    from segmenter.report.build import make_report
    from segmenter.sources.source import parse_moment

    if output.absolute() == database.absolute():
        raise SegmenterError(f"{output} is the database itself. Name another file with --output.")
    writing.check(output, overwrite=overwrite)
    if png is not None:
        writing.check_folder(png)
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
        writing.write(files, overwrite=overwrite)
        done(f"{output}, {len(content) / 1e6:.1f} MB")


def _pictures(made: Report, folder: Path) -> dict[Path, bytes]:
    """Draw every picture."""
    from segmenter.report import files as writing
    from segmenter.report import vega as bundle

    return {
        folder / f"{figure.key}.png": writing.mark(bundle.picture(figure.spec, figure.title))
        for figure in made.figures
    }
