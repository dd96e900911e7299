"""Kernels or NumPy: whichever is done earlier is chosen, and NumPy does no more than it must."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.ward_layouts import make_layout
from segmenter.classifier.knn import NearestNeighbors
from segmenter.classifier.rules import compile_rules
from segmenter.classifier.search_plain import PlainSearch
from segmenter.clustering.ward import ward_linkage
from segmenter.jit import cache_folder, choice
from segmenter.points import Points
from tests.choosing import using

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def choosing(monkeypatch):
    """Choose in a process that has done nothing, and has loaded nothing."""
    monkeypatch.setattr(choice, "_spent", 0.0)
    monkeypatch.setattr(choice, "_KERNELS", "nobody.has.imported.this")
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)

    def are_compiled(answer):
        monkeypatch.setattr(choice, "_are_compiled", lambda: answer)

    are_compiled(False)
    return are_compiled


def test_small_work_is_done_in_numpy_until_it_adds_up(choosing):
    choosing(True)
    seconds = choice.LOADING / 4
    assert [choice.use_kernels(seconds) for _ in range(6)] == [False] * 4 + [True] * 2
    assert [choice.kernels_pay(0.0) for _ in range(3)] == [False] * 3  # asking costs nothing


def test_kernels_that_are_to_be_compiled_must_be_worth_more(choosing):
    n_points = 20_000
    seconds = choice.ward_seconds(n_points)
    assert choice.LOADING < seconds < choice.COMPILING
    assert not choice.kernels_pay(seconds)
    assert choice.kernels_pay(choice.ward_seconds(100_000))
    choosing(True)
    assert choice.kernels_pay(seconds)


def growing_gaps(n):
    layout = make_layout("growing gaps", n)
    return layout.monetary, layout.frequency, layout.customers


def test_ward_is_charged_for_what_it_did(choosing):
    """One pair a round is what no number of points foretells."""
    n = 1500
    rng = np.random.default_rng(0)
    ward_linkage(rng.lognormal(5, 1, n), rng.lognormal(1, 1, n))
    ordinary = choice._spent
    assert 0.5 < ordinary / choice.ward_seconds(n) < 2
    ward_linkage(*growing_gaps(n))
    assert choice._spent - ordinary > 5 * ordinary


def test_kernels_take_over_where_merges_come_one_by_one(choosing, monkeypatch):
    choosing(True)
    monkeypatch.setattr(choice, "LOADING", 0.2)
    assert not choice.kernels_pay(choice.ward_seconds(1500))
    tree = ward_linkage(*growing_gaps(1500))
    assert choice._spent < 0.05
    with using(kernels=False):
        np.testing.assert_array_equal(tree, ward_linkage(*growing_gaps(1500)))


@pytest.fixture
def noise():
    """A search among labels that overlap everywhere."""
    rng = np.random.default_rng(0)
    points = Points.group(rng.integers(0, 10**6, 600), rng.integers(1, 41, 600))
    codes = rng.integers(0, 3, len(points))
    return NearestNeighbors(points, codes, ratio=points.scaling(), n_neighbors=5)


def test_kernels_take_over_where_lines_have_many_steps(choosing, monkeypatch, noise):
    choosing(True)
    n_lines = 40
    monkeypatch.setattr(choice, "LOADING", 1.5 * choice.walk_seconds(600, n_lines, 5))
    rules = compile_rules(noise, max_rules=10)
    assert "by_tree" in vars(noise)
    assert choice._spent < 1.5 * choice.LOADING
    with using(kernels=False):
        again = compile_rules(noise, max_rules=10)
    for ours, theirs in zip(vars(rules).values(), vars(again).values(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_lines_that_nobody_asks_for_are_not_walked_along(choosing, noise):
    next(noise.lines())
    first = choice._spent
    assert len(list(noise.lines())) == 40
    assert choice._spent - first > 5 * first


@pytest.mark.parametrize("n_neighbors", [1, 16, 33, 50])
def test_many_neighbors_are_looked_for_among_few_points(n_neighbors):
    rng = np.random.default_rng(0)
    points = Points.group(rng.integers(0, 10**6, 4000), rng.integers(1, 60, 4000))
    codes = np.zeros(len(points), np.int32)
    search = PlainSearch(points, codes, points.scaling(), n_neighbors)
    queries = np.stack([points.cents, points.frequency], axis=1)[:300].astype(float)
    query, _, _ = search._candidates(queries)
    assert len(query) < 300 * 2 * n_neighbors


def test_a_long_tie_is_settled_in_as_many_passes(monkeypatch):
    n = 200
    points = Points.group(np.arange(n), np.ones(n, int))
    search = PlainSearch(points, np.zeros(n, np.int32), 0.0, 5)
    passes, compare = [], search._is_before
    monkeypatch.setattr(search, "_is_before", lambda *of: passes.append(of) or compare(*of))
    point = np.arange(n)[::-1].copy()
    tied = np.ones(n)  # as doubles have it
    search._settle_ties(np.zeros((1, 2)), np.zeros(n, int), point, tied)
    np.testing.assert_array_equal(point, np.arange(n))
    assert 0 < len(passes) <= n + 2


def test_what_is_loaded_is_used_and_what_is_switched_off_is_not(choosing, monkeypatch):
    monkeypatch.setattr(choice, "_KERNELS", "numpy")
    assert choice.use_kernels(0.0)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert not choice.use_kernels(1e9)


def test_kernels_count_as_compiled_when_all_of_them_are(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_folder, "kernel_folder", lambda *_: tmp_path)
    are_compiled = choice._are_compiled.__wrapped__
    (tmp_path / "ward_tree.search-1.py311.nbi").touch()  # an interrupted run got so far
    assert not are_compiled()
    cache_folder.mark_complete(tmp_path)
    assert are_compiled()
    cache_folder.mark_complete(tmp_path / "nowhere")
    monkeypatch.setattr(cache_folder, "kernel_folder", lambda *_: tmp_path / "nowhere")
    assert not are_compiled()


FIT = """
import sys
import duckdb, segmenter
from tests.datasets import load_dataset
with duckdb.connect() as con:
    model = segmenter.fit(con, load_dataset(con, "online_retail"))
print(len(model.points), model.names, "numba" in sys.modules)
"""


@pytest.mark.slow
@pytest.mark.parametrize("changed", [{}, {"NUMBA_DISABLE_JIT": "1"}])
def test_the_first_fit_of_an_installation_waits_for_no_compiler(tmp_path, changed):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path)}
    called = subprocess.run(
        [sys.executable, "-c", FIT],
        env=environment | changed,
        capture_output=True,
        text=True,
        check=True,
    )
    assert called.stdout.split() == ["4204", "('Elite',", "'Loyal',", "'At-Risk')", "False"]
    assert not list(tmp_path.iterdir())
