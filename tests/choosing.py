"""Kernels or NumPy, as a test says."""

from __future__ import annotations

from contextlib import contextmanager

from segmenter.jit import choice

__all__ = ["BOTH", "using"]

BOTH = (True, False)
"""Kernels, and NumPy."""


@contextmanager
def using(kernels):
    """Let kernels do all the work, or NumPy."""
    before, choice.forced = choice.forced, kernels
    try:
        yield
    finally:
        choice.forced = before
