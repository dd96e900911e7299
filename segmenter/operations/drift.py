"""Drift: whether the customers are still like those that the model learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from segmenter.errors import InputError, SegmenterError, did_you_mean
from segmenter.operations.table import Query, Table, Tabular
from segmenter.schema.names import SCHEMA
from segmenter.storage.current import current_model

if TYPE_CHECKING:
    import duckdb

    from segmenter.sources.source import Source

__all__ = ["Drift", "drift"]

_OVERALL = "overall"


@dataclass(frozen=True, repr=False)
class Drift(Tabular):
    """How far the base has moved from the one that the model learned.

    Attributes
    ----------
    is_due : bool
        Whether a refit is due.
    message : str
        Why, or why not.
    table : Table
        The rows of ``segments.drift``, of which the last is the sum of all; of an attribute those
        of ``segments.attribute_drift``.
    by_attribute : str or None
        What the attribute that was asked for says: whether the customers come from elsewhere.
    """

    is_due: bool
    message: str
    table: Table
    by_attribute: str | None = None

    def words(self) -> str:
        """Return the message."""
        return " ".join(text for text in (self.by_attribute, self.message) if text)


def drift(con: duckdb.DuckDBPyConnection, *, by: str | None = None) -> Drift:
    """Tell whether the customers are still like those that the model learned from.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model.
    by : str, optional
        An attribute that the fit names: how the customers were mixed then, and are now. Whether a
        refit is due does not depend on it.

    Raises
    ------
    InputError
        The model was fitted to what does not change any more: points or a data frame; or there is
        no such attribute.
    SegmenterError
        There are no customers now, say.
    """
    source = _refuse_sources_that_stand_still(con)
    attribute = None if by is None else _attribute(by, source.attributes or ())
    metrics = Query(con, f"from {SCHEMA}.drift").short_table()
    overall = next(row for row in metrics if row["metric"] == _OVERALL)
    message = str(overall["message"])
    if overall["is_drifted"] is None:
        raise SegmenterError(f"drift cannot be told: {message}.")
    found = Drift(overall["is_drifted"], f"{message[0].upper()}{message[1:]}.", metrics)
    return found if attribute is None else _by_attribute(con, attribute, found)


def _attribute(name: Any, known: Sequence[str]) -> str:
    """Return an attribute as the table calls it."""
    if not known:
        raise InputError(
            f"by = {name!r} is not an attribute: the fit names none. Refit with "
            f"attributes = {name!r}."
        )
    found = {one.casefold(): one for one in known}.get(str(name).casefold())
    if found is None:
        raise InputError(
            f"by = {name!r} is not an attribute that the fit names ({', '.join(known)})."
            f"{did_you_mean(str(name), known)}"
        )
    return found


def _by_attribute(con: duckdb.DuckDBPyConnection, attribute: str, found: Drift) -> Drift:
    """Return the same with the customers by an attribute, as they were at the fit and are now."""
    query = (
        f"from {SCHEMA}.attribute_drift where attribute = $1 "
        "order by customers_at_fit desc, attribute_value nulls last"
    )
    values = Query(con, query, [attribute]).short_table()
    index = max((row["attribute_index"] or 0.0 for row in values), default=0.0)
    is_other = any(row["is_drifted"] for row in values)
    says = (
        "above 0.2: the customers come from elsewhere than at the fit. The rules do not look at it."
        if is_other
        else "not above 0.2: the customers are mixed as at the fit."
    )
    words = f"The population stability index of {attribute} is {index:.3f}, {says}"
    return replace(found, table=values, by_attribute=words)


def _refuse_sources_that_stand_still(con: duckdb.DuckDBPyConnection) -> Source:
    model_id, source, _ = current_model(con)
    if source.kind == "points":
        raise InputError(
            f"model {model_id} was fitted to anonymous points, so there are no customers to watch. "
            "Fit to new points, and compare the two versions."
        )
    if source.is_read_again:
        raise InputError(
            f"model {model_id} was fitted to {source.relation}, which views cannot read, so there "
            "is nothing live to watch. Fit again, and compare the two versions."
        )
    if source.was_frame:
        raise InputError(
            f"model {model_id} was fitted to a data frame that ended with its session, so there is "
            "nothing live to watch. Fit again with the frame of today."
        )
    return source
