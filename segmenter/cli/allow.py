"""The option ``--allow``, which every verb has: what views of the database may read, too."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable
from typing import Annotated, Any

import typer

from segmenter.cli.signatures import option, parameters_of, with_parameters

__all__ = ["allowed", "allowing", "with_allow"]

Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="PATH",
        help="File, folder or URL that views of the database may read, too, or 'all' for a "
        "database that you trust.  [its models' own data, and what is below its folder]",
    ),
]

_allowed: list[str] = []


def allowed() -> tuple[str, ...]:
    """Return what the user allowed for the verb that runs."""
    return tuple(_allowed)


def allowing(path: str) -> str:
    """Return what to type to allow a path, or all."""
    return f"--allow {shlex.quote(path)}"


def with_allow(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb of the command line the option ``--allow``."""

    @functools.wraps(verb)
    def call(*args: Any, allow: list[str] | None = None, **options: Any) -> Any:
        _allowed[:] = allow or []
        return verb(*args, **options)

    return with_parameters(call, [*parameters_of(verb), option("allow", Allow)])
