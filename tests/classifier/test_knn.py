"""The classifier against exact arithmetic in Python and against scikit-learn."""

import math
from fractions import Fraction

import numba as nb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from segmenter.classifier.exact_distance import two_product
from segmenter.classifier.knn import NearestNeighbors, to_cents
from segmenter.errors import SegmenterError
from segmenter.points import MAX_CENTS, MAX_FREQUENCY, Points
from tests.choosing import BOTH, using


def voters_by_fractions(points, ratio, k, cents, frequency):
    """Return (index, votes, d2) of the voters, nearest first, from integers and fractions only."""
    rows = zip(
        points.cents.tolist(), points.frequency.tolist(), points.customers.tolist(), strict=True
    )
    c = min(max(int(cents), int(points.cents.min())), int(points.cents.max()))
    f = min(max(int(frequency), int(points.frequency.min())), int(points.frequency.max()))
    r = Fraction(ratio)
    ranked = sorted(
        ((pc - c) ** 2 + r * (pf - f) ** 2, pc, pf, i, customers)
        for i, (pc, pf, customers) in enumerate(rows)
    )
    voters, left = [], k
    for d2, _, _, i, customers in ranked:
        if left > 0:
            voters.append((i, min(left, customers), d2))
            left -= customers
    return voters


def segment_by_fractions(points, segment, ratio, k, cents, frequency):
    voters = voters_by_fractions(points, ratio, k, cents, frequency)
    ballots = {}
    for i, votes, _ in voters:
        ballots[segment[i]] = ballots.get(segment[i], 0) + votes
    # dicts keep the order of insertion, and max takes the first of equals: the nearest
    return max(ballots, key=ballots.get)


