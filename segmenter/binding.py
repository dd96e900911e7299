"""Binding: a `Source` looked up in a connection, ready to stand in the SQL files."""

from __future__ import annotations

import glob
from collections.abc import Callable
from dataclasses import dataclass, field

import duckdb
from sqlglot import exp
from sqlglot.errors import SqlglotError

from segmenter.catalog import VIEWS, literal
from segmenter.errors import SegmenterError, did_you_mean, first_line
from segmenter.expressions import SOURCE_ALIAS, resolve
from segmenter.layout import SCHEMA
from segmenter.points import MAX_CENTS, MAX_FREQUENCY
from segmenter.query import first_row
from segmenter.settings import Settings
from segmenter.source import Source

__all__ = ["FRAME", "Binding", "bind_source"]

FRAME = "segmenter_frame"
"""The name under which a data frame is registered while it is read."""

_NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


@dataclass(frozen=True)
class Binding:
    """The user's relation and expressions as syntax trees.

    Attributes
    ----------
    source : Source
    relation : str
        Its name in messages.
    is_live : bool
        Whether persisted views can read it: not so for frames and temporary tables.
    values : dict of str to Expression
        What stands for each ``$placeholder``.
    columns : dict of str to str
        The relation's columns and their types.
    types : dict of str to str
        Type of each mapped expression.
    """

    source: Source
    relation: str
    is_live: bool
    values: dict[str, exp.Expr]
    columns: dict[str, str]
    types: dict[str, str] = field(default_factory=dict)


def bind_source(con: duckdb.DuckDBPyConnection, source: Source, settings: Settings) -> Binding:
    """Look a source up and check each column and expression against it.

    Raises
    ------
    SegmenterError
        No such table, file or column, an expression that is not scalar, or a wrong type.
    """
    table, relation, is_live = _find(con, source)
    columns = _columns(con, table, relation)
    binding = Binding(source, relation, is_live, _constants(settings), columns)
    binding.values["source"] = table
    if source.kind == "transactions":
        _bind_transactions(con, binding)
    else:
        _bind_aggregates(con, binding)
    _bind_condition(con, binding)
    return binding


def _constants(settings: Settings) -> dict[str, exp.Expr]:
    return {
        "cut": literal(settings.cut),
        "cut_on": literal(settings.cut_on),
        "max_amount": literal(MAX_CENTS / 100),
        "max_frequency": literal(MAX_FREQUENCY),
    }


def _find(con: duckdb.DuckDBPyConnection, source: Source) -> tuple[exp.Table, str, bool]:
    """Return the relation as a table reference, its name, and whether it outlives the session."""
    if source.is_frame:
        return exp.table_(FRAME, quoted=True), source.as_dict()[source.kind], False
    if source.is_file:
        return _file(source.file), source.file, True
    return _table(con, str(source.relation))


def _file(path: str) -> exp.Table:
    lowered = path.lower()
    if "://" not in path and not glob.glob(path, recursive=True):
        raise SegmenterError(f"no file matches {path}. Check the name and the folder.")
    reader = "read_parquet" if lowered.endswith((".parquet", ".pq")) else "read_csv"
    if reader == "read_csv" and not any(
        f".{kind}" in lowered.rsplit("/", 1)[-1] for kind in ("csv", "tsv", "txt")
    ):
        raise SegmenterError(
            f"{path} is neither Parquet nor CSV by its name (.parquet, .csv, .tsv, .txt, .gz)."
        )
    return exp.Table(this=exp.Anonymous(this=reader, expressions=[exp.Literal.string(path)]))


def _table(con: duckdb.DuckDBPyConnection, name: str) -> tuple[exp.Table, str, bool]:
    """Find a table or view by its name as it stands, then as a SQL identifier."""
    known = con.execute(
        """
        select database_name, schema_name, table_name from duckdb_tables() where not internal
        union all
        select database_name, schema_name, view_name from duckdb_views() where not internal
        """
    ).fetchall()
    here, schema = first_row(con, "select current_database(), current_schema()")
    for parts in ([name], _parts(name)):
        wanted = [part.casefold() for part in parts]
        found = [row for row in known if _ends_with(row, wanted)]
        if found:
            break
    else:
        names = [row[2] for row in known if row[0] in (here, "temp") and row[1] != SCHEMA]
        raise SegmenterError(
            f"there is no table, view or file {name!r} in this database "
            f"({', '.join(sorted(names)[:12]) or 'which has no tables'})."
            f"{did_you_mean(name, names)}"
        )
    preferred = [("temp", "main"), (here, schema), (here, "main")]
    found.sort(key=lambda row: _position(preferred, (row[0], row[1]), row[0] == here))
    database, schema_name, table = found[0]
    if database not in (here, "temp"):
        raise SegmenterError(
            f"{name} is in the attached database {database!r}. Views can only read their own "
            f"database: open {database!r} itself, or copy the table into {here!r} first."
        )
    if database == here and schema_name == SCHEMA and table in VIEWS:
        raise SegmenterError(
            f"{SCHEMA}.{table} is written by each fit and cannot be its source. Copy it into a "
            f"table first: create table my_copy as from {SCHEMA}.{table}."
        )
    temporary = database == "temp"
    reference = exp.table_(
        exp.to_identifier(table, quoted=True),
        db=exp.to_identifier(schema_name, quoted=True),
        catalog=exp.to_identifier("temp") if temporary else None,
    )
    return reference, table if schema_name == "main" else f"{schema_name}.{table}", not temporary


def _parts(name: str) -> list[str]:
    try:
        return [part.name for part in exp.to_table(name, dialect="duckdb").parts]
    except SqlglotError:
        return [name]


