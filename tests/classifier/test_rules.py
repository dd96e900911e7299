"""The compiled rules against the search that they replace."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmenter.classifier.knn import NearestNeighbors
from segmenter.classifier.rules import OPEN_HIGH, OPEN_LOW, Rules, compile_rules
from segmenter.errors import SegmenterError
from segmenter.points import MAX_CENTS, MAX_FREQUENCY, Points


def assert_cover_exactly_once(rules):
    """Check that the rectangles tile the plane, in order, without a needless cut."""
    assert np.all(np.diff(rules.frequency_from) >= 0)
    starts, first = np.unique(rules.frequency_from, return_index=True)
    last = [*first[1:], len(rules)]
    assert starts[0] == 0
    ends = rules.frequency_to[first]
    assert ends[-1] == OPEN_HIGH
    assert np.array_equal(ends[:-1] + 1, starts[1:])
    before = None
    for i, j in zip(first, last, strict=True):
        assert np.all(rules.frequency_to[i:j] == rules.frequency_to[i])
        assert rules.cents_from[i] == OPEN_LOW
        assert rules.cents_below[j - 1] == OPEN_HIGH
        assert np.array_equal(rules.cents_below[i : j - 1], rules.cents_from[i + 1 : j])
        assert np.all(rules.cents_from[i:j] < rules.cents_below[i:j])
        assert np.all(np.diff(rules.segment[i:j]) != 0)
        line = rules.cents_from[i:j].tolist(), rules.segment[i:j].tolist()
        assert line != before
        before = line


def assert_agree(rules, neighbors, cents, frequency):
    """Check that rules and search agree; the message shows where they don't."""
    expected = neighbors.classify_cents(cents, frequency)
    wrong = np.flatnonzero(rules.lookup(cents, frequency) != expected)
    assert not len(wrong), [(int(cents[i]), int(frequency[i])) for i in wrong[:5]]


def assert_agree_at_breakpoints(rules, neighbors):
    """Check both sides of each edge, and corners, for the first and last frequency of each."""
    low, high = neighbors.cents_range
    for f in (rules.frequency_from, np.minimum(rules.frequency_to, neighbors.frequency_range[1])):
        for edge in (rules.cents_from, rules.cents_below):
            c = np.clip(edge, low - 2, high + 2)
            for beside in (-1, 0, 1):
                assert_agree(rules, neighbors, c + beside, f)


def grid(cents, frequency):
    c, f = np.meshgrid(cents, frequency)
    return c.ravel(), f.ravel()


