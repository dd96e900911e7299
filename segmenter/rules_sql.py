"""The compiled rules as one SQL expression: a balanced CASE by frequency, then by monetary."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sqlglot import exp

from segmenter.rules import Rules

__all__ = ["Branch", "balanced", "case_expression", "money"]

_LINEAR = 4
"""Up to so many branches stay one list of WHENs, which reads best; more are halved first."""


class Branch(NamedTuple):
    """A result that holds below a bound; the last branch of a list has none."""

    below: exp.Expr | None
    result: exp.Expr


def case_expression(rules: Rules, names: tuple[str, ...]) -> exp.Expr:
    """Return the segment as an expression of the columns ``monetary`` and ``frequency``.

    Parameters
    ----------
    rules : Rules
    names : tuple of str
        Segment names in the order of the codes.

    Notes
    -----
    Thresholds are the doubles ``cents / 100.0``, which is what the classifier's inputs are defined
    by. The depth of the expression grows with the logarithm of the number of rules.
    """
    rows = list(
        zip(
            rules.frequency_to.tolist(),
            rules.cents_below.tolist(),
            rules.segment.tolist(),
            strict=True,
        )
    )
    by_frequency = []
    last = rows[-1][0]
    for frequency_to, rectangles in groupby(rows, key=itemgetter(0)):
        branches = [
            Branch(money(below), exp.Literal.string(names[code])) for _, below, code in rectangles
        ]
        branches[-1] = branches[-1]._replace(below=None)
        bound = None if frequency_to == last else exp.Literal.number(frequency_to + 1)
        by_frequency.append(Branch(bound, balanced("monetary", branches)))
    return balanced("frequency", by_frequency)


def money(cents: int) -> exp.Expr:
    """Return whole cents as a literal that is a double and no decimal, which is slower."""
    sign, size = ("-", -cents) if cents < 0 else ("", cents)
    number = exp.Literal.number(f"{size // 100}.{size % 100:02d}e0")
    return exp.Neg(this=number) if sign else number


def balanced(column: str, branches: list[Branch]) -> exp.Expr:
    """Nest branches over a column in a balanced way."""
    if len(branches) == 1:
        return branches[0].result
    if len(branches) <= _LINEAR:
        chosen = exp.Case()
        for branch in branches[:-1]:
            assert branch.below is not None
            chosen = chosen.when(exp.column(column) < branch.below, branch.result, copy=False)
        return chosen.else_(branches[-1].result, copy=False)
    middle = len(branches) // 2
    bound = branches[middle - 1].below
    assert bound is not None
    return (
        exp.Case()
        .when(exp.column(column) < bound.copy(), balanced(column, branches[:middle]), copy=False)
        .else_(balanced(column, branches[middle:]), copy=False)
    )
