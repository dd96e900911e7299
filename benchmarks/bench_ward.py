"""Ward linkage: seconds and memory against fastcluster and scikit-learn, and work by layout.

Run ``python -m benchmarks.bench_ward``; with ``--sizes 10000000 --peers 0`` for the largest, with
``--layouts 1000000`` for adversarial layouts at full size.
"""

from __future__ import annotations

import argparse
import platform
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from statistics import median
from time import perf_counter
from typing import Any

import fastcluster
import numpy as np
import psutil
from sklearn.cluster import AgglomerativeClustering

from benchmarks.ward_layouts import LAYOUTS, make_layout, skewed
from segmenter.ward import WardCounters, ward_linkage

SCIKIT_LEARN_TO = 10_000
"""scikit-learn keeps all distances: 3.3 GB at 20,000 points."""


def main() -> None:
    options = _options()
    print(
        f"{platform.platform()}, Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in ("numba", "numpy", "fastcluster"))
    )
    print(f"\nSkewed points (lognormal cents, geometric frequency); median of {options.repeat}\n")
    print("| points | ours s | peak extra MB | fastcluster s | times faster | scikit-learn s |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for n in options.sizes:
        print(_alone(_compare, n, options.repeat, n <= options.peers), flush=True)
    if not options.layouts:
        return
    print(f"\nAbout {options.layouts:,} points in each layout\n")
    print(
        "| layout | seconds | searches a point | nodes a search | rounds | in rounds | rebuilds |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in LAYOUTS:
        print(_alone(_work, name, options.layouts), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = [1_000, 10_000, 30_000, 60_000, 100_000, 1_000_000]
    parser.add_argument("--sizes", type=int, nargs="*", default=sizes, help="numbers of points")
    parser.add_argument("--repeat", type=int, default=5, help="runs, of which the median counts")
    parser.add_argument("--peers", type=int, default=100_000, help="largest size for fastcluster")
    parser.add_argument("--layouts", type=int, default=200_000, help="points a layout, 0 for none")
    return parser.parse_args()


def _alone(function: Callable[..., str], *arguments: Any) -> str:
    """Run in a process of its own, so that peak memory is that of one size."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def _seconds(function: Callable[[], Any], repeat: int) -> float:
    taken = []
    for _ in range(repeat):
        start = perf_counter()
        function()
        taken.append(perf_counter() - start)
    return median(taken)


def _warm_up() -> None:
    """Compile, or load what is compiled: both phases."""
    ward_linkage(np.arange(100.0) ** 2, np.ones(100))


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _compare(n: int, repeat: int, peers: bool) -> str:
    _warm_up()
    layout = skewed(n)
    points = np.c_[layout.monetary, layout.frequency * np.sqrt(layout.ratio)]
    # the peak so far may be of making the points: raise the floor to it, then count from there
    floor = max(psutil.Process().memory_info().rss, _peak())
    pad = np.ones(max(0, floor - psutil.Process().memory_info().rss) // 8)
    before = psutil.Process().memory_info().rss

    def ours() -> Any:
        return ward_linkage(layout.monetary, layout.frequency, ratio=layout.ratio)

    ours()
    memory = max(0, _peak() - before) / 1e6
    del pad
    taken = _seconds(ours, repeat)
    row = f"| {n:,} | {taken:.3f} | {memory:,.0f} |"
    if not peers:
        return row + " | | |"
    start = perf_counter()
    fastcluster.linkage_vector(points, "ward")
    fast = perf_counter() - start
    row += f" {fast:.2f} | {fast / taken:.0f} |"
    if n > SCIKIT_LEARN_TO:
        return row + " |"
    start = perf_counter()
    AgglomerativeClustering(2, linkage="ward").fit(points)
    return row + f" {perf_counter() - start:.2f} |"


def _work(name: str, n: int) -> str:
    _warm_up()
    layout = make_layout(name, n)
    points = (layout.monetary, layout.frequency, layout.customers)
    counters = WardCounters()
    taken = _seconds(lambda: ward_linkage(*points, ratio=layout.ratio, counters=counters), 1)
    return (
        f"| {name} | {taken:.2f} | {counters.searches_per_point:.2f} | "
        f"{counters.nodes_per_search:.0f} | {counters.rounds} | "
        f"{counters.merges_in_rounds / max(1, counters.merges):.0%} | {counters.rebuilds} |"
    )


if __name__ == "__main__":
    main()
