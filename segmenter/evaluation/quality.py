"""Quality: how good the segments of a model are, beside a flat clustering into as many blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from segmenter.classifier.knn import NearestNeighbors
from segmenter.clustering.blocks import by_rank
from segmenter.clustering.gaps import gap_index
from segmenter.clustering.recursion import flat_segments
from segmenter.errors import SegmenterError
from segmenter.evaluation import metrics, resampling
from segmenter.evaluation.metrics import Moments
from segmenter.evaluation.resampling import Nearby
from segmenter.evaluation.sampling import SEED, systematic_sample
from segmenter.formatting import counted, percent
from segmenter.model import Model
from segmenter.points import Points
from segmenter.progress import Progress, Silent
from segmenter.schema.arrow import as_arrow
from segmenter.schema.connection import first_row
from segmenter.schema.files import bind, literal, redirect
from segmenter.schema.names import INTERNAL
from segmenter.schema.temporary import registered
from segmenter.storage import store
from segmenter.storage.current import current_model
from segmenter.storage.publish import updating

__all__ = ["EXACT_SILHOUETTE", "Measure", "measure", "save_measures", "trained_model"]

Labels = NDArray[np.int32]
Pair = tuple[float | None, float | None]

EXACT_SILHOUETTE = 20_000
"""With more points than this, the silhouette is that of as many customers among themselves."""

_FLAT = "segmenter_flat_points"

_WORDS = {
    "silhouette": "Is a customer nearer to its own segment (1) than to the next (-1)? 0 is on the "
    "border. To compare clusterings of the same customers: a crowd without any groups has 0.5 too.",
    "gap_index": "How many customers stand at a boundary beside the crowds on its two sides, where "
    "they are fewest. 1 cuts a continuum, below 0.5 is a gap, 0 a clear one.",
    "demoted_share": "Share of customers whom one more order of the median size would lead to a "
    "lower segment. It is 0 where the model is monotone.",
    "davies_bouldin": "How wide the segments are beside the gaps between them. 0 is best; below 1 "
    "is good.",
    "calinski_harabasz": "Spread between the segments beside the spread inside them. Higher is "
    "better; to compare clusterings of the same customers, not bases.",
    "knn_agreement": "Share of customers, held out of training, whose neighbours vote for their "
    "segment. 1 is best; above 0.95 is good.",
    "stability": "Agreement of the segments with a fit without a tenth of the customers (adjusted "
    "Rand index, mean). 1 holds still; above 0.9 is good, below 0.7 is erratic.",
    "stability_worst": "The same for the worst draw.",
    "boundary_share": "Share of customers whom a small step, in money or by one order, leads to "
    "another segment. Lower is better.",
    "largest_share": "Share of customers in the largest segment. Above 0.5 is a majority in one "
    "place.",
}


class Measure(NamedTuple):
    """A row of ``segments.model_quality``."""

    metric: str
    value: float | None
    flat_value: float | None
    basis: str

    @property
    def words(self) -> str:
        """What the metric says and what is good."""
        return _WORDS[self.metric]


def trained_model(con: duckdb.DuckDBPyConnection, model_id: int | None = None) -> Model:
    """Read a model whose training points are there.

    Raises
    ------
    SegmenterError
        There is no such model, or it was told to forget its points.
    """
    if model_id is None:
        model_id, _, _ = current_model(con)
    query = f"select count(*) from {INTERNAL}.model_points where model_id = $1"
    known = first_row(con, f"select 1 from {INTERNAL}.models where model_id = $1", [model_id])
    if known and first_row(con, query, [model_id]) == (0,):
        raise SegmenterError(
            f"model {model_id} kept its rules only and forgot its points, and quality is measured "
            "on points. Fit again without forget_points to measure it."
        )
    return store.load(con, model_id)


def measure(
    con: duckdb.DuckDBPyConnection, model: Model, progress: Progress | None = None
) -> list[Measure]:
    """Measure a stored model beside a flat clustering; nothing is written.

    Parameters
    ----------
    con : DuckDBPyConnection
        Has the model's points; may be read-only.
    model : Model
    progress : Progress, optional

    Returns
    -------
    list of Measure

    Notes
    -----
    O(n_points log n_points) time, and bounded samples beyond it; all samples have a fixed seed.
    """
    listener = progress or Silent()
    points, settings = model.points, model.settings
    with listener.step("Clustering flatly, to compare") as done:
        flat = _renumbered(flat_segments(points, len(model.segments), settings))
        done(f"{int(flat.max()) + 1} blocks")
    return list(_measures(con, model, flat, listener))


def _measures(
    con: duckdb.DuckDBPyConnection, model: Model, flat: Labels, progress: Progress
) -> Iterator[Measure]:
    points, codes = model.points, model.segmentation.codes
    ratio, k = model.segmentation.scaling, model.settings.n_neighbors
    everybody = f"exact: {counted(points.n_customers, 'customer')}"

    def both(title: str, ask: Callable[[Labels], float | None]) -> Pair:
        with progress.step(title) as done:
            value, flat_value = ask(codes), ask(flat)
            done(f"{_said(value)}, flat {_said(flat_value)}")
        return value, flat_value

    sample, basis = _for_silhouette(points, everybody)
    there = np.flatnonzero(sample)
    part = Points(points.cents[there], points.frequency[there], sample[there])
    yield Measure(
        "silhouette",
        *both("Silhouette", lambda labels: metrics.silhouette(part, labels[there], ratio)),
        basis,
    )
    yield Measure(
        "davies_bouldin",
        *both("Davies-Bouldin", lambda labels: metrics.davies_bouldin(points, labels, ratio)),
        everybody,
    )
    yield Measure(
        "calinski_harabasz",
        *both(
            "Calinski-Harabasz",
            lambda labels: metrics.calinski_harabasz(
                _moments(con, model, None if labels is codes else labels), ratio
            ),
        ),
        everybody,
    )
    yield Measure(
        "knn_agreement",
        *both(
            f"Agreement of neighbours, {resampling.FOLDS} folds",
            lambda labels: resampling.knn_agreement(points, labels, ratio, k),
        ),
        f"{resampling.FOLDS} folds of {_asked(points)}, seed {SEED}",
    )
    yield from _stability(model, flat, progress)
    yield _boundary(model, flat, progress)
    ranked = by_rank(points, flat)
    yield Measure(
        "gap_index", _smallest_gap(points, codes), _smallest_gap(points, ranked), everybody
    )
    yield Measure(
        "demoted_share",
        resampling.demoted(points, model.rules.lookup),
        resampling.demoted(
            points, NearestNeighbors(points, ranked, ratio=ratio, n_neighbors=k).classify_cents
        ),
        everybody,
    )
    yield Measure(
        "largest_share",
        metrics.largest_share(points, codes),
        metrics.largest_share(points, flat),
        everybody,
    )


def _stability(model: Model, flat: Labels, progress: Progress) -> Iterator[Measure]:
    points, settings = model.points, model.settings
    ours: list[float | None] = []
    theirs: list[float | None] = []
    for number in range(resampling.DRAWS):
        with progress.step(f"Refitting draw {number + 1} of {resampling.DRAWS}") as done:
            ours.append(resampling.stability(points, model.segmentation.codes, settings, number))
            theirs.append(resampling.stability(points, flat, settings, number, flat=True))
            done(f"{_said(ours[-1])}, flat {_said(theirs[-1])}")
    kept = resampling.draw_share(points)
    basis = (
        f"{resampling.DRAWS} draws, each without {percent(resampling.LEFT_OUT)} of the customers"
        if kept == 1 - resampling.LEFT_OUT
        else f"{resampling.DRAWS} draws of {resampling.MANY:,} of {points.n_customers:,} customers"
    )
    for metric, taken in (("stability", _mean), ("stability_worst", _worst)):
        yield Measure(metric, taken(ours), taken(theirs), f"{basis}, seed {SEED}")


def _mean(values: list[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return sum(found) / len(found) if len(found) == len(values) else None


def _worst(values: list[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return min(found) if len(found) == len(values) else None


def _boundary(model: Model, flat: Labels, progress: Progress) -> Measure:
    points = model.points
    with progress.step("Customers near a boundary") as done:
        ours = resampling.nearby_by_rules(points, model.rules)
        theirs = resampling.nearby_by_vote(
            points, flat, model.segmentation.scaling, model.settings.n_neighbors
        )
        done(f"{percent(ours.either, 1)}, flat {percent(theirs.either, 1)}")
    basis = (
        f"{_asked(points)}; {_steps(ours)} (flat: {percent(theirs.by_money, 1)} and "
        f"{percent(theirs.by_order, 1)})"
    )
    return Measure("boundary_share", ours.either, theirs.either, basis)


def _smallest_gap(points: Points, ranked: Labels) -> float | None:
    """Return the smallest gap index between two blocks that follow each other."""
    blocks = [points.take(ranked == block) for block in range(int(ranked.max()) + 1)]
    found = [gap_index(lower, higher) for higher, lower in pairwise(blocks)]
    return min((index for index in found if index is not None), default=None)


def _steps(near: Nearby) -> str:
    return (
        f"{percent(resampling.STEP)} of the money moves {percent(near.by_money, 1)}, one order "
        f"{percent(near.by_order, 1)}"
    )


def _for_silhouette(points: Points, everybody: str) -> tuple[NDArray[np.int64], str]:
    """Return the customers of each point to look at, and what they are."""
    if len(points) <= EXACT_SILHOUETTE:
        return points.customers, everybody
    basis = f"a sample of {EXACT_SILHOUETTE:,} of {points.n_customers:,} customers, seed {SEED}"
    return systematic_sample(points, EXACT_SILHOUETTE), basis


def _asked(points: Points) -> str:
    n = int(resampling.asked(points).sum())
    if n == points.n_customers:
        return f"all {counted(n, 'customer')}"
    return f"a sample of {n:,} of {points.n_customers:,} customers"


def _renumbered(labels: Labels) -> Labels:
    """Return the labels numbered without gaps: consolidation can leave a block empty."""
    return np.unique(labels, return_inverse=True)[1].astype(np.int32)


def _moments(con: duckdb.DuckDBPyConnection, model: Model, labels: Labels | None) -> list[Moments]:
    """Add up the model's points in SQL, by their segments or by other labels."""
    assert model.model_id is not None
    query = bind("queries/segment_moments", {"model_id": literal(model.model_id)})
    if labels is None:
        return [Moments(*row) for row in con.execute(query.sql(dialect="duckdb")).fetchall()]
    points = model.points
    table = {
        "model_id": as_arrow(np.full(len(points), model.model_id, np.int32)),
        **store.point_columns(points),
        "segment": as_arrow(labels),
    }
    query = redirect(query, {"model_points": _FLAT})
    with registered(con, _FLAT, pa.table(table)):
        return [Moments(*row) for row in con.execute(query.sql(dialect="duckdb")).fetchall()]


def _said(value: float | None) -> str:
    return "none" if value is None else f"{value:,.3f}"


def save_measures(con: duckdb.DuckDBPyConnection, model: Model, measures: list[Measure]) -> None:
    """Replace the measures of a model in ``segments.model_quality``, in one transaction.

    Raises
    ------
    SegmenterError
        The model is no longer there.
    """
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    with updating(con):
        query = f"select 1 from {INTERNAL}.models where model_id = $1"
        if not first_row(con, query, [model.model_id]):
            raise SegmenterError(
                f"model {model.model_id} was removed meanwhile, so its quality is of no use."
            )
        con.execute(f"delete from {INTERNAL}.model_quality where model_id = $1", [model.model_id])
        con.executemany(
            f"""
            insert into {INTERNAL}.model_quality
                (model_id, metric, value, flat_value, basis, message, measured_at)
            values ($1, $2, $3, $4, $5, $6, $7)
            """,
            [[model.model_id, *row, row.words, now] for row in measures],
        )
