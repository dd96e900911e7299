"""DuckDB in a browser: WebAssembly, in which every extension has to be fetched from elsewhere.

A browser without the way to it hangs or crashes on the first function of one. So what people read
needs none: all that is published, and of a database all but what shows JSON in columns.
"""

from __future__ import annotations

import json
import shutil

import duckdb
import pytest

import segmenter
from segmenter.schema.names import STORAGE
from tests.clients.test_clients import CACHE, HERE, install, run
from tests.clients.test_published import SALES
from tests.combinations import first_in_gate
from tests.datasets import SHOP

OF_JSON = {"models", "current_model"}
"""Views that take the source of a model apart, which is kept as JSON."""

GONE = {"whales"}


@pytest.fixture(scope="session")
def wasm_folder():
    """Folder with DuckDB's package for WebAssembly and the script that uses it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no Node on this machine")
    package = json.loads((HERE / "wasm" / "package.json").read_text(encoding="utf-8"))
    (version,) = package["dependencies"].values()
    folder = CACHE / f"wasm-{version}"
    words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
    install(folder, words, HERE / "wasm" / "package.json")
    shutil.copy(HERE / "wasm" / "read.cjs", folder)
    return folder


@pytest.fixture
def shop(tmp_path):
    """A database with a model, and what is published of it."""
    with duckdb.connect() as con:
        con.execute(f"attach '{tmp_path}/shop.duckdb' as shop (storage_version '{STORAGE}')")
        con.execute(f"use shop; {SHOP}")
    db = segmenter.open(tmp_path / "shop.duckdb")
    db.fit(SALES)
    db.publish(tmp_path / "bi.duckdb")
    return tmp_path


@first_in_gate(("file", "left_out"), [("shop", OF_JSON | GONE), ("bi", set())])
def test_a_browser_reads_it_without_an_extension(wasm_folder, shop, file, left_out):
    path = shop / f"{file}.duckdb"
    with duckdb.connect(str(path), read_only=True) as con:
        names = [
            name
            for (name,) in con.execute(
                "select table_name from information_schema.tables "
                "where table_schema = 'segments' order by table_name"
            ).fetchall()
            if name not in left_out
        ]
        assert {"customer_segments", "segment_summary", "drift", "segment_lines"} <= set(names)
        queries = [f"select cast(count(*) as integer) from segments.{name}" for name in names]
        words = "select metric, is_drifted from segments.drift order by metric"
        expected = [con.execute(query).fetchall() for query in [*queries, words]]
    queries += [f"from segments.{name}" for name in names]  # counts may leave columns unread
    script = wasm_folder / "read.cjs"
    answer = json.loads(run("node", script, path, json.dumps([words, *queries]), cwd=shop))
    words_there, *rows = answer
    assert [tuple(row) for row in words_there] == expected[-1]
    assert [[tuple(row) for row in found] for found in rows[: len(names)]] == expected[:-1]
    assert [len(found) for found in rows[len(names) :]] == [found[0][0] for found in expected[:-1]]
