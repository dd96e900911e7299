"""What files hold after a run, without the times of the clock, to be compared."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb

VOLATILE = (
    *("fitted_at", "refreshed_at", "measured_at"),
    *("published_at", "valid_from", "valid_to"),
)


def contents(path: Path) -> dict[str, str]:
    """Return what a database holds, object by object, without the times of the clock."""
    found = {}
    with duckdb.connect(str(path), read_only=True) as con:
        for schema, table, columns in con.execute(
            """
            select schema_name, table_name, string_agg(format('"{}"', column_name), ', ')
            from duckdb_columns()
            where not internal and not list_contains($1, column_name)
                and (schema_name, table_name)
                in (select (schema_name, table_name) from duckdb_tables())
            group by all
            """,
            [VOLATILE],
        ).fetchall():
            rows = f'(select {columns} from "{schema}"."{table}") as t'
            found[f"{schema}.{table}"] = str(
                con.execute(f"select count(*), sum(hash(t)) from {rows}").fetchone()
            )
        others = """
            select schema_name, view_name, sql from duckdb_views() where not internal
            union all select schema_name, function_name, macro_definition from duckdb_functions()
            where not internal
            union all select schema_name, 'comment ' || table_name, comment from duckdb_tables()
            union all select schema_name, 'comment ' || view_name, comment from duckdb_views()
            where not internal
        """
        for schema, name, text in con.execute(others).fetchall():
            key = f"{schema}.{name}"
            found[key] = found.get(key, "") + hashlib.sha1(str(text).encode()).hexdigest()
    return found


def file_state(path: Path) -> str:
    data = path.read_bytes()
    if path.suffix == ".html":  # its times differ
        return "new" if data.rstrip().endswith(b"</html>") else hashlib.sha1(data).hexdigest()
    return hashlib.sha1(data).hexdigest()


def published_state(path: Path) -> str:
    """Return what a file of a published folder holds, without the times of the clock."""
    if path.suffix == ".json":
        found = json.loads(path.read_text())
        return str({name: value for name, value in found.items() if name not in VOLATILE})
    with duckdb.connect() as con:
        columns = f"columns(lambda name: not list_contains({list(VOLATILE)}, name))"
        rows = f"(select {columns} from read_parquet('{path}')) as t"
        return str(con.execute(f"select count(*), sum(hash(t)) from {rows}").fetchone())


def differences(state, old, new) -> str:
    """Say of each object that changes in a whole run in which state it is."""
    found = []
    for key in sorted({*state, *old, *new}):
        value = state.get(key)
        if value == old.get(key) == new.get(key):
            continue
        which = "old" if value == old.get(key) else "new" if value == new.get(key) else "neither"
        found.append(f"{key} is {which}")
    return ", ".join(found)
