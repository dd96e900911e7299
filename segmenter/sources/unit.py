"""Units of money: amounts below a ten-thousandth are exact when they are counted in smaller ones.

A unit is a power of ten of at most 1, ``0.00000001`` say: then 0.00000123 counts as 123.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from segmenter.errors import InputError

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = [
    "checked_unit",
    "counted_in",
    "in_unit",
    "inverse",
    "smaller_unit",
    "uncounted",
    "unit_for",
]

_FINEST = 18
"""Decimal places of the smallest unit: its inverse is a whole number of 64 bits."""


def checked_unit(unit: object) -> str | None:
    """Return a unit as it is stored, None where it is 1.

    Raises
    ------
    InputError
        It is no power of ten from 0.000000000000000001 to 1.

    Examples
    --------
    >>> checked_unit("1e-8"), checked_unit(0.01), checked_unit("1.0")
    ('0.00000001', '0.01', None)
    """
    if isinstance(unit, str | int | float | Decimal) and not isinstance(unit, bool):
        try:
            number = Decimal(str(unit).strip())
        except InvalidOperation:
            number = Decimal()
        for places in range(_FINEST + 1):
            if number == Decimal(1).scaleb(-places):
                return _written(places) if places else None
    raise InputError(
        "unit must be a power of ten of at most 1, such as '0.01' or '0.00000001', down to "
        f"'{_written(_FINEST)}', not {unit!r}. Amounts are counted in it."
    )


def counted_in(amount: exp.Expr, unit: str | None) -> exp.Expr:
    """Return an amount in a unit.

    The inverse of a unit is exact as a number, the unit is not: so amounts are multiplied, as
    doubles, which they become in any case. Up to 100 billion units in a row the ten-thousandth of
    the unit is right, whether the amount was a DECIMAL or a DOUBLE.
    """
    from sqlglot import exp

    if unit is None:
        return amount
    number = exp.Literal.number(str(inverse(unit)))
    return exp.paren(exp.Mul(this=exp.cast(amount, "double"), expression=number))


def inverse(unit: str) -> int:
    """Return how many units are 1."""
    return int(10 ** len(unit.partition(".")[2]))


def uncounted(tree: exp.Expr, unit: str | None) -> exp.Expr:
    """Return the amount that `counted_in` was given."""
    from sqlglot import exp

    cast = None if unit is None else tree.find(exp.Cast)
    return tree if cast is None else cast.this


def in_unit(unit: str | None, what: str = "monetary") -> str:
    """Return in words what money is counted in, nothing where that needs no word."""
    return "" if unit is None else f"{what} is in units of {unit}"


def unit_for(size: float, unit: str | None = None) -> str | None:
    """Return the largest unit, in steps of a thousand, that an amount is a whole one of.

    Parameters
    ----------
    size : float
        The amount, in the present unit.
    unit : str, optional
        The present unit.

    Returns
    -------
    str or None
        None where such an amount is too large or too small for all of them.
    """
    from segmenter.points import MAX_CENTS

    amount = Decimal(size) * Decimal(unit or 1)
    for places in range(0, _FINEST + 1, 3):
        if 1 <= amount.scaleb(places) <= MAX_CENTS // 100:
            return _written(places)
    return None


def smaller_unit(unit: str | None) -> str | None:
    """Return a unit in which amounts below a ten-thousandth of this one are not nothing."""
    return unit_for(0.0001, unit)


def _written(places: int) -> str:
    return f"{Decimal(1).scaleb(-places):f}"
