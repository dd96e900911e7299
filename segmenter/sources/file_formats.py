"""How DuckDB reads data files."""

from __future__ import annotations

import glob
from collections.abc import Mapping

from sqlglot import exp

from segmenter.sources.file_names import JSON, PARQUET

__all__ = ["folder_options", "reader", "text_literal"]


def folder_options(path: str, *, has_several: bool) -> dict[str, exp.Expr]:
    """Return how files of a folder are read: by their columns' names, store=007 as a text."""
    options: dict[str, exp.Expr] = {}
    if has_several:
        options["union_by_name"] = exp.true()
    if "=" in path or glob.has_magic(path):
        options["hive_types_autocast"] = exp.false()
    return options


def reader(path: str, options: Mapping[str, exp.Expr], suffix: str) -> exp.Table:
    """Return a file, a glob of files or a URL as a table that DuckDB reads with options.

    JSON is looked at as a whole for its columns and their types: a later 2.75 would be lost in a
    column of whole numbers, and so would a key that comes late.
    """
    function = "read_parquet" if suffix in PARQUET else "read_csv"
    if suffix in JSON:
        function = "read_json"
        every = exp.Literal.number(-1)
        options = {**options, "sample_size": every, "maximum_sample_files": every.copy()}
    words: list[exp.Expr] = [text_literal(path)]
    words += [exp.EQ(this=exp.column(name), expression=options[name]) for name in options]
    return exp.Table(this=exp.Anonymous(this=function, expressions=words))


def text_literal(text: str) -> exp.Literal:
    """Return a text as a literal of SQL."""
    return exp.Literal.string(text)
