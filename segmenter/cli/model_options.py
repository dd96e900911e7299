"""Options of ``fit`` that say what kind of model is made: the settings."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

__all__ = [
    "ActiveDays",
    "Consolidate",
    "Cut",
    "CutOnMetric",
    "ForgetPoints",
    "LapsedDays",
    "Levels",
    "MaxPoints",
    "MaxRules",
    "MaxShare",
    "Monotone",
    "NInit",
    "NNeighbors",
    "Names",
    "Shape",
]

MODEL = "Model"
"""Heading of these options in the help."""


class CutOn(StrEnum):
    """The metric that whales are cut on."""

    MONETARY = "monetary"
    FREQUENCY = "frequency"
    EITHER = "either"


class ShapeOf(StrEnum):
    """How the blocks come about."""

    RECURSIVE = "recursive"
    FLAT = "flat"
    AUTO = "auto"


Shape = Annotated[
    ShapeOf | None,
    typer.Option(
        help="Split the largest segment again; or one more than levels at once; or whichever runs "
        "through gaps.  [recursive]",
        rich_help_panel=MODEL,
    ),
]
Levels = Annotated[
    str | None,
    typer.Option(
        metavar="NUMBER",
        help="How often the largest segment may be split, 1 to 6, or auto.  [2]",
        rich_help_panel=MODEL,
    ),
]
MaxShare = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="A segment with a larger share of the customers is split again.  [0.5]",
        rich_help_panel=MODEL,
    ),
]
Names = Annotated[
    str | None,
    typer.Option(
        metavar="LIST",
        help="Names of the segments, highest first, with commas.  [Elite,Loyal,At-Risk]",
        rich_help_panel=MODEL,
    ),
]
Cut = Annotated[
    float | None,
    typer.Option(
        metavar="QUANTILE",
        help="Quantile above which a customer is a whale, who is classified but not learned "
        "from; 1 for none.  [0.99]",
        rich_help_panel=MODEL,
    ),
]
CutOnMetric = Annotated[
    CutOn | None,
    typer.Option(help="What is compared with that quantile.  [either]", rich_help_panel=MODEL),
]
NNeighbors = Annotated[
    int | None,
    typer.Option(
        metavar="NUMBER",
        help="How many nearest customers vote on a label, 1 to 50.  [5]",
        rich_help_panel=MODEL,
    ),
]
Consolidate = Annotated[
    bool | None,
    typer.Option(
        help="Settle the boundaries after each split, or leave them as Ward's method has "
        "them.  [settle]",
        rich_help_panel=MODEL,
    ),
]
NInit = Annotated[
    int | None,
    typer.Option(
        "--n-init",
        metavar="NUMBER",
        help="From how many partitions the boundaries are settled, of which the tightest is kept, "
        "1 to 50; 1 is Ward's cut alone.  [8]",
        rich_help_panel=MODEL,
    ),
]
Monotone = Annotated[
    bool | None,
    typer.Option(
        help="More money or more orders never lead to a lower segment, or the plain method, in "
        "which they may.  [monotone]",
        rich_help_panel=MODEL,
    ),
]
ActiveDays = Annotated[
    int | None,
    typer.Option(
        metavar="DAYS",
        help="Lifecycle: who ordered within so many days is active.  [from the customers' own "
        "intervals]",
        rich_help_panel=MODEL,
    ),
]
LapsedDays = Annotated[
    int | None,
    typer.Option(
        metavar="DAYS",
        help="Lifecycle: who has not ordered for longer is lapsed.  [from the customers' own "
        "intervals]",
        rich_help_panel=MODEL,
    ),
]
ForgetPoints = Annotated[
    bool,
    typer.Option(
        "--forget-points",
        help="Keep the rules only, not the training points, each of which may be one person.",
        rich_help_panel=MODEL,
    ),
]
MaxRules = Annotated[
    int | None,
    typer.Option(
        metavar="NUMBER",
        help="With more rules no SQL function is made.  [2000]",
        rich_help_panel=MODEL,
    ),
]
MaxPoints = Annotated[
    int | None,
    typer.Option(
        metavar="NUMBER",
        help="With more distinct profiles money is rounded until they fit.  [20 million]",
        rich_help_panel=MODEL,
    ),
]
