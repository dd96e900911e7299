"""Learning: from points to segments, and to a classifier that leads to each of them."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.classifier.knn import NearestNeighbors
from segmenter.classifier.rules import Rules, compile_rules
from segmenter.clustering.recursion import recursive_segments
from segmenter.clustering.segmentation import Segmentation
from segmenter.formatting import counted
from segmenter.points import CodeArray, Points
from segmenter.progress import Progress
from segmenter.settings import Settings
from segmenter.training.kernels import get_kernels

__all__ = ["Learned", "learn"]

Mask = NDArray[np.bool_]


class Learned(NamedTuple):
    """What the points come to.

    Attributes
    ----------
    segmentation : Segmentation
    rules : Rules
        The compiled classifier.
    outvoted_customers : int
        Whose label by the classifier is another one than their block's.
    raised_customers : int
        Whom the classifier puts higher than the vote of their neighbours alone, so that more money
        or more orders never lead downwards.
    """

    segmentation: Segmentation
    rules: Rules
    outvoted_customers: int
    raised_customers: int


def learn(points: Points, settings: Settings, progress: Progress) -> Learned:
    """Cluster the points and compile the classifier.

    A block in which the vote of the neighbours leaves nobody is no segment: then the split that
    made it is taken back, and the points are clustered again without it.

    Parameters
    ----------
    points : Points
    settings : Settings
    progress : Progress
        Told of each step, and of what the user should know.

    Raises
    ------
    InputError
        The points cannot be divided, or not compiled.
    """
    get_kernels(points, settings.n_neighbors, progress)
    left: list[Mask] = []
    while True:
        segmentation = _cluster(points, settings, left, progress)
        neighbors = NearestNeighbors(
            points,
            segmentation.codes,
            ratio=segmentation.scaling,
            n_neighbors=settings.n_neighbors,
        )
        votes = neighbors.classify_cents(points.cents, points.frequency)
        rules = _compile(neighbors, settings, progress)
        labels = rules.lookup(points.cents, points.frequency)
        empty = _without_customers(segmentation, labels)
        if not empty:
            break
        left += empty
    for message in segmentation.warnings:
        progress.warn(message, "segmentation")
    if len(rules) > settings.max_rules:
        progress.warn(
            f"the classifier needs {len(rules):,} rules, more than max_rules = "
            f"{settings.max_rules:,}: the views read segment_rules, and there is no macro "
            "classify_segment. Raise max_rules, or n_neighbors for smoother boundaries.",
            "no_function",
        )
    return Learned(
        segmentation,
        rules,
        outvoted_customers=int(points.customers[labels != segmentation.codes].sum()),
        raised_customers=int(points.customers[labels != votes].sum()),
    )


def _cluster(
    points: Points, settings: Settings, left: list[Mask], progress: Progress
) -> Segmentation:
    def can_be_entered(block: Mask) -> bool:
        return not any(np.array_equal(block, known) for known in left)

    with progress.step("Clustering" + " again, without what nobody can enter" * bool(left)) as done:
        started = time.perf_counter()
        segmentation = recursive_segments(points, settings, can_be_entered)
        seconds = time.perf_counter() - started
        done(f"{counted(len(segmentation.segments), 'segment')} in {seconds:.1f} s")
    return segmentation


def _compile(neighbors: NearestNeighbors, settings: Settings, progress: Progress) -> Rules:
    with progress.step("Compiling the classifier") as done:
        rules = compile_rules(neighbors, max_rules=settings.max_rules, monotone=settings.monotone)
        done(counted(len(rules), "rule"))
    return rules


def _without_customers(segmentation: Segmentation, labels: CodeArray) -> list[Mask]:
    """Return the blocks of segments that no training customer is in by the classifier."""
    there = set(labels.tolist())
    return [
        segmentation.codes == code
        for code in range(len(segmentation.segments))
        if code not in there
    ]
