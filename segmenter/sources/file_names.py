"""Data files by their names: the format, and how they are compressed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from segmenter.sources.special_files import is_special

__all__ = [
    "COMPRESSIONS",
    "DELIMITERS",
    "JSON",
    "PARQUET",
    "URL",
    "WORKBOOKS",
    "absolute_name",
    "is_data_file",
    "is_file_name",
    "is_query",
    "is_url",
    "is_workbook",
    "kind_of",
    "known_suffixes",
]

URL = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
PARQUET = (".parquet", ".pq")
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
JSON = (".json", ".ndjson", ".jsonl")
DELIMITERS = {".csv": ",", ".tsv": "\\t", ".txt": ","}
_FILE = re.compile(
    r"\.(parquet|pq|csv|tsv|txt|json|ndjson|jsonl|sql|xls[xmb]?|ods)(\.gz|\.zst)?$", re.IGNORECASE
)
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}


def kind_of(name: str) -> tuple[str, str]:
    """Return the suffix that tells the format, and that of the compression."""
    if URL.match(name):
        name = name.split("?")[0]
    stem, suffix = os.path.splitext(name.lower())
    if suffix in COMPRESSIONS:
        inner = os.path.splitext(stem)[1]
        return (inner if inner in (*DELIMITERS, *JSON) else "", suffix)
    return suffix, ""


def known_suffixes(formats: Iterable[str] = (*PARQUET, *DELIMITERS, *JSON)) -> str:
    """Return the endings of the names that are understood, for messages."""
    return f"{', '.join(formats)}; text also with .gz or .zst"


def is_file_name(text: str) -> bool:
    """Tell whether a text names files or a URL, rather than a table: a folder has a slash."""
    is_there = os.path.isfile(text) or (os.sep in text and os.path.isdir(os.path.expanduser(text)))
    return is_data_file(text) or is_there or is_special(text)


def is_data_file(text: str) -> bool:
    """Tell whether a text is a data file by its name, a glob of them, or a URL."""
    return bool(_FILE.search(text)) or is_url(text)


def is_workbook(text: str) -> bool:
    """Tell whether a text names a workbook of Excel or LibreOffice."""
    return kind_of(text)[0] in WORKBOOKS


def is_query(text: str) -> bool:
    """Tell whether a text names a file with a query in it."""
    return kind_of(text)[0] == ".sql"


def is_url(text: str) -> bool:
    """Tell whether a text is a URL."""
    return bool(URL.match(text))


def absolute_name(text: str) -> str:
    """Return a file, glob or URL as an absolute path, which holds from any folder."""
    return text if is_url(text) else os.path.abspath(os.path.expanduser(text))
