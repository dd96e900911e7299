"""What a source may not have together, refused before anything is read."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from segmenter.errors import InputError, without_secrets
from segmenter.sources.attachments import checked_attachments, has_secret
from segmenter.sources.attribute_names import checked_attributes
from segmenter.sources.file_names import is_query, is_url, is_workbook

if TYPE_CHECKING:
    from segmenter.sources.source import Source

__all__ = [
    "Reading",
    "check_reading",
    "check_types",
    "refuse_others",
    "refuse_transaction_columns",
    "refuse_without_time",
]

_TEXTS = ("customer", "amount", "order", "date", "currency", "where", "exclude")

_SIGNED = re.compile(r"[?&](?:sig|(?:x-\w+-)?signature)=", re.IGNORECASE)
"""An address that whoever has it may read."""

_WHAT = {"where": "a condition", "exclude": "a table or file"}

COLUMNS = ("amount", "order", "date", "currency")


def check_types(source: Source) -> None:
    """Refuse what is neither a table nor a text before anything looks into it."""
    relation = source.relation
    if isinstance(relation, str | os.PathLike):
        if not os.fspath(relation).strip():
            raise InputError(f"{source.kind} is empty. Name a table or a file.")
    elif type(relation).__module__ == "builtins":
        raise InputError(
            f"{source.kind} must be the name of a table or file, a pandas or Polars frame or an "
            f"Arrow table; a value of type {type(relation).__name__} came."
        )
    for name in _TEXTS:
        text = getattr(source, name)
        if text is None or (isinstance(text, str) and text.strip()):
            continue
        what = _WHAT.get(name, "a column or expression")
        raise InputError(
            f"{name} must be {what} as text, not {text!r}. Leave it out where there is none."
        )
    if source.attributes is not None:
        object.__setattr__(source, "attributes", checked_attributes(source.attributes))
    if not isinstance(source.allow_lost_rows, bool):
        raise InputError(f"allow_lost_rows must be True or False, not {source.allow_lost_rows!r}.")


class Reading(TypedDict, total=False):
    """How a file is read, whatever its rows are; see `Source`."""

    csv: Mapping[str, Any] | None
    sheet: str | None
    attach: Mapping[str, str] | None


def refuse_others(reading: Mapping[str, Any]) -> None:
    """Refuse keywords that say nothing of how a file is read.

    Raises
    ------
    TypeError
        As Python's own.
    """
    for name in reading:
        if name not in Reading.__annotations__:
            raise TypeError(f"got an unexpected keyword argument {name!r}")


def refuse_transaction_columns(source: Source) -> None:
    """Refuse what profiles and points do not have."""
    for name in (*COLUMNS, "number_format", "date_format", "unit", "window", "as_of"):
        if getattr(source, name) is not None:
            raise InputError(
                f"{name} belongs to transactions, not to a {source.kind} table. Leave it out."
            )
    if source.kind == "points" and source.customer is not None:
        raise InputError("a points table is anonymous: leave customer out.")
    if source.kind == "points" and source.attributes is not None:
        raise InputError(
            "a points table is anonymous, so that no attributes stand with its customers. Leave "
            "attributes out."
        )
    if source.kind == "points" and source.exclude is not None:
        raise InputError(
            "a points table is anonymous, so that nobody can be excluded from it. Exclude them "
            "where the points are made."
        )


def check_reading(source: Source) -> None:
    """Refuse options of readers, a sheet and databases for what does not read them.

    Also an address with a secret in it, which views would keep in the file.
    """
    for name in source.files:
        if is_url(name) and (has_secret(name) or _SIGNED.search(name)):
            raise InputError(
                f"{without_secrets(name.partition('?')[0])} is given with a secret in its address, "
                "which would be kept with the model. Give it to DuckDB as a secret (create "
                "persistent secret), or load the data into a table, and fit that."
            )
    if source.csv is not None:
        object.__setattr__(source, "csv", _checked_csv(source.csv))
    if source.csv and (not source.is_file or source.is_read_again):
        raise InputError(
            f"csv says how a CSV file is read, and the {source.kind} are none. Leave it out, or "
            "name a file."
        )
    if source.sheet is not None and not (source.is_file and is_workbook(source.file)):
        raise InputError(
            f"sheet is of a workbook, such as sales.xlsx, and the {source.kind} are none. Leave it "
            "out."
        )
    if source.attach is None:
        return
    object.__setattr__(source, "attach", checked_attachments(source.attach))
    if source.is_frame or (source.is_file and not is_query(source.file)):
        raise InputError(
            f"attach is for tables of other databases, and the {source.kind} are none. Leave it "
            "out, or name a table such as crm.public.orders."
        )


def refuse_without_time(source: Source, what: str) -> None:
    """Refuse a model whose transactions cannot be followed through time, by those who need that.

    Parameters
    ----------
    source : Source
    what : str
        Who needs it, in the message.

    Raises
    ------
    InputError
        What the model was fitted to, and what to fit to.
    """
    if source.kind != "transactions":
        what_it_was = "finished profiles" if source.kind == "profile" else "anonymous points"
        raise InputError(
            f"this model was fitted to {what_it_was}, which say nothing of time. {what} needs a "
            "model of transactions with a date column."
        )
    if source.is_read_again:
        raise InputError(
            f"this model was fitted to {source.relation}, which views cannot read. Load it into a "
            f"table, and fit that: {what.lower()} reads it live."
        )
    if source.was_frame:
        raise InputError(
            "this model was fitted to a data frame that ended with its session. Load the frame "
            f"into a table, and fit that: {what.lower()} reads it live."
        )
    if source.date is None:
        raise InputError(
            "this model was fitted without a date column, so there is no time to go back. Fit "
            "again with the column, for example date = 'ordered_at'."
        )


def _checked_csv(options: object) -> dict[str, Any]:
    """Return options of the CSV reader as a mapping from their names in small letters."""
    if not isinstance(options, Mapping) or not all(isinstance(name, str) for name in options):
        raise InputError(
            "csv must be a mapping from options of the CSV reader to values, such as "
            f"csv = {{'delim': ';'}}, not {options!r}."
        )
    return {name.casefold(): options[name] for name in options}
