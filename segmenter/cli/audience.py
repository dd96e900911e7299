"""Options that make a list of customers fit for mail and ad tools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmenter.cli.tables import Column

if TYPE_CHECKING:
    from segmenter.operations.audience import Audience
    from segmenter.operations.table import Query, Table

__all__ = ["Contacts", "MinSize", "Objections", "PhoneCountry", "rows_of"]

HASH_COLUMNS = (
    Column("email_sha256", ""),
    Column("phone_sha256", ""),
    Column("phone_digits_sha256", ""),
)

TOOLS = "For mail and ad tools"
"""Heading in the help."""

Contacts = Annotated[
    str | None,
    typer.Option(
        metavar="TABLE|FILE",
        help="E-mail addresses and phone numbers (columns email, phone) of the customers; CSV and "
        "JSON get their SHA-256.",
        rich_help_panel=TOOLS,
    ),
]
Objections = Annotated[
    str | None,
    typer.Option(
        metavar="TABLE|FILE",
        help="Who is left out of every list: by customer, email or phone.",
        rich_help_panel=TOOLS,
    ),
]
PhoneCountry = Annotated[
    str | None,
    typer.Option(
        metavar="CODE",
        help="Calling code of phone numbers without + or 00, such as 44; without it they are left "
        "empty.",
        rich_help_panel=TOOLS,
    ),
]
MinSize = Annotated[
    int | None,
    typer.Option(
        metavar="NUMBER",
        help="Refuse a list of fewer customers; with --contacts, of fewer with an address.",
        rich_help_panel=TOOLS,
    ),
]


def rows_of(
    asked: Query, columns: Sequence[Column], audience: Audience, *, quiet: bool
) -> tuple[Iterator[tuple[Any, ...]], Sequence[Column]]:
    """Return the rows, the first of them there already, and the columns that they have."""
    from segmenter.cli.console import listener
    from segmenter.operations.audience import addressed

    source: Query | Table = asked
    if audience:
        source = addressed(asked, audience, listener(quiet))
        columns = (*columns, *HASH_COLUMNS) if audience.contacts else columns
    rows = source.rows([column.name for column in columns])
    first = next(rows, None)
    return rows if first is None else chain([first], rows), columns
