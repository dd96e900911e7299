"""Use: ``export``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from segmenter.cli.database_file import open_model
from segmenter.cli.options import Database, Wait
from segmenter.cli.terminal import results

__all__ = ["export"]


class ExportStage(StrEnum):
    """What is exported."""

    ALL = "all"
    POINTS = "points"


def export(
    database: Database,
    dialect: Annotated[
        str,
        typer.Option(
            "--dialect",
            "-d",
            help="duckdb, postgres, spark, databricks, snowflake, bigquery, redshift or trino.",
            show_default=False,
        ),
    ],
    stage: Annotated[
        ExportStage,
        typer.Option(
            help="all: the whole script. points: only the query of the anonymous training points, "
            "to run there, save as a file and fit from (fit --points)."
        ),
    ] = ExportStage.ALL,
    table: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The table as it is called there, such as shop.sales. Needed where the model was "
            "fitted to files or a data frame, and with its schema for bigquery and snowflake; "
            "otherwise the table of the fit.",
            show_default=False,
        ),
    ] = None,
    wait: Wait = None,
) -> None:
    r"""Print a SQL script that runs the current model in another warehouse.

    It creates the function classify_segment and live views of profiles and segments over your
    table, in a schema called segments. Of a model that was fitted to anonymous points it creates
    the function alone. Nothing there needs Python, and nothing leaves the warehouse.

    Example: segmenter export shop.duckdb --dialect postgres > segments.sql

    Example: segmenter export shop.duckdb --dialect snowflake \
        --table shop.sales --stage points
    """
    from segmenter.engines.ddl import check_dialect
    from segmenter.operations.export import export as script_of
    from segmenter.storage.store import load

    check_dialect(dialect)
    with open_model(database, wait) as con:
        model = load(con)
    script = script_of(model, dialect, what=stage.value, table=table)
    print(script, end="", file=results.exact())
