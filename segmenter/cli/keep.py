"""Keep: ``refresh``, ``models``, ``rollback`` and ``forget``."""

from __future__ import annotations

from typing import Annotated

import typer

from segmenter.cli.database import open_model, workplace
from segmenter.cli.options import Database, Format, FormatOption, MemoryLimit, Quiet, Threads
from segmenter.cli.output import Column, write
from segmenter.errors import SegmenterError
from segmenter.layout import SCHEMA
from segmenter.query import first_row

__all__ = ["forget", "models", "refresh", "rollback"]

MODEL_COLUMNS = (
    Column("model_id", "Model", "count"),
    Column("is_current", " "),
    Column("fitted_at", "Fitted (UTC)"),
    Column("relation", "From"),
    Column("customers", "Customers", "count"),
    Column("training_customers", "", "count"),
    Column("rules", "", "count"),
    Column("segments", "Segments"),
    Column("settings", "Settings"),
)


def refresh(
    database: Database,
    full: Annotated[
        bool, typer.Option("--full", help="Add up every customer, whatever the check sums say.")
    ] = False,
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
) -> None:
    """Bring the snapshot up to date after new transactions, under the rules as they are.

    Dashboards read `segments.customer_segments_snapshot` and `segments.segment_summary_snapshot`,
    which are tables of the last fit or refresh; the other views are live. Only customers with new,
    changed or removed transactions are added up again. The first refresh after a fit adds up all.

    Example: segmenter refresh shop.duckdb
    """
    from segmenter.cli.console import listener
    from segmenter.cli.summary import show_segments
    from segmenter.refreshing import Refresh

    with open_model(database):
        pass  # a file without a model is refused before it is opened for writing
    progress = listener(quiet)
    with (
        workplace(database, memory_limit=memory_limit, threads=threads) as place,
        Refresh(place.con) as refreshing,
    ):
        changes = refreshing.prepare(full=full, progress=progress)
        with progress.step("Writing the snapshot") as done, place.writing():
            refreshing.store()
            done(
                f"{changes.added_up:,} customers"
                if changes.is_full
                else f"{changes.lacking:,} rows changed or new, {changes.stale:,} replaced or gone"
            )
    with open_model(database) as con:
        show_segments(con, form, snapshot=True)


def models(database: Database, form: FormatOption = Format.TABLE) -> None:
    """List the versions of the model: each fit is one, and the views follow the current one.

    Example: segmenter models shop.duckdb
    """
    from segmenter.catalog import read

    with open_model(database) as con:
        rows = con.execute(read("queries/model_versions")).fetchall()
    if form is Format.TABLE:
        rows = [(row[0], "*" * row[1], *row[2:-1], _unusual(row[-1])) for row in rows]
    write(MODEL_COLUMNS, rows, form)


def _unusual(settings: str) -> str:
    """Return the settings that are not the defaults."""
    import json

    from segmenter.settings import Settings

    usual = Settings().as_dict()
    told = {key: value for key, value in json.loads(settings).items() if value != usual.get(key)}
    return ", ".join(f"{key} = {value}" for key, value in told.items()) or "defaults"


def rollback(
    database: Database,
    model_id: Annotated[int, typer.Argument(metavar="MODEL", help="Number of the version.")],
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
) -> None:
    """Make an earlier version of the model the current one again.

    The views, the macros and the snapshot follow it, in one transaction. No version is lost:
    roll forward the same way. `segmenter models` lists them.

    Example: segmenter rollback shop.duckdb 1
    """
    from segmenter import store
    from segmenter.cli.console import listener
    from segmenter.cli.summary import show_segments
    from segmenter.publish import publish
    from segmenter.versions import stage_of

    progress = listener(quiet)
    with open_model(database) as con:
        model = store.load(con, model_id)
        (current,) = first_row(con, f"select model_id from {SCHEMA}.models where is_current")
    if current == model_id:
        raise SegmenterError(f"model {model_id} is the current one already.")
    with (
        workplace(database, memory_limit=memory_limit, threads=threads) as place,
        stage_of(place.con, model, progress) as stage,
        progress.step("Publishing") as done,
        place.writing(),
    ):
        publish(place.con, model, stage.binding, stage.customers)
        done(f"model {model_id} instead of model {current}")
    with open_model(database) as con:
        show_segments(con, form, snapshot=True)


FORGOTTEN = (
    Column("place", "Where"),
    Column("removed", "Removed", "count"),
    Column("words", "What happened"),
)


def forget(
    database: Database,
    customer: Annotated[
        str, typer.Option(help="Id of the customer.", metavar="ID", show_default=False)
    ],
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
) -> None:
    """Remove a customer from all that is stored: the snapshot and the models' training points.

    Your own table is only read. The output says for each place what was removed, and of each model
    how it is known which point they were. The rules stay as they are. DuckDB overwrites freed space
    in the file only later: copy the database into a new file to be rid of the bytes, too.

    Example: segmenter forget shop.duckdb --customer 12347
    """
    from segmenter.cli.console import listener
    from segmenter.forgetting import Forgetting

    with open_model(database):
        pass  # a file without a model is refused before it is opened for writing
    with workplace(database) as place:
        forgetting = Forgetting(place.con)
        with listener(quiet).step("Looking for what is stored") as done:
            steps = forgetting.prepare(customer)
            done(f"customer {customer}")
        with place.writing():
            forgetting.store()
    write(FORGOTTEN, [(step.place, step.removed, step.words) for step in steps], form)
