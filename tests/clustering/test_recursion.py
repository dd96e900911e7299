"""The recursion, on points whose result a person can foresee."""

from __future__ import annotations

import numpy as np
import pytest

from segmenter import SegmenterError, Settings
from segmenter.clustering.consolidation import consolidate
from segmenter.clustering.naming import segment_names
from segmenter.clustering.recursion import recursive_segments
from segmenter.points import Points

CROWD = Points.group(
    [1000 + i for i in range(60)] + [9000 + i for i in range(30)] + [50_000 + i for i in range(10)],
    [1] * 60 + [3] * 30 + [12] * 10,
)


def test_the_majority_is_split_again_and_the_audit_says_so():
    found = recursive_segments(CROWD)
    assert [(s.name, s.customers) for s in found.segments] == [
        ("Elite", 10),
        ("Loyal", 30),
        ("At-Risk", 60),
    ]
    first, second = found.splits
    assert (first.higher_customers, first.lower_customers, first.largest_share) == (10, 90, 0.9)
    assert (first.is_lopsided, first.decision) == (True, "split again")
    assert (second.block_customers, second.block_share) == (90, 0.9)
    assert (second.decision, second.largest_share) == ("stopped", 0.6)
    assert "the 2 levels are used up" in second.reason
    assert first.scaling == CROWD.scaling()
    assert second.scaling != first.scaling
    assert first.height > first.next_height


@pytest.mark.parametrize("settings", [None, Settings(levels=6, max_share=0.01)])
def test_the_audit_says_which_segments_each_part_became(settings):
    rng = np.random.default_rng(7)
    points = Points.group(rng.integers(100, 90_000, 400), rng.integers(1, 20, 400))
    found = recursive_segments(points, settings)
    customers = {segment.name: segment.customers for segment in found.segments}
    together = [set(found.names)]
    for split in found.splits:
        assert sum(customers[name] for name in split.higher_segments) == split.higher_customers
        assert sum(customers[name] for name in split.lower_segments) == split.lower_customers
        higher, lower = set(split.higher_segments), set(split.lower_segments)
        together.remove(higher | lower)
        together += [higher, lower]
        assert list(split.higher_segments) == sorted(higher, key=found.names.index)
    assert sorted(map(len, together)) == [1] * len(found.names)


def test_a_balanced_base_is_split_once():
    points = Points.group([100, 110, 120, 9000, 9010, 9020], [1, 1, 1, 2, 2, 2])
    found = recursive_segments(points, Settings(n_neighbors=3))
    assert found.names == ("Higher", "Lower")
    assert found.splits[0].decision == "stopped"
    assert found.warnings == ()


def test_levels_auto_goes_on_until_no_block_holds_a_majority():
    found = recursive_segments(CROWD, Settings(levels="auto"))
    assert found.splits[-1].largest_share <= 0.5
    assert found.names == tuple(f"Segment {i}" for i in range(1, len(found.segments) + 1))


def test_a_block_of_equal_customers_stops_the_recursion():
    points = Points.group([100] * 90 + [5000, 5100, 9000], [1] * 90 + [2, 2, 3])
    found = recursive_segments(points, Settings(levels=6, n_neighbors=1))
    assert found.splits[-1].decision == "stopped"
    assert "they are all equal" in found.splits[-1].reason


def test_one_heavy_point_is_no_trouble():
    points = Points.group([100, 200, 300], [1, 1, 2], [10**6, 1, 1])
    found = recursive_segments(points, Settings(n_neighbors=1))
    assert sum(segment.customers for segment in found.segments) == 10**6 + 2


@pytest.mark.parametrize(
    ("points", "settings", "message"),
    [
        (Points.group([], []), Settings(), "no customers with an order"),
        (Points.group([1, 2, 3], [1, 1, 1]), Settings(), "3 training customers are fewer than n_n"),
        (Points.group([1, 9], [1, 1]), Settings(n_neighbors=1), "fewer than the 3 blocks"),
        (Points.group([700] * 9, [2] * 9), Settings(), r"all 9 .* equal \(monetary 7.00, freq"),
    ],
)
def test_what_cannot_be_split_is_said(points, settings, message):
    with pytest.raises(SegmenterError, match=message):
        recursive_segments(points, settings)


