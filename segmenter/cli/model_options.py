"""Options that say what kind of model is made: the settings, for ``fit`` and ``refit``."""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Callable
from enum import Enum, StrEnum
from typing import Annotated, Any, get_args

import typer

from segmenter.cli.signatures import option, parameters_of, with_parameters

__all__ = ["SAFETY_NET", "MaxChange", "Publish", "with_settings"]

MODEL = "Model"
SAFETY_NET = "Safety net"
"""Headings of these options in the help."""

_ITS_OWN_DEFAULT = re.compile(r"  \[[^]]*\]$")

MaxChange = Annotated[
    float,
    typer.Option(
        min=0,
        max=1,
        metavar="SHARE",
        help="When the new rules alone would move a larger share of the customers, the model is "
        "stored but not published (exit code 3).",
        rich_help_panel=SAFETY_NET,
    ),
]
Publish = Annotated[
    bool,
    typer.Option(
        "--publish", help="Publish, however many customers move.", rich_help_panel=SAFETY_NET
    ),
]


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


class ScaleOf(StrEnum):
    """What is clustered."""

    LINEAR = "linear"
    LOG = "log"


Shape = Annotated[
    ShapeOf | None,
    typer.Option(
        help="Split the largest segment again; or one more than levels at once; or whichever runs "
        "through gaps.  [recursive]",
        rich_help_panel=MODEL,
    ),
]
Scale = Annotated[
    ScaleOf | None,
    typer.Option(
        help="Cluster money and orders, or the logarithms of both, which makes segments more even "
        "in size.  [linear]",
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
    bool | None,
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

SETTINGS: dict[str, Any] = {
    "levels": Levels,
    "max_share": MaxShare,
    "names": Names,
    "cut": Cut,
    "cut_on": CutOnMetric,
    "n_neighbors": NNeighbors,
    "shape": Shape,
    "scale": Scale,
    "consolidate": Consolidate,
    "n_init": NInit,
    "monotone": Monotone,
    "active_days": ActiveDays,
    "lapsed_days": LapsedDays,
    "forget_points": ForgetPoints,
    "max_rules": MaxRules,
    "max_points": MaxPoints,
}
"""The options, by the names of the settings, in the order of the help."""


def with_settings(
    default: str | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a verb an option for each setting; it gets them as the mapping ``settings``.

    Parameters
    ----------
    default : str, optional
        What holds for an option that is left out, in the help; each setting's own when absent.
    """

    def decorate(verb: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(verb)
        def call(**given: Any) -> None:
            told = {name: given.pop(name) for name in SETTINGS}
            settings = {
                name: value.value if isinstance(value, Enum) else value
                for name, value in told.items()
            }
            verb(**given, settings=settings)

        options = [option(name, _with_default(of, default)) for name, of in SETTINGS.items()]
        parameters = []
        for each in parameters_of(verb):
            parameters += options if each.name == "settings" else [each]
        return with_parameters(call, parameters)

    return decorate


def _with_default(annotation: Any, default: str | None) -> Any:
    if default is None:
        return annotation
    kind, info = get_args(annotation)
    other = copy.copy(info)
    other.help = f"{_ITS_OWN_DEFAULT.sub('', info.help)}  [{default}]"
    return Annotated[kind, other]
