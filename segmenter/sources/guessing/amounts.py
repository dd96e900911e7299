"""The money of a row: a total, a product of price and quantity, or what is left after refunds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from sqlglot import exp

from segmenter.schema.files import bind
from segmenter.sources.expressions import quoted
from segmenter.sources.guessing.dictionary import plain
from segmenter.sources.guessing.evidence import Evidence
from segmenter.sources.guessing.facts import column
from segmenter.sources.guessing.findings import Guess

__all__ = ["guess_amount", "line_amounts"]

_FEW = 100
"""Whole numbers up to this may be counts of something."""

_WITHIN = ("discount", "refund")
"""Kinds of names that matter also within longer ones."""

_KINDS = ("complete", "money", "line", "part", "unit", "price", "quantity", "cents")

_TOTALS = ("complete", "money", "line", "cents")


def guess_amount(evidence: Evidence) -> Guess:
    """Return the expression of the amount, unsure where several may be meant."""
    if {"monetary", "frequency"} <= {plain(name) for name in evidence.filled}:
        why = "monetary and frequency are those of profiles; give the table as profile"
        return Guess("amount", None, why, is_sure=False)
    found = [name for kind in _TOTALS for name in evidence.amounts(kind)]
    if not found:
        return _product(evidence) or _vague(evidence)
    first = found[0]
    others = [name for name in found[1:] if not _equal(evidence, first, name)]
    parts = [name for name in evidence.amounts("part") if not _equal(evidence, first, name)]
    proof = _proof(evidence, first, parts)
    if evidence.named("amount", "cents") == [first]:
        return Guess("amount", f"{evidence.number(first)} / 100", "its name says cents")
    if others:
        return _unsure(first, others, "other columns are totals, too, and differ")
    if evidence.amounts("quantity") and _is_constant_by_product(evidence, first):
        many = evidence.amounts("quantity")[0]
        return Guess(
            "amount",
            f"{evidence.number(many)} * {evidence.number(first)}",
            f"{first} does not grow with {many}, as the price of one unit",
            is_sure=False,
            alternatives=(first,),
        )
    facts = evidence.facts[first]
    if facts.is_number and not facts.fractional and (facts.largest or 0) <= _FEW:
        why = f"it holds whole numbers up to {facts.largest or 0:,.0f} only, as counts do"
        return _unsure(first, parts, why)
    refunds = _mattering(evidence, "refund")
    if refunds:
        return _refunded(evidence, first, refunds[0])
    if proof:
        return _sure(first, proof)
    kinds = ["tax", "discount"]
    if first not in evidence.amounts("complete"):
        kinds.append("shipping")
    besides = [*parts, *(name for kind in kinds for name in _mattering(evidence, kind))]
    if besides:
        listed = " and ".join(besides[:3])
        why = f"nothing tells whether it is before or after {listed}"
        return _unsure(first, parts, why)
    return _sure(first, "the name says so")


def line_amounts(evidence: Evidence) -> list[str]:
    """Return expressions that may be the money of a line of an order."""
    lines = [evidence.number(name) or name for name in evidence.amounts("line")]
    return [*lines, *(text for text, _ in _products(evidence))]


def _sure(name: str, reason: str) -> Guess:
    return Guess("amount", name, reason)


def _unsure(name: str, others: list[str], reason: str) -> Guess:
    alternatives = tuple(dict.fromkeys(others))
    return Guess("amount", name, reason, is_sure=False, alternatives=alternatives)


def _refunded(evidence: Evidence, name: str, refund: str) -> Guess:
    total, back = evidence.number(name), evidence.number(refund)
    sign = "+" if evidence.facts[refund].negative else "-"
    return Guess(
        "amount",
        f"{total} {sign} coalesce({back}, 0)",
        f"what {refund} says is taken off",
        is_sure=False,
        alternatives=(name,),
    )


def _proof(evidence: Evidence, total: str, parts: list[str]) -> str | None:
    """Say of what a total is the sum, where it is so in nearly every row."""
    bases = [(evidence.number(name) or name, name) for name in parts]
    bases += [(text, text) for text, _ in _products(evidence)]
    for base, shown in bases:
        for added, taken in _extras(evidence):
            text = " + ".join([base, *(f"coalesce({evidence.number(one)}, 0)" for one in added)])
            text += "".join(f" - abs(coalesce({evidence.number(one)}, 0))" for one in taken)
            if evidence.equal(evidence.number(total) or total, text):
                whole = "".join(
                    [shown, *(f" + {one}" for one in added), *(f" - {one}" for one in taken)]
                )
                return f"it is {whole} in every row"
    return None


def _extras(evidence: Evidence) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield what may be added to a base, and taken off it; most of it first."""
    kinds = ("tax", "shipping", "tip")
    added = [name for kind in kinds for name in evidence.amounts(kind)[:1]]
    taken = evidence.amounts("discount")[:1]
    for size in range(len(added), -1, -1):
        for some in combinations(added, size):
            for less in (tuple(taken), ()) if taken else ((),):
                yield some, less