def test_names_follow_monetary_and_a_disagreeing_frequency_is_said():
    points = Points.group(
        [100 + i for i in range(50)] + [90_000 + i for i in range(10)], [9] * 50 + [1] * 10
    )
    found = recursive_segments(points, Settings(levels=1))
    assert found.names == ("Higher", "Lower")
    assert not found.splits[-1].frequency_agrees
    assert "mean frequency orders the segments differently" in found.warnings[-1]


def test_a_part_too_small_to_be_entered_is_none_and_the_audit_says_where_it_stays():
    points = Points.group(
        [1000 + i for i in range(60)] + [9000 + i for i in range(30)] + [900_000, 950_000],
        [1] * 60 + [3] * 30 + [30, 31],
    )
    for n_init in (1, 8):
        found = recursive_segments(points, Settings(n_init=n_init, levels=1))
        assert [(s.name, s.customers) for s in found.segments] == [("Higher", 32), ("Lower", 60)]
        assert (found.splits[0].far_customers, found.splits[0].far_segment) == (2, "Higher")
    alone = recursive_segments(points, Settings(n_neighbors=1, levels=1))
    assert [s.customers for s in alone.segments] == [2, 90]
    assert alone.splits[0].far_customers == 0


def test_a_block_that_no_split_can_divide_stops_the_recursion():
    points = Points.group([100] * 20 + [5000, 5001, 5002, 5003, 5004], [1] * 20 + [2] * 5)
    found = recursive_segments(points, Settings(max_share=0.1))
    assert [s.customers for s in found.segments] == [5, 20]
    points = Points.group([100 + i for i in range(7)] + [5000 + i for i in range(5)], [1] * 12)
    found = recursive_segments(points, Settings(max_share=0.1))
    assert found.splits[-1].decision == "stopped"
    assert "no split of it leaves 5 customers, as many as vote" in found.splits[-1].reason
    with pytest.raises(SegmenterError, match="Lower n_neighbors or bring more") as error:
        recursive_segments(points, can_be_entered=lambda block: block.all())
    assert "no split of 12 training customers leaves a part" in str(error.value)
    found = recursive_segments(points, Settings(n_neighbors=1, max_share=0.1))
    assert len(found.segments) == 3


def test_of_a_tiny_base_the_vote_alone_decides():
    points = Points.group([100 + i for i in range(7)] + [9000, 9001, 9002], [1] * 7 + [3] * 3)
    found = recursive_segments(points, Settings(max_share=1))
    assert [s.customers for s in found.segments] == [3, 7]
    assert found.warnings == (
        "Higher (3) has fewer training customers than the n_neighbors = 5 who vote, since nothing "
        "else divides so small a base. Lower n_neighbors or bring more customers.",
    )
    assert recursive_segments(points, Settings(max_share=1, n_neighbors=3)).warnings == ()


def test_one_time_buyers_are_split_so_that_one_more_order_does_not_demote():
    rng = np.random.default_rng(5)
    orders = np.where(rng.random(5000) < 0.04, 2, 1)
    money = np.exp(rng.normal(3.5, 1.2, 5000) - 0.5 * (orders > 1))
    points = Points.group((money * 100).astype(int), orders)
    plain = recursive_segments(points, Settings(monotone=False))
    assert min(split.frequency_weight for split in plain.splits) < 0
    found = recursive_segments(points)
    assert found.splits[0].method == "score"
    assert min(split.frequency_weight for split in found.splits) >= 0
    assert found.segments[0].mean_frequency > 1.4


def test_where_real_groups_would_be_merged_the_fit_says_so_and_the_advice_parts_them():
    rng = np.random.default_rng(2)
    group = rng.choice(3, 5000, p=[0.55, 0.25, 0.2])
    money = np.maximum(rng.normal(np.array([100, 900, 1200])[group], 40), 1)
    orders = np.maximum(rng.normal(np.array([2, 15, 18])[group], 0.7), 1).astype(int)
    points = Points.group((money * 100).astype(int), orders)
    found = recursive_segments(points)
    (said,) = (words for words in found.warnings if "flat clustering" in words)
    assert said == (
        "a flat clustering into 3 runs through gaps between groups, and one of these boundaries "
        "cuts a crowd. Try shape = 'flat'."
    )
    for shape in ("flat", "auto"):
        flat = recursive_segments(points, Settings(shape=shape))
        sizes = [segment.customers for segment in flat.segments]
        assert sizes == pytest.approx([1000, 1250, 2750], rel=0.06)
        assert [split.method for split in flat.splits] == ["flat, ward"] * 2
        assert [split.higher_segments for split in flat.splits] == [("Elite",), ("Loyal",)]
        assert not any("flat" in words or "recursive" in words for words in flat.warnings)
    assert not any("halves a group" in words for words in found.warnings)  # one advice, not two


