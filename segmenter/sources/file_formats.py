"""Data files by their names: Parquet or CSV, how they are compressed, and how DuckDB reads them."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping

from sqlglot import exp

from segmenter.sources.special_files import is_special

__all__ = [
    "COMPRESSIONS",
    "DELIMITERS",
    "PARQUET",
    "URL",
    "absolute_name",
    "folder_options",
    "is_data_file",
    "is_file_name",
    "is_url",
    "kind_of",
    "known_suffixes",
    "reader",
    "text_literal",
]

URL = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
PARQUET = (".parquet", ".pq")
DELIMITERS = {".csv": ",", ".tsv": "\\t", ".txt": ","}
_FILE = re.compile(r"\.(parquet|pq|csv|tsv|txt)(\.gz|\.zst)?$", re.IGNORECASE)
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}


def kind_of(name: str) -> tuple[str, str]:
    """Return the suffix that tells the format, and that of the compression."""
    if URL.match(name):
        name = name.split("?")[0]
    stem, suffix = os.path.splitext(name.lower())
    if suffix in COMPRESSIONS:
        inner = os.path.splitext(stem)[1]
        return (inner if inner in DELIMITERS else "", suffix)
    return suffix, ""


def known_suffixes() -> str:
    """Return the endings of the names that are understood, for messages."""
    return f"{', '.join((*PARQUET, *DELIMITERS))}; text also with .gz or .zst"


def folder_options(path: str, *, has_several: bool) -> dict[str, exp.Expr]:
    """Return how files of a folder are read: by their columns' names, store=007 as a text."""
    options: dict[str, exp.Expr] = {}
    if has_several:
        options["union_by_name"] = exp.true()
    if "=" in path or glob.has_magic(path):
        options["hive_types_autocast"] = exp.false()
    return options


def reader(path: str, options: Mapping[str, exp.Expr], *, is_parquet: bool) -> exp.Table:
    """Return a file, a glob of files or a URL as a table that DuckDB reads with options."""
    words: list[exp.Expr] = [text_literal(path)]
    words += [exp.EQ(this=exp.column(name), expression=options[name]) for name in options]
    function = "read_parquet" if is_parquet else "read_csv"
    return exp.Table(this=exp.Anonymous(this=function, expressions=words))


def text_literal(text: str) -> exp.Literal:
    """Return a text as a literal of SQL."""
    return exp.Literal.string(text)


def is_file_name(text: str) -> bool:
    """Tell whether a text names a file, a glob of files or a URL, rather than a table."""
    return is_data_file(text) or os.path.isfile(text) or is_special(text)


def is_data_file(text: str) -> bool:
    """Tell whether a text is a data file by its name, a glob of them, or a URL."""
    return bool(_FILE.search(text)) or is_url(text)


def is_url(text: str) -> bool:
    """Tell whether a text is a URL."""
    return bool(URL.match(text))


def absolute_name(text: str) -> str:
    """Return a file, glob or URL as an absolute path, which holds from any folder."""
    return text if is_url(text) else os.path.abspath(os.path.expanduser(text))
