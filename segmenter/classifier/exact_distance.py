"""Which of two points is nearer to a query, decided without rounding.

Squared distances are ``d2 = dcents^2 + r * dfrequency^2`` with integer differences and one double
``r``. They do not fit a double, but the *difference* of two of them factors::

    d2(p) - d2(q)  =  (q.c - p.c) (2c - p.c - q.c)  -  r (p.f - q.f) (2f - p.f - q.f)

Cents stay within 2^50 and frequencies within 2^25 (`segmenter.points`), so each factor is an exact
double, and so is the whole frequency term before it is multiplied by r. What remains are two
products of two doubles. Dekker's product turns each into a pair ``(high, low)`` with
``high = fl(a b)`` and ``high + low = a b`` exactly; and as rounding is monotone, pairs compare like
numbers: first by ``high``, then by ``low``.

References
----------
T. J. Dekker, "A floating-point technique for extending the available precision", Numerische
Mathematik 18, 224-242, 1971, sections 4 and 5 (with Veltkamp's splitting).
"""

from __future__ import annotations

from segmenter.jit.kernels import bare_inner as inner

__all__ = ["SLACK", "is_before", "two_product", "zero"]

SLACK = 1.0 + 2.0**-50
"""Two computed d2 further apart than this factor are in the right order.

Each carries a relative error below 2^-51: a sum of two terms, neither negative, each rounded once.
"""

_SPLITTER = 2.0**27 + 1.0


@inner
def zero() -> int:
    """Return 0 as a plain int64: to numba a literal is a type of its own, and compiled apart."""
    return 0


@inner
def two_product(a: float, b: float) -> tuple[float, float]:
    """Return ``fl(a b)`` and its rounding error: their sum is ``a b`` exactly.

    Holds for 0 and for products between 2^-900 and 2^900. Needs no fused multiply-add.
    """
    high = a * b
    t = _SPLITTER * a
    a1 = t - (t - a)
    a2 = a - a1
    t = _SPLITTER * b
    b1 = t - (t - b)
    b2 = b - b1
    return high, ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2


@inner
def is_before(
    cents: float, frequency: float, pc: float, pf: float, qc: float, qf: float, ratio: float
) -> bool:
    """Tell whether p comes before q, seen from a query: by d2, then cents, then frequency.

    All coordinates are whole numbers; O(1), exact.
    """
    a, a_low = two_product(qc - pc, (cents - pc) + (cents - qc))
    b, b_low = two_product(ratio, (pf - qf) * ((frequency - pf) + (frequency - qf)))
    if a != b:
        return bool(a < b)
    if a_low != b_low:
        return bool(a_low < b_low)
    return pc < qc or (pc == qc and pf < qf)
