"""A million customers: the same result in any order, and the tree that SciPy finds where it can."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage

import segmenter
from segmenter import Settings, Source
from segmenter.clustering.ward import cut_tree, ward_linkage

CUSTOMERS = 1_000_000

BASE = f"""
    create table base as
    select i as customer_id,
        round(exp(4 + 1.1 * sqrt(-2 * ln(u)) * cos(2 * pi() * v)) * sqrt(frequency), 2) as monetary,
        frequency
    from (
        select i,
            ((hash(i) >> 11) + 0.5) / 9007199254740992.0 as u,
            ((hash(i, 1) >> 11) + 0.5) / 9007199254740992.0 as v,
            1 + floor(-2.0 * ln(((hash(i, 2) >> 11) + 0.5) / 9007199254740992.0))::bigint
                as frequency
        from range({CUSTOMERS}) as t(i)
    )
"""


@pytest.fixture(scope="module")
def base():
    with duckdb.connect() as con:
        con.execute(BASE)
        yield con


def fitted(con, table, threads, **settings):
    con.execute(f"set threads = {threads}")
    return segmenter.fit(con, Source(profile=table), Settings(**settings), replace=True)


def test_order_and_threads_do_not_matter(base):
    base.execute("create table shuffled as from base order by hash(customer_id, 9)")
    one, two = fitted(base, "base", 2), fitted(base, "shuffled", 1)
    assert one.segments == two.segments
    assert one.splits == two.splits
    for name in ("frequency_from", "frequency_to", "cents_from", "cents_below", "segment"):
        np.testing.assert_array_equal(getattr(one.rules, name), getattr(two.rules, name))
    np.testing.assert_array_equal(one.segmentation.codes, two.segmentation.codes)


def test_subtrees_equal_scipy():
    """What Ward does within a cluster depends on its points alone, so SciPy can look at some."""
    rng = np.random.default_rng(4)
    points = np.c_[rng.lognormal(4, 1, CUSTOMERS), rng.exponential(3, CUSTOMERS)]
    customers = rng.integers(1, 4, CUSTOMERS)
    tree = ward_linkage(*points.T, customers, ratio=400.0)
    block = cut_tree(tree, 2000)
    block_of_row = within(tree, block)
    for one in range(0, 2000, 100):
        mine = block == one
        plane = np.repeat(points[mine] * [1, 20], customers[mine], axis=0)
        repeated = len(plane) - mine.sum()
        theirs = linkage(plane, "ward")[:, 2]
        np.testing.assert_allclose(theirs[:repeated], 0, atol=1e-9)
        np.testing.assert_allclose(theirs[repeated:], tree[block_of_row == one, 2], rtol=1e-9)


def within(tree, block):
    """Return the block that each merge happens in, -1 for those that join blocks."""
    of = np.concatenate([block, np.full(len(tree), -1)])
    for row, (a, b) in enumerate(tree[:, :2].astype(int)):
        if of[a] == of[b]:
            of[len(block) + row] = of[a]
    return of[len(block) :]