def _products(evidence: Evidence) -> list[tuple[str, bool]]:
    """Return products of price and quantity, and whether the price is surely that of a unit."""
    quantities = evidence.amounts("quantity")[:1]
    units, prices = evidence.amounts("unit"), evidence.amounts("price")
    return [
        (f"{evidence.number(quantity)} * {evidence.number(price)}", price in units)
        for quantity in quantities
        for price in [*units, *prices][:1]
    ]


def _product(evidence: Evidence) -> Guess | None:
    """Return price times quantity, where there are both."""
    products = _products(evidence)
    if not products:
        return None
    text, is_unit = products[0]
    price = [*evidence.amounts("unit"), *evidence.amounts("price")][0]
    discounts = _mattering(evidence, "discount")
    refunds = _mattering(evidence, "refund")
    if discounts or refunds:
        other = (discounts + refunds)[0]
        less = evidence.number(other)
        return Guess(
            "amount",
            f"{text} - coalesce({less}, 0)",
            f"{other} may be money or a share, of the unit or of the row",
            is_sure=False,
            alternatives=(text, f"{text} * (1 - coalesce({less}, 0))"),
        )
    taxes = _mattering(evidence, "tax", within=True)
    if taxes:
        why = f"nothing tells whether it is before or after {taxes[0]}"
        return Guess("amount", text, why, is_sure=False)
    if is_unit or _is_constant_by_product(evidence, price):
        return Guess("amount", text, f"{price} is that of one unit")
    why = f"{price} may be that of one unit or of the row"
    return Guess("amount", text, why, is_sure=False, alternatives=(price,))


def _is_constant_by_product(evidence: Evidence, price: str) -> bool:
    """Whether a price does not grow with the quantity of the same product."""
    products = evidence.named("product", "id")[:1]
    if not products:
        return False
    values: dict[str, exp.Expr] = {
        "source": evidence.sample,
        "product": column(products[0]),
        "price": evidence.as_double(quoted(price)),
        "quantity": evidence.as_double(quoted(evidence.amounts("quantity")[0])),
    }
    found = evidence.records(bind("queries/unit_prices", values))[0]
    return bool(found["products"] > 2 and found["steady"] > 0.5 * found["products"])


def _vague(evidence: Evidence) -> Guess:
    """Return what might be money, which a person has to confirm."""
    named = [name for kind in ("part", "price", "unit") for name in evidence.amounts(kind)]
    if named:
        why = "its name does not say that it is all that was paid"
        return _unsure(named[0], named[1:], why)
    kinds = ("complete", "money", "line")
    hints = [name for kind in kinds for name in evidence.hinted("amount", kind)]
    found = [name for name in dict.fromkeys(hints) if evidence.number(name)]
    if not found:
        numbers = (facts for facts in evidence.facts.values() if facts.is_number)
        found = [facts.name for facts in numbers if facts.fractional]
    if found:
        return _unsure(found[0], found[1:4], "its name is vague")
    texts = [name for kind in _TOTALS for name in evidence.named("amount", kind)]
    if texts:
        return _sure(texts[0], "the name says so")  # whoever reads it says what is wrong with it
    return Guess("amount", None, "no column is called like one", is_sure=False)


def _mattering(evidence: Evidence, kind: str, *, within: bool = False) -> list[str]:
    """Return the columns with such a name that have anything but zeros and NULL, in all rows.

    Of discounts and refunds, or where it is asked for, the name may stand within a longer one,
    such as ``refunds_usd``.
    """
    found = []
    names = evidence.anywhere("amount", kind)
    if within or kind in _WITHIN:
        others = {name for each in _KINDS for name in evidence.anywhere("amount", each)}
        hints = evidence.anywhere_hinted("amount", kind)
        names = [*names, *(name for name in hints if name not in names and name not in others)]
    for name in names:
        if evidence.number(name) is None:
            continue
        is_there = evidence.as_double(quoted(name)).neq(0)
        if evidence.counted(found=exp.func("count_if", is_there))["found"]:
            found.append(name)
    return found


def _equal(evidence: Evidence, one: str, other: str) -> bool:
    return evidence.equal(evidence.number(one) or one, evidence.number(other) or other)
