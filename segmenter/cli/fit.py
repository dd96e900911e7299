"""Start: ``fit``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmenter.cli.database_file import access, workplace
from segmenter.cli.engine_options import (
    Choice,
    Dsn,
    EngineName,
    EngineOption,
    Master,
    SparkConf,
)
from segmenter.cli.guessing import complete_source, needs_guesses, relation_of, split_database
from segmenter.cli.model_options import SAFETY_NET, MaxChange, Publish, with_settings
from segmenter.cli.options import (
    Format,
    FormatOption,
    MemoryLimit,
    Quiet,
    Threads,
    Wait,
    checked_database,
)
from segmenter.cli.publish import Publishing, To
from segmenter.cli.source_options import (
    TRANSACTIONS,
    AllowLostRows,
    Amount,
    AsOf,
    Attach,
    Attributes,
    Csv,
    Customer,
    Date,
    DateFormat,
    NumberFormat,
    Order,
    Query,
    Sheet,
    Unit,
    Where,
    Window,
)
from segmenter.errors import SegmenterError
from segmenter.settings import MAX_CHANGE

if TYPE_CHECKING:
    from segmenter.sources.source import Source

__all__ = ["fit"]


OTHER_SOURCES = "Instead of transactions"
"""Heading in the help."""


def _checked(database: str) -> str:
    checked_database(Path(database))
    return database


@with_settings()
def fit(
    database: Annotated[
        str,
        typer.Argument(
            metavar="DB|FILE",
            help="The DuckDB file, or a file of sales: then DB is called after it.",
            show_default=False,
            callback=_checked,
        ),
    ],
    transactions: Annotated[
        str | None,
        typer.Option(
            metavar="TABLE|FILE",
            help="Table or view of DB, or a Parquet, CSV or JSON file, a glob or a folder of them.",
            rich_help_panel=TRANSACTIONS,
        ),
    ] = None,
    customer: Customer = None,
    amount: Amount = None,
    order: Order = None,
    date: Date = None,
    currency: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="The currency: a warning when there is more than one.",
            rich_help_panel=TRANSACTIONS,
        ),
    ] = None,
    where: Where = None,
    exclude: Annotated[
        str | None,
        typer.Option(
            metavar="TABLE|FILE",
            help="List of customers who are left out of everything: test accounts.",
            rich_help_panel=TRANSACTIONS,
        ),
    ] = None,
    number_format: NumberFormat = None,
    date_format: DateFormat = None,
    unit: Unit = None,
    attributes: Attributes = None,
    window: Window = None,
    as_of: AsOf = None,
    allow_lost_rows: AllowLostRows = False,
    csv: Csv = None,
    sheet: Sheet = None,
    query: Query = None,
    attach: Attach = None,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="TABLE|FILE",
            help="One row a customer: a column for --customer, monetary, frequency.",
            rich_help_panel=OTHER_SOURCES,
        ),
    ] = None,
    points: Annotated[
        str | None,
        typer.Option(
            metavar="TABLE|FILE",
            help="Anonymous counts without whales: monetary, frequency, customers.",
            rich_help_panel=OTHER_SOURCES,
        ),
    ] = None,
    *,
    settings: dict[str, Any],
    max_change: MaxChange = MAX_CHANGE,
    publish: Publish = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Fit although the table, customer or condition is another one.",
            rich_help_panel=SAFETY_NET,
        ),
    ] = False,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            "-y",
            help="Take what is guessed of the columns, also where it is not sure.",
            rich_help_panel=TRANSACTIONS,
        ),
    ] = False,
    engine: EngineOption = EngineName.DUCKDB,
    master: Master = None,
    spark_conf: SparkConf = None,
    dsn: Dsn = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Show how the table is read, and five profiles; write nothing."
        ),
    ] = False,
    to: To = None,
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    r"""Find the segments in a table of sales and publish them in the database.

    DB is made when it does not exist and the sales are in files. The table is only read; all that
    is written is the schema `segments` and the macro `classify_segment`.

    Without --customer or --amount the columns are guessed and shown; what is not sure is asked, or
    refused with the command to copy where nobody is there to be asked. See segmenter inspect.

    Example: segmenter fit orders.csv

    Example: segmenter fit shop.duckdb --transactions sales --customer customer_id \
        --amount "quantity * unit_price" --order invoice_no --date invoice_date

    Example: segmenter fit new.duckdb --transactions 'exports/*.parquet' \
        --customer CustomerID --amount amount

    With --engine the rows stay on Spark or in PostgreSQL, and DB is a file for the model. Function
    and views are published over there too.

    Example: segmenter fit model.duckdb --engine spark --master 'local[*]' \
        --transactions 'warehouse/*.parquet' --customer customer_id --amount amount
    """
    from segmenter.cli.console import listener
    from segmenter.settings import SafetyNet, Settings
    from segmenter.sources.attachments import parsed_attachments
    from segmenter.sources.attribute_names import parsed_attributes
    from segmenter.sources.csv_options import parsed_options
    from segmenter.sources.source import Source

    if query is not None and transactions is not None:
        raise SegmenterError("a query gives the transactions. Leave out --transactions or --query.")
    path, transactions = split_database(database, transactions or query)
    given: dict[str, Any] = {
        "transactions": transactions,
        "customer": customer,
        "amount": amount,
        "order": order,
        "date": date,
        "currency": currency,
        "where": where,
        "exclude": exclude,
        "number_format": number_format,
        "date_format": date_format,
        "unit": unit,
        "attributes": parsed_attributes(attributes),
        "window": window,
        "as_of": as_of,
        "profile": profile,
        "points": points,
        "allow_lost_rows": allow_lost_rows,
        "csv": parsed_options(csv) if csv else None,
        "sheet": sheet,
        "attach": parsed_attachments(attach) if attach else None,
    }
    made = Settings.from_mapping(settings)
    chosen = Choice(engine, master, spark_conf or [], dsn)
    is_guessed = chosen.is_here and needs_guesses(given)
    source = relation_of(given) if is_guessed else Source(**given)
    if source.kind == "points" and (settings["cut"] or settings["cut_on"]):
        raise SegmenterError(
            "points are the training profile itself: nothing is cut from them. Leave out --cut "
            "and --cut-on."
        )
    publishing = Publishing(to, path, access(wait, quiet=quiet), quiet=quiet)
    how = {"memory_limit": memory_limit, "threads": threads, "writable": not dry_run}
    with (
        _workplace(path, source, {"wait": wait, "quiet": quiet, **how}, chosen) as place,
        chosen.opened(place.con) as rows,
    ):
        if is_guessed:
            source = complete_source(rows, given, quiet=quiet, yes=yes, is_dry=dry_run)
        if dry_run:
            from segmenter.cli.dry_run import show_dry_run

            show_dry_run(rows, source, made, form, listener(quiet))
            return
        from segmenter.operations.fit import fit_into

        net = SafetyNet(max_change, publish, replace)
        result = fit_into(place, rows, source, made, net, listener(quiet))
    from segmenter.cli.fitted import show_fit

    show_fit(path, result, max_change, form, publishing, quiet=quiet, wait=wait)


def _workplace(database: Path, source: Source, how: dict[str, Any], chosen: Choice) -> Any:
    """Return a context with the place where the model is kept, and mostly the source is read."""
    if chosen.is_here and not (database.exists() or source.is_file or source.attach):
        is_folder = os.path.isdir(str(source.relation))
        name = os.path.normpath(os.path.join(".", str(source.relation)))
        folder = f" A folder is written with a slash: {name}{os.sep}." if is_folder else ""
        raise SegmenterError(
            f"there is no database {database}, and {source.relation!r} is not a file. Name the "
            f"database that has the table, or a Parquet or CSV file.{folder}"
        )
    reads = source.files if chosen.is_here else []
    return workplace(database, reads=reads, attach=source.attach or {}, **how)
