"""Relations: the user's table or view, found by its name among all that a connection knows."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

import duckdb
from sqlglot import exp
from sqlglot.errors import SqlglotError

from segmenter.errors import InputError, did_you_mean
from segmenter.schema.connection import first_row
from segmenter.schema.names import SCHEMAS
from segmenter.sources.files import refuse_mixed_glob
from segmenter.sources.visibility import check_view

__all__ = ["find_table", "name_parts"]


def find_table(
    con: duckdb.DuckDBPyConnection, name: str, attached: Collection[str] = ()
) -> tuple[exp.Table, str, bool]:
    """Find a table or view by its name as it stands, then as a SQL identifier.

    Parameters
    ----------
    con : DuckDBPyConnection
    name : str
    attached : collection of str, optional
        Other databases that the source names: tables in them are read, and not live.

    Returns
    -------
    table : Table
        With its schema, and without its catalog where it is this database's.
    name : str
        Its name in messages.
    is_live : bool
        Whether it outlives the session.

    Raises
    ------
    InputError
        There is none, or other clients of the database could not read it.
    """
    known = con.execute(
        """
        select database_name, schema_name, table_name, false from duckdb_tables()
        where not internal
        union all
        select database_name, schema_name, view_name, true from duckdb_views() where not internal
        """
    ).fetchall()
    here, schema = first_row(con, "select current_database(), current_schema()")
    for parts in ([name], name_parts(name)):
        wanted = [part.casefold() for part in parts]
        found = [row for row in known if _ends_with(row[:3], wanted)]
        if found:
            break
    else:
        refuse_mixed_glob(name)
        if os.path.isdir(name):
            raise InputError(
                f"there is no table or view {name!r} in this database, but a folder. To read the "
                f"files in it, write {os.path.join('.', name)!r}."
            )
        names = [row[2] for row in known if row[0] in (here, "temp") and row[1] not in SCHEMAS]
        names += [".".join(row[:3]) for row in known if row[0] in attached]
        raise InputError(
            f"there is no table, view or file {name!r} in this database "
            f"({', '.join(sorted(names)[:12]) or 'which has no tables'})."
            f"{did_you_mean(name, names)}"
        )
    preferred = [("temp", "main"), (here, schema), (here, "main")]
    found.sort(key=lambda row: _position(preferred, (row[0], row[1]), row[0] == here))
    database, schema_name, table, is_view = found[0]
    if database.casefold() in [one.casefold() for one in attached]:
        reference = exp.table_(
            exp.to_identifier(table, quoted=True),
            db=exp.to_identifier(schema_name, quoted=True),
            catalog=exp.to_identifier(database, quoted=True),
        )
        return reference, f"{database}.{schema_name}.{table}", False
    if attached:
        raise InputError(
            f"{name} is not in a database that attach names ({', '.join(attached)}). Name the "
            f"table with its database, such as {next(iter(attached))}.main.{table}, or leave "
            "attach out."
        )
    if database not in (here, "temp"):
        raise InputError(
            f"{name} is in the attached database {database!r}, and the views would break for "
            "everybody who has not attached it under the same name. "
            f"Open {database!r} itself, copy the table into {here!r} first, or have its profiles "
            f"stored with the model: attach = {{{database!r}: 'PATH'}}."
        )
    if database == here and schema_name in SCHEMAS:
        raise InputError(
            f"{schema_name}.{table} is written by each fit and cannot be its source. Copy it into "
            f"a table first (create table my_copy as from {schema_name}.{table})."
        )
    temporary = database == "temp"
    if not temporary and _is_hidden(known, (schema_name, table)):
        # A view names no catalog, so that here it would read the temporary one all the same.
        raise InputError(
            f"{name} is hidden in this session by a temporary table of the same name, which the "
            "views would read in its place. Drop or rename the temporary one."
        )
    reference = exp.table_(
        exp.to_identifier(table, quoted=True),
        db=exp.to_identifier(schema_name, quoted=True),
        catalog=exp.to_identifier("temp") if temporary else None,
    )
    relation = table if schema_name == "main" else f"{schema_name}.{table}"
    if is_view and not temporary:
        check_view(con, schema_name, table, relation)
    return reference, relation, not temporary


def _is_hidden(known: list[tuple[Any, ...]], table: tuple[str, str]) -> bool:
    """Whether a temporary table comes before that of a (schema, table) wherever it is read."""
    hiding = ["temp", *(part.casefold() for part in table)]
    return any([part.casefold() for part in row[:3]] == hiding for row in known)


def name_parts(name: str) -> list[str]:
    """Return the schema and table that a SQL identifier names, say."""
    try:
        table = exp.to_table(name, dialect="duckdb")
    except SqlglotError:
        return [name]
    return [part.name for part in table.parts] if isinstance(table, exp.Table) else [name]


def _ends_with(row: tuple[str, ...], wanted: list[str]) -> bool:
    """Whether a table's (database, schema, table) ends with the wanted names."""
    folded = [part.casefold() for part in row]
    return folded[len(folded) - len(wanted) :] == wanted or (
        len(wanted) == 2 and [folded[0], folded[2]] == wanted and folded[1] == "main"
    )


def _position(
    preferred: list[tuple[str, str]], place: tuple[str, str], is_here: bool
) -> tuple[int, bool]:
    """Sort key: places of the search path first, in its order, then this database's others."""
    return (preferred.index(place) if place in preferred else len(preferred), not is_here)
