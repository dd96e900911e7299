"""Points with ties that no lattice has."""

from __future__ import annotations

import numpy as np

__all__ = ["halfway"]


def halfway(seed, length):
    """Return a point as far from a cluster of two or three as from another, and a chain.

    Gaps that grow along a chain end the rounds early, so that one of both is made before the other
    in the rounds, and later one by one.
    """
    rng = np.random.default_rng(seed)
    total = int(rng.integers(3, 7))
    parts = []
    for n in rng.integers(2, 4, 2):
        place = rng.choice(13, n, replace=False)
        weight = 1 + rng.multinomial(total - n, np.full(n, 1 / n))
        parts.append((total * place - place @ weight, weight))  # around 0
    (left, of_left), (right, of_right) = parts
    far, chain = 40 * total, 10_000 + np.cumsum(1000 + 10 * np.arange(length))
    m = np.concatenate([left, [far], right + 2 * far, chain])
    w = np.concatenate([of_left, [1], of_right, np.ones(length, int)])
    order = rng.permutation(len(m))
    return m[order], np.zeros(len(m)), w[order]
