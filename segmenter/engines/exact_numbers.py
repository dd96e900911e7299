"""Doubles that a warehouse reads from decimal digits with another last bit."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from sqlglot import exp

__all__ = ["exact_doubles", "floor_by_casts"]

_WHOLE = 2**53
"""Whole numbers up to here are doubles, and so is their quotient, rounded once."""

_PLACES = 18
"""Powers of ten up to here are whole numbers of 64 bits, and doubles."""

_INEXACT = ("sqlite", "clickhouse")
"""SQLite scales digits by a power of ten, which rounds twice; so does ClickHouse's cast."""


def exact_doubles(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Write a number with a point as a quotient of two doubles that any reader has exactly.

    ``2146.03`` becomes ``214603 / 100e0``: both are whole, and one division rounds once, as the
    nearest double does. Where the digits are too many it is a fraction with a power of two.
    """
    if dialect not in _INEXACT:
        return tree
    for literal in list(tree.find_all(exp.Literal)):
        cast = literal.parent
        is_cast = isinstance(cast, exp.Cast) and cast.to.is_type("double")
        if literal.is_string and not is_cast:
            continue
        if literal.is_string or not literal.name.isdigit():
            replaced = cast if is_cast and cast is not None else literal
            written = _quotient(literal.name)
            outer = replaced.parent
            is_factor = isinstance(outer, exp.Binary) and not isinstance(outer, exp.Predicate)
            is_plain = not is_factor or isinstance(written, exp.Literal)
            replaced.replace(written if is_plain else exp.paren(written))
    return tree


def _quotient(digits: str) -> exp.Expr:
    """Return a number's digits as a number that any reader has exactly, or as two of them."""
    exact = Fraction(digits)
    value = float(exact)
    sign, size = ("-", -exact) if exact < 0 else ("", exact)
    if exact == value and size.numerator < _WHOLE and size.denominator in (1, 2, 4):
        return exp.Literal.number(f"{sign}{float(size)!r}")
    places = max(0, -int(Decimal(digits).normalize().as_tuple().exponent))
    if places > _PLACES or size * 10**places >= _WHOLE:
        size = Fraction(abs(value))
        numerator, denominator = size.numerator, size.denominator
    else:
        numerator, denominator = int(size * 10**places), 10**places
    return exp.Div(
        this=exp.Literal.number(f"{sign}{numerator}"),
        expression=exp.Literal.number(f"{denominator}e0"),
        typed=True,
        safe=False,
    )


def floor_by_casts(tree: exp.Expr, dialect: str) -> exp.Expr:
    """Round down and up by the cast that cuts, where mathematical functions may be left out."""
    if dialect == "sqlite":
        for kind, beyond, step in ((exp.Floor, exp.LT, exp.Sub), (exp.Ceil, exp.GT, exp.Add)):
            for call in reversed(list(tree.find_all(kind))):  # the outer ones copy the inner ones
                value = call.this
                cut = exp.cast(value.copy(), "bigint")
                past = exp.paren(beyond(this=value.copy(), expression=cut.copy()))
                call.replace(exp.paren(step(this=cut, expression=past)))
    return tree
