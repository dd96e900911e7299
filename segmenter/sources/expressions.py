"""The user's columns and expressions: parsed, checked, and refused when they are not scalar."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from segmenter.errors import InputError, did_you_mean
from segmenter.formatting import counted
from segmenter.sources.visibility import check_calls

__all__ = ["RESERVED", "SOURCE_ALIAS", "quoted", "resolve", "unambiguous", "written"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_WORDS = """
all analyze and any array as asc between both by case cast check collate column constraint create
cross current_date current_time current_timestamp default delete desc distinct drop else end except
exists false fetch for foreign from full grant group having in inner insert intersect interval into
is join leading left like limit natural not null offset on or order outer over partition primary
references right row rows select set some table then to trailing true union unique update user
using values when where window with
"""
RESERVED = frozenset(_WORDS.split())
"""Bare column names that SQL keeps for itself and that are quoted everywhere."""

SOURCE_ALIAS = "user_table"
"""What the views call the user's table."""

_REFUSED: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.Query, "a subquery"),
    (exp.AggFunc, "an aggregate"),
    (exp.Window, "a window function"),
    (exp.Star, "a star"),
    (exp.Columns, "a star"),
    (exp.UDTF, "a table function"),
    (exp.Explode, "a table function"),
    (exp.Placeholder, "a parameter"),
    (exp.Parameter, "a parameter"),
    (exp.Alias, "an alias"),
    (exp.Rand, "a random function"),
    (exp.Uuid, "a random function"),
    (exp.Command, "a statement"),
    (exp.DDL, "a statement"),
    (exp.DML, "a statement"),
)


def resolve(
    con: duckdb.DuckDBPyConnection,
    name: str,
    text: str,
    columns: Mapping[str, str],
    relation: str,
) -> exp.Expr:
    """Return a column or scalar expression of the user as a checked syntax tree.

    Parameters
    ----------
    con : DuckDBPyConnection
        Asked for the kind of functions that are not known by name.
    name : str
        What the expression is for, ``amount`` say.
    text : str
        A column's name as it stands, or a SQL expression.
    columns : mapping of str to str
        The columns of the relation and their types.
    relation : str
        The relation's name, for messages.

    Raises
    ------
    InputError
        An unknown column, anything but one scalar expression, or a function that other clients of
        the database do not have.
    """
    exact = _column_called(text, columns)
    if exact is not None:
        return exp.column(exact, table=SOURCE_ALIAS, quoted=True)
    tree = _parse(name, text)
    _refuse(con, tree, name, text)
    check_calls(con, text, name)
    if isinstance(tree, exp.Column):
        return _qualified(tree, columns, relation, name)
    for column in list(tree.find_all(exp.Column)):
        column.replace(_qualified(column, columns, relation, name))
    return exp.paren(tree)


def unambiguous(text: str, columns: Mapping[str, str]) -> str:
    """Return a text that says without the table at hand whether it is a column or an expression.

    Parameters
    ----------
    text : str
        What `resolve` has taken.
    columns : mapping of str to str
        The columns of the relation.

    Returns
    -------
    str
        A column whose name could be read as an expression in quotes, an expression that could be
        read as a column's name in parentheses, anything else as it came.
    """
    exact = _column_called(text, columns)
    if exact is None:
        return f"({text})" if _PLAIN.fullmatch(text) else text
    if _PLAIN.fullmatch(text) or _reads_as_column(text):
        return text
    return quoted(exact)


def written(text: str, columns: Mapping[str, str]) -> str:
    """Return a text as part of an expression: a column's name in quotes where it needs them."""
    column = _column_called(text, columns)
    return text if column is None else quoted(column)


def quoted(column: str) -> str:
    """Return a column's name as it stands in SQL, in quotes where it needs them."""
    is_plain = _PLAIN.fullmatch(column) and column.lower() not in RESERVED
    return exp.to_identifier(column, quoted=not is_plain).sql(dialect="duckdb")


def _column_called(text: str, columns: Mapping[str, str]) -> str | None:
    """Return the column whose whole name a text is, in whatever case."""
    if text in columns:
        return text
    return {column.casefold(): column for column in columns}.get(text.casefold())


def _reads_as_column(text: str) -> bool:
    """Whether SQL reads a text as the plain name of a column."""
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except SqlglotError:
        return False
    return isinstance(tree, exp.Column) and len(tree.parts) == 1 and tree.name == text


def _how_many(trees: Sequence[exp.Expr | None]) -> str:
    return "nothing" if trees == [None] else counted(len(trees), "statement")


def _parse(name: str, text: str) -> exp.Expr:
    try:
        trees = sqlglot.parse(text, dialect="duckdb")
    except SqlglotError as error:
        detail = str(error).splitlines()[0].rstrip(".")
        raise InputError(
            f"{name} = {text!r} is neither a column nor a SQL expression ({detail})."
        ) from None
    if len(trees) != 1 or trees[0] is None:
        raise InputError(
            f"{name} = {text!r} must be one scalar expression, not {_how_many(trees)}."
        )
    tree = trees[0]
    assert isinstance(tree, exp.Expr)
    return tree


def _refuse(con: duckdb.DuckDBPyConnection, tree: exp.Expr, name: str, text: str) -> None:
    for node in tree.walk():
        for kind, description in _REFUSED:
            if isinstance(node, kind):
                raise InputError(
                    f"{name} = {text!r} must be a scalar expression of a row's columns, "
                    f"not {description}."
                )
        if isinstance(node, exp.Anonymous):
            _check_function(con, node.name, name)


def _check_function(con: duckdb.DuckDBPyConnection, function: str, name: str) -> None:
    """Refuse functions that sqlglot does not know and that are not scalar in this database."""
    kinds = {
        row[0]
        for row in con.execute(
            "select distinct function_type from duckdb_functions() where function_name = lower($1)",
            [function],
        ).fetchall()
    }
    if not kinds:
        known = [
            row[0]
            for row in con.execute(
                "select distinct function_name from duckdb_functions() where function_type in "
                "('scalar', 'macro')"
            ).fetchall()
        ]
        raise InputError(
            f"{name} calls {function}(), which this database does not have."
            f"{did_you_mean(function, known)}"
        )
    if not kinds & {"scalar", "macro"}:
        raise InputError(
            f"{name} calls {function}(), which is not a scalar function but "
            f"{' or '.join(sorted(kinds))}."
        )


def _qualified(
    column: exp.Column,
    columns: Mapping[str, str],
    relation: str,
    name: str,
) -> exp.Expr:
    """Return a column as one of the source, whether it is plain, prefixed or a struct's field."""
    parts = [part.name for part in column.parts]
    known = _column_called(parts[0], columns)
    if known is None and len(parts) > 1 and parts[0].casefold() in _own_names(relation):
        parts = parts[1:]
        known = _column_called(parts[0], columns)
    if known is None:
        shown = ", ".join(list(columns)[:12]) + (", ..." if len(columns) > 12 else "")
        raise InputError(
            f"column {parts[0]!r} of {name} is not in {relation} ({shown})."
            f"{did_you_mean(parts[0], columns)}"
        )
    resolved: exp.Expr = exp.column(known, table=SOURCE_ALIAS, quoted=True)
    for field in parts[1:]:
        resolved = exp.Dot(this=resolved, expression=exp.to_identifier(field, quoted=True))
    return resolved


def _own_names(relation: str) -> set[str]:
    """Return the prefixes that stand for the relation itself."""
    return {SOURCE_ALIAS, relation.casefold(), relation.casefold().rsplit(".", 1)[-1].strip('"')}
