"""Do the segments mean what they say? Bases of every kind, as they are and before.

Ours is the method as it is; beside it what it was: one start of the consolidation, not monotone.
For each base: the share of customers whom one more order of the median size demotes, the adjusted
Rand index of the worst of ten fits without a tenth of the customers, the customers of the smallest
segment, and the smallest gap index (1: the boundaries cut a continuum). Beside plain money and
orders also their logarithms: the largest segment, and the worst of ten. Small bases are drawn from
the real ones.

What that costs is a fit as it is beside one as it was, in turns on copies of one file, and the
seconds that the gap indexes alone take.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np

import segmenter
from benchmarks.bench_fit import fit_alone, load_sales, open_database
from benchmarks.measuring import Figure, Row, Scale, alone, timed
from benchmarks.ward_layouts import skewed
from segmenter.clustering.gaps import with_gaps
from segmenter.errors import InputError
from segmenter.evaluation.resampling import DRAWS, demoted, stability
from segmenter.points import Points
from segmenter.progress import Silent
from segmenter.training.learning import learn
from tests.datasets import DATASETS, load_dataset
from tests.kinds import KINDS, blobs, dealers

BEFORE = segmenter.Settings(monotone=False, n_init=1)
NOW = segmenter.Settings()
LOG = segmenter.Settings(scale="log")
SMALL = (300, 600, 1316)
DEALERS = (40, 92)
"""Customers of small bases of dealers."""
GENERATED = {"small": 1_000, "full": 5_000}
DATASETS_AT = {"small": DATASETS[:1], "full": DATASETS}
COSTS = {
    "small": {"rows": 1_000_000, "distinct points": 100_000},
    "full": {"rows": 100_000_000, "distinct points": 1_000_000},
}
COSTS_REPEAT = 3
SALES = segmenter.Source(
    transactions="sales", customer="customer_id", amount="amount", order="invoice_no"
)
PROFILES = segmenter.Source.from_profiles("profiles", customer="customer_id")


def measure(scale: Scale) -> Iterator[Row]:
    """Measure each base both ways, then what it costs."""
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
    yield from _costs(scale)


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
    sizes = [(kind, GENERATED[scale]) for kind in (*KINDS, blobs)]
    for kind, n in [*sizes, *((dealers, n) for n in DEALERS)]:
        money, orders = kind(np.random.default_rng(1), n)
        name = f"{n} dealers" if n in DEALERS else kind.__name__.replace("_", " ")
        yield name, Points.group(np.rint(np.asarray(money) * 100), np.asarray(orders).astype(int))


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


def _costs(scale: Scale) -> Iterator[Row]:
    """Time fits of many rows, and of many distinct points, both ways in turn."""
    makers: dict[str, tuple[Callable[[Path, int], None], segmenter.Source]] = {
        "rows": (load_sales, SALES),
        "distinct points": (_load_profiles, PROFILES),
    }
    for things, size in COSTS[scale].items():
        load, source = makers[things]
        now: list[float] = []
        before: list[float] = []
        with tempfile.TemporaryDirectory() as name:
            database = Path(name) / "loaded.duckdb"
            load(database, size)
            for _ in range(COSTS_REPEAT):
                for found, settings in ((now, NOW), (before, BEFORE)):
                    found += alone(fit_alone, database, source, settings).values
        peer = "one start, not monotone"
        yield Row("meaning", "whole fit", size, things, Figure(now), peer, Figure(before))
    size = COSTS[scale]["distinct points"]
    figure = alone(_gaps, size)
    yield Row("meaning", "gap indexes of a fit", size, "distinct points", figure)


def _load_profiles(database: Path, size: int) -> None:
    """Write profiles of which no two are equal."""
    layout = skewed(size)
    cents = np.rint(layout.monetary).astype(np.int64)
    orders = layout.frequency.astype(np.int64)
    with open_database(database) as con:
        con.execute(
            "create table profiles as select row_number() over () as customer_id, "
            "cents / 100 as monetary, orders as frequency "
            "from (select unnest($cents) as cents, unnest($orders) as orders)",
            {"cents": cents, "orders": orders},
        )


def _gaps(size: int) -> Figure:
    layout = skewed(size)
    points = Points.group(np.rint(layout.monetary), layout.frequency.astype(int))
    found = learn(points, NOW, Silent()).segmentation
    return Figure(timed(lambda: with_gaps(found), COSTS_REPEAT))