@st.composite
def models(draw, max_points=40):
    """Draw labelled points that are likely to tie: few values, lines, single rows, heavy ones."""
    scale = draw(st.sampled_from([1, 1, 7, 10**6, MAX_CENTS // 12]))
    rows = draw(st.sampled_from([1, 2, 6, 12]))
    step = draw(st.sampled_from([1, 1, 3, MAX_FREQUENCY // 12]))
    low = draw(st.integers(-12, 6))
    row = st.tuples(
        st.integers(low, min(low + 12, 12)).map(lambda v: v * scale),
        st.integers(0, rows - 1).map(lambda v: v * step),
        st.one_of(st.just(1), st.integers(1, 4), st.just(1000)),
    )
    cents, frequency, customers = zip(
        *draw(st.lists(row, min_size=1, max_size=max_points)), strict=True
    )
    points = Points.group(cents, frequency, customers)
    n_segments = draw(st.integers(2, 7))
    codes = st.integers(0, n_segments - 1)
    segment = draw(st.lists(codes, min_size=len(points), max_size=len(points)))
    ratio = draw(
        st.one_of(
            st.sampled_from([0.0, 1.0, 4.0, 0.1, 1 / 3, 1e-30, 1e30, float(scale) ** 2]),
            st.floats(0.01, 100.0),
            st.just(points.scaling()),
        )
    )
    return points, np.array(segment), ratio, draw(st.one_of(st.just(5), st.integers(1, 50)))


@st.composite
def queries(draw, points):
    """Draw queries on, between, just beside and far from the points."""
    i = draw(st.integers(0, len(points) - 1))
    j = draw(st.integers(0, len(points) - 1))
    c = (int(points.cents[i]) + int(points.cents[j])) // 2
    f = (int(points.frequency[i]) + int(points.frequency[j])) // 2
    return (
        draw(st.one_of(st.integers(c - 2, c + 2), st.integers(-(2**60), 2**60))),
        draw(st.one_of(st.integers(f - 2, f + 2), st.integers(-(2**40), 2**40))),
    )


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_voters_and_segment_are_those_of_exact_arithmetic(data):
    points, segment, ratio, k = data.draw(models())
    asked = data.draw(st.lists(queries(points), min_size=1, max_size=10))
    codes = [segment_by_fractions(points, segment, ratio, k, *query) for query in asked]
    voters = [voters_by_fractions(points, ratio, k, *query) for query in asked]
    for kernels in BOTH:
        with using(kernels):
            neighbors = NearestNeighbors(points, segment, ratio=ratio, n_neighbors=k)
            found = neighbors.classify_cents(*map(np.array, zip(*asked, strict=True)))
            assert found.tolist() == codes
            for query, expected in zip(asked, voters, strict=True):
                near = neighbors.neighbors(*query)
                assert near.index.tolist() == [i for i, _, _ in expected]
                assert near.votes.tolist() == [votes for _, votes, _ in expected]
                distances = [math.sqrt(d2) for *_, d2 in expected]
                assert near.distance == pytest.approx(distances, rel=1e-14)


@pytest.mark.parametrize("ratio", [0.1, 1 / 3, 1e-20, 3e20, 2.0**-52])
def test_order_is_right_where_doubles_cannot_tell(ratio):
    """Points at nearly the same distance, near the largest coordinates, on both sides."""
    rng = np.random.default_rng(3)
    c = np.concatenate([-MAX_CENTS + np.arange(60), MAX_CENTS - np.arange(60)])
    f = np.concatenate([np.arange(60) % 3, MAX_FREQUENCY - np.arange(60) % 3])
    points = Points.group(c, f)
    segment = rng.integers(0, 3, len(points))
    for kernels in BOTH:
        with using(kernels):
            neighbors = NearestNeighbors(points, segment, ratio=ratio, n_neighbors=7)
            for cents in range(-4, 5):
                for frequency in (0, MAX_FREQUENCY // 2, MAX_FREQUENCY):
                    expected = voters_by_fractions(points, ratio, 7, cents, frequency)
                    found = neighbors.neighbors(cents, frequency).index.tolist()
                    assert found == [i for i, *_ in expected]


def test_a_difference_below_half_an_ulp_decides():
    """The double 1/3 is a little less than a third: (1, 5) is nearer to (1, 3) than (0, 4) is."""
    points = Points.group([0, 1, 1000], [4, 5, 3])
    assert 1 / 3 * 3 == 1.0
    assert Fraction(1 / 3) * 4 < 1 + Fraction(1 / 3)
    for kernels in BOTH:
        with using(kernels):
            neighbors = NearestNeighbors(points, [0, 1, 2], ratio=1 / 3, n_neighbors=1)
            assert neighbors.neighbors(1, 3).index.tolist() == [1]


@nb.njit  # no kernel of ours: all of those must be on disk
def product(a, b):
    return two_product(a, b)


@settings(deadline=None)
@given(
    st.floats(-1e100, 1e100, allow_subnormal=False).filter(lambda v: v == 0 or abs(v) > 1e-100),
    st.integers(-(2**53), 2**53).map(float),
)
def test_two_product_is_exact(a, b):
    high, low = product(a, b)
    assert high == a * b
    assert Fraction(high) + Fraction(low) == Fraction(a) * Fraction(b)


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_scikit_learn_where_nothing_ties(seed):
    rng = np.random.default_rng(seed)
    frequency = rng.geometric(0.3, 900)
    cents = np.round(frequency * np.exp(rng.normal(8, 1, 900))).astype(int)
    points = Points.group(cents, frequency, rng.geometric(0.7, 900))
    ratio = points.scaling()
    scaled = np.column_stack([points.cents, points.frequency * math.sqrt(ratio)])
    segment = rng.integers(0, 3, len(points))
    reference = KNeighborsClassifier(5).fit(
        np.repeat(scaled, points.customers, axis=0), np.repeat(segment, points.customers)
    )
    c = rng.integers(points.cents.min(), points.cents.max(), 3000)
    f = rng.integers(1, points.frequency.max() + 1, 3000)
    asked = np.column_stack([c, f * math.sqrt(ratio)])
    distance, _ = reference.kneighbors(asked, 6)
    share = np.sort(reference.predict_proba(asked), axis=1)
    clear = (distance[:, 5] - distance[:, 4] > 1e-6 * distance[:, 5]) & (share[:, 2] > share[:, 1])
    assert clear.sum() > 1000
    codes = NearestNeighbors(points, segment, ratio=ratio, n_neighbors=5).classify_cents(c, f)
    assert np.array_equal(codes[clear], reference.predict(asked[clear]))


def test_many_queries_in_sorted_blocks_equal_single_ones():
    rng = np.random.default_rng(5)
    points = Points.group(rng.integers(-9000, 90000, 3000), rng.geometric(0.1, 3000))
    neighbors = NearestNeighbors(
        points, rng.integers(0, 4, len(points)), ratio=points.scaling(), n_neighbors=5
    )
    cents, frequency = rng.integers(-9500, 95000, 20_000), rng.integers(0, 60, 20_000)
    together = neighbors.classify_cents(cents, frequency)
    few = np.concatenate(
        [
            neighbors.classify_cents(cents[i : i + 500], frequency[i : i + 500])
            for i in range(0, len(cents), 500)
        ]
    )
    assert np.array_equal(together, few)
    monetary = cents / 100
    monetary[::7] = np.nan
    codes = neighbors.classify(monetary, frequency + 0.9)
    assert np.all(codes[::7] == -1)
    known = ~np.isnan(monetary)
    assert np.array_equal(codes[known], together[known])


def test_what_is_not_a_number_has_no_segment():
    neighbors = NearestNeighbors(Points.group([100, 900], [1, 9]), [1, 0], ratio=1.0, n_neighbors=1)
    nan, inf = math.nan, math.inf
    codes = neighbors.classify(
        [nan, inf, 1, 1, -inf, 1e300, -1e300], [1, 1, nan, -inf, 1, 1e300, -5]
    )
    assert codes.tolist() == [-1, -1, -1, -1, -1, 0, 1]
    assert codes.dtype == np.int32
    assert neighbors.classify([], []).shape == (0,)


def test_fewer_customers_than_voters_all_vote():
    neighbors = NearestNeighbors(
        Points.group([0, 10, 20], [1, 1, 1], [1, 2, 1]), [0, 1, 0], ratio=0.0, n_neighbors=50
    )
    assert neighbors.neighbors(0, 1).votes.tolist() == [1, 2, 1]
    assert neighbors.classify_cents([0, 20, 6], [1, 1, 1]).tolist() == [0, 0, 1]


def test_last_point_votes_only_as_often_as_needed():
    points = Points.group([0, 10, 30], [1, 1, 1], [1, 1000, 4])
    neighbors = NearestNeighbors(points, [0, 1, 2], ratio=0.0, n_neighbors=5)
    assert neighbors.neighbors(0, 1).votes.tolist() == [1, 4]
    assert neighbors.neighbors(30, 1).votes.tolist() == [4, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"segment": [0]}, "segment must be one code"),
        ({"segment": [0, -1]}, "segment must be one code"),
        ({"ratio": math.nan}, "ratio must be"),
        ({"ratio": -1.0}, "ratio must be"),
        ({"n_neighbors": 0}, "n_neighbors must be between 1 and 50"),
        ({"n_neighbors": 51}, "n_neighbors must be between 1 and 50"),
        ({"points": Points.group([], [])}, "no points"),
    ],
)
def test_refuses_what_it_cannot_classify_by(change, message):
    given_ = {
        "points": Points.group([1, 2], [1, 2]),
        "segment": [0, 1],
        "ratio": 1.0,
        "n_neighbors": 5,
    } | change
    with pytest.raises(SegmenterError, match=message):
        NearestNeighbors(
            given_["points"],
            given_["segment"],
            ratio=given_["ratio"],
            n_neighbors=given_["n_neighbors"],
        )


def test_a_skewed_layout_does_not_outgrow_the_stack():
    """Exponential gaps and one heavy row: the tree stays shallow enough for its fixed stack."""
    cents = np.concatenate([2 ** np.arange(50), np.arange(5000)])
    frequency = np.concatenate([np.arange(50) ** 3, np.ones(5000, int)])
    points = Points.group(cents, frequency)
    neighbors = NearestNeighbors(points, np.arange(len(points)) % 3, ratio=1.0, n_neighbors=3)
    depth = np.zeros(len(neighbors.by_tree.tree.child), int)
    for node, child in enumerate(neighbors.by_tree.tree.child):
        if child:
            depth[child : child + 2] = depth[node] + 1
    assert depth.max() < 40
    for i in (0, 10, 49, 2000, len(points) - 1):
        assert neighbors.neighbors(points.cents[i], points.frequency[i]).index[0] == i


# -------------------------------------------------------------------------------------- to_cents


@settings(deadline=None)
@given(st.one_of(st.integers(-(10**6), 10**6), st.integers(-MAX_CENTS, MAX_CENTS)))
def test_to_cents_at_a_whole_cent_and_the_doubles_beside_it(cent):
    money = cent / 100.0
    below, above = math.nextafter(money, -math.inf), math.nextafter(money, math.inf)
    assert to_cents([below, money, above]).tolist() == [cent - 1, cent, cent]


@settings(deadline=None)
@given(st.floats(-1e13, 1e13))
def test_to_cents_is_the_largest_cent_at_or_below(money):
    cent = int(to_cents([money])[0])
    assert cent / 100.0 <= money < (cent + 1) / 100.0


def test_to_cents_far_outside_is_clamped():
    cents = to_cents([1e300, -1e300, math.inf, -math.inf, 2.0**62]).tolist()
    assert cents == [2**52, -(2**52), 2**52, -(2**52), 2**52]
