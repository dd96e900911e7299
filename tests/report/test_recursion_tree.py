"""The recursion as the report tells it: levels, their parts, and the tops of their trees."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

import segmenter
from segmenter import Settings, Source
from segmenter.points import Points
from segmenter.report.dendrogram import dendrogram
from segmenter.report.recursion_tree import levels


def audit(con):
    def rows(query):
        found = con.execute(query)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    current = "model_id = (select model_id from segments.models where is_current)"
    return (
        rows(f"from segments.model_splits where {current} order by level"),
        rows(f"from segments.model_segments where {current} order by segment_rank"),
    )


@pytest.fixture(scope="module")
def deep():
    """A base that is split six times."""
    con = duckdb.connect()
    con.execute(
        "create table points as select i * i as monetary, 1 + i % 7 as frequency, "
        "1 + i % 3 as customers from range(300) as t(i)"
    )
    segmenter.fit(con, Source(points="points"), settings=Settings(levels=6, max_share=0.01))
    yield con
    con.close()


def test_the_parts_of_each_level_are_found_again(deep):
    splits, segments = audit(deep)
    found = levels(splits, segments)
    assert len(found) == 6
    customers = {row["segment"]: row["customers"] for row in segments}
    for level, split in zip(found, splits, strict=True):
        for part, name in (
            (level.higher, "higher"),
            (level.lower, "lower"),
            (level.block, "block"),
        ):
            assert sum(customers[s] for s in part.segments) == split[f"{name}_customers"]
        assert set(level.higher.segments) | set(level.lower.segments) == set(level.block.segments)
    assert set(found[0].block.segments) == set(customers)


def test_parts_of_equal_size_are_told_apart_by_what_they_spent():
    splits = [
        {"level": 1, "higher_customers": 4, "lower_customers": 8},
        {"level": 2, "higher_customers": 4, "lower_customers": 4},
    ]
    segments = [
        {"segment": name, "customers": 4, "mean_monetary": mean}
        for name, mean in (("A", 90.0), ("B", 20.0), ("C", 5.0))
    ]
    first, second = levels(splits, segments)
    assert first.parts == ("A", "lower part, split again")
    assert second.parts == ("B", "C")


def test_an_audit_that_does_not_fit_has_no_levels():
    split = {"level": 1, "higher_customers": 1, "lower_customers": 2}
    segment = {"segment": "A", "customers": 3, "mean_monetary": 1.0}
    assert levels([split], [segment]) == ()


def test_levels_hold_their_customers(reported):
    splits, _ = audit(reported.con)
    maps = reported.facts.levels
    assert len(maps) == len(splits)
    for found, split in zip(maps, splits, strict=True):
        assert sum(cell["customers"] for cell in found.cells) == split["block_customers"]
        higher = [c["customers"] for c in found.cells if c["part"] == found.level.parts[0]]
        assert sum(higher) == split["higher_customers"]
        for cell in found.cells:
            assert found.monetary[0] <= cell["monetary_from"] < cell["monetary_below"]
            assert cell["monetary_below"] <= found.monetary[1]


def test_trees_have_the_heights_of_the_audit(reported):
    splits, _ = audit(reported.con)
    for tree, split in zip(reported.facts.trees, splits, strict=True):
        ends = sorted({line["height_end"] for line in tree.lines})
        assert ends[-1] == pytest.approx(split["height"], rel=1e-9)
        assert tree.cut_at == pytest.approx((split["height"] + split["next_height"]) / 2)
        assert sum(leaf["customers"] for leaf in tree.leaves) == split["block_customers"]


def test_branches_are_those_of_scipy():
    rng = np.random.default_rng(3)
    cents, frequency = rng.integers(100, 90_000, 60), rng.integers(1, 30, 60)
    points = Points.group(cents, frequency)
    found = dendrogram(points)
    scaled = np.column_stack([points.cents, points.frequency * np.sqrt(points.scaling())])
    theirs = fcluster(linkage(scaled, "ward"), 10, "maxclust")
    assert sorted(leaf["customers"] for leaf in found.leaves) == sorted(np.bincount(theirs)[1:])
    assert [leaf["place"] for leaf in found.leaves] == list(range(10))
    assert len(found.lines) == 9 * 3


def test_two_points_make_a_tree():
    found = dendrogram(Points.group([100, 900], [1, 2], [3, 4]))
    assert [leaf["customers"] for leaf in found.leaves] == [4, 3]
    assert found.cut_at is None
