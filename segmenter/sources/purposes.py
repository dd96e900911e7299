"""What the expressions of a source are for, as values that two engines can be compared by.

Amounts count in ten-thousandths, conditions by who passes, dates as moments, customers as texts,
and of orders and currencies only which ones are the same.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from sqlglot import exp

from segmenter.schema.files import literal
from segmenter.sources.bound_expressions import Binding

__all__ = ["comparable", "first_difference", "purposes"]

_ROLES = ("customer", "amount", "order", "date", "currency", "where")

_CLOCK = (exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentTime, exp.CurrentDatetime)

_EXACT = 2**53
"""Ten-thousandths that doubles hold one by one."""


def purposes(binding: Binding) -> dict[str, exp.Expr]:
    """Return by parameter what is computed, as what it is for.

    Bare columns mean the same everywhere. What a format reads is written for the engine, and what
    asks the clock has no answer that stays.
    """
    is_read = bool(binding.read_texts)
    found: dict[str, exp.Expr] = {}
    for name in _ROLES:
        tree = binding.values.get(name)
        if name not in binding.types or tree is None or _is_column(tree):
            continue
        if name in binding.read_texts or (name == "where" and is_read) or tree.find(*_CLOCK):
            continue
        found[name] = _for_its_purpose(name, tree.copy(), binding.types[name])
    return found


def _is_column(tree: exp.Expr) -> bool:
    """Tell whether the user gave a column, which we may count in UTC, or leave NaN out of."""
    plain = tree.this if isinstance(tree, exp.AtTimeZone | exp.Nullif) else tree
    return isinstance(plain, exp.Column)


def _for_its_purpose(name: str, tree: exp.Expr, kind: str) -> exp.Expr:
    if name == "where":
        return exp.Case().when(tree, literal(1)).else_(literal(0))
    if name in ("amount", "date"):
        return exp.cast(tree, {"amount": "double", "date": "timestamp"}[name])
    is_text = name == "customer" or kind in ("JSON", "TIMESTAMP WITH TIME ZONE")
    return exp.cast(tree, "text") if is_text else tree


def comparable(name: str, values: Sequence[Any]) -> list[Any]:
    """Return the values of a parameter as they are to be compared, row by row.

    Parameters
    ----------
    name : str
    values : sequence of shape (n_rows,)
        As an engine gave them.
    """
    if name == "amount":
        return [_units(value) for value in values]
    if name in ("order", "currency"):
        seen: dict[Hashable, int] = {}
        keys = (None if value is None else _key(value) for value in values)
        return [None if key is None else seen.setdefault(key, len(seen)) for key in keys]
    return list(values)


def _units(value: float | None) -> float | str | None:
    """Return whole ten-thousandths; of too large amounts what doubles hold of them."""
    if value is None or not math.isfinite(value):
        return None if value is None else str(float(value))
    units = value * 10_000
    return math.floor(units + 0.5) if abs(units) < _EXACT else float(f"{units:.12e}")


def _key(value: Any) -> Hashable:
    """Return what tells values apart that may be lists, structs or NaN."""
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    return value if isinstance(value, Hashable) and not isinstance(value, tuple) else str(value)


def first_difference(
    there: Mapping[str, Sequence[Any]], here: Mapping[str, Sequence[Any]]
) -> dict[str, int]:
    """Return by parameter the first row in which two engines differ for its purpose.

    The condition comes first: what does not meet it is NULL in the others.

    Parameters
    ----------
    there, here : mapping of str to sequence of shape (n_rows,)
        Values by parameter; of those that both have.
    """
    found: dict[str, int] = {}
    for name in sorted(there.keys() & here.keys(), key=lambda name: (name != "where", name)):
        pairs = zip(comparable(name, there[name]), comparable(name, here[name]), strict=True)
        row = next((row for row, (one, other) in enumerate(pairs) if one != other), None)
        if row is not None:
            found[name] = row
    return found
