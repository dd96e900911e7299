"""Keep: ``models``, ``compare``, ``rollback`` and ``prune``, the verbs about versions."""

from __future__ import annotations

from typing import Annotated

import typer

from segmenter.cli.database_file import access, open_model, patience, workplace
from segmenter.cli.engine_options import Choice, Dsn, EngineName, Master, SparkConf
from segmenter.cli.options import (
    Database,
    Format,
    FormatOption,
    MemoryLimit,
    ModelId,
    Quiet,
    Threads,
    Wait,
)
from segmenter.cli.publish import Publishing, To
from segmenter.cli.tables import Column, write_records

__all__ = ["compare", "models", "prune", "rollback"]

MODEL_COLUMNS = (
    Column("model_id", "Model", "count"),
    Column("is_current", " "),
    Column("fitted_at", "Fitted (UTC)"),
    Column("relation", "From"),
    Column("condition", "Where"),
    Column("unit", "Unit"),
    Column("customers", "Customers", "count"),
    Column("training_customers", "", "count"),
    Column("rules", "", "count"),
    Column("segments", "Segments"),
    Column("settings", "Settings"),
)


def models(
    database: Database,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """List the versions of the model: each fit is one, and the views follow the current one.

    The table names the settings that are not the defaults.

    Example: segmenter models shop.duckdb
    """
    from segmenter.operations.models import models as versions

    with open_model(database, wait, quiet=quiet) as con:
        found = versions(con).records()
    if form is Format.TABLE:
        for row in found:
            row |= {"is_current": "*" * row["is_current"], "settings": _unusual(row["settings"])}
    write_records(MODEL_COLUMNS, found, form)


def _unusual(settings: str) -> str:
    """Return the settings that are not the defaults."""
    from segmenter.settings import Settings
    from segmenter.storage.stored import stored_mapping

    usual = Settings().as_dict()
    given = stored_mapping(settings, "settings")
    changed = {key: value for key, value in given.items() if value != usual.get(key)}
    return ", ".join(f"{key} = {value}" for key, value in changed.items()) or "defaults"


def rollback(
    database: Database,
    model_id: ModelId,
    master: Master = None,
    spark_conf: SparkConf = None,
    dsn: Dsn = None,
    to: To = None,
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    r"""Make an earlier version of the model the current one again.

    The views, the macros and the snapshot follow it, in one transaction. No version is lost:
    roll forward the same way. `segmenter models` lists them.

    A version that was fitted on Spark or in PostgreSQL is published there again, too, with the
    --master, --spark-conf or --dsn of its fit.

    Example: segmenter rollback shop.duckdb 1
    """
    from segmenter.cli.console import listener
    from segmenter.cli.summary import show_segments
    from segmenter.operations.rollback import check_rollback
    from segmenter.operations.rollback import rollback as roll_back

    with open_model(database, wait, quiet=quiet) as con:
        engine = EngineName(check_rollback(con, model_id))
    chosen = Choice(engine, master, spark_conf or [], dsn)
    how = access(wait, quiet=quiet, memory_limit=memory_limit, threads=threads)
    publishing = Publishing(to, database, how, quiet=quiet)
    with (
        workplace(database, wait, quiet=quiet, memory_limit=memory_limit, threads=threads) as place,
        chosen.opened(place.con) as rows,
    ):
        roll_back(place, model_id, engine=rows, progress=listener(quiet))
    publishing.publish_after_work()
    with open_model(database, patience(wait), quiet=quiet) as con:
        show_segments(con, form, snapshot=True, quiet=quiet)


def compare(
    database: Database,
    model_a: Annotated[int, typer.Argument(metavar="A", help="Number of a version.")],
    model_b: Annotated[int, typer.Argument(metavar="B", help="Number of another version.")],
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Compare two versions: the customers as they are now, under the rules of each.

    The table shows how many customers have which segment in A and in B, how far the versions agree
    and where their rules differ. CSV and JSON have the rows of segments.compare_models(A, B);
    segments.compare_rules(A, B) has the rules side by side.

    Example: segmenter compare shop.duckdb 1 2
    """
    from segmenter.cli.comparison import COLUMNS, show_comparison
    from segmenter.cli.console import waiting
    from segmenter.operations.compare import compare as compare_versions

    with (
        open_model(database, wait, quiet=quiet) as con,
        waiting("Adding up customers", quiet),
    ):
        compared = compare_versions(con, model_a, model_b)
    if form is Format.TABLE:
        show_comparison(compared)
    else:
        write_records(COLUMNS, compared.table, form)


def prune(
    database: Database,
    keep: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="NUMBER",
            help="How many of the newest versions stay.",
            show_default=False,
        ),
    ],
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Delete old versions of the model, all but the newest ones and the current one.

    What is deleted cannot be made current again. The views and the snapshot stay as they are.

    Example: segmenter prune shop.duckdb --keep 5
    """
    from segmenter.cli.terminal import messages
    from segmenter.operations.models import prune as delete_old
    from segmenter.operations.models import pruned

    with open_model(database, wait, quiet=quiet) as con:
        gone = pruned(con, keep)  # nothing to delete needs no permission to write
    if gone:
        with workplace(database, wait, quiet=quiet) as place:
            gone = delete_old(place, keep)
    listed = ", ".join(map(str, gone))
    if not quiet:
        message = f"deleted model {listed}" if len(gone) == 1 else f"deleted models {listed}"
        messages.line(message if gone else "nothing to delete")
