"""fit_segments(transactions, mapping): trains from SQL, in a Python session.

The first argument is a table, view or file; the second a STRUCT with the columns (`customer`,
`amount`, `order`, `date`, `where`, `window`, `as_of`, a list of `attributes`), any settings of a
fit, and what a refit may change (`max_change`, `publish`, `replace`). Returns what happened in one
sentence. It works on a cursor of the connection, so it sees what is committed and not the session's
data frames and temporary tables.

    select fit_segments('sales', {'customer': 'customer_id', 'amount': 'amount'})
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from segmenter.udf import Function, Session, run_verb

from segmenter.engines.duckdb import Embedded
from segmenter.errors import InputError, did_you_mean
from segmenter.formatting import counted
from segmenter.operations.fit import fit_into, unpublished
from segmenter.progress import Silent
from segmenter.settings import SafetyNet, Settings
from segmenter.sources.source import Source
from segmenter.workplace.place import OwnConnection

__all__ = ["FUNCTION"]

_SOURCE = [field.name for field in dataclasses.fields(Source)]
_SETTINGS = [field.name for field in dataclasses.fields(Settings)]
_NET = [field.name for field in dataclasses.fields(SafetyNet)]


def _make(session: Session) -> Callable[..., pa.Array]:
    def fit_segments(transactions: pa.Array, mapping: pa.Array) -> pa.Array:
        return run_verb(session, _fit, transactions, mapping)

    return fit_segments


def _fit(place: OwnConnection, table: str | None, text: str | None) -> str:
    source, settings, net = _read(table, {} if text is None else json.loads(text))
    result = fit_into(place, Embedded(place.con), source, settings, net, Silent())
    if not result.is_published:
        return unpublished(result, net)
    model = result.model
    parts = ", ".join(f"{segment.name} {segment.customers:,}" for segment in model.segments)
    return f"model {model.model_id}: {counted(model.customers, 'customer')}; trained on {parts}"


def _read(table: str | None, given: Any) -> tuple[Source, Settings, SafetyNet]:
    """Sort the entries of the mapping into the source, the settings and the safety net."""
    if not isinstance(given, dict):
        raise InputError(
            f"the second argument must be a STRUCT of columns and settings, not {json.dumps(given)}"
            ". For example {'customer': 'customer_id', 'amount': 'amount'}."
        )
    known = [*_SOURCE, *_SETTINGS, *_NET]
    for name in given:
        if name not in known:
            raise InputError(
                f"{name!r} is neither a column nor a setting ({', '.join(known)})."
                f"{did_you_mean(name, known)}"
            )
    columns = {name: value for name, value in given.items() if name in _SOURCE}
    if table is not None:
        columns["transactions"] = table
    settings = {name: value for name, value in given.items() if name in _SETTINGS}
    net = {name: value for name, value in given.items() if name in _NET}
    return Source(**columns), Settings.from_mapping(settings), SafetyNet(**net)


FUNCTION = Function(
    "fit_segments",
    ["VARCHAR", "JSON"],
    "VARCHAR",
    _make,
    has_side_effects=True,
)
