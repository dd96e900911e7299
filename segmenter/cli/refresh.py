"""Keep: ``refresh`` and ``forget``."""

from __future__ import annotations

from typing import Annotated

import typer

from segmenter.cli.answering import answering, engine_of_fit
from segmenter.cli.database_file import access, open_model, patience, workplace
from segmenter.cli.engine_options import Choice, Dsn, EngineName
from segmenter.cli.options import (
    Database,
    Format,
    FormatOption,
    MemoryLimit,
    Quiet,
    Threads,
    Wait,
)
from segmenter.cli.publish import Publishing, To
from segmenter.cli.tables import Column, write_records
from segmenter.errors import SegmenterError
from segmenter.schema.names import SNAPSHOT, SUMMARY_OF_SNAPSHOT

__all__ = ["forget", "refresh"]


def refresh(
    database: Database,
    full: Annotated[
        bool, typer.Option("--full", help="Add up every customer, whatever the check sums say.")
    ] = False,
    to: To = None,
    dsn: Dsn = None,
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Bring the snapshot up to date after new transactions, under the rules as they are.

    The snapshot is what dashboards read where live views take too long, and what --snapshot of
    other verbs shows: segments.customer_segments_snapshot and segments.segment_summary_snapshot.
    Only customers with new, changed or removed transactions are added up again. The first refresh
    after a fit adds up all.

    Of a model that was fitted in PostgreSQL the snapshot, and the history beside it, are kept
    there: all customers are added up over there, and those who are new or changed are written, in
    one transaction. The first refresh makes it; after a fit or rollback it is as of before until
    the next one.

    Example: segmenter refresh shop.duckdb

    Example: segmenter refresh shop.duckdb --to bi.duckdb
    """
    from segmenter.cli.console import listener
    from segmenter.cli.summary import show_segments
    from segmenter.operations.refresh import refresh as bring_up_to_date

    with open_model(database, wait, quiet=quiet) as con:
        engine = engine_of_fit(con)  # a file without a model is refused before it is opened
    if engine is EngineName.SPARK:
        raise SegmenterError(
            "a snapshot is kept in DuckDB and in PostgreSQL, and this model was fitted on Spark, "
            "where its views are live. Make a table of segments.customer_segments over there."
        )
    chosen = Choice(engine, dsn=dsn)
    how = access(wait, quiet=quiet, memory_limit=memory_limit, threads=threads)
    publishing = Publishing(to, database, how, quiet=quiet)
    with (
        workplace(
            database, wait, quiet=quiet, memory_limit=memory_limit, threads=threads, attach=None
        ) as place,
        chosen.opened(place.con) as rows,
    ):
        bring_up_to_date(place, full=full, engine=rows, progress=listener(quiet))
    publishing.publish_after_work()
    place_there = None if chosen.is_here else dsn or ""
    views = {SUMMARY_OF_SNAPSHOT: True, SNAPSHOT: False}
    with answering(database, patience(wait), place_there, views, quiet=quiet) as con:
        show_segments(con, form, snapshot=True, quiet=quiet)


FORGOTTEN = (
    Column("place", "Where"),
    Column("removed", "Removed", "count"),
    Column("words", "What happened"),
)


def forget(
    database: Database,
    customer: Annotated[
        str, typer.Option("--id", metavar="ID", help="Id of the customer.", show_default=False)
    ],
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Remove a customer from all that is stored: the snapshot and the models' training points.

    Your own table is only read. The output says for each place what was removed, and of each model
    how it is known which point they were. The rules stay as they are. DuckDB overwrites freed space
    in the file only later: copy the database into a new file to be rid of the bytes, too.

    Example: segmenter forget shop.duckdb --id 12347
    """
    from segmenter.cli.console import listener
    from segmenter.operations.forget import forget as remove

    with open_model(database, wait, quiet=quiet):
        pass  # a file without a model is refused before it is opened for writing
    with workplace(database, wait, quiet=quiet) as place:
        steps = remove(place, customer, progress=listener(quiet))
    write_records(FORGOTTEN, map(vars, steps), form)
