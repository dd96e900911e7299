"""Extensions of DuckDB that read what a source names: URLs, and tables of lakes."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from segmenter.schema.extensions import load_packaged
from segmenter.sources.file_names import absolute_name, is_url
from segmenter.sources.folders import lake_format

if TYPE_CHECKING:
    import duckdb

__all__ = ["load_readers"]

_AZURE = ("az", "azure", "abfs", "abfss")


def load_readers(
    con: duckdb.DuckDBPyConnection,
    names: Iterable[str],
    *,
    installed: bool = False,
    install: bool = False,
) -> None:
    """Load what reads URLs and lakes, as far as it is there: whoever reads says what is missing.

    Parameters
    ----------
    con : DuckDBPyConnection
    names : iterable of str
        Files, folders and URLs.
    installed : bool, default False
        Whether to load what is installed in DuckDB, too, and stored secrets, for a connection that
        loads nothing later. Packages of Python are looked at in any case.
    install : bool, default False
        Whether to fetch what is missing first.
    """
    import duckdb

    for extension in sorted({one for name in names if (one := _extension(name)) is not None}):
        with suppress(duckdb.Error):
            if not load_packaged(con, extension) and installed:
                if install:
                    con.execute(f"install {extension}")
                con.execute(f"load {extension}")
            if installed:
                con.execute("from duckdb_secrets()").fetchall()


def _extension(name: str) -> str | None:
    """Return what reads a file, a folder or a URL, where DuckDB alone does not."""
    if is_url(name):
        return "azure" if name.split(":")[0].lower() in _AZURE else "httpfs"
    return lake_format(absolute_name(name))
