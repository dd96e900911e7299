"""A file with a model, to be published."""

from __future__ import annotations

import duckdb
import pytest

import segmenter
from segmenter import Source
from tests.datasets import SHOP

DATED = Source(
    transactions="sales", customer="customer_id", amount="amount", order="order_id", date="sold_at"
)

TABLES = """
    create table profiles as
    select customer_id, sum(amount) as monetary, count(*) as frequency from sales group by all;
    create table points as
    select monetary, frequency, count(*) as customers from profiles group by all
"""


@pytest.fixture
def home(tmp_path):
    """Make a file with a model, and open it."""

    def call(source=DATED, settings=None):
        path = tmp_path / "shop.duckdb"
        with duckdb.connect(str(path)) as con:
            con.execute(SHOP)
            con.execute(TABLES)
        db = segmenter.open(path)
        db.fit(source, settings, publish=True)
        return db

    return call
