"""Extensions of DuckDB that read what a source names: URLs, and tables of lakes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.schema.extensions import load_packaged
from segmenter.sources.file_names import absolute_name, is_query, is_url
from segmenter.sources.folders import lake_format

if TYPE_CHECKING:
    import duckdb

__all__ = ["load_readers"]

_URL = re.compile(r"'([a-z][a-z0-9+.-]*://[^']+)'", re.IGNORECASE)
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

    for extension in sorted({one for name in names for one in _extensions(name)}):
        with suppress(duckdb.Error):
            if not load_packaged(con, extension) and installed:
                if install:
                    con.execute(f"install {extension}")
                con.execute(f"load {extension}")
            if extension == "httpfs" and (authorities := os.environ.get("SSL_CERT_FILE")):
                con.execute("set ca_cert_file = $1", [authorities])
            if installed:
                con.execute("from duckdb_secrets()").fetchall()


def _extensions(name: str) -> Iterator[str]:
    """Yield what reads a file, a folder or a URL, or what a query in a file does."""
    if is_url(name):
        yield "azure" if name.split(":")[0].lower() in _AZURE else "httpfs"
    elif is_query(name):
        with suppress(OSError, UnicodeDecodeError):
            text = Path(absolute_name(name)).read_text(encoding="utf-8-sig")
            yield from (lake for lake in ("delta", "iceberg") if f"{lake}_scan" in text.lower())
            for url in _URL.findall(text):
                yield from _extensions(url)
    elif lake := lake_format(absolute_name(name)):
        yield lake
