"""The recursion as the report tells it: levels, their parts, and the tops of their trees."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

import segmenter
from segmenter import Settings
from segmenter.clustering.scale import Scaled
from segmenter.points import Points
from segmenter.report.dendrogram import dendrogram
from segmenter.report.recursion_tree import levels
from tests.report.bases import READ


def audit(con):
    def rows(query):
        found = con.execute(query)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    current = "model_id = (select model_id from segments_internal.models where is_current)"
    return (
        rows(f"from segments_internal.model_splits where {current} order by level"),
        rows(f"from segments_internal.model_segments where {current} order by segment_rank"),
    )


def test_a_part_is_its_segment_or_says_that_it_was_split_again():
    splits = [
        {
            "level": 1,
            "block_customers": 12,
            "block_points": 9,
            "higher_segments": ["A"],
            "lower_segments": ["B", "C"],
        },
        {
            "level": 2,
            "block_customers": 8,
            "block_points": 5,
            "higher_segments": ["B"],
            "lower_segments": ["C"],
        },
    ]
    first, second = levels(splits, ["A", "B", "C"])
    assert first.parts == ["A", "lower part, split again"]
    assert (second.customers, second.parts) == (8, ["B", "C"])


def test_a_model_of_an_older_version_shows_its_first_level_and_says_why(twelve, make):
    """Nothing guesses what the parts became; a column that is not there counts like NULL."""
    segmenter.fit(twelve, READ, settings=Settings(n_neighbors=1, levels=2, max_share=0.3))
    twelve.execute(
        "update segments_internal.model_splits set higher_segments = null, lower_segments = null"
    )
    report = make(twelve)
    drawn = {figure.key for figure in report.figures}
    assert {"level-1", "tree-1"} <= drawn
    assert not {"level-2", "tree-2"} & drawn
    assert (
        report.html.count("did not note which segments each part of a split became") == 3
    )  # and a chart says it to who cannot see it
    twelve.execute("alter table segments_internal.model_splits drop column higher_segments")
    assert {figure.key for figure in make(twelve).figures} == drawn


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
        assert tree.split_at == pytest.approx((split["height"] + split["next_height"]) / 2)
        assert sum(leaf["customers"] for leaf in tree.leaves) == split["block_customers"]


def test_branches_are_those_of_scipy():
    rng = np.random.default_rng(3)
    cents, frequency = rng.integers(100, 90_000, 60), rng.integers(1, 30, 60)
    points = Points.group(cents, frequency)
    found = dendrogram(Scaled(points, points))
    scaled = np.column_stack([points.cents, points.frequency * np.sqrt(points.scaling())])
    theirs = fcluster(linkage(scaled, "ward"), 10, "maxclust")
    assert sorted(leaf["customers"] for leaf in found.leaves) == sorted(np.bincount(theirs)[1:])
    assert [leaf["place"] for leaf in found.leaves] == list(range(10))
    assert len(found.lines) == 9 * 3


def test_two_points_make_a_tree():
    points = Points.group([100, 900], [1, 2], [3, 4])
    found = dendrogram(Scaled(points, points))
    assert [leaf["customers"] for leaf in found.leaves] == [4, 3]
    assert found.split_at is None
