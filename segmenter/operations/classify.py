"""Classifying and explaining: the segment of what somebody spent in so many orders, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segmenter.errors import InputError
from segmenter.formatting import verb
from segmenter.schema.connection import first_row, records
from segmenter.schema.files import read
from segmenter.schema.names import SCHEMA

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Explanation", "classify", "explain"]


@dataclass(frozen=True, repr=False)
class Explanation:
    """Why a customer is in a segment, and the smallest changes that would change it.

    Attributes
    ----------
    monetary, frequency : float
        What was asked.
    segment, rule : str
        The segment, and the rule in words.
    frequency_from, frequency_to, monetary_from, monetary_below
        The rectangle of the rule.
    monetary_change : float or None
        The least that would have to be spent more, or less, in as many orders; None where no change
        leads to another segment.
    monetary_segment : str or None
    frequency_change : int or None
        The fewest orders more, or fewer, for the same money.
    frequency_segment : str or None
    customer : str or None
        The id that was asked for.
    """

    monetary: float
    frequency: float
    segment: str
    rule: str
    frequency_from: int
    frequency_to: int
    monetary_from: float
    monetary_below: float
    monetary_change: float | None
    monetary_segment: str | None
    frequency_change: int | None
    frequency_segment: str | None
    customer: str | None = None

    def sentences(self) -> Iterator[str]:
        """Tell it in words."""
        who = "A customer" if self.customer is None else f"Customer {self.customer}"
        orders = verb(int(self.frequency != 1) + 1, "order", "orders")
        yield (
            f"{who} who spent {self.monetary:,.2f} in {self.frequency:,.10g} {orders} is "
            f"{self.segment}."
        )
        yield f"The rule: {self.rule}."
        yield _change_of_monetary(self.monetary_change, self.monetary_segment)
        yield _change_of_frequency(self.frequency_change, self.frequency_segment)

    def __repr__(self) -> str:
        return "\n".join(self.sentences())

    def _repr_html_(self) -> str:
        from html import escape

        return "".join(f"<p>{escape(sentence)}</p>" for sentence in self.sentences())


def classify(
    con: duckdb.DuckDBPyConnection, monetary: ArrayLike, frequency: ArrayLike
) -> NDArray[np.object_]:
    """Return the segment of each profile by the rules of the current model.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model.
    monetary, frequency : array-like of float, shape (n,)
        NaN or infinity gives None.

    Returns
    -------
    ndarray of str or None, shape (n,)

    Raises
    ------
    InputError
        They are no numbers, or not equally many.
    """
    columns = [_numbers("monetary", monetary), _numbers("frequency", frequency)]
    if columns[0].shape != columns[1].shape:
        raise InputError(
            f"monetary and frequency must be equally many, not {len(columns[0]):,} and "
            f"{len(columns[1]):,}."
        )
    asked = {"asked_monetary": columns[0].tolist(), "asked_frequency": columns[1].tolist()}
    segments = np.empty(len(columns[0]), dtype=object)
    for row in records(con, read("queries/classified"), asked):
        segments[row["place"]] = row["segment"]
    return segments


def _numbers(name: str, given: ArrayLike) -> NDArray[np.float64]:
    try:
        values = np.atleast_1d(np.asarray(given, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be numbers: {error}.") from None
    if values.ndim != 1:
        raise InputError(f"{name} must have one dimension, not shape {values.shape}.")
    return values


def explain(
    con: duckdb.DuckDBPyConnection,
    monetary: float | None = None,
    frequency: float | None = None,
    *,
    customer: object = None,
) -> Explanation:
    """Tell why a customer is in a segment.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model.
    monetary, frequency : float, optional
        What was spent, and in how many orders.
    customer : optional
        The id of a customer, instead of the two numbers.

    Raises
    ------
    InputError
        Neither or both, no such customer, or a number that is not finite.
    """
    if customer is not None:
        if monetary is not None or frequency is not None:
            raise InputError("give the two numbers or the id of a customer, not both.")
        monetary, frequency = _profile(con, str(customer))
    if monetary is None or frequency is None:
        raise InputError("give what was spent and the number of orders, or the id of a customer.")
    return Explanation(
        monetary,
        frequency,
        **_asked(con, monetary, frequency),
        customer=None if customer is None else str(customer),
    )


def _profile(con: duckdb.DuckDBPyConnection, customer: str) -> tuple[float, float]:
    if not first_row(
        con,
        "select 1 from duckdb_views() where database_name = current_database() "
        "and schema_name = $1 and view_name = 'customer_profile'",
        [SCHEMA],
    ):
        raise InputError(
            "this model was fitted to anonymous points and knows no customers. Give the two "
            "numbers instead."
        )
    row = first_row(con, read("queries/profile_of_customer"), [customer])
    if not row:
        raise InputError(
            f"this database has no customer {customer!r}. See them in {SCHEMA}.customer_segments."
        )
    return row


def _asked(con: duckdb.DuckDBPyConnection, monetary: float, frequency: float) -> dict[str, Any]:
    import duckdb

    try:
        (found,) = first_row(con, "select explain_segment($1, $2)", [monetary, frequency])
    except duckdb.CatalogException:
        raise InputError(
            "this model has too many rules for the macro explain_segment. Fit with a larger "
            "max_rules, or look the profile up in segments.segment_rules."
        ) from None
    if found is None:
        raise InputError(
            f"monetary and frequency must be finite numbers, not {monetary} and {frequency}."
        )
    explanation: dict[str, Any] = found
    return explanation


def _change_of_monetary(change: float | None, segment: str | None) -> str:
    if change is None:
        return "Whatever is spent in as many orders, the segment stays."
    more = "more" if change > 0 else "less"
    return f"{abs(change):,.2f} {more} in as many orders would make it {segment}."


def _change_of_frequency(change: int | None, segment: str | None) -> str:
    if change is None:
        return "In however many orders it is spent, the segment stays."
    more = "more" if change > 0 else "fewer"
    orders = verb(abs(change), "order", "orders")
    return f"{abs(change):,} {more} {orders} for the same money would make it {segment}."
