"""Kernels and NumPy: the same bits from both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.ward_layouts import LAYOUTS, make_layout
from segmenter import Settings
from segmenter.classifier.knn import NearestNeighbors
from segmenter.classifier.rules import compile_rules
from segmenter.clustering.consolidation import Consolidation
from segmenter.clustering.ward import cut_tree, ward_linkage
from segmenter.errors import InputError
from segmenter.points import MAX_CENTS, MAX_FREQUENCY, Points
from segmenter.progress import Silent
from segmenter.training.learning import learn
from tests.choosing import BOTH, using
from tests.kinds import KINDS
from tests.ties import halfway


def both(make):
    """Return what kernels make, and what NumPy makes."""
    found = []
    for kernels in BOTH:
        with using(kernels):
            found.append(make())
    return found


def assert_alike(make):
    """Check that both make equal arrays of equal types, and return them."""
    ours, theirs = both(make)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.asarray(one).dtype == np.asarray(other).dtype
    return ours


@st.composite
def weighted(draw, most=60):
    """Draw coordinates and weights: lattices, lines, gaps that grow, and the largest there are."""
    n = draw(st.integers(1, most))
    width = draw(st.sampled_from([0, 1, 3, 8, 100, 2**40, MAX_CENTS]))
    height = draw(st.sampled_from([0, 1, 4, 20, MAX_FREQUENCY]))
    heavy = draw(st.sampled_from([1, 2, 5, 2**20]))
    seed = draw(st.integers(0, 2**32))
    rng = np.random.default_rng(seed)
    cents, frequency = rng.integers(0, width + 1, n), rng.integers(0, height + 1, n)
    if draw(st.booleans()):
        cents = np.cumsum(2 ** rng.integers(0, 3, n))  # equal and growing gaps
    return cents, frequency, rng.integers(1, heavy + 1, n)


RATIOS = st.sampled_from([0.0, 1.0, 3.0, 1 / 3, 1234.5, 1e6])


@settings(max_examples=250, deadline=None)
@given(weighted(), RATIOS, st.randoms(use_true_random=False))
def test_ward(points, ratio, random):
    cents, frequency, customers = points
    (tree,) = assert_alike(lambda: [ward_linkage(cents, frequency, customers, ratio=ratio)])
    n_clusters = random.randint(1, len(cents))
    assert_alike(lambda: [cut_tree(tree, n_clusters)])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-1e12, 1e12), st.floats(-1e3, 1e3), st.floats(1e-3, 1e9)),
        min_size=2,
        max_size=60,
    )
)
def test_ward_of_any_floats(points):
    assert_alike(lambda: [ward_linkage(*np.array(points).T)])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(120, 300))
def test_ward_where_ties_are_between_clusters_of_both_phases(seed, length):
    assert_alike(lambda: [ward_linkage(*halfway(seed, length))])


@pytest.mark.parametrize("name", LAYOUTS)
def test_ward_on_every_layout(name):
    layout = make_layout(name, 700)
    points = layout.monetary, layout.frequency, layout.customers
    assert_alike(lambda: [ward_linkage(*points, ratio=layout.ratio)])


@settings(max_examples=100, deadline=None)
@given(weighted(), st.integers(1, 6), RATIOS, st.integers(0, 99))
def test_consolidation(points, n_blocks, ratio, seed):
    points = Points.group(*points)
    labels = np.random.default_rng(seed).integers(0, n_blocks, len(points)).astype(np.int32)
    assert_alike_from(points, labels, n_blocks, ratio)


@pytest.mark.parametrize("far", [0, MAX_CENTS])
@pytest.mark.parametrize("name", LAYOUTS)
def test_consolidation_of_many_tiles(name, far):
    """What is passed over never moves: boxes of all forms, small numbers and large ones."""
    layout = make_layout(name, 3000)
    money, orders = (np.asarray(along) for along in (layout.monetary, layout.frequency))
    cents = np.rint((money - money.min()) * min(1e9 / np.ptp(money), 1e5)).astype(np.int64)
    frequency = np.minimum(np.abs(np.rint(orders)), MAX_FREQUENCY).astype(int)
    customers = None if layout.customers is None else np.minimum(layout.customers, 2**18)
    points = Points.group(far - cents, frequency, customers)
    for n_blocks in (2, 3, 5):
        labels = np.random.default_rng(n_blocks).integers(0, n_blocks, len(points))
        for start in (labels, np.arange(len(points)) * n_blocks // len(points)):
            assert_alike_from(points, start.astype(np.int32), n_blocks, points.scaling())


def assert_alike_from(points, labels, n_blocks, ratio):
    def settle():
        found = Consolidation(points, ratio).settle(labels, n_blocks)
        return [found.labels, found.tightness]

    one, other = both(settle)
    np.testing.assert_array_equal(one[0], other[0])
    assert one[1] == other[1]


@settings(max_examples=150, deadline=None)
@given(
    weighted(),
    st.sampled_from([0.0, 1.0, 4.0, 0.1, 1 / 3, 1e-30, 1e30, None]),
    st.one_of(st.integers(1, 9), st.integers(1, 50)),
    st.integers(1, 6),
    st.booleans(),
    st.integers(0, 99),
)
def test_search_and_rules(points, ratio, n_neighbors, n_segments, monotone, seed):
    points = Points.group(*points)
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, n_segments, len(points))
    if rng.random() < 0.5:  # blocks, as a clustering would make them; else noise
        codes = np.sort(codes)
    ratio = points.scaling() if ratio is None else ratio
    low, high = points.frequency.min(), min(points.frequency.max(), points.frequency.min() + 30)
    points = points.take(points.frequency <= high)
    cents = rng.integers(points.cents.min() - 2, points.cents.max() + 3, 200)
    asked = (
        np.append(cents, points.cents),
        np.append(rng.integers(low, high + 1, 200), points.frequency),
    )

    def found():
        search = NearestNeighbors(
            points, codes[: len(points)], ratio=ratio, n_neighbors=n_neighbors
        )
        rules = compile_rules(search, max_rules=2000, monotone=monotone)
        if monotone:
            search = search.raised(*rules.corners())
        some = [search.neighbors(c, f) for c, f in zip(asked[0][:3], asked[1][:3], strict=True)]
        return [
            search.classify_cents(*asked),
            search.classify(np.append(asked[0] / 100, np.nan), np.append(asked[1] + 0.5, 1)),
            *vars(rules).values(),
            *(array for voters in some for array in vars(voters).values()),
        ]

    assert_alike(found)


def learned(points, wanted):
    """Return all that a fit learns from points, or why it cannot."""
    try:
        return learn(points, wanted, Silent())
    except InputError as error:
        return str(error)


def assert_learn_alike(points, wanted):
    ours, theirs = both(lambda: learned(points, wanted))
    if isinstance(ours, str):
        assert ours == theirs
        return
    assert ours.segmentation.splits == theirs.segmentation.splits
    assert ours.segmentation.warnings == theirs.segmentation.warnings
    assert ours[2:] == theirs[2:]
    np.testing.assert_array_equal(ours.segmentation.codes, theirs.segmentation.codes)
    for name, column in vars(ours.rules).items():
        np.testing.assert_array_equal(column, vars(theirs.rules)[name])


WANTED = {
    "as it is": {},
    "not monotone": {"monotone": False, "n_neighbors": 1},
    "auto": {"levels": "auto", "n_neighbors": 9},
    "flat": {"shape": "flat", "levels": 3},
    "not consolidated": {"consolidate": False, "monotone": False},
    "logarithms": {"scale": "log", "shape": "auto"},
    "six levels": {"levels": 6, "max_share": 0.01, "n_init": 1},
}


@pytest.mark.parametrize("wanted", WANTED.values(), ids=WANTED)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_fits_of_every_kind(kind, wanted):
    money, orders = kind(np.random.default_rng(1), 400)
    points = Points.group(np.round(np.abs(money) * 100).astype(int), orders)
    assert_learn_alike(points, Settings(**wanted))


@pytest.mark.parametrize("customers", [[9], [1, 9], [5, 5, 5]])
def test_fits_of_next_to_nothing(customers):
    n = len(customers)
    assert_learn_alike(Points.group(range(n), [1] * n, customers), Settings(levels=1))


def test_fits_of_real_bases(fitted):
    """What is stored of each is equal to what both learn."""
    points = fitted.model.points
    assert_learn_alike(points, Settings())
    with using(kernels=False):
        again = learn(points, Settings(), Silent())
    assert again.segmentation.splits == fitted.model.segmentation.splits
    np.testing.assert_array_equal(again.segmentation.codes, fitted.model.segmentation.codes)
    np.testing.assert_array_equal(again.rules.cents_from, fitted.model.rules.cents_from)
    np.testing.assert_array_equal(again.rules.segment, fitted.model.rules.segment)
