"""Use: ``export``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from segmenter.cli.database_file import open_model
from segmenter.cli.options import (
    DIALECTS,
    Database,
    Overwrite,
    Quiet,
    Table,
    Wait,
    checked_path,
)
from segmenter.cli.terminal import results
from segmenter.errors import SegmenterError

__all__ = ["export"]


Part = Literal["all", "points"]
"""What of a script is exported."""


class What(StrEnum):
    """What is exported."""

    ALL = "all"
    POINTS = "points"
    SEMANTIC = "semantic"


def export(
    database: Database,
    dialect: Annotated[
        str | None,
        typer.Option(
            "--dialect",
            "-d",
            metavar="NAME",
            help=DIALECTS,
            show_default=False,
        ),
    ] = None,
    what: Annotated[
        What,
        typer.Option(
            help="all: the whole script. points: only the query of the anonymous training points, "
            "to run there, save as a file and fit from (fit --points). semantic: no script, but "
            "what the columns mean and how they add up, as JSON of the Open Semantic Interchange."
        ),
    ] = What.ALL,
    table: Table = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file to write.  [standard output]",
            callback=checked_path,
        ),
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    r"""Write a SQL script that runs the current model in another warehouse.

    It creates the function classify_segment, live views of profiles and segments over your table,
    and views of the rules and lines, in a schema called segments. Of a model that was fitted to
    anonymous points it creates the function, the rules and the lines. Nothing there needs Python,
    and nothing leaves the warehouse.

    Example: segmenter export shop.duckdb --dialect postgres --output segments.sql

    Example: segmenter export shop.duckdb --dialect snowflake \
        --table shop.sales --what points

    Example: segmenter export shop.duckdb --what semantic --output segments.json
    """
    from segmenter.engines.ddl import check_dialect
    from segmenter.operations.export import export as script_of
    from segmenter.operations.semantic_model import semantic_model
    from segmenter.sources import whole_files
    from segmenter.storage.store import load

    if what is What.SEMANTIC:
        if dialect is not None or table is not None:
            raise SegmenterError(
                "a semantic model names the views, in whatever dialect. Leave out --dialect and "
                "--table."
            )
    elif dialect is None:
        raise SegmenterError(f"name the warehouse with --dialect: {DIALECTS}")
    else:
        check_dialect(dialect)
    if output is not None:
        whole_files.check(output, overwrite=overwrite)
    with open_model(database, wait, quiet=quiet) as con:
        model = load(con)
        text = semantic_model(con) if dialect is None else ""
    if dialect is not None:
        part: Part = "points" if what is What.POINTS else "all"
        text = script_of(model, dialect, what=part, table=table)
    if output is None:
        print(text, end="", file=results.exact())
    else:
        whole_files.write({output: text.encode()}, overwrite=overwrite)
