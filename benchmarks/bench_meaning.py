"""Do the segments mean what they say? Bases of every kind, as they are and before.

Ours is the method as it is; beside it what it was: one start of the consolidation, not monotone.
For each base: the share of customers whom one more order of the median size demotes, the adjusted
Rand index of the worst of ten fits without a tenth of the customers, the customers of the smallest
segment, and the smallest gap index (1: the boundaries cut a continuum). Beside plain money and
orders also their logarithms: the largest segment, and the worst of ten. Small bases are drawn from
the real ones.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np

import segmenter
from benchmarks.measuring import Figure, Row, Scale
from segmenter.errors import InputError
from segmenter.evaluation.resampling import DRAWS, demoted, stability
from segmenter.points import Points
from segmenter.progress import Silent
from segmenter.training.learning import learn
from tests.datasets import DATASETS, load_dataset
from tests.kinds import KINDS

BEFORE = segmenter.Settings(monotone=False, n_init=1)
NOW = segmenter.Settings()
LOG = segmenter.Settings(scale="log")
SMALL = (300, 600, 1316)
GENERATED = {"small": 1_000, "full": 5_000}
DATASETS_AT = {"small": DATASETS[:1], "full": DATASETS}


def measure(scale: Scale) -> Iterator[Row]:
    """Measure each base both ways."""
    for name, points in _bases(scale):
        now, before = (_figures(points, settings) for settings in (NOW, BEFORE))
        for what, unit in (
            ("demoted by an order", "%"),
            ("worst of ten draws", "ARI"),
            ("smallest segment", "customers"),
            ("smallest gap index", ""),
        ):
            yield Row(
                "meaning",
                f"{name}, {what}",
                points.n_customers,
                "customers",
                Figure([now[what]], unit=unit),
                "one start, not monotone",
                Figure([before[what]], unit=unit),
            )
        try:
            log = _figures(points, LOG)
        except InputError:
            continue  # where money falls and orders rise no vote leads to some of its blocks
        for what, unit in (("largest segment", "%"), ("worst of ten draws", "ARI")):
            yield Row(
                "meaning",
                f"{name}, {what} by scale",
                points.n_customers,
                "customers",
                Figure([now[what]], unit=unit),
                "scale = 'log'",
                Figure([log[what]], unit=unit),
            )


def _bases(scale: Scale) -> Iterator[tuple[str, Points]]:
    for dataset in DATASETS_AT[scale]:
        with duckdb.connect() as con:
            points = segmenter.fit(con, load_dataset(con, dataset)).points
        yield dataset, points
        everybody = np.repeat(np.arange(len(points)), points.customers)
        for n in SMALL:
            drawn = np.random.default_rng(n).choice(everybody, n, replace=False)
            yield (
                f"{n} customers of {dataset}",
                Points.group(points.cents[drawn], points.frequency[drawn]),
            )
    for kind in KINDS:
        money, orders = kind(np.random.default_rng(1), GENERATED[scale])
        yield (
            kind.__name__.replace("_", " "),
            Points.group(np.rint(np.asarray(money) * 100), np.asarray(orders).astype(int)),
        )


def _figures(points: Points, settings: segmenter.Settings) -> dict[str, float]:
    found = learn(points, settings, Silent())
    labels = found.rules.lookup(points.cents, points.frequency)
    codes = found.segmentation.codes
    gaps = [split.gap_index for split in found.segmentation.splits if split.gap_index is not None]
    draws = [stability(points, codes, settings, number) for number in range(DRAWS)]
    sizes = [int(points.customers[labels == code].sum()) for code in range(int(codes.max()) + 1)]
    return {
        "demoted by an order": 100 * demoted(points, found.rules.lookup),
        "worst of ten draws": min(draw for draw in draws if draw is not None),
        "smallest segment": float(min(sizes)),
        "largest segment": 100 * max(sizes) / points.n_customers,
        "smallest gap index": min(gaps),
    }
