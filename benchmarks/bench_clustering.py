"""Ward linkage of distinct points: seconds beside the peers' and beside one thread, work by layout.

The points are skewed like customers: lognormal cents, geometric frequency. fastcluster's
linkage_vector and scikit-learn's AgglomerativeClustering are exact as ours is. genieclust's Genie
is another method (single linkage, corrected for uneven sizes) and finds other clusters: it stands
here for its speed alone. Each contestant and size has a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from time import thread_time
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

import segmenter.clustering.ward_kernels  # noqa: F401  # what is loaded is used, of few points too
from benchmarks.measuring import Figure, Row, Scale, alone, measured, missing, timed
from benchmarks.ward_layouts import LAYOUTS, make_layout, skewed
from segmenter.clustering import ward_merges, ward_order, ward_tree
from segmenter.clustering.ward import WardCounters, ward_linkage
from segmenter.jit.threads import limited

SIZES = {
    "small": (10_000, 30_000, 100_000),
    "full": (10_000, 30_000, 100_000, 1_000_000, 10_000_000),
}
THREADED = {"small": (1_000_000,), "full": (1_000_000, 10_000_000)}
REPEAT = 5
PATIENCE = {"small": 3.0, "full": 300.0}
"""Seconds after which a contestant is not repeated any more."""
LAYOUT_SIZE = {"small": 30_000, "full": 1_000_000}
LAYOUT_REPEAT = 3


@dataclass(frozen=True)
class Peer:
    """Somebody else's clustering of the same points."""

    name: str
    package: str
    work: Callable[[NDArray[np.float64]], object]
    up_to: dict[str, int]
    """The largest size at each scale."""
    limit: Callable[[int], str]
    """Why it stops before so many points."""


def _fastcluster(points: NDArray[np.float64]) -> object:
    import fastcluster

    return fastcluster.linkage_vector(points, "ward")


def _scikit_learn(points: NDArray[np.float64]) -> object:
    from sklearn.cluster import AgglomerativeClustering

    return AgglomerativeClustering(2, linkage="ward").fit(points)


def _genie(points: NDArray[np.float64]) -> object:
    import genieclust

    return genieclust.Genie(n_clusters=2).fit(points)


def _distances(n: int) -> str:
    """Name the memory of one half of the matrix of distances, 8 bytes each."""
    return f"needs n² memory: {4 * n * n / 1e9:,.0f} GB and more"


PEERS = {
    peer.name: peer
    for peer in (
        Peer(
            "fastcluster",
            "fastcluster",
            _fastcluster,
            {"small": 100_000, "full": 100_000},
            lambda n: f"needs n² time: {(n / 100_000) ** 2:,.0f} times that of 100,000",
        ),
        Peer(
            "scikit-learn",
            "sklearn",
            _scikit_learn,
            {"small": 10_000, "full": 30_000},
            _distances,
        ),
        Peer(
            "genieclust (another method)",
            "genieclust",
            _genie,
            {"small": 100_000, "full": 10_000_000},
            _distances,
        ),
    )
}


def measure(scale: Scale) -> Iterator[Row]:
    """Compare with the peers, fit the exponent, then go through the layouts."""
    medians = {}
    for n in SIZES[scale]:
        ours = alone(_ours, n, PATIENCE[scale])
        medians[n] = ours.median
        for peer in PEERS.values():
            theirs, why = _try_peer(peer, n, scale)
            yield Row("clustering", "Ward linkage", n, "points", ours, peer.name, theirs, why)
    yield _exponent(medians)
    for n in THREADED[scale]:
        yield alone(_threads, n, PATIENCE[scale])
        yield alone(_best_of_two, n, PATIENCE[scale])
    yield from alone(_layouts, LAYOUT_SIZE[scale])


def _try_peer(peer: Peer, n: int, scale: Scale) -> tuple[Figure | None, str]:
    """Return the peer's figure, or why there is none."""
    why = missing(peer.package) or ("" if n <= peer.up_to[scale] else peer.limit(n))
    if why:
        return None, why
    try:
        return alone(_theirs, peer.name, n, PATIENCE[scale]), ""
    except (BrokenProcessPool, MemoryError):
        return None, "ran out of memory"


