"""The recursive clustering and its classifier as an estimator of scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from segmenter.classifier.knn import NearestNeighbors
from segmenter.clustering.recursion import recursive_segments
from segmenter.errors import InputError
from segmenter.points import MAX_CENTS, MAX_FREQUENCY, Points
from segmenter.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RecursiveWard"]

_STEPS = (2**40, MAX_FREQUENCY)
"""Steps of the grid that a column is put on where it is not made of cents or of whole numbers."""


class _Grid(NamedTuple):
    """How a column becomes whole numbers: ``rint((x - low) / step)``."""

    low: float
    step: float

    def on(self, column: NDArray[np.float64], most: int) -> NDArray[np.int64]:
        """Return the whole numbers of a column, at most so far from 0."""
        placed = np.rint((column - self.low) / self.step)
        return np.clip(placed, -most, most).astype(np.int64)


class RecursiveWard(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Exact Ward clustering of two columns that splits the largest block again.

    Level 1 is cut into two blocks; while one of them holds a majority it is clustered again on its
    own scale and split, so that the crowd of a lopsided base comes apart. New rows are classified
    by their nearest neighbours among the rows of the fit. Segments are numbered by the mean of the
    first column, 0 being the highest.

    Parameters
    ----------
    levels : int or 'auto', default=2
        How many times, at most, a block is split in two: 1 to 6.
    max_share : float, default=0.5
        A largest block with more than this share of the rows is split again, in [0, 1].
    consolidate : bool, default=True
        Move each row to the block with the nearer centroid until nothing moves. False is textbook
        Ward.
    n_init : int, default=8
        Partitions that this starts from, of which the tightest end is kept: Ward's cut, and cuts of
        the sum of both z-scores. 1 is Ward's cut alone.
    n_neighbors : int, default=5
        Rows that vote in `predict`, 1 to 50. A block of fewer is not split off.

    Attributes
    ----------
    labels_ : ndarray of int32, shape (n_samples,)
        The block of each row. At a boundary the neighbours' vote, `predict`, may differ.
    n_clusters_ : int
        Number of blocks.
    segment_names_ : tuple of str
        Their names, such as ``('Elite', 'Loyal', 'At-Risk')``.
    splits_ : tuple of Split
        The audit: who was split at each level, and why it went on or stopped.
    n_features_in_ : int
        2.
    feature_names_in_ : ndarray of str, shape (2,)
        Where X had names.

    See Also
    --------
    segmenter.open : The same on a table of sales, in the database, with the classifier as SQL.

    Notes
    -----
    Distances are those of z-scores. They are computed from whole numbers: a first column of money
    with two decimals and a second of counts are taken as they are; any other is put on a grid of
    2^40 or 2^25 steps between its ends. O(n_samples) memory; time is close to
    O(n log n) with kernels, and O(n^2) at worst for the few thousand rows that are left to NumPy.

    No rows are cut as outliers first, as a fit in the database does with whales.

    References
    ----------
    Ward, "Hierarchical Grouping to Optimize an Objective Function", JASA 58 (1963).

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[10, 1], [12, 1], [11, 1], [13, 1], [90, 3], [95, 3], [99, 4], [800, 30]])
    >>> model = RecursiveWard(n_neighbors=1, max_share=0.4).fit(X)
    >>> model.labels_.tolist()
    [2, 2, 2, 2, 1, 1, 1, 0]
    >>> model.predict([[700, 28], [9, 1]]).tolist()
    [0, 2]
    """

    def __init__(
        self,
        *,
        levels: int | Literal["auto"] = 2,
        max_share: float = 0.5,
        consolidate: bool = True,
        n_init: int = 8,
        n_neighbors: int = 5,
    ) -> None:
        self.levels = levels
        self.max_share = max_share
        self.consolidate = consolidate
        self.n_init = n_init
        self.n_neighbors = n_neighbors

    def fit(self, X: Any, y: object = None, sample_weight: Any = None) -> Self:
        """Cluster the rows.

        Parameters
        ----------
        X : array-like of float, shape (n_samples, 2)
        y : ignored
        sample_weight : array-like of int, shape (n_samples,), optional
            How often each row counts. Rows of weight 0 take no part and are labelled by `predict`.

        Returns
        -------
        self

        Raises
        ------
        InputError
            Other than two columns, weights that are not whole, fewer rows than `n_neighbors` or
            than blocks, or equal rows only. It is a ValueError.
        """
        del y
        settings = Settings(
            levels=self.levels,
            max_share=self.max_share,
            consolidate=self.consolidate,
            monotone=False,
            n_init=self.n_init,
            n_neighbors=self.n_neighbors,
        )
        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        if X.shape[1] != 2:
            raise InputError(
                "RecursiveWard clusters two columns, such as money and orders; X has n_features = "
                f"{X.shape[1]}. Choose two."
            )
        weight = _weights(sample_weight, X)
        counts = weight > 0
        self._grids = _grids(X[counts])
        first, second = columns = self._placed(X)
        points = Points.group(first[counts], second[counts], weight[counts])
        found = recursive_segments(points, settings)
        self._neighbors = NearestNeighbors(
            points, found.codes, ratio=found.scaling, n_neighbors=self.n_neighbors
        )
        self.n_clusters_ = len(found.segments)
        self.segment_names_ = found.names
        self.splits_ = found.splits
        blocks, votes = (
            _blocks(columns, points, found.codes),
            self._neighbors.classify_cents(*columns),
        )
        self.labels_ = np.where(counts, blocks, votes).astype(np.int32)
        return self

    def predict(self, X: Any) -> NDArray[np.int32]:
        """Return the segment that the nearest rows of the fit vote for.

        Parameters
        ----------
        X : array-like of float, shape (n_samples, 2)
            Beyond the rectangle of the rows of the fit they count as if they stood at its edge.

        Returns
        -------
        ndarray of int32, shape (n_samples,)
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return self._neighbors.classify_cents(*self._placed(X))

    def _placed(self, X: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        first, second = self._grids
        return first.on(X[:, 0], MAX_CENTS), second.on(X[:, 1], MAX_FREQUENCY)


def _weights(sample_weight: Any, X: NDArray[np.float64]) -> NDArray[np.int64]:
    if sample_weight is None:
        return np.ones(len(X), np.int64)
    given = _check_sample_weight(sample_weight, X, dtype=np.float64)
    wrong = np.flatnonzero((given < 0) | (given != np.floor(given)))
    if len(wrong):
        raise InputError(
            f"sample_weight must be whole numbers, at least 0, not {given[wrong[0]]:g}: it says "
            "how often a row counts."
        )
    if not given.any():
        raise InputError("sample_weight is 0 in every row, so there is nothing to cluster.")
    weights: NDArray[np.int64] = given.astype(np.int64)
    return weights


def _grids(X: NDArray[np.float64]) -> tuple[_Grid, _Grid]:
    """Return how the columns become whole numbers: exactly where they are cents and counts."""
    money, counts = X.T
    cents = np.rint(money * 100)
    if (np.abs(cents) <= MAX_CENTS).all() and (cents / 100 == money).all():
        first = _Grid(0.0, 0.01)
    else:
        first = _spread(money, _STEPS[0])
    if (counts >= 0).all() and (counts <= MAX_FREQUENCY).all() and (counts % 1 == 0).all():
        return first, _Grid(0.0, 1.0)
    return first, _spread(counts, _STEPS[1])


def _spread(column: NDArray[np.float64], steps: int) -> _Grid:
    low, high = float(column.min()), float(column.max())
    return _Grid(low, high / steps - low / steps or 1.0)


def _blocks(
    columns: tuple[NDArray[np.int64], NDArray[np.int64]], points: Points, codes: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return the block of each row that is one of the points; anything for the others."""
    places = zip(points.cents.tolist(), points.frequency.tolist(), strict=True)
    block = dict(zip(places, codes.tolist(), strict=True))
    rows = zip(columns[0].tolist(), columns[1].tolist(), strict=True)
    return np.array([block.get(row, 0) for row in rows], dtype=np.int32)
