"""backtest_segments(as_of, until): what the segments of an earlier day did later, from SQL.

Both are texts, as a date counts to its end and a moment does not; an `until` of NULL is the newest
transaction. The result is in ``segments.backtest`` then, as after every backtest. Returns in a
sentence or two which way to order customers found most of the later revenue. It works on a cursor
of the connection, so it sees what is committed.

    select backtest_segments('2011-05-31', null)
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from segmenter.udf import Function, Session, run_verb

from segmenter.errors import InputError
from segmenter.operations.backtest import backtest
from segmenter.workplace.place import OwnConnection

__all__ = ["FUNCTION"]


def _make(session: Session) -> Callable[..., pa.Array]:
    def backtest_segments(as_of: pa.Array, until: pa.Array) -> pa.Array:
        return run_verb(session, _backtest, as_of, until)

    return backtest_segments


def _backtest(place: OwnConnection, as_of: str | None, until: str | None) -> str:
    if as_of is None:
        raise InputError(
            "as_of is NULL. Name the last day that is known: "
            "select backtest_segments('2011-05-31', null)."
        )
    return backtest(place, as_of, until).words()


FUNCTION = Function(
    "backtest_segments",
    ["VARCHAR", "VARCHAR"],
    "VARCHAR",
    _make,
    has_side_effects=True,
)
