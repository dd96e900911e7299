"""What the pages say to type for Spark runs."""

from __future__ import annotations

import pytest

from tests.docs.pages import pages, runnable


@pytest.mark.parametrize("page", [page for page in pages() if runnable(page, "spark")])
def test_blocks_for_spark_run(session, page):
    pytest.importorskip("pyspark")
    here = session(page)
    for block in runnable(page, "spark"):
        here.run(block)
