"""How far the segments of a small base hold still, which a fit tries by leaving customers out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.formatting import counted, percent, verb

if TYPE_CHECKING:
    from segmenter.model import Model
    from segmenter.progress import Progress

__all__ = ["say_steadiness"]

_TINY, _QUICK = 100, 1_000
"""Customers from which on, and points up to which, it is tried how far the segments hold still."""

_ERRATIC = 0.7
"""Agreement below which they do not."""


def say_steadiness(model: Model, progress: Progress) -> None:
    """Say of a small base how far its segments hold still, from fits without some customers."""
    points = model.points
    if points.n_customers < _TINY:
        progress.warn(
            f"{counted(points.n_customers, 'training customer')} "
            f"{verb(points.n_customers, 'is', 'are')} so few that one more or less can move the "
            "boundaries: hold them loosely.",
            "few_training_customers",
        )
    if points.n_customers < _TINY or len(points) > _QUICK:
        return
    from segmenter.evaluation.resampling import DRAWS, LEFT_OUT, stability

    with progress.step("Leaving customers out") as done:
        draws = [
            stability(points, model.segmentation.codes, model.settings, number)
            for number in range(DRAWS)
        ]
        known = [draw for draw in draws if draw is not None]
        if not known:
            done("too few to cluster again")
            return
        said = (
            f"{counted(len(known), 'fit')} without {percent(LEFT_OUT)} of them agree to "
            f"{sum(known) / len(known):.2f}, the worst to {min(known):.2f} (1 is the same "
            "segments)"
        )
        done(said)
    if min(known) < _ERRATIC:
        progress.warn(f"{said}: hold the boundaries loosely.", "unsteady")
