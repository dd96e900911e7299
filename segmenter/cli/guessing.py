"""``fit`` without customer or amount: columns are guessed, shown, and asked about."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from segmenter.cli.parameters import in_options
from segmenter.cli.reply import reply
from segmenter.cli.terminal import messages
from segmenter.errors import InputError, SegmenterError

if TYPE_CHECKING:
    from segmenter.sources.engine import Engine
    from segmenter.sources.guessing.findings import Guesses
    from segmenter.sources.source import Source

__all__ = ["complete_source", "needs_guesses", "relation_of", "split_database"]

_OF_COLUMNS = (
    "customer", "amount", "order", "date", "currency", "where", "window", "as_of",
    "number_format", "date_format",
)  # fmt: skip
"""Parameters of a source that are about its columns."""

_DUCKDB = slice(8, 12)
"""Where a file says that it is a database."""

_SUFFIXES = re.compile(r"(\.\w{1,8}){1,2}$")
_ODD = re.compile(r"[^\w-]+")


class NotSureError(SegmenterError):
    """Columns that nobody has confirmed.

    Attributes
    ----------
    hint : str
        The whole command, to be copied.
    """

    hint = ""


def split_database(given: str, transactions: str | None) -> tuple[Path, str | None]:
    """Return the database and its sales, where a file of sales may stand in the database's place.

    Raises
    ------
    SegmenterError
        Sales are named twice.
    """
    from segmenter.sources.file_names import is_file_name

    if transactions is None and os.path.isdir(given):
        given = os.path.join(given, "")  # a slash tells it from a table
    if not is_file_name(given) or _is_database(given):
        return Path(given), transactions
    if not re.search(r"\.(duckdb|db|ddb)$", given, re.IGNORECASE):
        if transactions is not None:
            raise InputError(
                f"{given} is a file of sales, and --transactions {transactions} is another. Give "
                "one of the two, or the database in the first place."
            )
        return Path(f"{database_name(given)}.duckdb"), given
    return Path(given), transactions


def database_name(file: str) -> str:
    """Return what a database is called after a file of sales.

    Examples
    --------
    >>> database_name("exports/orders 2024.csv.gz"), database_name("lake/sales/*.parquet")
    ('orders_2024', 'sales')
    """
    parts = [part for part in re.split(r"[/\\]", file.split("?")[0]) if part]
    named = [part for part in parts if not re.search(r"[*\[\]{}]", part)]
    last = _SUFFIXES.sub("", named[-1]) if named else ""
    return _ODD.sub("_", last).strip("_") or "sales"


def needs_guesses(given: Mapping[str, Any]) -> bool:
    """Tell whether transactions were given without all that is needed of them."""
    others = given["profile"] is not None or given["points"] is not None
    has_both = given["customer"] is not None and given["amount"] is not None
    return given["transactions"] is not None and not others and not has_both


def relation_of(given: Mapping[str, Any]) -> Source:
    """Return a source that says which table or file is read, whatever its columns are."""
    from segmenter.sources.source import Source

    reading = {name: value for name, value in given.items() if name not in _OF_COLUMNS}
    return Source(customer="customer", amount="amount", **reading)


def complete_source(
    engine: Engine, given: Mapping[str, Any], *, quiet: bool, yes: bool, is_dry: bool
) -> Source:
    """Guess what is missing, show it, and have it confirmed where it is not sure.

    Raises
    ------
    NotSureError
        Nobody is there to confirm it, or somebody did not; the hint is the command.
    SegmenterError
        Customer or amount is in no column.
    """
    from segmenter.operations.inspect import complete

    source, guesses = complete(engine, given, relation_of(given))
    for note in guesses.notes:
        reply.note(in_options(note), "guess")
    for guess in guesses.unsure:
        reply.note(in_options(guess.question()), "unsure_guess")
    if not quiet:
        _show(guesses)
    if guesses.unsure and not (yes or is_dry):
        _confirm(guesses)
    elif not quiet:
        _question(guesses)
    return source


def _show(guesses: Guesses) -> None:
    known = f" ({guesses.layout})" if guesses.layout else ""
    messages.line(f"  {guesses.relation}{known} is read as:")
    for guess in guesses.guesses:
        if guess.expression is not None or guess.role in ("order", "date"):
            messages.line(f"    {guess.words()}")
    for note in guesses.notes:
        messages.parts(("  note: ", "yellow"), (in_options(note), ""))


def _question(guesses: Guesses) -> None:
    for guess in guesses.unsure:
        messages.parts(("  note: ", "yellow"), (in_options(guess.question()), ""))


def _confirm(guesses: Guesses) -> None:
    """Ask a person; refuse where there is none."""
    is_asked = sys.stdin.isatty() and messages.is_terminal
    if is_asked:
        _question(guesses)
        if _says_yes("  Is that right?"):
            return
    asked = " ".join(guess.question() for guess in guesses.unsure)
    error = NotSureError(
        f"{asked} Nothing was written. Change what is wrong in this command, and run it:"
        if is_asked
        else f"{asked} Nothing was written. Where all is right, run this command, or add --yes:"
    )
    error.hint = _command(guesses)
    raise error


def _says_yes(question: str) -> bool:
    """Ask; who ends the input instead says no."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        return False


def _command(guesses: Guesses) -> str:
    """Return the command that was typed with all that was guessed."""
    words = ["segmenter", *sys.argv[1:]]
    for guess in guesses.guesses:
        if guess.expression is not None and not guess.is_given:
            words += [f"--{guess.role.replace('_', '-')}", guess.expression]
    return shlex.join(words)


def _is_database(path: str) -> bool:
    """Whether a file is a DuckDB database, whatever its name is."""
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(_DUCKDB.stop)[_DUCKDB] == b"DUCK"
    except OSError:
        return False  # which whoever reads it says in a sentence
