"""Verbs that get options from elsewhere: what typer reads of a function, changed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["option", "parameters_of", "with_parameters"]


def parameters_of(verb: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a verb, their annotations evaluated."""
    return list(inspect.signature(verb, eval_str=True).parameters.values())


def option(name: str, annotation: Any) -> inspect.Parameter:
    """Return a parameter that typer makes an option of; it is None when it is left out."""
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def with_parameters(
    verb: Callable[..., Any], parameters: Iterable[inspect.Parameter]
) -> Callable[..., Any]:
    """Let a function that takes any keywords show these parameters."""
    named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    verb.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
    verb.__annotations__ = {each.name: each.annotation for each in named}
    return verb
