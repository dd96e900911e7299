"""Parameters of costly tests: which ones the gate tries, and which only a complete run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any

import pytest

__all__ = ["each_once", "first_in_gate"]


def each_once(*values: Sequence[Any]) -> list[Any]:
    """Return all combinations; those that bring no new value are marked ``extended``."""
    longest = max(map(len, values))
    tried = [tuple(of[i % len(of)] for of in values) for i in range(longest)]
    return [
        pytest.param(*way, marks=[] if way in tried else [pytest.mark.extended])
        for way in product(*values)
    ]


def first_in_gate(
    names: str | Sequence[str], values: Iterable[Any], *, first: int = 1, **how: Any
) -> Callable[..., Any]:
    """Parametrize a test that takes seconds and asks the same of each value.

    The gate tries the first values, in this order; the others are marked ``extended``.
    """
    wanted = names.split(",") if isinstance(names, str) else names
    ways = [
        each
        if isinstance(each, type(pytest.param()))
        else pytest.param(*(each if len(wanted) > 1 else (each,)))
        for each in values
    ]
    left = [way._replace(marks=[*way.marks, pytest.mark.extended]) for way in ways[first:]]
    return pytest.mark.parametrize(names, [*ways[:first], *left], **how)
