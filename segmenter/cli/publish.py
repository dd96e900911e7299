"""Keep: ``publish``, and what other verbs do with ``--to``."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmenter.cli.database_file import access, patience
from segmenter.cli.options import (
    Database,
    Format,
    FormatOption,
    MemoryLimit,
    Overwrite,
    Quiet,
    Threads,
    Wait,
)
from segmenter.cli.tables import Column, write_records

if TYPE_CHECKING:
    from segmenter.operations.publication import Publication
    from segmenter.workplace.opening import Access

__all__ = ["Publishing", "To", "publish"]

COLUMNS = (Column("object", "In schema segments"), Column("rows", "Rows", "count"))

_TO = typer.Option(
    "--to",
    metavar="PLACE",
    help="Where dashboards read, made or replaced when all went well: a DuckDB file, a folder for "
    "Parquet files (with a slash at its end), or postgresql://user@host/database.",
    show_default=False,
)
To = Annotated[str | None, _TO]


class Publishing:
    """A place to publish to, looked at before any work is done.

    Parameters
    ----------
    to : str or None
        None publishes nothing.
    home : Path
        The database.
    how : Access
        How files are opened.
    quiet : bool
    """

    def __init__(self, to: str | None, home: Path, how: Access, *, quiet: bool) -> None:
        self._to, self._home, self._how, self._quiet = to, home, how, quiet
        if to is not None:
            from segmenter.operations.publish import target_of

            target_of(to, how).standing(home)

    def publish_after_work(self) -> None:
        """Publish what the database has now, if that was asked for."""
        if self._to is not None:
            how = replace(self._how, wait=patience(self._how.wait))
            _published(self._to, self._home, how, quiet=self._quiet)


def _published(
    to: str, home: Path, how: Access, *, quiet: bool, overwrite: bool = False
) -> Publication:
    from segmenter.cli.console import listener
    from segmenter.operations.publish import publish, target_of
    from segmenter.workplace.file import open_to_copy

    return publish(
        partial(open_to_copy, home, how),
        target_of(to, how),
        home=home,
        wait=how.wait,
        overwrite=overwrite,
        progress=listener(quiet),
    )


def publish(
    database: Database,
    to: Annotated[str, _TO],
    overwrite: Overwrite = False,
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Copy what dashboards read to a place that no fit or refresh locks.

    The views of the schema segments become tables of the same names, with their columns and
    comments, beside the functions classify_segment and explain_segment. No transactions are in it.
    What was published before is replaced in one step: who reads it goes on reading the old one,
    who opens it then reads the new one, and nobody waits or sees a half. In a folder each file is
    whole.

    The same after a fit, refit, refresh or rollback: their option --to. What was published from a
    newer model, as an older copy of the database would, is replaced with --overwrite only.

    Example: segmenter publish shop.duckdb --to bi.duckdb

    Example: segmenter publish shop.duckdb --to lake/published/
    """
    how = access(wait, quiet=quiet, memory_limit=memory_limit, threads=threads)
    published = _published(to, database, how, quiet=quiet, overwrite=overwrite)
    rows = [{"object": name, "rows": count} for name, count in published.rows.items()]
    write_records(COLUMNS, rows, form)
