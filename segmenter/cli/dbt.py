"""Use: ``dbt init``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segmenter.cli.database_file import open_model
from segmenter.cli.options import (
    Database,
    Format,
    FormatOption,
    Overwrite,
    Quiet,
    Table,
    Wait,
    checked_path,
)
from segmenter.cli.tables import Column, write_records

__all__ = ["dbt_init"]

COLUMNS = (Column("file", "Written"),)


def dbt_init(
    database: Database,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="Folder for the package: a new or an empty one.",
            show_default=False,
            callback=checked_path,
        ),
    ],
    table: Table = None,
    overwrite: Overwrite = False,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Write a dbt package of the current model, for dbt-duckdb and dbt-postgres.

    The rules are a seed that can be read in a pull request; models for profiles, segments and their
    summary, a snapshot as history, the functions as macros, tests and docs come with it.

    After a refit --overwrite writes it anew, for git diff to show. What is yours to change stays as
    it is then: dbt_project.yml, profiles.yml, models/sources.yml, models/exposures.yml.

    Example: segmenter dbt init shop.duckdb segments/
    """
    from segmenter.dbt.project import check_folder, dbt_project, profile_path, write_project

    check_folder(folder, overwrite=overwrite)
    with open_model(database, wait, quiet=quiet) as con:
        contents = dbt_project(con, table=table, database=profile_path(database, folder))
    written = write_project(contents, folder, overwrite=overwrite)
    write_records(COLUMNS, [{"file": name} for name in written], form)
