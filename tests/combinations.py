"""Combinations of parameters, of which the gate tries as many as show each value once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

__all__ = ["each_once"]


def each_once(*values: Sequence[Any]) -> list[Any]:
    """Return all combinations; those that bring no new value are marked ``extended``."""
    longest = max(map(len, values))
    tried = [tuple(of[i % len(of)] for of in values) for i in range(longest)]
    return [
        pytest.param(*way, marks=[] if way in tried else [pytest.mark.extended])
        for way in product(*values)
    ]
