"""The three real data sets, and databases that have them."""

from __future__ import annotations

import duckdb
import pytest

import segmenter
from segmenter import Model, Source
from tests.datasets import DATASETS, load_dataset


class Fitted:
    """A data set in memory with a model."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.con = duckdb.connect()
        self.source = load_dataset(self.con, name)
        self.model: Model = segmenter.fit(self.con, self.source)
        segmenter.register(self.con)


@pytest.fixture(scope="session", params=DATASETS)
def fitted(request):
    """Each real data set, fitted with the defaults; tests must not change it."""
    made = Fitted(request.param)
    yield made
    made.con.close()


@pytest.fixture
def con():
    """An empty database in memory."""
    made = duckdb.connect()
    yield made
    made.close()


@pytest.fixture
def shop(con):
    """A small, readable shop: 60 customers, three kinds of them."""
    con.execute(
        """
        create table sales as
        select
            i % 60 as customer_id,
            i as order_id,
            (case when i % 60 < 40 then 10 when i % 60 < 55 then 50 else 200 end)
            + (i % 60) / 4.0 as amount,
            timestamp '2024-01-01' + to_days((i // 4)::integer) as sold_at
        from range(600) as t(i)
        where i < 120 or (i % 60 >= 40 and i < 400) or i % 60 >= 55
        """
    )
    return con


@pytest.fixture
def sales():
    """How the small shop is read."""
    return Source(
        transactions="sales",
        customer="customer_id",
        amount="amount",
        order="order_id",
        date="sold_at",
    )
