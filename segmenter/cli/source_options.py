"""Options that say how transactions are read, for all verbs that read them."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = [
    "ATTRIBUTES",
    "LAST_DAY",
    "TRANSACTIONS",
    "AllowLostRows",
    "Amount",
    "AsOf",
    "Attach",
    "Attributes",
    "Csv",
    "Customer",
    "Date",
    "DateFormat",
    "NumberFormat",
    "Order",
    "Query",
    "Sheet",
    "Unit",
    "Where",
    "Window",
]

TRANSACTIONS = "Transactions"
"""Heading of these options in the help."""

ATTRIBUTES = (
    "Columns that stand with each customer, say country,channel: the latest value that is known. "
    "They take no part in the model."
)

LAST_DAY = "Last day, to its end, or moment that counts."

Customer = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN", help="Who bought: the customer's id.", rich_help_panel=TRANSACTIONS
    ),
]
Amount = Annotated[
    str | None,
    typer.Option(
        metavar="EXPRESSION",
        help='Money of a row, refunds negative: a column, or SQL such as "quantity * unit_price".',
        rich_help_panel=TRANSACTIONS,
    ),
]
Order = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="The order's number, which counts once however many rows it has.  [each row with a "
        "positive amount is an order]",
        rich_help_panel=TRANSACTIONS,
    ),
]
Date = Annotated[
    str | None,
    typer.Option(
        metavar="EXPRESSION",
        help="When it happened. Needed for --window, --as-of, lifecycle, moves, backtest.",
        rich_help_panel=TRANSACTIONS,
    ),
]
Where = Annotated[
    str | None,
    typer.Option(
        metavar="CONDITION",
        help="Only rows that meet it, say \"invoice_no not like 'C%'\".",
        rich_help_panel=TRANSACTIONS,
    ),
]
Window = Annotated[
    str | None,
    typer.Option(
        metavar="SPAN",
        help="Only the last such span, say '12 months'. Needs --date.",
        rich_help_panel=TRANSACTIONS,
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help=f"{LAST_DAY}  [newest transaction]",
        rich_help_panel=TRANSACTIONS,
    ),
]
NumberFormat = Annotated[
    str | None,
    typer.Option(
        metavar="EXAMPLE",
        help="How 1234.56 stands in the amounts where they are texts, say '1.234,56'.",
        rich_help_panel=TRANSACTIONS,
    ),
]
DateFormat = Annotated[
    str | None,
    typer.Option(
        metavar="FORMAT",
        help="How dates that are texts are written, say %d/%m/%Y; or iso, epoch, epoch_ms.",
        rich_help_panel=TRANSACTIONS,
    ),
]
Unit = Annotated[
    str | None,
    typer.Option(
        metavar="NUMBER",
        help="Power of ten, say 0.00000001, that amounts are counted in: makes micro amounts "
        "exact.  [1]",
        rich_help_panel=TRANSACTIONS,
    ),
]
Attributes = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMNS",
        help=ATTRIBUTES,
        rich_help_panel=TRANSACTIONS,
    ),
]
AllowLostRows = Annotated[
    bool,
    typer.Option(
        "--allow-lost-rows",
        help="Go on although an expression, say a try_cast, makes NULL of values that are there in "
        "more than 5 % of the rows.",
        rich_help_panel=TRANSACTIONS,
    ),
]
Csv = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE",
        help="An option of DuckDB's CSV reader for the file: delim, quote, header, skip, encoding, "
        "decimal_separator, nullstr, dateformat, null_padding, ignore_errors and others; may be "
        "repeated.",
        rich_help_panel=TRANSACTIONS,
    ),
]
Sheet = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Sheet of an Excel workbook, or '*' for all, of the same columns.  [the only one]",
        rich_help_panel=TRANSACTIONS,
    ),
]
Query = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="File with a SQL query that gives the transactions.",
        rich_help_panel=TRANSACTIONS,
    ),
]
Attach = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=DATABASE",
        help="Another database that the table or the query is in, say crm=postgres:dbname=shop "
        "with --transactions crm.public.orders; may be repeated. Passwords are named: "
        "password=${CRM_PASSWORD}.",
        rich_help_panel=TRANSACTIONS,
    ),
]
