"""More points than fit into memory: monetary on a grid whose cells grow with the amount.

A grid of b bits keeps amounts below 2^(b + 1) cents as they are; from there a cell is 2^-b of the
power of two below the amount, so that no amount moves by more than 2^-(b + 1) of itself. Grids of
fewer bits are made of whole cells of those with more, so the finest one that fits is found by
halving.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlglot import exp

from segmenter.points import MAX_CENTS, IntArray

__all__ = ["MARGIN", "MAX_BITS", "Grid"]

MAX_BITS = MAX_CENTS.bit_length() - 1
"""A grid of so many bits keeps every amount as it is."""

MARGIN = 3
"""Cells within which the coarsening can act: half a one that the customer moved, half a one that
its neighbours moved, and one that the blocks' centroids did; rounded up."""


@dataclass(frozen=True)
class Grid:
    """A grid of amounts.

    Parameters
    ----------
    bits : int
        0 to `MAX_BITS`; one more halves the cells.

    Examples
    --------
    >>> Grid(2).step(np.array([7, 8, 15, 16, -40])).tolist()
    [1, 2, 2, 4, 8]
    """

    bits: int

    @property
    def relative_step(self) -> float:
        """Width of a cell as a share of the smallest amount in it, at most."""
        return 2.0**-self.bits

    def step(self, cents: IntArray) -> IntArray:
        """Return the width of the cell that each amount lies in, int64, in cents."""
        _, exponent = np.frexp(np.abs(cents).astype(np.float64))
        shift: IntArray = np.maximum(exponent.astype(np.int64) - 1 - self.bits, 0)
        return np.ones_like(shift) << shift

    def step_expression(self) -> exp.Expr:
        """Return the same as an expression of the column ``size``, the absolute amount in cents."""
        steps = exp.Case()
        for power in range(self.bits + 1, MAX_BITS + 1):
            step = exp.Literal.number(1 << (power - 1 - self.bits))
            steps = steps.when(
                exp.column("size") < exp.Literal.number(1 << power), step, copy=False
            )
        largest = exp.Literal.number(1 << max(MAX_BITS - self.bits, 0))
        return steps.else_(largest, copy=False) if steps.args.get("ifs") else largest
