"""Libraries that others only look for, hidden from them until a verb needs one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["LINEAR_ALGEBRA", "PANDAS", "hiding", "show"]

LINEAR_ALGEBRA = "scipy.linalg"
"""Looked for by numba, which takes a fifth of a second, and used by no kernel."""

PANDAS = "pandas"
"""Looked for by pyarrow when it makes arrays, and by DuckDB 1.5 with each first parameter, which
takes longer than most verbs; data frames come to the library, never to the command line."""


_hidden: set[str] = set()


class _Nowhere:
    """Finds nothing where a hidden library is."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        del path, target
        if name in _hidden:
            raise ModuleNotFoundError(f"{name} is hidden from this command.", name=name)


@contextmanager
def hiding() -> Iterator[None]:
    """Hide those that are not imported yet."""
    _hidden.update((LINEAR_ALGEBRA, PANDAS))
    finder: Any = _Nowhere
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def show(name: str) -> None:
    """Show a library again: to a verb that needs it, and after those who look for it."""
    _hidden.discard(name)