def _ours(n: int, patience: float) -> Figure:
    _load_kernels()
    layout = skewed(n)
    return measured(
        lambda: ward_linkage(layout.monetary, layout.frequency, ratio=layout.ratio),
        REPEAT,
        patience,
    )


def _theirs(name: str, n: int, patience: float) -> Figure:
    layout = skewed(n)
    points = np.c_[layout.monetary, layout.frequency * np.sqrt(layout.ratio)]
    del layout
    work = PEERS[name].work
    work(points[:100])  # imports, and threads that start
    return measured(lambda: work(points), REPEAT, patience)


def _threads(n: int, patience: float) -> Row:
    """Time two threads and one in turns, so that a busy machine slows both; compare their trees."""
    _load_kernels()
    layout, taken, trees = skewed(n), {2: [], 1: []}, {}

    def work(threads: int) -> None:
        with limited(threads):
            trees[threads] = ward_linkage(layout.monetary, layout.frequency, ratio=layout.ratio)

    while len(taken[1]) < REPEAT and sum(taken[1]) < patience:
        for threads, seconds in taken.items():
            seconds += timed(partial(work, threads), 1)
    if not np.array_equal(trees[1], trees[2]):
        raise AssertionError("two threads made another tree than one")
    two, one = Figure(taken[2]), Figure(taken[1])
    return Row("clustering", "Ward linkage, two threads", n, "points", two, "one thread", one)


def _best_of_two(n: int, patience: float) -> Row:
    """Tell from one thread's processor seconds what two could come to: a busy machine changes less.

    Each call of `over_ranges` would take half of its seconds, or those of its longest range.
    """
    _load_kernels()
    layout, shares = skewed(n), []
    saved = 0.0

    def alone_in_turn(work: Callable[[int, int], object], rows: int, size: int) -> list[object]:
        nonlocal saved
        found, seconds = [], []
        for start in range(0, rows, size):
            started = thread_time()
            found.append(work(start, min(start + size, rows)))
            seconds.append(thread_time() - started)
        saved += sum(seconds) - max([sum(seconds) / 2, *seconds])
        return found

    with ExitStack() as stack:
        for module in (ward_tree, ward_merges, ward_order):
            stack.enter_context(patch.object(module, "over_ranges", alone_in_turn))
        while len(shares) < REPEAT and sum(taken for _, taken in shares) < patience:
            saved, started = 0.0, thread_time()
            ward_linkage(layout.monetary, layout.frequency, ratio=layout.ratio)
            shares.append((saved, thread_time() - started))
    figure = Figure([1 - less / taken for less, taken in shares], unit="")
    note = "of one thread's processor seconds"
    return Row("clustering", "Ward linkage, two threads at best", n, "points", figure, note=note)


def _load_kernels() -> None:
    """Load what is compiled: both phases of the linkage."""
    ward_linkage(np.arange(100.0) ** 2, np.ones(100))


def _exponent(medians: dict[int, float]) -> Row:
    """Fit seconds = factor * points ** exponent."""
    sizes, seconds = np.log(list(medians)), np.log(list(medians.values()))
    slope = float(np.polyfit(sizes, seconds, 1)[0])
    note = f"from {min(medians):,} points on"
    return Row(
        "clustering",
        "exponent of time over points",
        max(medians),
        "points",
        Figure([slope], unit=""),
        note=note,
    )


def _layouts(n: int) -> list[Row]:
    """Time each layout, the friendly one first, and count searches."""
    _load_kernels()
    rows = [_layout(name, n) for name in LAYOUTS]
    for row in rows[1:]:
        row.peer, row.theirs = "the friendly layout", rows[0].ours
    return rows


def _layout(name: str, n: int) -> Row:
    layout = make_layout(name, n)
    counters = WardCounters()

    def work(counters: WardCounters | None = None) -> object:
        points = (layout.monetary, layout.frequency, layout.customers)
        return ward_linkage(*points, ratio=layout.ratio, counters=counters)

    work(counters)
    return Row(
        "clustering",
        f"layout {name}: {counters.searches_per_point:.1f} searches/point",
        counters.n_points,
        "points",
        Figure(timed(work, LAYOUT_REPEAT)),
        details={
            "layout": name,
            "searches_per_point": counters.searches_per_point,
            "nodes_per_search": counters.nodes_per_search,
            "rounds": counters.rounds,
            "rebuilds": counters.rebuilds,
        },
    )
