"""The report as a verb: from a connection to a page, and files where they are wanted."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from segmenter.errors import InputError
from segmenter.formatting import is_text
from segmenter.operations.describe import audit_sentences, rule_sentences
from segmenter.progress import Progress, Silent
from segmenter.report import vega
from segmenter.report.build import Report, make_report
from segmenter.sources import whole_files
from segmenter.sources.moments import parse_moment

__all__ = ["check_outputs", "report"]


def check_outputs(
    output: str | os.PathLike[str] | None, png: str | os.PathLike[str] | None, *, overwrite: bool
) -> None:
    """Find out early whether the report can be made and written.

    Raises
    ------
    SegmenterError
        A file cannot be written or is there already.
    """
    if output is not None:
        whole_files.check(Path(output), overwrite=overwrite)
    if png is not None:
        whole_files.check_folder(Path(png))


def report(
    con: duckdb.DuckDBPyConnection,
    output: str | os.PathLike[str] | None = None,
    *,
    png: str | os.PathLike[str] | None = None,
    since: object = None,
    snapshot: bool = False,
    with_customers: bool = False,
    title: str | None = None,
    money: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Make the report of the current model: one page that opens offline.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model; may be read-only.
    output : str or path, optional
        The HTML file to write.
    png : str or path, optional
        A folder for each chart as a PNG file.
    since : str, date or datetime, optional
        Moves are counted from then; by default from three months before the end.
    snapshot : bool, default False
        Read what the last fit or refresh added up instead of adding the transactions up now.
    with_customers : bool, default False
        Also name customers.
    title : str, optional
        Heading of the page; by default it names the table.
    money : str, optional
        What money is in, say '£' or 'EUR'; by default "the table's currency".
    overwrite : bool, default False
        Replace files that are there already.
    progress : Progress, optional

    Returns
    -------
    Report

    Raises
    ------
    InputError
        A wrong moment, or one that the model knows nothing of.
    SegmenterError
        A file cannot be written or is there already.
    """
    listener = progress or Silent()
    check_outputs(output, png, overwrite=overwrite)
    made = make_report(
        con,
        audit=list(audit_sentences(con)),
        rules=list(rule_sentences(con)),
        progress=listener,
        since=None if since is None else parse_moment(since, "since"),
        is_live=not snapshot,
        with_customers=with_customers,
        title=None if title is None else checked_text(title, "title"),
        currency=None if money is None else checked_text(money, "money"),
    )
    contents = {} if output is None else {Path(output): made.html.encode()}
    if png is not None:
        contents |= pictures(made, Path(png))
    if contents:
        with listener.step("Writing") as done:
            whole_files.write(contents, overwrite=overwrite)
            first = next(iter(contents))
            done(f"{first}, {len(contents[first]) / 1e6:.1f} MB")
    return made


def checked_text(text: str, name: str) -> str:
    """Refuse what cannot stand in a heading.

    Raises
    ------
    InputError
    """
    if not isinstance(text, str) or not text.strip() or not is_text(text):
        raise InputError(f"{name} must be a text to read, not {text!r}. Leave it out, or say it.")
    return text.strip()


def pictures(made: Report, folder: Path) -> dict[Path, bytes]:
    """Draw every picture of a report."""
    return {
        folder / f"{figure.key}.png": vega.picture(figure.spec, figure.title)
        for figure in made.figures
    }
