"""refresh_segments(full): brings the snapshot up to date from SQL, under the rules as they are.

TRUE adds up every customer, whatever the check sums say; FALSE and NULL only those who changed.
Returns what happened in one sentence. It works on a cursor of the connection, so it sees what is
committed.

    select refresh_segments(false)
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from segmenter.udf import Function, Session, run_verb

from segmenter.formatting import counted
from segmenter.operations.refresh import refresh
from segmenter.workplace.place import OwnConnection

__all__ = ["FUNCTION"]


def _make(session: Session) -> Callable[..., pa.Array]:
    def refresh_segments(full: pa.Array) -> pa.Array:
        return run_verb(session, _refresh, full)

    return refresh_segments


def _refresh(place: OwnConnection, full: bool | None) -> str:
    changes = refresh(place, full=bool(full))
    return (
        f"the snapshot is up to date: {counted(changes.customers, 'customer')}, "
        f"{changes.added_up:,} of them added up"
    )


FUNCTION = Function(
    "refresh_segments",
    ["BOOLEAN"],
    "VARCHAR",
    _make,
    has_side_effects=True,
)
