"""What a source may not have together, refused before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.errors import InputError
from segmenter.sources.attachments import checked_attachments
from segmenter.sources.csv_options import checked_mapping
from segmenter.sources.file_names import is_query, is_workbook

if TYPE_CHECKING:
    from segmenter.sources.source import Source

__all__ = ["check_reading", "refuse_transaction_columns"]

COLUMNS = ("amount", "order", "date", "currency")


def refuse_transaction_columns(source: Source) -> None:
    """Refuse what profiles and points do not have."""
    for name in (*COLUMNS, "number_format", "date_format", "window", "as_of"):
        if getattr(source, name) is not None:
            raise InputError(
                f"{name} belongs to transactions, not to a {source.kind} table. Leave it out."
            )
    if source.kind == "points" and source.customer is not None:
        raise InputError("a points table is anonymous: leave customer out.")
    if source.kind == "points" and source.exclude is not None:
        raise InputError(
            "a points table is anonymous, so that nobody can be excluded from it. Exclude them "
            "where the points are made."
        )


def check_reading(source: Source) -> None:
    """Refuse options of readers, a sheet and databases for what does not read them."""
    if source.csv is not None:
        object.__setattr__(source, "csv", checked_mapping(source.csv))
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