@st.composite
def small_models(draw):
    """Draw labelled points on a rectangle small enough to look at every profile."""
    width = draw(st.sampled_from([3, 20, 150]))
    height = draw(st.sampled_from([1, 3, 9]))
    row = st.tuples(
        st.integers(0, width).map(lambda v: v - width // 3),
        st.integers(1, height),
        st.one_of(st.just(1), st.integers(1, 5), st.just(500)),
    )
    cents, frequency, customers = zip(*draw(st.lists(row, min_size=1, max_size=30)), strict=True)
    points = Points.group(cents, frequency, customers)
    n_segments = draw(st.integers(1, 7))
    if draw(st.booleans()):  # blocks, as a clustering would make them; else noise
        segment = (
            np.argsort(np.argsort(points.cents + points.frequency)) * n_segments // len(points)
        )
    else:
        codes = st.integers(0, n_segments - 1)
        segment = np.array(draw(st.lists(codes, min_size=len(points), max_size=len(points))))
    ratio = draw(
        st.one_of(
            st.sampled_from([0.0, 1.0, 4.0, 1 / 3, 1e-30, 1e30]),
            st.floats(0.01, 1000.0),
            st.just(points.scaling()),
        )
    )
    k = draw(st.one_of(st.just(1), st.just(5), st.integers(1, 50)))
    return NearestNeighbors(points, segment, ratio=ratio, n_neighbors=k)


@settings(max_examples=300, deadline=None)
@given(small_models())
def test_every_profile_of_a_small_rectangle(neighbors):
    rules = compile_rules(neighbors, max_rules=2000)
    assert_cover_exactly_once(rules)
    (c0, c1), (f0, f1) = neighbors.cents_range, neighbors.frequency_range
    cents, frequency = grid(np.arange(c0 - 2, c1 + 3), np.arange(max(f0 - 2, 0), f1 + 3))
    assert_agree(rules, neighbors, cents, frequency)
    corners = grid([-(2**60), 2**60], [0, 2**60])
    assert_agree(rules, neighbors, *map(np.asarray, corners))


@pytest.mark.parametrize(
    ("frequency", "customers", "segment", "k", "at_ends", "between"),
    [
        # two votes each: whoever is nearest decides, and that is another point in the middle
        ((1, 1, 1, 2), (1, 1, 1, 1), (0, 1, 0, 1), 4, 0, 1),
        # the last point has only a part of its votes, and that is another one in the middle
        ((1, 61, 1), (2, 4, 2), (0, 1, 0), 7, 1, 0),
    ],
    ids=["who decides a tie", "who votes in part"],
)
def test_equal_voters_and_segments_at_both_ends_do_not_suffice(
    frequency, customers, segment, k, at_ends, between
):
    points = Points(
        (np.array([0, 50, 100, 100]))[: len(segment)], *map(np.array, (frequency, customers))
    )
    neighbors = NearestNeighbors(points, segment, ratio=1.0, n_neighbors=k)
    assert neighbors.classify_cents([0, 50, 100], [1, 1, 1]).tolist() == [at_ends, between, at_ends]
    every = {tuple(sorted(neighbors.neighbors(c, 1).index)) for c in (0, 50, 100)}
    assert len(every) == 1
    rules = compile_rules(neighbors, max_rules=2000)
    assert_agree(rules, neighbors, *grid(np.arange(-1, 102), np.arange(0, 63)))


def skewed(n, *, seed, top=40):
    """Return points of a lopsided base: most customers have few orders, some very many."""
    rng = np.random.default_rng(seed)
    frequency = np.minimum(rng.geometric(0.3, n) * np.ceil(np.exp(rng.normal(0, 0.9, n))), top)
    cents = np.floor(frequency**0.9 * np.exp(rng.normal(8, 1, n)))
    cents[::50] *= -1
    return Points.group(cents, frequency)


def labelled(points, *, shares=(0.6, 0.93), noise=0.0, seed=0, k=5):
    """Cut points into blocks by their scaled sum, with a share of labels drawn at random."""
    rng = np.random.default_rng(seed)
    ratio = points.scaling()
    height = points.cents + np.sqrt(ratio) * points.frequency
    segment = np.digitize(height, np.quantile(height, shares))
    noisy = rng.random(len(points)) < noise
    segment[noisy] = rng.integers(0, len(shares) + 1, noisy.sum())
    return NearestNeighbors(points, segment, ratio=ratio, n_neighbors=k)


@pytest.mark.parametrize(
    ("n", "noise", "k", "most"),
    [(4000, 0.0, 5, 200), (4000, 0.02, 5, 20_000), (2000, 0.3, 1, 60_000), (50_000, 0.0, 20, 200)],
)
def test_a_lopsided_base(n, noise, k, most):
    points = skewed(n, seed=n + k)
    neighbors = labelled(points, noise=noise, k=k)
    rules = compile_rules(neighbors, max_rules=2000)
    assert len(rules) < most
    assert_cover_exactly_once(rules)
    assert_agree_at_breakpoints(rules, neighbors)
    assert_agree(rules, neighbors, points.cents, points.frequency)
    rng = np.random.default_rng(1)
    (c0, c1), (f0, f1) = neighbors.cents_range, neighbors.frequency_range
    cents = np.concatenate([rng.integers(c0, c1 + 1, 50_000), rng.integers(-(2**52), 2**52, 1000)])
    assert_agree(rules, neighbors, cents, rng.integers(0, f1 + 20, len(cents)))
    assert f0 >= 1


def test_thresholds_mean_the_same_for_money_in_doubles():
    """Monetary compared with ``cents / 100.0``, as SQL does, against the search on doubles."""
    neighbors = labelled(skewed(3000, seed=2))
    rules = compile_rules(neighbors, max_rules=2000)
    inside = rules.cents_from != OPEN_LOW
    bound, f = rules.cents_from[inside] / 100.0, rules.frequency_from[inside]
    assert np.array_equal(neighbors.classify(bound, f), rules.segment[inside])
    below = np.nextafter(bound, -np.inf)
    assert np.array_equal(neighbors.classify(below, f), rules.segment[:-1][inside[1:]])


def test_the_largest_coordinates():
    points = Points.group(
        [-MAX_CENTS, -1, 0, 1, MAX_CENTS], [MAX_FREQUENCY - i for i in (0, 1, 2, 3, 4)]
    )
    for ratio in (0.0, 1.0, points.scaling()):
        neighbors = NearestNeighbors(points, [0, 1, 0, 1, 2], ratio=ratio, n_neighbors=1)
        rules = compile_rules(neighbors, max_rules=2000)
        assert_cover_exactly_once(rules)
        assert_agree_at_breakpoints(rules, neighbors)


def test_one_point_is_one_rule():
    neighbors = NearestNeighbors(Points.group([5], [3]), [2], ratio=0.0, n_neighbors=5)
    rules = compile_rules(neighbors, max_rules=1)
    assert len(rules) == 1
    assert rules.lookup([OPEN_LOW, 5, OPEN_HIGH], [-1, 3, OPEN_HIGH]).tolist() == [2, 2, 2]


def test_frequencies_between_occupied_ones_are_compiled_too():
    """With k = 1 and r = 1 the border is the bisector: cents + frequency = 100."""
    points = Points.group([0, 100], [0, 100])
    neighbors = NearestNeighbors(points, [1, 0], ratio=1.0, n_neighbors=1)
    rules = compile_rules(neighbors, max_rules=5)
    assert len(rules) == 1 + 2 * 99 + 2  # all more than max_rules, and all there
    frequency = np.arange(101)
    for cents in (0, 37, 100):
        expected = np.where(cents + frequency <= 100, 1, 0)
        assert np.array_equal(rules.lookup(np.full(101, cents), frequency), expected)


def test_too_many_frequencies_say_what_to_do():
    points = Points.group([1, 2], [1, 200_000])
    neighbors = NearestNeighbors(points, [0, 1], ratio=1.0, n_neighbors=1)
    with pytest.raises(SegmenterError, match=r"from 1 to 200,000.*Count orders"):
        compile_rules(neighbors, max_rules=10)


def test_too_many_rectangles_say_what_to_do(monkeypatch):
    monkeypatch.setattr("segmenter.classifier.rules.MAX_RECTANGLES", 50)
    points = Points.group([0, 100], [0, 100])
    neighbors = NearestNeighbors(points, [1, 0], ratio=1.0, n_neighbors=1)
    with pytest.raises(SegmenterError, match="Raise n_neighbors"):
        compile_rules(neighbors, max_rules=10)
    assert len(compile_rules(neighbors, max_rules=1000)) > 50


def test_rules_are_plain_columns():
    rules = compile_rules(labelled(skewed(500, seed=1)), max_rules=2000)
    columns = [rules.frequency_from, rules.frequency_to, rules.cents_from, rules.cents_below]
    assert [column.dtype for column in columns] == [np.int64] * 4
    assert rules.segment.dtype == np.int32
    assert isinstance(rules, Rules)
