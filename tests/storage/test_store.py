"""Models as tables: what was saved is loaded."""

from __future__ import annotations

import duckdb

import segmenter
from segmenter import Source
from segmenter.storage.store import load
from tests.datasets import SHOP


def test_the_audit_is_loaded_with_the_segments_of_each_part():
    with duckdb.connect() as con:
        con.execute(SHOP)
        model = segmenter.fit(
            con, Source(transactions="sales", customer="customer_id", amount="amount")
        )
        splits = load(con).segmentation.splits
        assert splits == model.segmentation.splits
        assert splits[0].higher_segments == ("Elite",)
        assert splits[0].lower_segments == ("Loyal", "At-Risk")
