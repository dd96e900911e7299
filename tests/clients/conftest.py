"""A file that the command line fitted to Online Retail, for clients that no one here wrote."""

from __future__ import annotations

import contextlib
import io
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

import segmenter
from segmenter.cli.app import app

RETAIL = str(files("segmenter.data") / "online_retail.parquet")


class Shop:
    """The file, its model, and what DuckDB in this process reads from it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self.connect() as con:
            self.model = segmenter.load(con)

    def connect(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.path), read_only=True)

    def rows(self, query: str) -> list[tuple]:
        with self.connect() as con:
            return con.execute(query).fetchall()


@pytest.fixture(scope="session")
def retail(tmp_path_factory):
    path = tmp_path_factory.mktemp("shop") / "shop.duckdb"
    words = ["fit", str(path), "--transactions", RETAIL, "--customer", "CustomerID", "--quiet"]
    words += ["--amount", "Quantity * UnitPrice", "--order", "InvoiceNo", "--date", "InvoiceDate"]
    with contextlib.redirect_stdout(io.StringIO()):
        app(words, standalone_mode=False)
    return Shop(path)
