"""Rows that cannot be used: which value of a row is at fault, and the way out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from segmenter.binding import Binding
from segmenter.points import MAX_CENTS, MAX_CUSTOMERS, MAX_FREQUENCY

__all__ = ["complaint"]

_MOST_MONEY = MAX_CENTS / 100

_LIMITS = {
    "amount": (-_MOST_MONEY, _MOST_MONEY),
    "monetary": (-_MOST_MONEY, _MOST_MONEY),
    "frequency": (0, MAX_FREQUENCY),
    "customers": (1, MAX_CUSTOMERS),
}
"""Smallest and largest value of each number, as in ``sql/queries/unusable_*.sql``."""


def complaint(binding: Binding, row: Mapping[str, Any], count: int = 1) -> str:
    """Return what is wrong with a row, as sentences.

    Parameters
    ----------
    binding : Binding
    row : mapping of str to value
        As a query of ``sql/queries/unusable_*.sql`` found it.
    count : int, default 1
        How many such rows there are, where that is known.
    """
    if row.get("rows_of_customer", 1) != 1:
        return (
            f"customer {row['customer_id']} has {row['rows_of_customer']} rows in "
            f"{binding.relation}, and a profile is one row a customer. Add them up first."
        )
    for name in _LIMITS:
        fault = _fault(binding, name, row[name]) if name in row else ""
        if fault:
            rest = f"; {count:,} such rows in all" if count > 1 else ""
            return (
                f"{binding.relation} has a row that cannot be used ({_shown(binding, row)}{rest}): "
                f"{fault}"
            )
    return (
        f"the points of {binding.relation} stand for {row['all_customers']:,.0f} customers in all, "
        f"and sums are exact up to {MAX_CUSTOMERS:,}. Divide customers by the same number in each "
        "row."
    )


def _shown(binding: Binding, row: Mapping[str, Any]) -> str:
    """Return the user's values; of transactions, those that are there."""
    has_all = binding.source.kind != "transactions"
    return ", ".join(
        f"{name} = {'NULL' if value is None else value}"
        for name, value in row.items()
        if name not in ("rows_of_customer", "all_customers") and (has_all or value is not None)
    )


def _fault(binding: Binding, name: str, value: float | None) -> str:
    """Return what is wrong with a value and what to do, nothing where it is right."""
    low, high = _LIMITS[name]
    column = binding.stored_source().get(name, name)
    leave_out = "Mend it, or leave such rows out, for example with where = "
    if value is None:
        return f"{name} is missing. {leave_out}{f'{column} is not null'!r}."
    if not math.isfinite(value):
        return f"{name} must be finite. {leave_out}{f'isfinite({column})'!r}."
    if high == _MOST_MONEY and abs(value) > high:
        return f"{name} must be at most {high:,.0f} in size. Give money in a larger unit."
    if not low <= value <= high:
        return (
            f"{name} must be from {low:,} to {high:,}, not {value:,.15g}. "
            f"{leave_out}{f'{column} between {low} and {high}'!r}."
        )
    if name == "customers" and value != math.floor(value):
        return f"{name} must be a whole number, not {value:,.15g}. Mend it."
    return ""
