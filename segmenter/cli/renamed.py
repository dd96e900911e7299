"""Options of earlier versions: each is refused with a sentence that has the new spelling."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any

import typer

from segmenter.cli.signatures import option, parameters_of, with_parameters
from segmenter.errors import SegmenterError

__all__ = ["RENAMED", "with_old_spellings"]

_ID = "The id of a customer is --id now: segmenter {verb} shop.duckdb --id 12347"
_EXACT = (
    "The CSV of {verb} has every text as it is; only the lists of customers and moves are safe."
)

RENAMED = {
    ("fit", "--model"): "Name the file as DB: segmenter {verb} model.duckdb --engine spark",
    ("explain", "--customer"): _ID,
    ("forget", "--customer"): _ID,
    ("export", "--stage"): "It is --what now: segmenter {verb} shop.duckdb -d duckdb --what points",
    **{
        (verb, option): _EXACT
        for verb in ("fit", "segments", "rules", "backtest", "models", "compare")
        for option in ("--safe-csv", "--no-safe-csv")
    },
}
"""What to type instead, by verb and option. They go with the next release."""


def with_old_spellings(verb: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Let a verb refuse the options that it had, rather than not know them."""

    @functools.wraps(verb)
    def call(**options: Any) -> Any:
        return verb(**{key: value for key, value in options.items() if key not in names})

    refused = [
        option(f"old{spelled.replace('-', '_')}", _refused(spelled, advice.format(verb=name)))
        for (owner, spelled), advice in RENAMED.items()
        if owner == name
    ]
    names = {each.name for each in refused}
    return with_parameters(call, [*parameters_of(verb), *refused])


def _refused(option: str, advice: str) -> Any:
    def refuse(value: object) -> None:
        if value is not None:
            raise SegmenterError(f"there is no {option} any more. {advice}")

    settings: Any = {"hidden": True, "is_eager": True, "callback": refuse}
    kind: Any = bool if option.endswith("safe-csv") else str
    return Annotated[kind | None, typer.Option(option, **settings)]
