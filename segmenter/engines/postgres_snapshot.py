"""The tables of a snapshot in PostgreSQL: whose they are, and who writes them now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from segmenter.errors import BusyError, SegmenterError
from segmenter.schema.names import HISTORY, INTERNAL, SCHEMA, SNAPSHOT

if TYPE_CHECKING:
    import psycopg

__all__ = ["WRITES", "begin_snapshot", "check_customers"]

WRITES = (
    f"nothing was written. A refresh also makes a schema {INTERNAL} with three tables, which who "
    "refreshes must own"
)
"""What to know where a permission is missing."""

_COLUMNS = {
    SNAPSHOT: ("customer_id", "segment", "lifecycle", "is_whale", "valid_from", "changed_by"),
    HISTORY: ("customer_id", "segment", "lifecycle", "is_whale", "valid_to", "left_by"),
    "snapshots": ("model_id", "fitted_at", "refreshed_at", "customers", "newest_order_at"),
}
"""Columns that tell our tables from somebody else's."""

_FOUND = """
    select c.relname, c.relkind, (
        select count(*) from pg_attribute as a
        where a.attrelid = c.oid and a.attname = any(%s) and not a.attisdropped
    )
    from pg_class as c
    where c.relnamespace = to_regnamespace(%s) and c.relname = %s
"""

_TYPE = """
    select concat_ws(' collate ', format_type(a.atttypid, a.atttypmod), c.collname)
    from pg_attribute as a
    left join pg_collation as c on c.oid = a.attcollation and c.collname <> 'default'
    where a.attrelid = to_regclass(%s) and a.attname = 'customer_id'
"""

_OLDEST = 150000
"""The first version with MERGE."""


def begin_snapshot(run: Callable[..., psycopg.Cursor[Any]]) -> dict[str, Any]:
    """Keep others from writing the snapshot, and return what it is of; make the schema.

    Parameters
    ----------
    run : callable
        Executes a statement, with parameters.

    Returns
    -------
    dict
        The row of ``segments_internal.snapshots``, empty where there is no snapshot yet.

    Raises
    ------
    BusyError
        Somebody else writes it, or publishes.
    SegmenterError
        The server is too old, or the tables are somebody else's.
    """
    (version,) = run("select current_setting('server_version_num')::int").fetchone() or (0,)
    if version < _OLDEST:
        raise SegmenterError(
            f"a refresh needs PostgreSQL 15 or newer, and this is {version // 10000}. The view "
            f"{SCHEMA}.customer_segments is live there."
        )
    locked = run("select pg_try_advisory_xact_lock(hashtext(%s))", [SCHEMA]).fetchone()
    if locked != (True,):
        raise BusyError(
            "somebody else refreshes or publishes in this database now. Nothing was written. "
            "Refresh again when they are done."
        )
    if run("select to_regnamespace(%s)::oid", [INTERNAL]).fetchone() == (None,):
        run(f"create schema {INTERNAL}")
        return {}
    there = [_is_there(run, table, columns) for table, columns in _COLUMNS.items()]
    if not any(there):
        return {}
    if not all(there):
        raise SegmenterError(
            f"the schema {INTERNAL} has some of the tables {', '.join(_COLUMNS)}, and not all. "
            f"Drop or rename that schema, then refresh: the history begins anew."
        )
    columns = ", ".join(_COLUMNS["snapshots"])
    row = run(f"select {columns} from {INTERNAL}.snapshots").fetchone()
    if row is None:
        raise SegmenterError(
            f"{INTERNAL}.snapshots has lost its row, which says what the snapshot is of. Drop or "
            f"rename the schema {INTERNAL}, then refresh: the history begins anew."
        )
    return dict(zip(_COLUMNS["snapshots"], row, strict=True))


def check_customers(run: Callable[..., psycopg.Cursor[Any]], upcoming: str) -> None:
    """Refuse customers of another type than those of the snapshot before.

    Parameters
    ----------
    run : callable
    upcoming : str
        Table with the customers.

    Raises
    ------
    SegmenterError
        They cannot be told to be the same.
    """
    (before,) = run(_TYPE, [f"{INTERNAL}.{SNAPSHOT}"]).fetchone() or ("",)
    (now,) = run(_TYPE, [upcoming]).fetchone() or ("",)
    if before != now:
        raise SegmenterError(
            f"customers were of type {before} in {INTERNAL}.{SNAPSHOT} and are of type {now} now, "
            "so nobody can say who is who. To begin anew and keep what was: alter schema "
            f"{INTERNAL} rename to segments_before, then refresh."
        )


def _is_there(
    run: Callable[..., psycopg.Cursor[Any]], table: str, columns: tuple[str, ...]
) -> bool:
    found = run(_FOUND, [list(columns), INTERNAL, table]).fetchone()
    if found is not None and found[1:] != ("r", len(columns)):
        raise SegmenterError(
            f"this database already has {INTERNAL}.{table}, which Segmenter did not make. Rename "
            "it, then refresh; nothing was written."
        )
    return found is not None
