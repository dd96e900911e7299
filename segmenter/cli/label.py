"""Use: ``label``, which writes files with segments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmenter.cli.allow import allowed
from segmenter.cli.database_file import open_model
from segmenter.cli.engine_options import (
    ENGINES,
    Choice,
    EngineName,
    EngineOption,
    Master,
    SparkConf,
)
from segmenter.cli.options import (
    Database,
    MemoryLimit,
    Overwrite,
    Quiet,
    Threads,
    Wait,
    checked_path,
)
from segmenter.cli.source_options import (
    AllowLostRows,
    Amount,
    AsOf,
    Csv,
    Customer,
    Date,
    DateFormat,
    NumberFormat,
    Order,
    Where,
    Window,
)
from segmenter.errors import SegmenterError
from segmenter.workplace.confinement import confine

if TYPE_CHECKING:
    from segmenter.model import Model
    from segmenter.operations.label_spark import Lake
    from segmenter.progress import Progress
    from segmenter.sources.source import Source

__all__ = ["label"]

FILES = "Files"
PROFILES = "Columns of profiles"
"""Headings in the help."""


def label(
    database: Database,
    given: Annotated[
        str,
        typer.Option(
            "--input",
            metavar="FILE",
            help="Parquet or CSV file, or glob, to label.",
            show_default=False,
            rich_help_panel=FILES,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file to write.",
            show_default=False,
            callback=checked_path,
            rich_help_panel=FILES,
        ),
    ],
    overwrite: Overwrite = False,
    overwrite_column: Annotated[
        bool,
        typer.Option(
            "--overwrite-column",
            help="Replace columns segment and segment_rank of the input.",
            rich_help_panel=FILES,
        ),
    ] = False,
    monetary: Annotated[
        str | None,
        typer.Option(
            metavar="EXPRESSION", help="What was spent.  [monetary]", rich_help_panel=PROFILES
        ),
    ] = None,
    frequency: Annotated[
        str | None,
        typer.Option(
            metavar="EXPRESSION", help="In how many orders.  [frequency]", rich_help_panel=PROFILES
        ),
    ] = None,
    customer: Customer = None,
    amount: Amount = None,
    order: Order = None,
    date: Date = None,
    where: Where = None,
    number_format: NumberFormat = None,
    date_format: DateFormat = None,
    window: Window = None,
    as_of: AsOf = None,
    allow_lost_rows: AllowLostRows = False,
    csv: Csv = None,
    engine: EngineOption = EngineName.DUCKDB,
    partition_by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Spark: column that partitions the output; may be repeated.  [as the input is]",
            rich_help_panel=ENGINES,
        ),
    ] = None,
    master: Master = None,
    spark_conf: SparkConf = None,
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    r"""Label a file: all its rows and columns, with `segment` and `segment_rank` at the end.

    The input has a row a customer with the columns `monetary` and `frequency`, or options say which
    they are. Transactions are added up instead when --customer and --amount say how to read them:
    then the output has one row a customer. It is Parquet or CSV by its name, and appears in one
    piece when all is done. Rows without monetary or frequency have no segment. Values are written
    as they stand: a text such as =1+1 in a CSV file is a formula for a spreadsheet.

    Example: segmenter label shop.duckdb --input profiles.parquet \
        --output labelled.parquet

    Example: segmenter label shop.duckdb --input 'exports/*.parquet' \
        --output customers.csv --customer customer_id \
        --amount "quantity * unit_price" --order invoice_no

    On Spark, input and output are folders of Parquet. Partitions of the input replace those of
    the same name in the output when all is done; others stay.

    Example: segmenter label model.duckdb --engine spark \
        --input lake/profiles --output lake/labels
    """
    from segmenter.cli.console import listener
    from segmenter.operations.label import label as label_file
    from segmenter.sources.csv_options import parsed_options
    from segmenter.sources.source import Source

    raw: dict[str, Any] = {
        "customer": customer,
        "amount": amount,
        "order": order,
        "date": date,
        "where": where,
        "number_format": number_format,
        "date_format": date_format,
        "window": window,
        "as_of": as_of,
    }
    options = parsed_options(csv) if csv else None
    is_raw = any(value is not None for value in raw.values())
    if is_raw and (monetary is not None or frequency is not None):
        raise SegmenterError(
            "--monetary and --frequency belong to a file of profiles, "
            f"--{next(name for name in raw if raw[name] is not None).replace('_', '-')} to raw "
            "transactions. Give the ones or the others."
        )
    if is_raw:
        raw |= {"allow_lost_rows": allow_lost_rows, "csv": options}
    chosen = Choice(engine, master, spark_conf or [])
    if chosen.name is EngineName.POSTGRES:
        raise SegmenterError(
            "in PostgreSQL the view segments.customer_segments has everybody's label, live: "
            "segmenter fit --engine postgres makes it."
        )
    if chosen.name is EngineName.SPARK:
        from segmenter.operations.label_spark import Lake
        from segmenter.storage.store import load

        lake = Lake(given, str(output), tuple(partition_by or ()), overwrite, overwrite_column)
        raw_source = Source(transactions=given, **raw) if is_raw else None
        with open_model(database, wait, quiet=quiet) as con:
            model = load(con)
        _on_spark(model, chosen, lake, monetary, frequency, raw_source, listener(quiet))
        return
    with open_model(
        database,
        wait,
        quiet=quiet,
        confined=False,
        memory_limit=memory_limit,
        threads=threads,
    ) as con:

        def writing_to(path: str, draft: Path) -> None:
            confine(con, database, [path], [str(draft)], allowed())

        label_file(
            con,
            Source(transactions=given, **raw) if is_raw else given,
            output,
            monetary=monetary,
            frequency=frequency,
            overwrite=overwrite,
            overwrite_column=overwrite_column,
            csv=None if is_raw else options,
            progress=listener(quiet),
            prepare=writing_to,
        )


def _on_spark(
    model: Model,
    chosen: Choice,
    lake: Lake,
    monetary: str | None,
    frequency: str | None,
    source: Source | None,
    progress: Progress,
) -> None:
    from segmenter.operations.label_spark import label_on_spark

    with chosen.spark() as spark:
        label_on_spark(
            spark,
            model,
            lake,
            monetary=monetary or "monetary",
            frequency=frequency or "frequency",
            source=source,
            progress=progress,
        )
