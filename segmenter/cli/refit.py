"""Keep: ``refit``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from segmenter.cli.database_file import access, open_model, workplace
from segmenter.cli.engine_options import Choice, Dsn, EngineName, Master, SparkConf
from segmenter.cli.model_options import MaxChange, Publish, with_settings
from segmenter.cli.options import (
    Database,
    Format,
    FormatOption,
    MemoryLimit,
    Quiet,
    Threads,
    Wait,
)
from segmenter.cli.publish import Publishing, To
from segmenter.cli.source_options import ATTRIBUTES, LAST_DAY, TRANSACTIONS
from segmenter.settings import MAX_CHANGE

__all__ = ["refit"]

UNCHANGED = "unchanged"
"""What holds for an option that is left out, in the help."""


@with_settings(UNCHANGED)
def refit(
    database: Database,
    window: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN",
            help=f"Only the last such span, say '12 months'. Needs --date.  [{UNCHANGED}]",
            rich_help_panel=TRANSACTIONS,
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help=f"{LAST_DAY}  [{UNCHANGED}]",
            rich_help_panel=TRANSACTIONS,
        ),
    ] = None,
    attributes: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMNS",
            help=f"{ATTRIBUTES}  [{UNCHANGED}; '' for none]",
            rich_help_panel=TRANSACTIONS,
        ),
    ] = None,
    *,
    settings: dict[str, Any],
    max_change: MaxChange = MAX_CHANGE,
    publish: Publish = False,
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
    r"""Find the segments anew in the current model's source, with its settings.

    Nothing of the fit has to be typed again; what is typed is changed. Another table, customer or
    condition is another base, and needs a fit. A model that was fitted on Spark or in PostgreSQL is
    fitted there again, with the --master, --spark-conf or --dsn of its fit.

    Example: segmenter refit shop.duckdb

    Example: segmenter refit shop.duckdb --max-change 0.02
    """
    from segmenter.cli.console import listener
    from segmenter.cli.fitted import show_fit
    from segmenter.operations.refit import as_fitted
    from segmenter.operations.refit import refit as fit_again
    from segmenter.settings import SafetyNet
    from segmenter.sources.attribute_names import parsed_attributes

    with open_model(database, wait, quiet=quiet) as con:
        named = parsed_attributes(attributes) if attributes else [] if attributes == "" else None
        fitted = as_fitted(con, settings, window=window, as_of=as_of, attributes=named)
    how = access(wait, quiet=quiet, memory_limit=memory_limit, threads=threads)
    publishing = Publishing(to, database, how, quiet=quiet)
    chosen = Choice(EngineName(fitted.engine), master, spark_conf or [], dsn)
    source = fitted.source
    with (
        workplace(
            database,
            wait,
            quiet=quiet,
            memory_limit=memory_limit,
            threads=threads,
            reads=source.files if chosen.is_here else [],
            attach=source.attach or {},
        ) as place,
        chosen.opened(place.con) as rows,
    ):
        net = SafetyNet(max_change, publish)
        result = fit_again(place, fitted, net, engine=rows, progress=listener(quiet))
    show_fit(database, result, max_change, form, publishing, quiet=quiet, wait=wait)
