"""Watch: ``quality`` and ``drift``."""

from __future__ import annotations

from typing import Annotated

import typer

from segmenter.cli.answering import answering
from segmenter.cli.database_file import open_model, workplace
from segmenter.cli.engine_options import There
from segmenter.cli.exit_codes import ExitCode
from segmenter.cli.options import Database, Format, FormatOption, Quiet, Wait
from segmenter.cli.tables import Column, write_records
from segmenter.cli.terminal import results

__all__ = ["drift", "quality"]

QUALITY_COLUMNS = (
    Column("model_id", "", "count"),
    Column("metric", "Metric"),
    Column("value", "Segments", "figure"),
    Column("flat_value", "Flat", "figure"),
    Column("message", "What it says"),
    Column("basis", "Measured on"),
)

DRIFT_COLUMNS = (
    Column("metric", "Metric"),
    Column("value", "Value", "figure"),
    Column("threshold", "Drifted\nabove", "figure"),
    Column("is_drifted", ""),
    Column("message", "In words"),
)

ATTRIBUTE_COLUMNS = (
    Column("attribute", ""),
    Column("attribute_value", "Value"),
    Column("customers_at_fit", "Customers\nat the fit", "count"),
    Column("share_at_fit", "Share\nthen", "share"),
    Column("customers", "Customers\nnow", "count"),
    Column("share_of_customers", "Share\nnow", "share"),
    Column("stability_index", "Index", "figure"),
    Column("attribute_index", "", "figure"),
    Column("is_drifted", ""),
)

OTHERS = "All others"
"""What the table says of the values that few customers had."""

_DRIFT = {"drift_bins": True, "profile_cut": True}
"""What is read of PostgreSQL."""


def quality(
    database: Database,
    model_id: Annotated[
        int | None,
        typer.Option("--model", metavar="MODEL", help="Number of a version.  [the current one]"),
    ] = None,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Measure how good the segments are, beside a flat clustering into as many.

    The figures are kept in segments.model_quality, in the place of those measured before. Large
    bases are measured on samples, always the same ones; the output says on which.

    Example: segmenter quality shop.duckdb
    """
    from segmenter.cli.console import listener
    from segmenter.operations.quality import quality as measure

    with open_model(database, wait, quiet=quiet):
        pass  # a file without a model is refused before it is opened for writing
    progress = listener(quiet)
    with workplace(database, wait, quiet=quiet) as place:
        measured = measure(place, model_id, progress=progress)
    write_records(QUALITY_COLUMNS, measured.table, form)


def drift(
    database: Database,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Show how the customers were mixed at the fit, and are now, by an attribute that "
            "the fit names.",
        ),
    ] = None,
    dsn: There = None,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Tell whether the customers are still like those that the model learned from.

    Ends with exit code 0 when they are and with 5 when a refit is due, so that a schedule can act
    on it. The same in SQL: segments.drift. With --by the rows are those of
    segments.attribute_drift; the rules do not look at attributes, so that a refit is due or not as
    without it. With --dsn the customers are those of PostgreSQL, where the model was fitted.

    Example: segmenter drift shop.duckdb
    """
    from segmenter.cli.console import waiting
    from segmenter.operations.drift import drift as tell

    with (
        answering(database, wait, dsn, _DRIFT, quiet=quiet) as con,
        waiting("Adding up customers", quiet),
    ):
        found = tell(con, by=by)
    rows = found.table.records()
    if form is not Format.TABLE:
        write_records(DRIFT_COLUMNS if by is None else ATTRIBUTE_COLUMNS, rows, form)
    elif found.by_attribute is None:
        write_records(DRIFT_COLUMNS, rows[:-1], form)
    else:
        named = [
            {**row, "attribute_value": OTHERS} if row["attribute_value"] is None else row
            for row in rows
        ]
        write_records(ATTRIBUTE_COLUMNS, named, form)
        results.line(found.by_attribute)
    if form is Format.TABLE:
        results.line(found.message, style="bold")
    if found.is_due:
        raise typer.Exit(ExitCode.REFIT_DUE)
