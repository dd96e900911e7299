# mypy: disallow-untyped-decorators=False
"""The nearest-neighbour classifier along one frequency: proved, not sampled.

For a fixed frequency the classifier is a function ``monetary -> segment``, constant between a few
breakpoints. An interval [a, b] of cents is settled by one of two proofs:

(a) *Same voters.* The voters at a and at b are the same points in the same order. For two points
    p and q the difference d2(p) - d2(q) is linear in monetary. So if p comes before q at both
    ends it does so in between: if q is the one that a tie would prefer, because the difference is
    below zero at both ends, otherwise because it is at most zero. That holds for each voter and
    the next, and for the last voter and every point that does not vote: nobody joins, leaves or
    changes places. (Ends are compared exactly, see `segmenter.exact`, or this would be no proof.)

(b) *Purity.* The distance of the last voter changes by at most 1 a cent, so nowhere in [a, b] is
    it above D = (d(a) + d(b) + (b - a)) / 2. If all points within D of the interval belong to one
    segment, it wins throughout. D carries a slack, so rounding can only make the proof fail.

Any other interval is halved, down to two neighbouring cents: a breakpoint.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.exact import inner, kernel
from segmenter.knn import vote
from segmenter.knn_tree import CodeArray, FloatArray, Scratch, Tree, reach, scratch, search
from segmenter.points import IntArray

__all__ = ["only_segments", "walk"]

DEPTH = 64  # right ends that wait: one for each halving of at most 2^51 cents
WIDER = 1.0 + 2.0**-40  # far above the rounding errors of D


class _Ends(NamedTuple):
    """Probed cents of a line: 0 is the left end of what is open, 1 .. top the right ends."""

    cents: IntArray  # (DEPTH,)
    code: CodeArray  # (DEPTH,) the segment there
    distance: FloatArray  # (DEPTH,) of the last voter
    size: IntArray  # (DEPTH,) number of voters
    point: IntArray  # (DEPTH, n_neighbors) places of the voters in the tree, nearest first


@inner
def _probe(tree: Tree, found: Scratch, ends: _Ends, i: int, cents: int, f: float, size: int) -> int:
    """Classify one place and write it down as end i; return its number of voters."""
    c = float(cents)
    size = search(tree, found, c, f, reach(tree, found, size, c, f))
    ends.cents[i] = cents
    ends.code[i] = vote(tree, found, size)
    ends.distance[i] = np.sqrt(found.d2[size - 1])
    ends.size[i] = size
    for j in range(size):
        ends.point[i, j] = found.point[j]
    return size


@inner
def _move(ends: _Ends, i: int, j: int) -> None:
    """Put end i in the place of end j."""
    ends.cents[j] = ends.cents[i]
    ends.code[j] = ends.code[i]
    ends.distance[j] = ends.distance[i]
    ends.size[j] = ends.size[i]
    for place in range(ends.size[i]):
        ends.point[j, place] = ends.point[i, place]


@inner
def _same_voters(ends: _Ends, top: int) -> bool:
    """Whether the same points vote at both ends, in the same order."""
    if ends.size[top] != ends.size[0]:
        return False
    same = True
    for place in range(ends.size[0]):
        same &= ends.point[0, place] == ends.point[top, place]
    return same


@inner
def _is_pure(tree: Tree, only: CodeArray, found: Scratch, ends: _Ends, top: int, f: float) -> bool:
    """Whether every point that may vote between the two ends is of the segment of both."""
    a, b, code = float(ends.cents[0]), float(ends.cents[top]), ends.code[0]
    within = 0.5 * (ends.distance[0] + ends.distance[top] + (b - a)) * WIDER
    within *= within
    top = 1
    found.node[0] = 0
    found.gap[0, 0] = found.gap[0, 1] = 0.0
    while top > 0:
        top -= 1
        node, gap_c, gap_f = found.node[top], found.gap[top, 0], found.gap[top, 1]
        if only[node] == code or gap_c * gap_c + tree.ratio * (gap_f * gap_f) > within:
            continue
        if tree.child[node] == 0:
            for p in range(tree.span[node, 0], tree.span[node, 1]):
                dc = max(a - tree.at[p, 0], 0.0, tree.at[p, 0] - b)
                df = tree.at[p, 1] - f
                if tree.segment[p] != code and dc * dc + tree.ratio * (df * df) <= within:
                    return False
            continue
        for side in range(2):
            face = tree.face[node, side]
            if tree.axis[node] == 1:
                gap = f - face if side == 0 else face - f
                found.gap[top, 0], found.gap[top, 1] = gap_c, max(gap_f, gap)
            else:
                gap = a - face if side == 0 else face - b
                found.gap[top, 0], found.gap[top, 1] = max(gap_c, gap), gap_f
            found.node[top] = tree.child[node] + side
            top += 1
    return True


@inner
def _is_settled(
    tree: Tree, only: CodeArray, found: Scratch, ends: _Ends, top: int, f: float
) -> bool:
    """Whether nothing is open between the left end and the next right end."""
    if ends.cents[top] - ends.cents[0] <= 1:
        return True
    if ends.code[top] != ends.code[0]:
        return False
    return _same_voters(ends, top) or _is_pure(tree, only, found, ends, top, f)


@kernel
def walk(tree: Tree, only: CodeArray, f: float, low: int, high: int) -> tuple[IntArray, CodeArray]:
    """Return where segments begin along one frequency, from low to high, and which."""
    found = scratch(tree)
    ends = _Ends(
        np.empty(DEPTH, np.int64),
        np.empty(DEPTH, np.int32),
        np.empty(DEPTH),
        np.empty(DEPTH, np.int64),
        np.empty((DEPTH, tree.n_neighbors), np.int64),
    )
    starts, codes, n = np.empty(16, np.int64), np.empty(16, np.int32), 0
    top, cents, size = 0, low, 0
    while True:
        size = _probe(tree, found, ends, top, cents, f, size)
        if n == 0:
            starts[0], codes[0] = low, ends.code[0]
            top, cents, n = 1, high, 1
            continue
        while top > 0 and _is_settled(tree, only, found, ends, top, f):
            if ends.code[top] != ends.code[0]:
                if n == len(starts):
                    starts, codes = _double(starts), _double(codes)
                starts[n], codes[n] = ends.cents[top], ends.code[top]
                n += 1
            _move(ends, top, 0)
            top -= 1
        if top == 0:
            return starts[:n].copy(), codes[:n].copy()
        cents = (ends.cents[0] + ends.cents[top]) >> 1
        top += 1


@inner
def _double(values: NDArray[Any]) -> NDArray[Any]:
    """Return the values with as much room again."""
    longer = np.empty(2 * len(values), values.dtype)
    longer[: len(values)] = values
    return longer


@kernel
def only_segments(tree: Tree) -> CodeArray:
    """Return the one segment of all points beneath each node, -1 where there are several."""
    only = np.empty(len(tree.child), np.int32)
    for node in range(len(only) - 1, -1, -1):
        child = tree.child[node]
        if child > 0:
            only[node] = only[child] if only[child] == only[child + 1] else -1
        else:
            first, last = tree.span[node, 0], tree.span[node, 1]
            only[node] = tree.segment[first]
            for p in range(first, last):
                if tree.segment[p] != only[node]:
                    only[node] = -1
    return only
