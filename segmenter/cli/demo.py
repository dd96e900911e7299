"""Start: ``demo``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmenter.cli.database import new_database, open_to_read
from segmenter.cli.options import Format, FormatOption, Quiet, checked_path
from segmenter.errors import SegmenterError
from segmenter.query import first_row
from segmenter.text import counted

if TYPE_CHECKING:
    import duckdb

    from segmenter.progress import Progress

__all__ = ["demo"]

DEMO_FILE = Path("segmenter-demo.duckdb")
DEMO_COMMENT = "Online Retail, UCI Machine Learning Repository, CC BY 4.0; loaded by segmenter demo"


def demo(
    database: Annotated[
        Path,
        typer.Argument(metavar="[DB]", help="The DuckDB file to make.", callback=checked_path),
    ] = DEMO_FILE,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
) -> None:
    """Segment a year of real sales (Online Retail) and show what comes out.

    Needs no data and no network. The sales are bundled: Online Retail, UCI Machine Learning
    Repository, CC BY 4.0 (D. Chen, S. L. Sain, K. Guo, 2012).

    Example: segmenter demo
    """
    from segmenter.cli.console import listener
    from segmenter.cli.summary import show_result
    from segmenter.fitting import fit as fit_model
    from segmenter.kernels import warm_up
    from segmenter.source import Source

    if database.exists() and not _is_demo(database):
        raise SegmenterError(
            f"{database} exists and is not a demo. Name another file: segmenter demo other.duckdb"
        )
    progress = listener(quiet)
    warm_up(progress)
    source = Source(
        transactions="online_retail",
        customer="CustomerID",
        amount="Quantity * UnitPrice",
        order="InvoiceNo",
        date="InvoiceDate",
    )
    with new_database(database) as con:
        _load_demo(con, progress)
        fit_model(con, source, progress=progress)
    with open_to_read(database) as con:
        show_result(con, database, form)


def _is_demo(database: Path) -> bool:
    with open_to_read(database) as con:
        return bool(
            first_row(
                con,
                "select 1 from duckdb_tables() where table_name = 'online_retail' and comment = $1",
                [DEMO_COMMENT],
            )
        )


def _load_demo(con: duckdb.DuckDBPyConnection, progress: Progress) -> None:
    from importlib.resources import as_file, files

    with (
        progress.step("Loading Online Retail") as done,
        as_file(files("segmenter.data") / "online_retail.parquet") as sales,
    ):
        con.execute("create table online_retail as from read_parquet($1)", [str(sales)])
        con.execute(f"comment on table online_retail is '{DEMO_COMMENT}'")
        (rows,) = first_row(con, "select count(*) from online_retail")
        done(f"{counted(rows, 'row')} (UCI Machine Learning Repository, CC BY 4.0)")
