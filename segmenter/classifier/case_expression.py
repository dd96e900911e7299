"""The compiled rules as one SQL expression: a balanced CASE by frequency, then by monetary.

Balanced by customers, not by rules: what most customers need is compared first. Few orders are
common and many are rare, so most models become one list of WHENs, from one order upwards.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from sqlglot import exp

from segmenter.classifier.rules import Rules
from segmenter.points import Points

__all__ = ["Branch", "balanced", "case_expression", "money"]

_LINEAR = 4
"""Branches stay one list of WHENs, which reads best and runs fastest, while a customer meets so
many comparisons in it on average; else the customers are halved first."""


class Branch(NamedTuple):
    """A result that holds below a bound; the last branch of a list has none."""

    below: exp.Expr | None
    result: exp.Expr
    customers: int = 1


def case_expression(
    rules: Rules, results: Sequence[exp.Expr], points: Points | None = None
) -> exp.Expr:
    """Return the segment as an expression of the columns ``monetary`` and ``frequency``.

    Parameters
    ----------
    rules : Rules
    results : sequence of Expression
        What to answer for each segment code: its name, say.
    points : Points, optional
        Whose customers' comparisons are kept few; every rule counts the same when absent.

    Notes
    -----
    Thresholds are the doubles ``cents / 100.0``, which is what the classifier's inputs are defined
    by. The depth of the expression grows with the logarithm of the number of customers.
    """
    rows = list(
        zip(
            rules.frequency_to.tolist(),
            rules.cents_below.tolist(),
            rules.segment.tolist(),
            _customers(rules, points),
            strict=True,
        )
    )
    by_frequency = []
    last = rows[-1][0]
    for frequency_to, rectangles in groupby(rows, key=itemgetter(0)):
        branches = [
            Branch(money(below), results[code].copy(), customers)
            for _, below, code, customers in rectangles
        ]
        branches[-1] = branches[-1]._replace(below=None)
        bound = None if frequency_to == last else exp.Literal.number(frequency_to + 1)
        customers = sum(branch.customers for branch in branches)
        by_frequency.append(Branch(bound, balanced("monetary", branches), customers))
    return balanced("frequency", by_frequency)


def _customers(rules: Rules, points: Points | None) -> list[int]:
    """Return the customers in each rectangle and one more, so that no rule counts nothing."""
    found = np.ones(len(rules), np.int64)
    if points is not None:
        np.add.at(found, rules.rectangle(points.cents, points.frequency), points.customers)
    return found.tolist()


def money(cents: int) -> exp.Expr:
    """Return whole cents as a literal that is a double and no decimal, which is slower."""
    sign, size = ("-", -cents) if cents < 0 else ("", cents)
    number = exp.Literal.number(f"{size // 100}.{size % 100:02d}e0")
    return exp.Neg(this=number) if sign else number


def balanced(column: str, branches: list[Branch]) -> exp.Expr:
    """Nest branches over a column so that most customers meet few comparisons."""
    if len(branches) == 1:
        return branches[0].result
    reached = list(accumulate(branch.customers for branch in branches))
    comparisons = sum(place * branch.customers for place, branch in enumerate(branches, 1))
    if len(branches) <= _LINEAR or comparisons <= _LINEAR * reached[-1]:
        chosen = exp.Case()
        for branch in branches[:-1]:
            assert branch.below is not None
            condition = exp.LT(this=exp.column(column), expression=branch.below)
            chosen = chosen.when(condition, branch.result, copy=False)
        return chosen.else_(branches[-1].result, copy=False)
    half = 1 + bisect_left(reached, reached[-1] / 2)
    middle = min(half, len(branches) - 1)
    bound = branches[middle - 1].below
    assert bound is not None
    return (
        exp.Case()
        .when(
            exp.LT(this=exp.column(column), expression=bound.copy()),
            balanced(column, branches[:middle]),
            copy=False,
        )
        .else_(balanced(column, branches[middle:]), copy=False)
    )
