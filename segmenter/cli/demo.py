"""Start: ``demo``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmenter.cli.database_file import check_writable, open_to_read, patience
from segmenter.cli.options import Format, FormatOption, Quiet, Wait, checked_database
from segmenter.errors import SegmenterError
from segmenter.formatting import counted
from segmenter.schema.connection import first_row
from segmenter.schema.names import HISTORY, INTERNAL, SCHEMA, SNAPSHOT, SUMMARY_OF_SNAPSHOT
from segmenter.workplace.placing import check_free, log_of

if TYPE_CHECKING:
    import duckdb

    from segmenter.progress import Progress

__all__ = ["demo"]

DEMO_FILE = Path("segmenter-demo.duckdb")
_SALES = "online_retail.parquet"
DEMO_COMMENT = "Online Retail, UCI Machine Learning Repository, CC BY 4.0; loaded by segmenter demo"


def demo(
    database: Annotated[
        Path,
        typer.Argument(metavar="DB", help="The DuckDB file to make.", callback=checked_database),
    ] = DEMO_FILE,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Segment a year of real sales (Online Retail) and show what comes out.

    Needs no data and no network. The sales are bundled: Online Retail, UCI Machine Learning
    Repository, CC BY 4.0 (D. Chen, S. L. Sain, K. Guo, 2012).

    Example: segmenter demo
    """
    from segmenter.cli.console import listener
    from segmenter.cli.summary import show_result
    from segmenter.operations.fit import fit as fit_model
    from segmenter.sources.source import Source
    from segmenter.workplace.opening import new_database

    is_there = database.exists()
    if is_there:
        _refuse_what_is_not_a_demo(database, wait, quiet=quiet)
    else:
        check_free(database)
    progress = listener(quiet)
    source = Source(
        transactions="online_retail",
        customer="CustomerID",
        amount="Quantity * UnitPrice",
        order="InvoiceNo",
        date="InvoiceDate",
    )
    with new_database(database, overwrite=is_there) as con:
        _load_demo(con, progress)
        fit_model(con, source, progress=progress)
    with open_to_read(database, patience(wait), quiet=quiet) as con:
        show_result(con, database, form, quiet=quiet)


def _refuse_what_is_not_a_demo(database: Path, wait: float | None, *, quiet: bool) -> None:
    """Refuse to replace a file that holds anything that a new demo would not hold."""
    from importlib.resources import as_file, files

    from segmenter.cli.allow import allowed
    from segmenter.workplace.confinement import confine

    with (
        as_file(files("segmenter.data") / _SALES) as sales,
        open_to_read(database, wait, quiet=quiet, confined=False) as con,
    ):
        confine(con, database, [str(sales)], allow=allowed())
        if not first_row(
            con,
            "select 1 from duckdb_tables() where table_name = 'online_retail' and comment = $1",
            [DEMO_COMMENT],
        ):
            raise SegmenterError(
                f"{database} exists and is not a demo. Name another file: segmenter demo "
                "other.duckdb"
            )
        others = _others(con, sales)
    if others:
        raise SegmenterError(
            f"{database} holds what the demo did not make, and would lose it: {', '.join(others)}. "
            "Name another file: segmenter demo other.duckdb"
        )
    # a log that stayed beside the new file would make it unusable
    check_writable(database, wait, quiet=quiet)
    log = log_of(database)
    if log is not None:
        raise SegmenterError(
            f"{log} holds changes to {database} that do not get into it. Make room on the disk, "
            "or name another file: segmenter demo other.duckdb"
        )


def _others(con: duckdb.DuckDBPyConnection, sales: Path) -> list[str]:
    """Return what somebody else made in a demo: objects, rows, later models."""
    from segmenter.schema.files import read

    found = [name for (name,) in con.execute(read("queries/demo_others"), _ours()).fetchall()]
    sums = "select count(*), bit_xor(hash(t)), sum(hash(t)) from"
    there = first_row(con, f"{sums} main.online_retail as t")
    if there != first_row(con, f"{sums} read_parquet($1) as t", [str(sales)]):
        found.append("changed rows of online_retail")
    models = con.execute(f"select model_id from {INTERNAL}.models where model_id > 1").fetchall()
    return found + [f"model {model_id}" for (model_id,) in models]


def _ours() -> dict[str, list[str]]:
    """Return the names of what a demo makes, by kind."""
    from segmenter.schema.files import MACROS, MODEL_VIEWS, TABLE_MACROS, TABLES, VIEWS, qualified

    return {
        "tables": ["main.online_retail", *(f"{INTERNAL}.{name}" for name in (*TABLES, SNAPSHOT))],
        "views": [
            *map(qualified, (*MODEL_VIEWS, *VIEWS)),
            *(f"{SCHEMA}.{name}" for name in (SNAPSHOT, SUMMARY_OF_SNAPSHOT, HISTORY)),
        ],
        "macros": [
            *(
                f"{schema}.{name}"
                for schema in ("main", SCHEMA)
                for name in ("classify_segment", "explain_segment")
            ),
            *(f"{SCHEMA}.{name}" for name in (*MACROS, *TABLE_MACROS)),
        ],
        "schemas": ["main", SCHEMA, INTERNAL],
    }


def _load_demo(con: duckdb.DuckDBPyConnection, progress: Progress) -> None:
    from importlib.resources import as_file, files

    with (
        progress.step("Loading Online Retail") as done,
        as_file(files("segmenter.data") / _SALES) as sales,
    ):
        con.execute("create table online_retail as from read_parquet($1)", [str(sales)])
        con.execute(f"comment on table online_retail is '{DEMO_COMMENT}'")
        (rows,) = first_row(con, "select count(*) from online_retail")
        done(f"{counted(rows, 'row')} (UCI Machine Learning Repository, CC BY 4.0)")
