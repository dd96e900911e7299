"""The classifier beside SciPy's kd-tree and scikit-learn, and what compiling its rules takes.

Run ``python -m benchmarks.bench_knn``. Everything runs on one thread. SciPy only finds the five
nearest points: it neither counts customers nor votes nor breaks ties. scikit-learn predicts fewer
rows, and the table gives rows per second.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from sklearn.neighbors import KNeighborsClassifier

from segmenter.knn import NearestNeighbors
from segmenter.points import Points
from segmenter.rules import compile_rules

N_QUERIES = 10_000_000
N_REFERENCE = 100_000
SIZES = ((4_000, 30), (4_000, 5_000), (1_000_000, 100), (1_000_000, 5_000))


def lopsided(n_points: int, top: int) -> Points:
    """Return a base with frequencies to `top`, most of them small, and lognormal spending."""
    rng = np.random.default_rng(n_points + top)
    points = Points.group([], [])
    n = n_points
    while len(points) < n_points:
        n *= 2
        spread = np.log(top) / 4.5
        frequency = np.minimum(np.floor(np.exp(rng.normal(spread, spread, n))) + 1, top)
        cents = np.floor(frequency**0.9 * np.exp(rng.normal(8, 1, n)))
        points = Points.group(cents, frequency)
    return points.take(np.sort(rng.permutation(len(points))[:n_points]))


def blocks(points: Points, ratio: float) -> NDArray[np.int64]:
    """Label points by their scaled sum: 7, 33 and 60 %."""
    height = points.cents + np.sqrt(ratio) * points.frequency
    return 2 - np.digitize(height, np.quantile(height, (0.6, 0.93)))


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(points: Points) -> list[str]:
    """Return one row of the table."""
    ratio = points.scaling()
    segment = blocks(points, ratio)
    neighbors = NearestNeighbors(points, segment, ratio=ratio, n_neighbors=5)
    build = seconds(lambda: NearestNeighbors(points, segment, ratio=ratio, n_neighbors=5))
    rng = np.random.default_rng(0)
    asked = rng.integers(0, len(points), N_QUERIES)
    cents = points.cents[asked] + rng.integers(-500, 500, N_QUERIES)
    frequency = points.frequency[asked].astype(np.float64)
    monetary = cents / 100.0
    scaled = np.column_stack([cents, frequency * np.sqrt(ratio)])
    known = np.column_stack([points.cents, points.frequency * np.sqrt(ratio)])
    ours = N_QUERIES / seconds(lambda: neighbors.classify(monetary, frequency))
    chunks = [slice(i, i + 2048) for i in range(0, N_REFERENCE * 10, 2048)]
    chunked = (N_REFERENCE * 10) / seconds(
        lambda: [neighbors.classify(monetary[chunk], frequency[chunk]) for chunk in chunks]
    )
    tree = cKDTree(known)
    scipy = (N_REFERENCE * 10) / seconds(lambda: tree.query(scaled[: N_REFERENCE * 10], k=5))
    model = KNeighborsClassifier(5).fit(known, segment)
    sklearn = N_REFERENCE / seconds(lambda: model.predict(scaled[:N_REFERENCE]))
    rules = compile_rules(neighbors, max_rules=2000)
    compiling = seconds(lambda: compile_rules(neighbors, max_rules=2000))
    return [
        f"{len(points):,}",
        f"{points.frequency.max():,}",
        *(f"{rate / 1e6:.2f} M" for rate in (ours, chunked, scipy, sklearn)),
        f"{build:.2f} s",
        f"{compiling:.3f} s",
        f"{len(rules):,}",
    ]


def main() -> None:
    header = ["points", "largest frequency", "rows/s", "in chunks of 2,048", "SciPy cKDTree"]
    header += ["scikit-learn", "make tree", "compile rules", "rules"]
    small = lopsided(500, 20)
    warm = NearestNeighbors(small, blocks(small, 1.0), ratio=1.0, n_neighbors=5)
    compile_rules(warm, max_rules=2000)
    warm.classify([1.0], [1.0])
    print(f"{N_QUERIES:,} queries, 5 neighbours, one thread")
    print("| " + " | ".join(header) + " |")
    print("| " + " | ".join("---:" for _ in header) + " |")
    for size in SIZES:
        print("| " + " | ".join(measure(lopsided(*size))) + " |", flush=True)


if __name__ == "__main__":
    main()