def _ends_with(row: tuple[str, str, str], wanted: list[str]) -> bool:
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


def _columns(con: duckdb.DuckDBPyConnection, table: exp.Table, relation: str) -> dict[str, str]:
    query = exp.select("*").from_(table.copy()).sql(dialect="duckdb")
    try:
        described = con.execute(f"describe {query}").fetchall()
    except duckdb.Error as error:
        raise SegmenterError(f"{relation} cannot be read: {first_line(error)}") from None
    return {row[0]: row[1] for row in described}


def _bind_transactions(con: duckdb.DuckDBPyConnection, binding: Binding) -> None:
    source, values = binding.source, binding.values
    values["customer"] = _customer(con, binding, source.customer or "customer_id")
    values["amount"] = _expression(con, binding, "amount", source.amount or "", _check_number)
    values["order"] = exp.null()
    values["date"] = exp.null()
    if source.order is not None:
        values["order"] = _expression(con, binding, "order", source.order)
    if source.date is not None:
        values["date"] = _date(con, binding, source.date)
    values["as_of"] = exp.cast(
        literal(str(source.as_of)) if source.as_of else exp.null(), "timestamp"
    )
    values["window"] = exp.cast(literal(source.window) if source.window else exp.null(), "interval")


def _bind_aggregates(con: duckdb.DuckDBPyConnection, binding: Binding) -> None:
    values = binding.values
    if binding.source.kind == "profile":
        values["customer"] = _customer(con, binding, binding.source.customer or "customer_id")
    else:
        values["customers"] = _expression(con, binding, "customers", "customers", _check_number)
    for name in ("monetary", "frequency"):
        values[name] = _expression(con, binding, name, name, _check_number)


def _bind_condition(con: duckdb.DuckDBPyConnection, binding: Binding) -> None:
    binding.values["row_filter"] = exp.true()
    if binding.source.where is not None:
        binding.values["row_filter"] = _expression(
            con, binding, "where", binding.source.where, _check_condition
        )


def _customer(con: duckdb.DuckDBPyConnection, binding: Binding, text: str) -> exp.Expr:
    """Return the customer; NaN, which some tools write for a missing number, counts as NULL."""
    tree = _expression(con, binding, "customer", text)
    if binding.types["customer"] in ("FLOAT", "DOUBLE"):
        return exp.func("nullif", tree, exp.cast(literal("nan"), "double"))
    return tree


def _date(con: duckdb.DuckDBPyConnection, binding: Binding, text: str) -> exp.Expr:
    """Return the date; a time with a zone counts in UTC, whatever the session's zone is."""
    tree = _expression(con, binding, "date", text, _check_date)
    if binding.types["date"] == "TIMESTAMP WITH TIME ZONE":
        return exp.AtTimeZone(this=tree, zone=literal("UTC"))
    return tree


_Check = Callable[[duckdb.DuckDBPyConnection, Binding, str, str, exp.Expr], None]


def _expression(
    con: duckdb.DuckDBPyConnection,
    binding: Binding,
    name: str,
    text: str,
    check: _Check | None = None,
) -> exp.Expr:
    tree = resolve(con, name, text, binding.columns, binding.relation)
    query = _select(binding, tree).limit(0).sql(dialect="duckdb")
    try:
        binding.types[name] = str(con.execute(f"describe {query}").fetchall()[0][1])
    except duckdb.Error as error:
        raise SegmenterError(
            f"{name} = {text!r} does not work on {binding.relation}: {first_line(error)}"
        ) from None
    if check is not None:
        check(con, binding, name, text, tree)
    return tree


def _select(binding: Binding, tree: exp.Expr) -> exp.Select:
    table = binding.values["source"].copy()
    table.set("alias", exp.TableAlias(this=exp.to_identifier(SOURCE_ALIAS)))
    return exp.select(exp.alias_(tree.copy(), "value")).from_(table)


def _check_number(
    con: duckdb.DuckDBPyConnection, binding: Binding, name: str, text: str, tree: exp.Expr
) -> None:
    kind = binding.types[name].removeprefix("U")
    if not kind.startswith(_NUMERIC) or kind.endswith("]"):
        shown = _example(con, binding, tree)
        raise SegmenterError(
            f"{name} = {text!r} of {binding.relation} is {binding.types[name]}, not a "
            f"number{shown}. Give an expression that makes it one, for example "
            f'{name} = "cast({text} as double)".'
        )


def _check_date(
    con: duckdb.DuckDBPyConnection, binding: Binding, name: str, text: str, tree: exp.Expr
) -> None:
    if not binding.types[name].startswith(("DATE", "TIMESTAMP")):
        shown = _example(con, binding, tree)
        raise SegmenterError(
            f"{name} = {text!r} of {binding.relation} is {binding.types[name]}, not a date or "
            f"timestamp{shown}. Give an expression that makes it one, for example "
            f"{name} = \"strptime({text}, '%Y-%m-%d')\"."
        )


def _check_condition(
    con: duckdb.DuckDBPyConnection, binding: Binding, name: str, text: str, tree: exp.Expr
) -> None:
    del con, tree  # the type says it all
    if binding.types[name] != "BOOLEAN":
        raise SegmenterError(
            f"{name} = {text!r} is {binding.types[name]}, not a condition. Give one that is true "
            f"or false for each row, for example where = 'quantity > 0'."
        )


def _example(con: duckdb.DuckDBPyConnection, binding: Binding, tree: exp.Expr) -> str:
    """Return a first value that is there, as part of a sentence."""
    query = _select(binding, tree).where(tree.copy().is_(exp.null()).not_()).limit(1)
    row = first_row(con, query.sql(dialect="duckdb"))
    return f" (for example {row[0]!r})" if row else ""
