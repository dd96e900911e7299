"""The three real data sets, and databases that have them."""

from __future__ import annotations

import gc

import duckdb
import pytest

import segmenter
from segmenter import Model, Source
from tests.datasets import DATASETS, SHOP, load_dataset

COSTLY = {
    "base",  # a million customers
    "chromium",
    "clickhouse",
    "fitted",  # three real data sets
    "furnished",  # the folder of the pages, with one of them
    "mariadb",
    "node_folder",
    "old_duckdb",
    "retail",
    "server",  # PostgreSQL, or the one that forks commands with faults
    "spark",
    "start",  # a process of its own
    "tls_postgres",
}
"""Fixtures that take long: who uses one is slow."""


LONGEST = ("docs/test_pages.py", "faults/test_faults.py")
"""Files whose single tests take longest."""


STATEMENTS = ("engines/", "golden/", "udf/", *(f"sources/test_{name}" for name in (
    "corpus", "csv_options", "formats", "recognition", "text_formats",
)), *(f"clients/test_{name}" for name in ("attached", "lake_tables", "urls")))  # fmt: skip
"""Where each set of parameters is another question to DuckDB, and not the same one again."""


def pytest_addoption(parser):
    parser.addoption(
        "--once",
        action="store_true",
        help="only the first parameters of a test, unless they are other statements each",
    )


def pytest_collection_modifyitems(config, items):
    """Mark what the inner loop can leave out, and let the files with long tests come first.

    Then none is left for the end, where one process works and the others wait.
    """
    if config.getoption("once"):
        _keep_first(config, items)
    for item in items:
        if COSTLY.intersection(item.fixturenames) or item.get_closest_marker("extended"):
            item.add_marker(pytest.mark.slow)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (not item.path.as_posix().endswith(LONGEST), item.path not in slow))


def _keep_first(config, items):
    kept, seen = [], set()
    for item in items:
        name = item.nodeid.partition("[")[0]
        if name not in seen or name.removeprefix("tests/").startswith(STATEMENTS):
            kept.append(item)
        seen.add(name)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def pytest_collection_finish():
    """Spare the search for garbage what stays to the end: a twentieth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


class Fitted:
    """A data set in memory with a model."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.con = duckdb.connect()
        self.source = load_dataset(self.con, name)
        self.model: Model = segmenter.fit(self.con, self.source)
        segmenter.register(self.con)


@pytest.fixture(
    scope="session",
    params=[
        DATASETS[0],
        *(pytest.param(name, marks=pytest.mark.extended) for name in DATASETS[1:]),
    ],
)
def fitted(request):
    """A real data set, in a complete run each, with the defaults; tests must not change it."""
    made = Fitted(request.param)
    yield made
    made.con.close()


@pytest.fixture
def con():
    """An empty database in memory, for so few rows that a second thread would only wait."""
    made = duckdb.connect(config={"threads": 1})
    yield made
    made.close()


@pytest.fixture
def shop(con):
    """A small, readable shop: 60 customers, three kinds of them."""
    con.execute(SHOP)
    return con


@pytest.fixture(scope="session")
def sales():
    """How the small shop is read."""
    return Source(
        transactions="sales",
        customer="customer_id",
        amount="amount",
        order="order_id",
        date="sold_at",
    )
