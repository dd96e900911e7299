"""Values that are plainly of their option's type, converted without help.

For each value, also for one that is left out, newer versions of typer ask pydantic, whose import
takes as long as the engine's. Here are the plain ones; all others, and what is said of them, are
typer's still.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin

from segmenter.cli.signatures import parameters_of

__all__ = ["sparing", "with_plain_values"]

_NUMBERS = {int: re.compile(r"-?\d{1,15}"), float: re.compile(r"-?\d{1,15}(\.\d{1,15})?")}

_OTHER = object()
"""In the place of a value that is not plain."""


def with_plain_values(command: Any, verb: Callable[..., Any]) -> None:
    """Let the parameters of a command, which was made of a function, convert plain values."""
    annotations = {each.name: each.annotation for each in parameters_of(verb)}
    for param in command.params:
        if param.name in annotations:
            annotated, info = get_args(annotations[param.name])
            _convert(param, partial(_plain, kind=_kind(annotated), info=info))


def sparing(params: Iterable[Any]) -> list[Any]:
    """Return parameters that are nothing when they are left out."""
    found = list(params)
    for param in found:
        _convert(param, lambda _: _OTHER)
    return found


def _kind(annotated: Any) -> Any:
    """Return the type that a value is of, or a list of it."""
    kinds = [each for each in get_args(annotated) if each is not NoneType]
    return kinds[0] if kinds and get_origin(annotated) is not list else annotated


def _convert(param: Any, plainly: Callable[[Any], Any]) -> None:
    if "process_value" in vars(param):  # it does already
        return
    process = param.process_value

    def processed(ctx: Any, value: Any) -> Any:
        if value is None and not param.required:
            plain: Any = () if param.multiple else None
        else:
            plain = plainly(value)
        if plain is _OTHER:
            return process(ctx, value)
        return plain if param.callback is None else param.callback(ctx, param, plain)

    param.process_value = processed


def _plain(value: Any, kind: Any, info: Any) -> Any:
    """Return a value as its type, or that it is not plain."""
    if get_origin(kind) is list:
        (kind,) = get_args(kind)
        found = [_plain(each, kind, info) for each in value] if isinstance(value, tuple) else []
        return _OTHER if not found or _OTHER in found else tuple(found)
    if isinstance(value, str) and not isinstance(value, Enum):
        value = _of_text(value, kind)
    if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
        return _OTHER
    within = kind not in _NUMBERS or (
        (info.min is None or value >= info.min) and (info.max is None or value <= info.max)
    )
    return value if within else _OTHER


def _of_text(text: str, kind: Any) -> Any:
    """Return what a text says of a type, where it says it as everybody would."""
    if not text.isprintable():  # which what is no UTF-8 is not, either
        return _OTHER
    if kind in _NUMBERS:
        return kind(text) if _NUMBERS[kind].fullmatch(text) else _OTHER
    if issubclass(kind, Enum):
        return next((each for each in kind if each.value == text), _OTHER)
    if issubclass(kind, Path):
        return Path(text) if os.access(text, os.R_OK) or not os.path.lexists(text) else _OTHER
    return text if kind is str else _OTHER
