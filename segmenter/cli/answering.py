"""What answers a question about customers: the database, or with --dsn PostgreSQL's views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.cli.allow import allowed
from segmenter.cli.database_file import open_model
from segmenter.cli.engine_options import Choice, EngineName
from segmenter.errors import SegmenterError

if TYPE_CHECKING:
    import duckdb

__all__ = ["answering", "engine_of_fit"]


def engine_of_fit(con: duckdb.DuckDBPyConnection) -> EngineName:
    """Return where the current model was fitted."""
    from segmenter.storage.current import engine_of_current

    return EngineName(engine_of_current(con))


@contextmanager
def answering(
    database: Path,
    wait: float | None,
    dsn: str | None,
    views: Mapping[str, bool],
    *,
    files: Sequence[str] = (),
    customers: bool = True,
    quiet: bool = False,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open what answers.

    Parameters
    ----------
    database : Path
        With the model.
    wait : float or None
    dsn : str or None
        Where the model was fitted; None asks the database.
    views : mapping of str to bool
        As in `segmenter.operations.read_remote`.
    files : sequence of str, optional
        Files that were typed, which may be read besides.
    customers : bool, default True
        Whether customers are needed, whom a model of PostgreSQL has over there alone.
    quiet : bool
    """
    from segmenter.workplace.confinement import confine

    with open_model(database, wait, quiet=quiet, confined=not files) as con:
        if dsn is None:
            if customers and engine_of_fit(con) is EngineName.POSTGRES:
                raise SegmenterError(
                    "this model was fitted in PostgreSQL, and its customers are there. Give "
                    "--dsn postgresql://user@host/database."
                )
            if files:
                confine(con, database, files, (), allowed())
            yield con
            return
        from segmenter.cli.console import waiting
        from segmenter.operations.read_remote import read_remote

        engine = engine_of_fit(con)
        if engine is not EngineName.POSTGRES:
            raise SegmenterError(
                f"--dsn is for a model that was fitted with --engine postgres; this one was fitted "
                f"on {engine}. Leave it out."
            )
        with ExitStack() as stack:
            with waiting("Reading from PostgreSQL", quiet):
                rows = stack.enter_context(Choice(engine, dsn=dsn).opened(con))
                there = stack.enter_context(read_remote(con, rows, views))
            confine(there, database, files, (), allowed())
            yield there
