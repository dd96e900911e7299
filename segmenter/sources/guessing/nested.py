"""Columns that hold records: fields that a role may be read from, and rows that are in a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from segmenter.errors import InputError
from segmenter.sources.expressions import quoted
from segmenter.sources.guessing.dictionary import called

__all__ = ["fields_called", "refuse_rows_in_a_list"]


def fields_called(columns: Mapping[str, str], role: str) -> tuple[str, ...]:
    """Return the fields of records, such as ``total.amount``, that are called like a role.

    Parameters
    ----------
    columns : mapping of str to str
        The columns of a relation and their types.
    role : 'customer' or 'amount'
    """
    paths = {
        ".".join(map(quoted, path)): path
        for name, kind in columns.items()
        for path in _paths((name,), _type(kind))
    }
    names = {name: text for text, path in paths.items() for name in (" ".join(path), path[-1])}
    return tuple(dict.fromkeys(names[name] for name in called(names, role)))


def refuse_rows_in_a_list(table: exp.Table, relation: str, columns: Mapping[str, str]) -> None:
    """Refuse a relation in which lists of records may be the rows that are meant.

    Raises
    ------
    InputError
        With the query that makes rows of each list, beside the columns that are none.
    """
    lists = [name for name, kind in columns.items() if _is_list_of_records(_type(kind))]
    if not lists:
        return
    left_out = [exp.column(name, quoted=True) for name in lists]
    flat = len(columns) > len(lists)
    queries = [
        exp.select(*([exp.Star(except_=left_out)] if flat else []), _unnested(name))
        .from_(table.copy())
        .sql(dialect="duckdb")
        for name in lists
    ]
    shown = ", ".join(map(quoted, lists))
    which = "this query" if len(lists) == 1 else "the query of the right one"
    raise InputError(
        f"the rows of {relation} seem to be in a list ({shown}). Write {which} into a file "
        f"such as rows.sql, and read that instead: {'; or: '.join(queries)}"
    )


def _unnested(name: str) -> exp.Expr:
    depth = exp.PropertyEQ(this=exp.to_identifier("max_depth"), expression=exp.Literal.number(2))
    return exp.Anonymous(this="unnest", expressions=[exp.column(name, quoted=True), depth])


def _paths(path: tuple[str, ...], kind: exp.DataType | None) -> Iterator[tuple[str, ...]]:
    if kind is None or not kind.is_type("struct"):
        return
    for field in kind.expressions:
        inner = field.args.get("kind")
        below = (*path, field.name)
        if isinstance(inner, exp.DataType) and inner.is_type("struct"):
            yield from _paths(below, inner)
        else:
            yield below


def _is_list_of_records(kind: exp.DataType | None) -> bool:
    return (
        kind is not None
        and kind.is_type("array", "list")
        and any(inner.is_type("struct") for inner in kind.expressions)
    )


def _type(kind: str) -> exp.DataType | None:
    """Return a type of DuckDB as a tree; None for one that has none."""
    return exp.DataType.build(kind, dialect="duckdb", udt=True) if kind else None