def test_a_population_without_groups_is_told_nothing_and_auto_is_recursive():
    rng = np.random.default_rng(3)
    orders = np.minimum(rng.geometric(0.3, 3000), 9)
    points = Points.group((rng.lognormal(3, 0.4, 3000) * orders * 100).astype(int), orders)
    found = recursive_segments(points)
    assert not any("flat" in words for words in found.warnings)
    auto = recursive_segments(points, Settings(shape="auto"))
    assert np.array_equal(auto.codes, found.codes)
    flat = recursive_segments(points, Settings(shape="flat", levels=3))
    assert len(flat.segments) == 4
    assert flat.flat_share == flat.splits[0].largest_share
    assert sum(split.moved_customers for split in flat.splits) > 0
    lopsided = recursive_segments(points, Settings(shape="flat", max_share=0.1))
    assert "Try shape = 'recursive', which splits it again" in lopsided.warnings[-1]


def test_the_parts_are_the_sides_of_the_line():
    rng = np.random.default_rng(3)
    orders = rng.geometric(0.3, 3000)
    points = Points.group((rng.lognormal(3, 1, 3000) * orders * 100).astype(int), orders)
    found = recursive_segments(points)
    inside = np.ones(len(points), bool)
    for split in found.splits:
        assert split.method == "ward"
        along = points.cents / 100 + split.frequency_weight * points.frequency
        higher = np.isin(np.array(found.names)[found.codes], split.higher_segments)
        assert np.array_equal((along >= split.threshold)[inside], higher[inside])
        inside &= ~higher


def test_names_that_do_not_fit_are_said_and_replaced():
    assert segment_names(3, ("A", "B", "C")) == (("A", "B", "C"), None)
    names, warning = segment_names(2, ("A", "B", "C"))
    assert names == ("Higher", "Lower")
    assert warning is not None
    assert "3 names were given" in warning


def test_moved_customers_are_counted_and_textbook_ward_moves_none():
    rng = np.random.default_rng(2)
    points = Points.group(rng.lognormal(8, 1, 3000).astype(int), rng.geometric(0.3, 3000))
    assert sum(s.moved_customers for s in recursive_segments(points).splits) > 0
    plain = recursive_segments(points, Settings(consolidate=False, monotone=False))
    assert [s.moved_customers for s in plain.splits] == [0, 0]


@pytest.mark.parametrize("limb", [0, 2**20, 2**40, 2**50 - 1000])
def test_scaling_and_means_are_exact(limb):
    rng = np.random.default_rng(1)
    points = Points.group(rng.integers(0, 1000, 200) + limb, rng.integers(1, 9, 200))
    cents = [int(c) for c, n in zip(points.cents, points.customers, strict=True) for _ in range(n)]
    orders = [
        int(f) for f, n in zip(points.frequency, points.customers, strict=True) for _ in range(n)
    ]

    def scatter(values):
        return len(values) * sum(v * v for v in values) - sum(values) ** 2

    assert points.scaling() == scatter(cents) / scatter(orders)
    assert points.mean() == (sum(cents) / 200, sum(orders) / 200)


@pytest.mark.parametrize(
    ("cents", "labels"),
    [([0, 10, 15], [0, 0, 1]), ([5, 10, 20], [0, 1, 1]), ([5, 10, 20], [1, 0, 0])],
)
def test_who_is_equally_near_to_two_blocks_stays(cents, labels):
    points = Points.group(cents, [1, 1, 1])
    settled = consolidate(points, np.array(labels, dtype=np.int32), 2, 0.0)
    assert settled.tolist() == labels
