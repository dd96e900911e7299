"""The nearest-neighbour classifier along one frequency: proved, not sampled.

For a fixed frequency the classifier is a function ``monetary -> segment``, constant between a few
breakpoints. An interval [a, b] of cents is settled by one of two proofs:

(a) *Same voters.* Let the points that vote be the same at a and at b. For two points p and q the
    difference d2(p) - d2(q) is linear in monetary. So if p comes before q at both ends, it does
    so in between: the difference is below zero at both ends, or at most zero where a tie prefers
    p. Hence a voter stays before every point that does not vote, and nobody joins or leaves. Two
    places in the order matter besides: who is last, when only some of its customers vote, and
    who comes first among the tied segments, when votes are tied. If that is the same point at
    both ends, it is so in between, by the same argument, and so is the segment. (The order is
    exact, see `segmenter.classifier.exact_distance`, or this would be no proof.)

(b) *Purity.* The distance of the last voter changes by at most 1 a cent, so nowhere in [a, b] is
    it above D = (d(a) + d(b) + (b - a)) / 2. If all points within D of the interval belong to one
    segment, it wins throughout. D carries a slack: rounding can only make this proof fail.

Any other interval is halved, down to two neighbouring cents: a breakpoint.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.classifier.exact_distance import zero
from segmenter.classifier.kdtree import (
    CodeArray,
    FloatArray,
    PointTree,
    Scratch,
    search,
    vote,
    voter_bound,
)
from segmenter.jit.kernels import bare_inner, inner, kernel
from segmenter.points import IntArray

__all__ = ["only_segments", "walk"]

DEPTH = 64  # right ends that wait: one for each halving of at most 2^51 cents
WIDER = 1.0 + 2.0**-40  # far above the rounding errors of D
NOBODY = -1


class _Ends(NamedTuple):
    """What is known where the line was probed: 0 is the left end, 1 .. top are right ends."""

    cents: IntArray  # (DEPTH,)
    code: CodeArray  # (DEPTH,) the segment there
    distance: FloatArray  # (DEPTH,) of the last voter
    size: IntArray  # (DEPTH,) number of points that vote
    point: IntArray  # (DEPTH, n_neighbors) their places in the tree
    last: IntArray  # (DEPTH,) who votes in part, or NOBODY
    decider: IntArray  # (DEPTH,) who decides between tied segments, or NOBODY


@bare_inner
def _probe(
    tree: PointTree, found: Scratch, ends: _Ends, i: int, cents: int, f: float, size: int
) -> int:
    """Classify one place, write it down as end i and return how many points vote there.

    `size` is the number of voters that are still in `found`: they bound the search.
    """
    c = float(cents)
    size = search(tree, found, c, f, voter_bound(tree, found, size, c, f))
    code = vote(tree, found, size)
    total = 0
    decider = NOBODY
    for j in range(size - 1, -1, -1):
        p = found.point[j]
        ends.point[i, j] = p
        total += tree.customers[p]
        if tree.segment[p] == code:
            decider = p
    tied = 0
    for ballots in found.ballots:
        tied += ballots == found.ballots[code]
    ends.cents[i], ends.code[i], ends.size[i] = cents, code, size
    ends.distance[i] = np.sqrt(found.d2[size - 1])
    ends.last[i] = found.point[size - 1] if total > tree.n_neighbors else NOBODY
    ends.decider[i] = decider if tied > 1 else NOBODY
    return size


@bare_inner
def _move(ends: _Ends, i: int, j: int) -> None:
    """Put end i in the place of end j."""
    ends.cents[j], ends.code[j], ends.size[j] = ends.cents[i], ends.code[i], ends.size[i]
    ends.distance[j] = ends.distance[i]
    ends.last[j], ends.decider[j] = ends.last[i], ends.decider[i]
    for place in range(ends.size[i]):
        ends.point[j, place] = ends.point[i, place]


@bare_inner
def _same_voters(ends: _Ends, top: int) -> bool:
    """Proof (a) for the left end and a right end of equal segment."""
    size = ends.size[0]
    if size != ends.size[top] or ends.last[0] != ends.last[top]:
        return False
    if ends.decider[0] != ends.decider[top]:
        return False
    for i in range(size):
        j = 0
        while j < size and ends.point[top, j] != ends.point[0, i]:
            j += 1
        if j == size:
            return False
    return True


@inner
def _is_pure(
    tree: PointTree, only: CodeArray, found: Scratch, ends: _Ends, top: int, f: float
) -> bool:
    """Proof (b) for the left end and a right end of equal segment."""
    a, b, code = float(ends.cents[0]), float(ends.cents[top]), ends.code[0]
    within = 0.5 * (ends.distance[0] + ends.distance[top] + (b - a)) * WIDER
    within *= within
    waiting = 1
    found.node[0] = 0
    found.gap[0, 0] = found.gap[0, 1] = 0.0
    while waiting > 0:
        waiting -= 1
        node = found.node[waiting]
        gap_c, gap_f = found.gap[waiting, 0], found.gap[waiting, 1]
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
                found.gap[waiting, 0], found.gap[waiting, 1] = gap_c, max(gap_f, gap)
            else:
                gap = a - face if side == 0 else face - b
                found.gap[waiting, 0], found.gap[waiting, 1] = max(gap_c, gap), gap_f
            found.node[waiting] = tree.child[node] + side
            waiting += 1
    return True


@inner
def _is_settled(
    tree: PointTree, only: CodeArray, found: Scratch, ends: _Ends, top: int, f: float
) -> bool:
    """Whether nothing is open between the left end and the next right end."""
    if ends.cents[top] - ends.cents[0] <= 1:
        return True
    if ends.code[top] != ends.code[0]:
        return False
    return bool(_same_voters(ends, top) or _is_pure(tree, only, found, ends, top, f))


@kernel
def walk(
    tree: PointTree, only: CodeArray, found: Scratch, f: float, low: int, high: int
) -> tuple[IntArray, CodeArray]:
    """Walk along frequency f from `low` to `high` cents, working in `found`.

    Returns
    -------
    starts : ndarray of int64
        First cent of each piece; the first is `low`.
    codes : ndarray of int32
        Its segment, another one than before.
    """
    ends = _Ends(
        cents=np.empty(DEPTH, np.int64),
        code=np.empty(DEPTH, np.int32),
        distance=np.empty(DEPTH),
        size=np.empty(DEPTH, np.int64),
        point=np.empty((DEPTH, tree.n_neighbors), np.int64),
        last=np.empty(DEPTH, np.int64),
        decider=np.empty(DEPTH, np.int64),
    )
    starts, codes, n = np.empty(16, np.int64), np.empty(16, np.int32), 0
    top, cents, size = zero(), low, zero()
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
    for i in range(len(values)):  # a slice would take numba seconds to compile
        longer[i] = values[i]
    return longer


@kernel
def only_segments(tree: PointTree) -> CodeArray:
    """Return the one segment of all points beneath each node, NOBODY where there are several."""
    only = np.empty(len(tree.child), np.int32)
    for node in range(len(only) - 1, -1, -1):
        child = tree.child[node]
        if child > 0:
            only[node] = only[child] if only[child] == only[child + 1] else NOBODY
        else:
            first, last = tree.span[node, 0], tree.span[node, 1]
            only[node] = tree.segment[first]
            for p in range(first, last):
                if tree.segment[p] != only[node]:
                    only[node] = NOBODY
    return only
