"""Ward linkage against SciPy, scikit-learn and a one-by-one greedy search in exact fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cophenet, fcluster, is_valid_linkage, linkage
from sklearn.cluster import AgglomerativeClustering

from benchmarks.ward_layouts import LAYOUTS, make_layout
from segmenter.clustering.ward import WardCounters, cut_tree, split_in_two, ward_linkage
from segmenter.errors import SegmenterError
from tests.choosing import BOTH, using
from tests.combinations import first_in_gate
from tests.ties import halfway


def greedy(monetary, frequency, customers, ratio=1):
    """Merge the least pair by (height, id, id), one by one, with nothing rounded but the root."""
    points = list(zip(monetary, frequency, customers, strict=True))
    living = {
        i: (Fraction(m), Fraction(f), Fraction(w), 1)
        for i, (m, f, w) in enumerate((int(m), int(f), int(w)) for m, f, w in points)
    }

    def squared(a, b):
        (ma, fa, wa, _), (mb, fb, wb, _) = living[a], living[b]
        return 2 * wa * wb / (wa + wb) * ((ma - mb) ** 2 + ratio * (fa - fb) ** 2)

    distances = {(a, b): squared(a, b) for a, b in combinations(living, 2)}
    rows = []
    while len(living) > 1:
        a, b = min(distances, key=lambda pair: (distances[pair], pair))
        height = float(distances[a, b])
        (ma, fa, wa, na), (mb, fb, wb, nb) = living.pop(a), living.pop(b)
        distances = {p: d for p, d in distances.items() if not {a, b} & {*p}}
        made, w = len(points) + len(rows), wa + wb
        living[made] = ((ma * wa + mb * wb) / w, (fa * wa + fb * wb) / w, w, na + nb)
        distances |= {(c, made): squared(c, made) for c in living if c != made}
        rows.append((a, b, np.sqrt(height), na + nb))
    return np.array(rows, float).reshape(-1, 4)


def assert_greedy(monetary, frequency, customers=None, ratio=1):
    customers = np.ones(len(monetary), int) if customers is None else customers
    expected = greedy(monetary, frequency, customers, ratio)
    for kernels in BOTH:
        with using(kernels):
            found = ward_linkage(monetary, frequency, customers, ratio=float(ratio))
        assert is_valid_linkage(found, throw=True)
        np.testing.assert_array_equal(found, expected)


def same_partition(a, b):
    return len(set(zip(a, b, strict=True))) == len(set(a)) == len(set(b))


# Against SciPy and scikit-learn


@pytest.mark.parametrize("n", [2, 3, 8, 9, 17, 64, 65, 300, 2000])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_equals_scipy(n, seed):
    points = np.random.default_rng(seed).normal(size=(n, 2)) * [100, 3]
    ours, theirs = ward_linkage(*points.T), linkage(points, "ward")
    assert is_valid_linkage(ours, throw=True)
    np.testing.assert_allclose(ours[:, 2], theirs[:, 2], rtol=1e-9)
    np.testing.assert_array_equal(ours[:, [0, 1, 3]], theirs[:, [0, 1, 3]])


@pytest.mark.parametrize("spread", ["lognormal", "clusters", "line"])
def test_equals_scipy_on_uneven_points(spread):
    rng = np.random.default_rng(5)
    points = {
        "lognormal": rng.lognormal(5, 2, (1500, 2)),
        "clusters": rng.normal(size=(1500, 2)) + 50 * rng.integers(0, 5, (1500, 2)),
        "line": np.c_[rng.lognormal(5, 2, 1500), np.ones(1500)],
    }[spread]
    np.testing.assert_allclose(
        ward_linkage(*points.T)[:, 2], linkage(points, "ward")[:, 2], rtol=1e-9
    )


@pytest.mark.parametrize("ratio", [0.0, 0.25, 1.0, 1234.5])
def test_ratio_scales_frequency(ratio):
    points = np.random.default_rng(3).normal(size=(400, 2))
    theirs = linkage(points * [1, np.sqrt(ratio)], "ward")
    ours = ward_linkage(*points.T, ratio=ratio)
    np.testing.assert_allclose(ours[:, 2], theirs[:, 2], rtol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_weights_are_repeated_points(seed):
    rng = np.random.default_rng(seed)
    points, customers = rng.normal(size=(300, 2)), rng.integers(1, 6, 300)
    repeated = np.repeat(points, customers, axis=0)
    weighted = ward_linkage(*points.T, customers)[:, 2]
    merged_first = len(repeated) - len(points)
    for every in (linkage(repeated, "ward")[:, 2], ward_linkage(*repeated.T)[:, 2]):
        np.testing.assert_allclose(every[:merged_first], 0, atol=1e-7)
        np.testing.assert_allclose(every[merged_first:], weighted, rtol=1e-9)


def test_weights_need_not_be_whole():
    points = np.random.default_rng(0).normal(size=(200, 2))
    heights = ward_linkage(*points.T)[:, 2]
    halved = ward_linkage(*points.T, np.full(200, 0.25))[:, 2]
    np.testing.assert_allclose(halved, heights / 2, rtol=1e-9)


@pytest.mark.parametrize("n_clusters", [1, 2, 3, 10, 500])
def test_cut_equals_fcluster(n_clusters):
    points = np.random.default_rng(7).normal(size=(500, 2))
    tree = ward_linkage(*points.T)
    blocks = cut_tree(tree, n_clusters)
    assert same_partition(blocks, fcluster(tree, n_clusters, "maxclust"))
    firsts = [int(np.flatnonzero(blocks == block)[0]) for block in range(n_clusters)]
    assert firsts == sorted(firsts)


@pytest.mark.parametrize("seed", range(3))
def test_cut_two_equals_scikit_learn(seed):
    points = np.random.default_rng(seed).lognormal(3, 1, (400, 2))
    labels = AgglomerativeClustering(n_clusters=2, linkage="ward").fit_predict(points)
    blocks = split_in_two(ward_linkage(*points.T))
    assert blocks[0] == 0
    assert same_partition(blocks, labels)


# Against the one-by-one greedy search, bit by bit


@pytest.mark.parametrize(("rows", "columns"), [(1, 2), (1, 25), (4, 4), (5, 6), (6, 5), (3, 10)])
def test_ties_on_grids(rows, columns):
    m, f = np.divmod(np.arange(rows * columns), columns)
    assert_greedy(m, f)
    order = np.random.default_rng(rows * columns).permutation(rows * columns)
    assert_greedy(m[order], f[order])


@pytest.mark.parametrize("seed", range(3))
def test_ties_of_equilateral_triangles(seed):
    """With r = 3 rows of a shifted grid are triangular: a merge may cost what its parent costs."""
    row, column = np.divmod(np.arange(30), 6)
    order = np.random.default_rng(seed).permutation(30) if seed else np.arange(30)
    assert_greedy((2 * column + row % 2)[order], row[order], ratio=3)


@pytest.mark.parametrize("seed", range(12))
def test_ties_of_small_integers(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 45))
    m, f = rng.integers(0, [[8], [4]], (2, n))
    assert_greedy(m, f, rng.integers(1, 4, n) if seed % 2 else None)


@pytest.mark.parametrize("seed", range(15))
def test_ties_of_clusters_from_both_phases(seed):
    assert_greedy(*halfway(seed, 60 + seed))


def test_an_older_cluster_may_be_made_after_a_younger_one():
    chain = 1_000_000 + np.cumsum(1000 + 10 * np.arange(60))
    m = np.append([0, 2, 5, 103, 198, 208], chain)
    w = np.append([1, 1, 2, 1, 2, 2], np.ones(60, int))
    assert_greedy(m, np.ones(66), w)


def test_ties_far_from_zero():
    m, f = np.divmod(np.arange(36), 6)
    near, far = ward_linkage(m, f), ward_linkage(m + 2**49, f + 2**24)
    np.testing.assert_array_equal(near, far)


@settings(max_examples=150, deadline=None)
@given(
    points=st.lists(
        st.tuples(st.integers(-6, 6), st.integers(0, 5), st.integers(1, 5)), min_size=2, max_size=18
    ),
    ratio=st.sampled_from([0, 1, 2, 3, 4]),
)
def test_equals_greedy(points, ratio):
    assert_greedy(*np.array(points).T, ratio=ratio)


@settings(max_examples=60, deadline=None)
@given(
    points=st.lists(
        st.tuples(st.floats(-1e12, 1e12), st.floats(-1e3, 1e3), st.floats(1e-3, 1e9)),
        min_size=2,
        max_size=60,
    ),
)
def test_any_floats_give_a_monotone_tree(points):
    tree = ward_linkage(*np.array(points).T)
    assert is_valid_linkage(tree, throw=True)
    assert (np.diff(tree[:, 2]) >= 0).all()
    assert tree[-1, 3] == len(points)


def test_order_of_input_does_not_matter_without_ties():
    rng = np.random.default_rng(11)
    points, customers = rng.normal(size=(3000, 2)), rng.integers(1, 9, 3000)
    tree = ward_linkage(*points.T, customers)
    order = rng.permutation(3000)
    shuffled = ward_linkage(*points[order].T, customers[order])
    np.testing.assert_allclose(shuffled[:, 2], tree[:, 2], rtol=1e-9)
    for n_clusters in (2, 3, 30):
        assert same_partition(cut_tree(tree, n_clusters)[order], cut_tree(shuffled, n_clusters))


def test_large_products_stay_in_order():
    """Sums of cents and customers that no double holds exactly still give a valid tree."""
    rng = np.random.default_rng(2)
    m, f = rng.integers(0, 2**50, 3000), rng.integers(0, 2**25, 3000)
    tree = ward_linkage(m, f, rng.integers(1, 2**28, 3000), ratio=1e12)
    assert is_valid_linkage(tree, throw=True)
    assert (np.diff(tree[:, 2]) >= 0).all()


# No layout is quadratic


LARGE = [
    "skewed",
    "grid",
    "grid, shuffled",
    "equal gaps",
    "growing gaps",
    "exponential gaps",
    "rings",
    "one far outlier",
    "one huge weight",
]


@first_in_gate(
    ("name", "n"),
    [(name, 20_000) for name in LAYOUTS] + [(name, 200_000) for name in LARGE],
    first=8,
)
def test_work_does_not_grow(name, n):
    layout = make_layout(name, n)
    counters = WardCounters()
    tree = ward_linkage(
        layout.monetary, layout.frequency, layout.customers, ratio=layout.ratio, counters=counters
    )
    assert (np.diff(tree[:, 2]) >= 0).all()
    assert tree[-1, 3] == len(tree) + 1
    assert counters.merges == counters.n_points - 1
    assert counters.searches_per_point <= layout.most_searches
    assert counters.nodes_per_search <= 150
    assert counters.rounds <= 100
    assert counters.rebuilds <= 20


def test_equal_gaps_against_the_known_tree():
    """Equal gaps, a power of two of them: neighbours pair up, level by level."""
    n = 2**12
    heights = ward_linkage(np.arange(n), np.zeros(n))[:, 2]
    expected = [np.full(n >> k + 1, 2.0 ** (1.5 * k)) for k in range(12)]
    np.testing.assert_allclose(heights, np.concatenate(expected), rtol=1e-12)


def test_cophenetic_distances_on_a_grid():
    points = np.indices((30, 30)).reshape(2, -1).T.astype(float)
    points += np.random.default_rng(0).normal(scale=1e-6, size=points.shape)
    ours = cophenet(ward_linkage(*points.T))
    np.testing.assert_allclose(ours, cophenet(linkage(points, "ward")), rtol=1e-9)


# Small, equal and wrong input


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_points(n):
    assert ward_linkage(np.ones(n), np.ones(n)).shape == (0, 4)


def test_one_point_is_one_block():
    assert cut_tree(np.empty((0, 4)), 1).tolist() == [0]


@pytest.mark.parametrize("n", [2, 7, 1000])
def test_all_points_equal(n):
    tree = ward_linkage(np.full(n, 3), np.full(n, 4))
    assert is_valid_linkage(tree, throw=True)
    assert (tree[:, 2] == 0).all()
    assert sorted(tree[:, :2].ravel()) == list(range(2 * n - 2))


def test_input_is_left_alone():
    m, f, w = np.arange(9.0), np.ones(9), np.full(9, 2.0)
    ward_linkage(m, f, w)
    assert (m == np.arange(9)).all()
    assert (f == 1).all()
    assert (w == 2).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2, 3], [1, 2]), "one value per point, not 3, 2 and 3"),
        (([1, 2], [1, 2], [1, 1, 1]), "not 2, 2 and 3"),
        (([[1, 2]], [[1, 2]]), r"monetary must have one dimension, not shape \(1, 2\)"),
        ((["a", "b"], [1, 2]), "monetary must be numbers"),
        (([1, np.nan], [1, 2]), "monetary must be finite, but nan came at position 1"),
        (([1, 2], [np.inf, 2]), "frequency must be finite, but inf came at position 0"),
        (([1, 2], [1, 2], [1, 0]), "customers must be above 0"),
        (([1, 2], [1, 2], [1, -1]), "customers must be above 0"),
        (([0, 1e200], [1, 2]), "monetary must not spread over more than"),
    ],
)
def test_wrong_points(arguments, message):
    with pytest.raises(SegmenterError, match=message):
        ward_linkage(*arguments)


@pytest.mark.parametrize("ratio", [-1.0, np.nan, np.inf])
def test_wrong_ratio(ratio):
    with pytest.raises(SegmenterError, match="ratio must be a finite number, at least 0"):
        ward_linkage([1, 2], [1, 2], ratio=ratio)


@pytest.mark.parametrize("n_clusters", [0, 4, True])
def test_wrong_number_of_clusters(n_clusters):
    with pytest.raises(SegmenterError, match="n_clusters must be a whole number from 1 to the 3"):
        cut_tree(ward_linkage([1, 2, 9], [1, 1, 1]), n_clusters)
