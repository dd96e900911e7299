"""SciPy's linear algebra, hidden from numba until a verb needs it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["with_linear_algebra", "without_linear_algebra"]

_NAME = "scipy.linalg"


@contextmanager
def without_linear_algebra() -> Iterator[None]:
    """Hide it from numba, which takes a fifth of a second to look for what no kernel uses."""
    is_ours = _NAME not in sys.modules
    if is_ours:
        sys.modules[_NAME] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if is_ours:
            sys.modules.pop(_NAME, None)


def with_linear_algebra() -> None:
    """Show it again: to a verb that needs it, and after numba where the verb brings that."""
    if sys.modules.get(_NAME, sys) is None:
        del sys.modules[_NAME]
