"""Start: ``fit``."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmenter.cli.database_file import open_to_read, patience, workplace
from segmenter.cli.engine_options import (
    Choice,
    Dsn,
    EngineName,
    EngineOption,
    Master,
    ModelFile,
    OptionalDatabase,
    SparkConf,
    model_file,
)
from segmenter.cli.options import (
    AllowLostRows,
    Format,
    FormatOption,
    MemoryLimit,
    Quiet,
    SafeCsv,
    Threads,
    Wait,
)
from segmenter.errors import SegmenterError

if TYPE_CHECKING:
    from segmenter.operations.fit import FitResult
    from segmenter.sources.source import Source

__all__ = ["fit"]

NOT_PUBLISHED = 3
"""Exit code of a fit whose model is stored, but moves too many customers to be published."""


class CutOn(StrEnum):
    """The metric that whales are cut on."""

    MONETARY = "monetary"
    FREQUENCY = "frequency"
    EITHER = "either"


def fit(
    database: OptionalDatabase = None,
    transactions: Annotated[
        str | None,
        typer.Option(help="Table or view of the database, or Parquet/CSV file or glob."),
    ] = None,
    customer: Annotated[
        str | None, typer.Option(help="Column that identifies the customer.")
    ] = None,
    amount: Annotated[
        str | None, typer.Option(help="Column or expression: money of a row, refunds negative.")
    ] = None,
    order: Annotated[
        str | None,
        typer.Option(help="Column that identifies the order; without it each row is one."),
    ] = None,
    date: Annotated[
        str | None, typer.Option(help="Column or expression: when it happened.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="Column of the currency: more than one is warned of.")
    ] = None,
    where: Annotated[
        str | None, typer.Option(help="Condition on rows, say \"invoice_no not like 'C%'\".")
    ] = None,
    exclude: Annotated[
        str | None,
        typer.Option(
            metavar="TABLE|FILE", help="Customers who are left out of everything: test accounts."
        ),
    ] = None,
    window: Annotated[
        str | None, typer.Option(help="Time span that counts, say '12 months'. Needs --date.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="Last day or moment that counts. Default: the newest transaction."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="Instead of transactions: customer, monetary, frequency."),
    ] = None,
    points: Annotated[
        str | None,
        typer.Option(help="Instead: anonymous monetary, frequency, customers, whales cut already."),
    ] = None,
    cut: Annotated[
        float | None,
        typer.Option(help="Quantile above which a customer is a whale; 1 for none.  [0.99]"),
    ] = None,
    cut_on: Annotated[CutOn | None, typer.Option(help="Metric that is cut on.  [either]")] = None,
    levels: Annotated[
        str | None, typer.Option(help="Splits at most, 1 to 6, or auto.  [2]")
    ] = None,
    max_share: Annotated[
        float | None,
        typer.Option(help="A block with more than this share is split again.  [0.5]"),
    ] = None,
    consolidate: Annotated[
        bool | None,
        typer.Option(help="Settle the boundaries after each split, or textbook Ward.  [yes]"),
    ] = None,
    n_neighbors: Annotated[
        int | None, typer.Option(help="Customers that vote on a label, 1 to 50.  [5]")
    ] = None,
    max_rules: Annotated[
        int | None, typer.Option(help="With more rules there is no SQL macro.  [2000]")
    ] = None,
    max_points: Annotated[
        int | None,
        typer.Option(help="With more distinct points, monetary is coarsened.  [20000000]"),
    ] = None,
    names: Annotated[
        str | None, typer.Option(help="Names of the segments, highest first, with commas.")
    ] = None,
    forget_points: Annotated[
        bool,
        typer.Option(
            "--forget-points",
            help="Keep rules only, not the training points, each of which may be one person.",
        ),
    ] = False,
    active_days: Annotated[
        int | None,
        typer.Option(help="A last order so many days ago is active.  [from repeat intervals]"),
    ] = None,
    lapsed_days: Annotated[
        int | None,
        typer.Option(help="A last order longer ago is lapsed.  [from repeat intervals]"),
    ] = None,
    max_change: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Over an existing model: when a refit alone would move a larger share of the "
            "customers, store the version but do not publish it (exit code 3).",
        ),
    ] = 0.1,
    publish: Annotated[
        bool, typer.Option("--publish", help="Publish, however many customers move.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Fit over the model of another source or condition all the same."
        ),
    ] = False,
    allow_lost_rows: AllowLostRows = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show how the table is read, five profiles; write nothing."),
    ] = False,
    engine: EngineOption = EngineName.DUCKDB,
    model: ModelFile = None,
    master: Master = None,
    spark_conf: SparkConf = None,
    dsn: Dsn = None,
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
    form: FormatOption = Format.TABLE,
    safe_csv: SafeCsv = False,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    r"""Find the segments in a table of sales and publish them in the database.

    DB is made when it does not exist and the sales are in files. The table is only read; all that
    is written is the schema `segments` and the macro `classify_segment`.

    Example: segmenter fit shop.duckdb --transactions sales --customer customer_id \
        --amount "quantity * unit_price" --order invoice_no --date invoice_date

    Example: segmenter fit shop.duckdb --transactions 'exports/*.parquet' \
        --customer CustomerID --amount amount

    With --engine the rows stay on Spark or in PostgreSQL, and DB, or --model, is a file for the
    model. Function and views are published over there too.

    Example: segmenter fit --engine spark --master 'local[*]' --model model.duckdb \
        --transactions 'warehouse/*.parquet' \
        --customer customer_id --amount amount
    """
    from segmenter.cli.console import listener
    from segmenter.settings import SafetyNet, Settings
    from segmenter.sources.source import Source

    source = Source(
        transactions=transactions,
        customer=customer,
        amount=amount,
        order=order,
        date=date,
        currency=currency,
        where=where,
        exclude=exclude,
        window=window,
        as_of=as_of,
        profile=profile,
        points=points,
        allow_lost_rows=allow_lost_rows,
    )
    settings = Settings.from_mapping(
        {
            "cut": cut,
            "cut_on": None if cut_on is None else cut_on.value,
            "levels": levels,
            "max_share": max_share,
            "consolidate": consolidate,
            "n_neighbors": n_neighbors,
            "max_rules": max_rules,
            "max_points": max_points,
            "names": names,
            "forget_points": forget_points,
            "active_days": active_days,
            "lapsed_days": lapsed_days,
        }
    )
    if source.kind == "points" and (cut is not None or cut_on is not None):
        raise SegmenterError(
            "points are the training profile itself: nothing is cut from them. Leave out --cut "
            "and --cut-on."
        )
    chosen = Choice(engine, master, spark_conf or [], dsn)
    file = model_file(chosen, database, model)
    how = {"memory_limit": memory_limit, "threads": threads, "writable": not dry_run}
    with (
        _workplace(file, source, {"wait": wait, "quiet": quiet, **how}, chosen) as place,
        chosen.opened(place.con) as rows,
    ):
        if dry_run:
            from segmenter.cli.dry_run import show_dry_run

            show_dry_run(rows, source, settings, form, listener(quiet), safe_csv=safe_csv)
            return
        from segmenter.operations.fit import fit_into
        from segmenter.training.warm_up import warm_up

        net = SafetyNet(max_change, publish, replace)
        result = fit_into(
            place, rows, source, settings, net, listener(quiet), before_training=warm_up
        )
    if not result.is_published:
        _say_unpublished(file, result, max_change)
        raise typer.Exit(NOT_PUBLISHED)
    from segmenter.cli.summary import show_result

    with open_to_read(file, patience(wait), quiet=quiet) as con:
        show_result(con, file, form, safe_csv=safe_csv)


def _say_unpublished(path: Path, result: FitResult, max_change: float) -> None:
    from segmenter.cli.terminal import messages
    from segmenter.formatting import percent

    assert result.refit is not None
    model_id = result.model.model_id
    messages.line(
        f"segmenter: model {model_id} is stored but not published: "
        f"{percent(result.refit.share, 1)} of the customers would change segment, more than "
        f"--max-change {percent(max_change, 1)}. Look: segmenter compare {path} "
        f"{result.refit.model_id} {model_id}. Then publish it: segmenter rollback {path} "
        f"{model_id}; or fit with --publish."
    )


def _workplace(database: Path, source: Source, how: dict[str, Any], chosen: Choice) -> Any:
    """Return a context with the place where the model is kept, and mostly the source is read."""
    from segmenter.sources.source import is_file_name

    if chosen.is_here and not database.exists() and not source.is_file:
        raise SegmenterError(
            f"there is no database {database}, and {source.relation!r} is not a file. Name the "
            "database that has the table, or a Parquet or CSV file."
        )
    named = [source.relation, source.exclude] if chosen.is_here else []
    reads = [os.fspath(name) for name in named if name and is_file_name(os.fspath(name))]
    return workplace(database, reads=reads, **how)
