"""Start: ``inspect``."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmenter.cli.database_file import open_to_read, patience
from segmenter.cli.options import Format, FormatOption, Quiet, Wait, checked_database
from segmenter.cli.parameters import in_options
from segmenter.cli.reply import reply
from segmenter.cli.source_options import Attach, Csv, Sheet, Unit
from segmenter.cli.tables import Column, write, write_records
from segmenter.cli.terminal import results
from segmenter.errors import SegmenterError
from segmenter.formatting import counted, escaped

if TYPE_CHECKING:
    from segmenter.operations.inspect import Inspection

__all__ = ["inspect"]

GUESSES = (
    Column("role", "Role"),
    Column("expression", "Is read from"),
    Column("is_sure", ""),
    Column("reason", "Why"),
    Column("alternatives", ""),
)
COLUMNS = (
    Column("column", "Column"),
    Column("type", "Type"),
    Column("taken_for", "Taken for"),
    Column("filled", "Values", "count"),
    Column("distinct", "Different", "count"),
    Column("example", "Smallest"),
)


def inspect(
    transactions: Annotated[
        str,
        typer.Argument(metavar="FILE|TABLE", help="A file of sales, or a table of DB."),
    ],
    database: Annotated[
        Path | None,
        typer.Argument(metavar="DB", help="The DuckDB file.", callback=checked_database),
    ] = None,
    csv: Csv = None,
    sheet: Sheet = None,
    unit: Unit = None,
    attach: Attach = None,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Show what the columns of a file or table are taken for, and why; write nothing.

    Layouts of well-known shops and tills are recognised by their columns; otherwise names, types
    and contents tell. What is not sure is said, with what it could be instead.

    Example: segmenter inspect orders.csv

    Example: segmenter inspect sales shop.duckdb
    """
    from segmenter.cli.console import waiting
    from segmenter.operations.inspect import inspect as look
    from segmenter.sources.attachments import parsed_attachments
    from segmenter.sources.csv_options import parsed_options
    from segmenter.sources.file_names import is_file_name

    is_file = is_file_name(transactions)
    if is_file and database is not None:
        raise SegmenterError(f"{transactions} is a file and in no database. Leave {database} out.")
    if not is_file and database is None and not attach:
        raise SegmenterError(
            f"{transactions!r} is not a file. Name one, or the database that has the table: "
            "segmenter inspect TABLE DB."
        )
    given: dict[str, Any] = {"csv": parsed_options(csv)} if csv else {}
    given |= {"sheet": sheet} if sheet else {}
    given |= {"unit": unit} if unit else {}
    given |= {"attach": parsed_attachments(attach)} if attach else {}
    place: Any = (
        nullcontext() if database is None else open_to_read(database, patience(wait), quiet=quiet)
    )
    with place as con, waiting("Looking at the columns", quiet):
        found = look(transactions, con, **given)
    if form is Format.JSON:
        for note in found.notes:
            reply.note(in_options(note), "guess")
        written = json.dumps(_answer(found), ensure_ascii=False, indent=2)
        print(escaped(written), file=results.exact())
    elif form is Format.CSV:
        write_records(GUESSES, found.table, form)
    else:
        words = [word for option in csv or [] for word in ("--csv", option)]
        words += ["--sheet", sheet] if sheet else []
        words += ["--unit", unit] if unit else []
        words += [word for one in attach or [] for word in ("--attach", one)]
        _show(found, command(found, transactions, database, words))


def _show(found: Inspection, to_fit: str) -> None:
    guesses = found.guesses
    known = f", recognised as {guesses.layout}" if guesses.layout else ""
    results.line(
        f"{guesses.relation}: {counted(guesses.rows, 'row')}, "
        f"{counted(len(guesses.columns), 'column')}{known}",
        style="bold",
    )
    rows = [
        [guess.role, guess.expression, None, _marked(guess.is_sure, guess.reason), None]
        for guess in guesses.guesses
        if guess.expression is not None or not guess.is_sure or guess.role in ("order", "date")
    ]
    write(GUESSES, rows, Format.TABLE)
    results.line()
    write_records(COLUMNS, [one for one in found.columns if one["filled"]], Format.TABLE)
    results.line()
    if empty := [one["column"] for one in found.columns if not one["filled"]]:
        shown = ", ".join(empty[:5]) + (", ..." if len(empty) > 5 else "")
        results.line(f"Empty: {counted(len(empty), 'column')} ({shown}).")
    if found.totals:
        results.line(f"All in all: {found.totals.words()}.")
    for note in found.notes:
        results.line(f"Note: {in_options(note)}")
    for guess in guesses.unsure:
        results.line(f"Not sure: {in_options(guess.question())}")
    if not found.totals:  # a note says why
        results.line("Nothing was written.")
        return
    results.line("Nothing was written. To fit it:")
    results.command(f"  {to_fit}")


def _marked(is_sure: bool, reason: str) -> str:
    return reason if is_sure else f"not sure: {reason}"


def command(
    found: Inspection, transactions: str, database: Path | None, reading: Sequence[str]
) -> str:
    """Return the command that fits what was inspected, with all that is not sure spelled out."""
    from segmenter.sources.file_names import is_file_name

    words = ["segmenter", "fit"]
    if database is None and is_file_name(transactions):
        words += [transactions]
    else:
        words += [str(database or "sales.duckdb"), "--transactions", transactions]
    words += reading
    if not found.is_sure:
        for role, text in found.guesses.values().items():
            words += [f"--{role.replace('_', '-')}", text]
        words += [word for guess in found.guesses.missing for word in (f"--{guess.role}", "COLUMN")]
    return shlex.join(words)


def _answer(found: Inspection) -> dict[str, Any]:
    """Return an inspection as JSON has it: what each column is taken for, and what told it."""
    totals = found.totals
    values = {} if totals is None else dict(vars(totals))
    for name in ("first_day", "last_day"):
        if values.get(name) is not None:
            values[name] = values[name].isoformat()
    guesses = [
        {
            "role": guess.role,
            "expression": guess.expression,
            "is_sure": guess.is_sure,
            "reason": guess.reason,
            "alternatives": list(guess.alternatives),
        }
        for guess in found.guesses.guesses
    ]
    return reply.envelope(
        guesses,
        relation=found.guesses.relation,
        layout=found.guesses.layout,
        source_rows=found.guesses.rows,
        is_sure=found.is_sure,
        totals=values or None,
        columns=[dict(column) for column in found.columns],
    )
