"""The model: what a fit finds, as an object; `storage.store` keeps it as tables, never pickle."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmenter.classifier.rules import Rules
from segmenter.clustering.segmentation import Segment, Segmentation, Split
from segmenter.errors import InputError, SegmenterError
from segmenter.formatting import counted
from segmenter.points import Points
from segmenter.settings import Settings

if TYPE_CHECKING:
    from segmenter.classifier.knn import NearestNeighbors
    from segmenter.progress import Note

__all__ = ["Model"]


@dataclass(frozen=True)
class Model:
    """A trained segmentation.

    Attributes
    ----------
    settings : Settings
    source : dict
        How the user's table was read.
    segmentation : Segmentation
        Points, their segments and the audit.
    rules : Rules
        The compiled classifier.
    customers, whales : int
        All customers of the fit, and those above the cut.
    monetary_cut, frequency_cut : float or None
        Customers strictly above are whales; None where the metric is not cut on.
    active_days, lapsed_days : int or None
        Thresholds of the lifecycle; None without a date column, or where nobody came back.
    relative_step : float or None
        Cells of monetary as a share of the amount, where there were more than ``max_points``
        points; None where they are exact.
    uncertain_customers : int
        Training customers so near to a threshold that this coarsening could change their rule.
    outvoted_customers : int
        Training customers whom the classifier puts into another segment than their block.
    raised_customers : int or None
        Training customers whom it puts higher than the vote of their neighbours alone, so that
        more never demotes; None in models from before.
    source_rows, rows_without_customer : int or None
        Rows that were read; None where profiles or points were brought.
    revenue_without_customer : float or None
        Sum of the amounts of rows without a customer.
    model_id : int or None
        Version in the database; None before it is stored.
    fitted_at : datetime
        In UTC, without time zone.
    notes : tuple of Note
        What its last publication noted of the result: where segments may not mean what their names
        say.
    """

    settings: Settings
    source: dict[str, Any]
    segmentation: Segmentation = field(repr=False)
    rules: Rules = field(repr=False)
    customers: int
    whales: int
    monetary_cut: float | None
    frequency_cut: float | None
    active_days: int | None
    lapsed_days: int | None
    relative_step: float | None
    uncertain_customers: int
    outvoted_customers: int
    raised_customers: int | None
    source_rows: int | None
    rows_without_customer: int | None
    revenue_without_customer: float | None
    fitted_at: datetime
    model_id: int | None = None
    notes: tuple[Note, ...] = ()

    @property
    def points(self) -> Points:
        """The training profile."""
        return self.segmentation.points

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments, highest mean monetary first."""
        return self.segmentation.segments

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the segments, highest mean monetary first."""
        return self.segmentation.names

    @property
    def splits(self) -> tuple[Split, ...]:
        """The audit of the recursion."""
        return self.segmentation.splits

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the result."""
        return self.segmentation.warnings

    @property
    def has_macro(self) -> bool:
        """Whether the rules are few enough to be compiled into ``classify_segment``."""
        return len(self.rules) <= self.settings.max_rules

    def require_macro(self, purpose: str) -> None:
        """Refuse what needs ``classify_segment`` where there is none.

        Raises
        ------
        InputError
            Says what lets the next fit have it.
        """
        if not self.has_macro:
            raise InputError(
                f"this model has {counted(len(self.rules), 'rule')}, more than max_rules = "
                f"{self.settings.max_rules:,}, so there is no function {purpose}. Fit with a "
                "larger n_neighbors for smoother boundaries, or with a larger max_rules."
            )

    @cached_property
    def neighbors(self) -> NearestNeighbors:
        """The nearest-neighbour search over the labelled points, monotone if the model is.

        Of the rules it takes only where votes may rise, and asks there itself.

        Raises
        ------
        SegmenterError
            The model was stored without them.
        """
        from segmenter.classifier.knn import NearestNeighbors

        if not len(self.points):
            number = "this model" if self.model_id is None else f"model {self.model_id}"
            raise SegmenterError(
                f"{number} keeps rules only (forget_points), so there are no neighbours to search "
                "or to show. The macros classify_segment and explain_segment and the views answer "
                "from the rules."
            )
        search = NearestNeighbors(
            self.points,
            self.segmentation.codes,
            ratio=self.segmentation.scaling,
            n_neighbors=self.settings.n_neighbors,
        )
        return search.raised(*self.rules.corners()) if self.settings.monotone else search

    def classify(self, monetary: ArrayLike, frequency: ArrayLike) -> NDArray[np.object_]:
        """Return the segment of each profile by searching its nearest neighbours.

        Parameters
        ----------
        monetary, frequency : array-like of float, shape (n,)
            NaN or infinity gives None.

        Returns
        -------
        ndarray of str or None, shape (n,)
        """
        codes = self.neighbors.classify(
            np.atleast_1d(np.asarray(monetary, dtype=np.float64)),
            np.atleast_1d(np.asarray(frequency, dtype=np.float64)),
        )
        return np.array([*self.names, None], dtype=object)[codes]
