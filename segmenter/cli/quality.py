"""Watch: ``quality`` and ``drift``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from segmenter.cli.database_file import open_model, workplace
from segmenter.cli.exit_codes import ExitCode
from segmenter.cli.options import Database, Format, FormatOption, Quiet, Wait
from segmenter.cli.tables import Column, write
from segmenter.cli.terminal import results
from segmenter.errors import SegmenterError
from segmenter.formatting import counted
from segmenter.schema.names import SCHEMA

if TYPE_CHECKING:
    import duckdb

__all__ = ["drift", "quality"]

QUALITY_COLUMNS = (
    Column("model_id", "", "count"),
    Column("metric", "Metric"),
    Column("value", "Segments", "figure"),
    Column("flat_value", "Flat", "figure"),
    Column("words", "What it says"),
    Column("basis", "Measured on"),
)

DRIFT_COLUMNS = (
    Column("metric", "Metric"),
    Column("value", "Value", "figure"),
    Column("threshold", "Drifted\nabove", "figure"),
    Column("is_drifted", ""),
    Column("words", "In words"),
)


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
    from segmenter.evaluation.quality import measure, save_measures, trained_model
    from segmenter.training.warm_up import warm_up

    with open_model(database, wait, quiet=quiet):
        pass  # a file without a model is refused before it is opened for writing
    progress = listener(quiet)
    warm_up(progress)
    with workplace(database, wait, quiet=quiet) as place:
        with progress.step("Reading the model") as done:
            model = trained_model(place.con, model_id)
            done(f"model {model.model_id}, {counted(len(model.points), 'point')}")
        measures = measure(place.con, model, progress)
        with (
            progress.step("Writing segments.model_quality") as done,
            place.writing("the figures are kept"),
        ):
            save_measures(place.con, model, measures)
            done(counted(len(measures), "figure"))
    rows = [
        (model.model_id, one.metric, one.value, one.flat_value, one.words, one.basis)
        for one in measures
    ]
    write(QUALITY_COLUMNS, rows, form)


def drift(
    database: Database,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Tell whether the customers are still like those that the model learned from.

    Ends with exit code 0 when they are and with 5 when a refit is due, so that a schedule can act
    on it. The same in SQL: segments.drift.

    Example: segmenter drift shop.duckdb
    """
    from segmenter.cli.console import waiting

    with open_model(database, wait, quiet=quiet) as con:
        _refuse_sources_that_stand_still(con)
        query = f"select metric, value, threshold, is_drifted, words from {SCHEMA}.drift"
        with waiting("Adding up customers", quiet):
            rows = con.execute(query).fetchall()
    *metrics, overall = rows
    if overall[3] is None:
        raise SegmenterError(f"drift cannot be told: {overall[4]}.")
    if form is Format.TABLE:
        write(DRIFT_COLUMNS, metrics, form)
        results.line(_sentence(overall[4]), style="bold")
    else:
        write(DRIFT_COLUMNS, rows, form)
    if overall[3]:
        raise typer.Exit(ExitCode.REFIT_DUE)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _refuse_sources_that_stand_still(con: duckdb.DuckDBPyConnection) -> None:
    from segmenter.storage import store

    model_id, source, _ = store.current(con)
    if source.kind == "points":
        raise SegmenterError(
            f"model {model_id} was fitted to anonymous points, so there are no customers to watch. "
            "Fit to new points, and compare the two versions."
        )
    if source.was_frame:
        raise SegmenterError(
            f"model {model_id} was fitted to a data frame that ended with its session, so there is "
            "nothing live to watch. Fit again with the frame of today."
        )
