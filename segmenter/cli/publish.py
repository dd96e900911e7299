"""Keep: ``publish``, and what other verbs do with ``--to``."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmenter.cli.database_file import access, open_model, patience
from segmenter.cli.engine_options import Choice, Dsn, EngineName
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
from segmenter.errors import SegmenterError

if TYPE_CHECKING:
    from segmenter.operations.publishing.publication import Publication
    from segmenter.workplace.opening import Access

__all__ = ["Publishing", "To", "publish"]

MADE = (Column("object", "In schema segments"), Column("kind", "Kind"))

COLUMNS = (Column("object", "In schema segments"), Column("rows", "Rows", "count"))

_TO = typer.Option(
    "--to",
    metavar="PLACE",
    help="Where dashboards read, made or replaced when all went well: a DuckDB file, a folder for "
    "Parquet files (with a slash at its end), ducklake:catalog.ducklake, or "
    "postgresql://user@host/database.",
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
    to: To = None,
    overwrite: Overwrite = False,
    dsn: Dsn = None,
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
    whole; in a DuckLake a publication is one snapshot.

    The same after a fit, refit, refresh or rollback: their option --to. What was published from a
    newer model, as an older copy of the database would, is replaced with --overwrite only.

    Example: segmenter publish shop.duckdb --to bi.duckdb

    Example: segmenter publish shop.duckdb --to lake/published/

    Into a DuckLake: --to ducklake:catalog.ducklake, or --to 'ducklake:postgres:dbname=lake' where
    somebody has made one.

    With --dsn nothing is copied: function and live views of a model that was fitted with
    --engine postgres are made in its PostgreSQL again, after a table of sales was replaced there,
    as dbt does, and took them along. What did not change is left alone. --dsn '' is the database
    that PGHOST, PGDATABASE and the like name.
    """
    if (to is None) == (dsn is None):
        both = "not both --to and --dsn" if to is not None else "which is neither --to nor --dsn"
        raise SegmenterError(
            f"publish needs one place, {both}. Give --to bi.duckdb for a copy of what dashboards "
            "read; --dsn postgresql://user@host/database for the views of a model that was fitted "
            "there."
        )
    if dsn is not None:
        if overwrite:
            raise SegmenterError(
                "--overwrite is for a copy, with --to; --dsn replaces our own views only. Leave "
                "--overwrite out."
            )
        _publish_views(database, dsn, form, quiet=quiet, wait=wait)
        return
    assert to is not None
    how = access(wait, quiet=quiet, memory_limit=memory_limit, threads=threads)
    published = _published(to, database, how, quiet=quiet, overwrite=overwrite)
    rows = [{"object": name, "rows": count} for name, count in published.rows.items()]
    write_records(COLUMNS, rows, form)


def _publish_views(
    database: Path, dsn: str, form: Format, *, quiet: bool, wait: float | None
) -> None:
    """Make function and views again where the model was fitted."""
    from segmenter.cli.console import listener
    from segmenter.operations.publish_views import check_engine, publish_views
    from segmenter.storage.functions import FUNCTIONS
    from segmenter.storage.store import load
    from segmenter.storage.table_macros import AT

    chosen = Choice(EngineName.POSTGRES, dsn=dsn)
    with open_model(database, wait, quiet=quiet) as con:
        model = load(con)
        check_engine(model, EngineName.POSTGRES)
        with chosen.opened(con) as engine:
            made = publish_views(model, engine, progress=listener(quiet))
    kinds = dict.fromkeys((*FUNCTIONS, AT), "function")
    rows = [{"object": name, "kind": kinds.get(name, "view")} for name in made]
    write_records(MADE, rows, form)
