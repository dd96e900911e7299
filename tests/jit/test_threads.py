"""Threads: the same bits from any number, no more than the user wants, and nothing left behind."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

import segmenter
from benchmarks.ward_layouts import make_layout
from segmenter.classifier import search_kernels
from segmenter.classifier.knn import NearestNeighbors
from segmenter.clustering import consolidation_kernels, ward_merges, ward_order, ward_tree
from segmenter.clustering.consolidation import consolidate
from segmenter.clustering.ward import WardCounters, ward_linkage
from segmenter.jit import threads
from segmenter.jit.threads import limited, over_ranges, thread_count
from segmenter.points import Points
from segmenter.training import learning
from tests.choosing import using

RANGES = {
    ward_tree: 5,
    ward_merges: 5,
    ward_order: 70,
    consolidation_kernels: 2,
    search_kernels: 90,
}
"""So few rows, or tiles of them, that some thousand points are many ranges."""


@pytest.fixture
def split(monkeypatch):
    """Split the work of few points, among so many threads."""
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)

    def among(count):
        monkeypatch.setattr(threads, "processors", lambda: count)
        for module, size in RANGES.items():
            monkeypatch.setattr(module, "RANGE", size)

    return among


def learned(points):
    """Return a tree with what it took, labels, and answers of the search."""
    ratio, counters = points.scaling(), WardCounters()
    columns = (points.cents, points.frequency, points.customers)
    tree = ward_linkage(*columns, ratio=ratio, counters=counters)
    start = (points.cents > np.median(points.cents)).astype(np.int32)
    labels = consolidate(points, start, 2, ratio)
    neighbors = NearestNeighbors(points, labels, ratio=ratio, n_neighbors=5)
    asked = np.random.default_rng(0).permutation(len(points) * 2) % len(points)
    answers = neighbors.classify_cents(points.cents[asked] + 1, points.frequency[asked])
    return tree, labels, answers, vars(counters)


LAYOUTS = ("skewed", "grid, shuffled", "growing gaps", "few frequencies", "Pareto weights")


@pytest.mark.parametrize("name", LAYOUTS)
def test_bits_are_the_same_for_any_number_of_threads(split, name):
    layout = make_layout(name, 2000)
    cents = np.rint(np.asarray(layout.monetary) * (1 if np.ptp(layout.monetary) > 100 else 1000))
    points = Points.group(cents, np.abs(np.rint(layout.frequency)), layout.customers)
    with using(kernels=True):
        whole = learned(points)
        for count in (1, 2, 3, 8):
            split(count)
            for ours, expected in zip(learned(points), whole, strict=True):
                np.testing.assert_equal(ours, expected)


def test_all_threads_take_part_and_results_keep_their_order(split):
    split(3)
    together = threading.Barrier(3, timeout=60)

    def work(first, last):
        if first < 6:
            together.wait()
        return first, last, threading.get_ident()

    found = over_ranges(work, 11, 2)
    assert [each[:2] for each in found] == [(0, 2), (2, 4), (4, 6), (6, 8), (8, 10), (10, 11)]
    assert len({each[2] for each in found[:3]}) == 3
    assert over_ranges(work, 0, 2) == []


@pytest.mark.parametrize(("rows", "count"), [(100, 8), (1000, 1)])
def test_little_work_and_one_core_need_no_other_thread(split, rows, count):
    split(count)
    assert set(over_ranges(lambda *_: threading.get_ident(), rows, 100)) == {threading.get_ident()}


def test_where_no_thread_can_start_the_work_is_done(split, monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    split(8)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert over_ranges(lambda first, _: first, 50, 10) == [0, 10, 20, 30, 40]


def test_an_error_of_another_thread_comes_out_and_ends_the_work(split):
    split(2)
    begun, met = [], threading.Barrier(2, timeout=60)

    def work(first, _):
        begun.append(first)
        if first < 2:
            met.wait()
        if threading.current_thread() is not threading.main_thread():
            raise ValueError("from another thread")
        time.sleep(0.01)

    with pytest.raises(ValueError, match="from another thread"):
        over_ranges(work, 10_000, 1)
    assert len(begun) < 10_000


@pytest.fixture
def alone():
    """Ctrl-C is heard here alone, and not by a command that ran in this process before."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("alone")
def test_ctrl_c_stops_all_threads(split):
    split(3)
    begun, met = [], threading.Barrier(3, timeout=60)

    def work(first, _):
        begun.append(first)
        if first < 3:
            met.wait()
        if threading.current_thread() is threading.main_thread():
            signal.raise_signal(signal.SIGINT)
        time.sleep(0.01)

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        over_ranges(work, 10_000, 1)
    assert len(begun) < 10_000
    assert threading.active_count() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_after_threads_were_started_uses_them_again(split):
    split(2)
    layout = make_layout("skewed", 1000)
    with using(kernels=True):
        before = ward_linkage(layout.monetary, layout.frequency)
        child = os.fork()
        if child == 0:
            signal.alarm(60)  # rather than hang
            again = ward_linkage(layout.monetary, layout.frequency)
            os._exit(0 if np.array_equal(before, again) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize(
    ("given", "allowed", "count"),
    [
        (None, None, 4),
        ("3", None, 3),
        ("64", None, 4),
        ("0", None, 1),
        ("many", None, 4),
        (None, 2, 2),
        (None, 0, 1),
        (None, 10_000, 4),
        ("3", 2, 2),
        ("2", 3, 2),
    ],
)
def test_count_is_what_everybody_allows(monkeypatch, given, allowed, count):
    monkeypatch.setattr(threads, "processors", lambda: 4)
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    if given is not None:
        monkeypatch.setenv("NUMBA_NUM_THREADS", given)
    if allowed is None:
        assert thread_count() == count
        return
    with limited(allowed):
        assert thread_count() == count
        with limited(1):
            assert thread_count() == 1
        with limited(64):
            assert thread_count() == count
    assert thread_count() == (4 if given is None else min(4, int(given)))


@pytest.fixture
def seen(split, monkeypatch):
    """How many threads kernels could use, each time that points were clustered."""
    found, cluster = [], learning.recursive_segments

    def look(*arguments):
        found.append(thread_count())
        return cluster(*arguments)

    split(8)
    monkeypatch.setattr(learning, "recursive_segments", look)
    return found


def test_kernels_use_what_a_connection_may(shop, sales, seen):
    segmenter.fit(shop, sales)
    shop.execute("set threads = 3")
    segmenter.open(shop).fit(sales)
    assert seen == [1, 3]
    assert thread_count() == 8


def test_kernels_use_what_a_file_is_opened_with(shop, sales, seen, tmp_path):
    path = tmp_path / "shop.duckdb"
    shop.execute(f"attach '{path}' as file; create table file.sales as from sales; detach file")
    segmenter.open(path, threads=2).fit(sales)
    assert seen == [2]
    with pytest.raises(segmenter.InputError, match="threads = 0 does not work"):
        segmenter.open(path, threads=0).fit(sales)
