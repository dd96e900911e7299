"""What ``explain_segment`` answers: the rule that decided and the smallest changes around it.

Two balanced CASE expressions with everything inlined. The first walks the rules as they are, by
frequency and then by monetary: its leaves know the rectangle and, on both sides of it along
monetary, the next segment. The second walks them the other way, by monetary and then by frequency,
and knows the same along frequency. Neither looks anything up.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from segmenter.classifier.case_expression import Branch, balanced, money
from segmenter.classifier.rules import OPEN_HIGH, OPEN_LOW, Rules
from segmenter.formatting import verb

__all__ = ["explanation"]

_TYPES = {kind: exp.DataType.build(kind) for kind in ("bigint", "double", "varchar")}


@dataclass(frozen=True)
class _Piece:
    """A stretch of one axis: where it starts, where the next one starts, and its segment."""

    start: int
    below: int
    code: int


def explanation(rules: Rules, names: tuple[str, ...]) -> exp.Expr:
    """Return a STRUCT expression of the columns ``monetary`` and ``frequency``.

    Parameters
    ----------
    rules : Rules
    names : tuple of str
        Segment names in the order of the codes.

    Notes
    -----
    O(frequencies * breakpoints) time to build. The size of the expression is that of the rules
    seen from both sides.
    """
    by_monetary = _by_frequency_then_monetary(rules, names)
    change, segment = _by_monetary_then_frequency(rules, names)
    along_frequency = exp.Struct(
        expressions=[_field("frequency_change", change), _field("frequency_segment", segment)]
    )
    # Not struct_insert: a macro that is stored and read again has lost the names given with :=
    return exp.Anonymous(this="struct_concat", expressions=[by_monetary, along_frequency])


def _by_frequency_then_monetary(rules: Rules, names: tuple[str, ...]) -> exp.Expr:
    """Return the rule, and the smallest change of monetary alone."""
    lines = []
    for first, last in _lines(rules):
        pieces = [
            _Piece(*piece)
            for piece in zip(
                rules.cents_from[first:last].tolist(),
                rules.cents_below[first:last].tolist(),
                rules.segment[first:last].tolist(),
                strict=True,
            )
        ]
        span = (int(rules.frequency_from[first]), int(rules.frequency_to[first]))
        leaves = [
            Branch(
                None if piece.below == OPEN_HIGH else money(piece.below),
                _rule(pieces, place, span, names),
            )
            for place, piece in enumerate(pieces)
        ]
        bound = None if span[1] == OPEN_HIGH else exp.Literal.number(span[1] + 1)
        lines.append(Branch(bound, balanced("monetary", leaves)))
    return balanced("frequency", lines)


def _by_monetary_then_frequency(rules: Rules, names: tuple[str, ...]) -> tuple[exp.Expr, exp.Expr]:
    """Return the smallest change of frequency alone and the segment that it leads to."""
    changes: list[Branch] = []
    segments: list[Branch] = []
    for below, pieces in _columns(rules):
        bound = None if below == OPEN_HIGH else money(below)
        answers = [_along_frequency(pieces, place, names) for place in range(len(pieces))]
        ends = [
            None if piece.below == OPEN_HIGH else exp.Literal.number(piece.below)
            for piece in pieces
        ]
        for wanted, column in ((0, changes), (1, segments)):
            leaves = [
                Branch(end.copy() if end else None, answer[wanted])
                for end, answer in zip(ends, answers, strict=True)
            ]
            column.append(Branch(bound.copy() if bound else None, balanced("frequency", leaves)))
    return balanced("monetary", changes), balanced("monetary", segments)


def _lines(rules: Rules) -> list[tuple[int, int]]:
    """Return, for each range of frequencies, where its rules start and end."""
    starts = np.flatnonzero(np.diff(rules.frequency_from, prepend=-1))
    return list(pairwise([*starts.tolist(), len(rules)]))


def _columns(rules: Rules) -> list[tuple[int, list[_Piece]]]:
    """Return the rules seen along frequency, for each stretch of monetary between breakpoints."""
    breakpoints = np.unique(rules.cents_from)
    first_of_line = np.unique(rules.frequency_from)
    codes: NDArray[np.int32] = rules.lookup(
        *(grid.ravel() for grid in np.meshgrid(breakpoints, first_of_line, indexing="ij"))
    ).reshape(len(breakpoints), len(first_of_line))
    found: list[tuple[int, list[_Piece]]] = []
    ends = [*breakpoints[1:].tolist(), OPEN_HIGH]
    for row, below in zip(codes, ends, strict=True):
        starts = np.flatnonzero(np.diff(row, prepend=-1))
        froms = [0, *first_of_line[starts[1:]].tolist()]
        pieces = [
            _Piece(start, end, code)
            for (start, end), code in zip(
                pairwise([*froms, OPEN_HIGH]), row[starts].tolist(), strict=True
            )
        ]
        if found and found[-1][1] == pieces:
            found.pop()
        found.append((below, pieces))
    return found


def _rule(
    pieces: list[_Piece], place: int, span: tuple[int, int], names: tuple[str, ...]
) -> exp.Expr:
    piece = pieces[place]
    up = down = None
    if place + 1 < len(pieces):
        up = (_cents_to(piece.below), place + 1)
    if place > 0:
        down = (_cents_to(piece.start - 1), place - 1)
    change, segment = _nearer(up, down, pieces, names, "double")
    return exp.Struct(
        expressions=[
            _field("segment", exp.Literal.string(names[piece.code])),
            _field("rule", exp.Literal.string(_sentence(piece, span, names))),
            _field("frequency_from", _bigint(span[0])),
            _field("frequency_to", _bigint(span[1])),
            _field("monetary_from", _double(piece.start)),
            _field("monetary_below", _double(piece.below)),
            _field("monetary_change", change),
            _field("monetary_segment", segment),
        ]
    )


def _cents_to(cents: int) -> exp.Expr:
    """Return the change to a monetary in whole cents that gets there.

    Fractions of a cent do not count, so upwards they shorten the way and downwards they do not
    lengthen it: rounded up, in both directions. What doubles leave beyond the sixth digit is none.
    """
    difference = exp.Sub(this=money(cents), expression=exp.column("monetary"))
    in_cents = exp.Mul(this=exp.Paren(this=difference), expression=exp.Literal.number(100))
    rounded = exp.Round(this=in_cents, decimals=exp.Literal.number(6))
    return exp.Div(this=exp.Ceil(this=rounded), expression=exp.Literal.number(100))


def _along_frequency(
    pieces: list[_Piece], place: int, names: tuple[str, ...]
) -> tuple[exp.Expr, exp.Expr]:
    piece = pieces[place]
    # What is below 0 counts as 0, so that a change always starts from a possible frequency.
    whole = exp.func("greatest", exp.func("floor", exp.column("frequency")), exp.Literal.number(0))
    up = down = None
    if place + 1 < len(pieces):
        up = (exp.Sub(this=exp.Literal.number(piece.below), expression=whole), place + 1)
    if place > 0:
        most = exp.Literal.number(piece.start - 1)
        down = (exp.Sub(this=most, expression=whole.copy()), place - 1)
    return _nearer(up, down, pieces, names, "bigint")


_Change = tuple[exp.Expr, int] | None


def _nearer(
    up: _Change, down: _Change, pieces: list[_Piece], names: tuple[str, ...], kind: str
) -> tuple[exp.Expr, exp.Expr]:
    """Return the smaller of two steps and where it leads; upwards where they are equal."""
    steps = [
        (_cast(step[0], kind), exp.Literal.string(names[pieces[step[1]].code]))
        for step in (up, down)
        if step is not None
    ]
    if not steps:
        return _cast(exp.null(), kind), _cast(exp.null(), "varchar")
    if len(steps) == 1:
        return steps[0]
    negated = exp.Neg(this=steps[1][0].copy())
    is_up = exp.LTE(this=steps[0][0].copy(), expression=negated)  # an operator would copy both
    return (
        exp.Case().when(is_up, steps[0][0], copy=False).else_(steps[1][0], copy=False),
        exp.Case().when(is_up.copy(), steps[0][1], copy=False).else_(steps[1][1], copy=False),
    )


def _sentence(piece: _Piece, span: tuple[int, int], names: tuple[str, ...]) -> str:
    """Say the rule in words."""
    if span[1] == OPEN_HIGH:
        orders = f"{span[0]} or more orders" if span[0] else "any number of orders"
    elif span[0] in (0, span[1]):
        upto = "up to " * (span[0] < span[1])
        orders = f"{upto}{span[1]} {verb(span[1], 'order', 'orders')}"
    else:
        orders = f"{span[0]} to {span[1]} orders"
    low = "" if piece.start == OPEN_LOW else f" from {piece.start / 100:,.2f}"
    high = "" if piece.below == OPEN_HIGH else f" below {piece.below / 100:,.2f}"
    spent = f"spent{low}{' to' if low and high else ''}{high}" if low or high else "any spend"
    return f"{orders}, {spent}: {names[piece.code]}"


def _double(cents: int) -> exp.Expr:
    if cents in (OPEN_LOW, OPEN_HIGH):
        sign = "-" if cents == OPEN_LOW else ""
        return _cast(exp.Literal.string(f"{sign}infinity"), "double")
    return _cast(money(cents), "double")


def _bigint(value: int) -> exp.Expr:
    return _cast(exp.Literal.number(value), "bigint")


def _cast(value: exp.Expr, kind: str) -> exp.Expr:
    """Return a cast without looking its type up again, which takes longer than all the rest."""
    return exp.Cast(this=value, to=_TYPES[kind].copy())


def _field(name: str, value: exp.Expr) -> exp.Expr:
    return exp.PropertyEQ(this=exp.to_identifier(name), expression=value)
