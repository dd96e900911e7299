"""``explain``: why a customer is in a segment, and what would change it."""

from __future__ import annotations

from shlex import quote
from typing import Annotated

import typer

from segmenter.cli.database_file import open_model
from segmenter.cli.options import Database, Format, FormatOption, Quiet, Wait
from segmenter.cli.tables import Column, write_records
from segmenter.cli.terminal import results
from segmenter.errors import SegmenterError

__all__ = ["explain"]


def explain(
    database: Database,
    monetary: Annotated[
        float | None,
        typer.Argument(metavar="MONETARY", help="What the customer has spent.", show_default=False),
    ] = None,
    frequency: Annotated[
        float | None,
        typer.Argument(metavar="FREQUENCY", help="In how many orders.", show_default=False),
    ] = None,
    customer: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Id of the customer.")
    ] = None,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Tell why a customer is in a segment, and the smallest changes that would change it.

    Give what was spent and the number of orders, or the id of a customer with --id.

    Example: segmenter explain shop.duckdb 250 3

    Example: segmenter explain shop.duckdb --id 12347
    """
    from segmenter.operations.classify import explain as explain_it

    if customer is not None and monetary is not None:
        raise SegmenterError("give the two numbers or --id, not both.")
    if customer is None and (monetary is None or frequency is None):
        raise SegmenterError(
            "give what was spent and the number of orders, as in segmenter explain "
            f"{quote(str(database))} 250 3, or the id of a customer with --id."
        )
    with open_model(database, wait, quiet=quiet) as con:
        found = explain_it(con, monetary, frequency, customer=customer)
    if form is Format.TABLE:
        for sentence in found.sentences():
            results.line(sentence)
        return
    row = {name: value for name, value in vars(found).items() if name != "customer"}
    write_records([Column(name, name) for name in row], [row], form)
