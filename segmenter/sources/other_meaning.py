"""Expressions that another engine computes otherwise, told by the types of their parts.

What has the same words over there and another meaning whatever the types is in
`segmenter.engines.semantics`.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
from sqlglot import exp
from sqlglot.errors import SqlglotError

from segmenter.errors import InputError
from segmenter.sources.engine import Engine
from segmenter.sources.expressions import SOURCE_ALIAS, quoted

__all__ = ["refuse_other_meaning"]

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_FLOATING = ("FLOAT", "DOUBLE")
_OF_NO_NUMBERS = (exp.Connector, exp.DPipe, exp.Dot, exp.JSONExtract, exp.JSONExtractScalar)


def refuse_other_meaning(
    engine: Engine, name: str, tree: exp.Expr, columns: Mapping[str, str]
) -> None:
    """Refuse what an engine other than DuckDB would compute otherwise, without a word.

    Parameters
    ----------
    engine : Engine
    name : str
        The parameter.
    tree : Expr
        Its expression, over `columns`.
    columns : mapping of str to str
        Types of the source's columns.

    Raises
    ------
    InputError
        The message has the part, and what means the same everywhere.
    """
    pairs = [node for node in tree.find_all(exp.Binary) if not isinstance(node, _OF_NO_NUMBERS)]
    casts = [node for node in tree.find_all(exp.Cast, exp.TryCast) if _has_digits(node.to)]
    sides = [side for node in pairs for side in (node.this, node.expression)]
    types = _types(engine.local, [*sides, *(node.this for node in casts)], columns)
    for node, *kinds in zip(pairs, types[::2], types[1::2], strict=False):
        if kinds.count("FLOAT") == 1:
            shown = _shown((node.this, node.expression)[kinds.index("FLOAT")])
            raise InputError(
                f"{name} has {_shown(node)}, and {shown} is REAL: DuckDB goes on in single "
                f"precision, {engine.name} in double. Write cast({shown} as double) in its place."
            )
        is_whole = {kind.removeprefix("U") for kind in kinds} <= {*_WHOLE, ""}
        if isinstance(node, exp.IntDiv) and not is_whole:
            one, other = _shown(node.this), _shown(node.expression)
            raise InputError(
                f"{name} has {_shown(node)}, and // of what is not whole is something else in "
                f"{engine.name} than in DuckDB. Say what is meant: floor({one} / {other}), or "
                f"{one} / {other}."
            )
    for cast, kind in zip(casts, types[len(sides) :], strict=True):
        if kind in _FLOATING:
            digits = int(cast.to.expressions[1].name)
            shown, power = _shown(cast.this), 10**digits
            raise InputError(
                f"{name} has {_shown(cast)}, and {engine.name} rounds a double to a decimal "
                f"otherwise than DuckDB does. Write round({shown} * {power}) / {power}."
            )


def _has_digits(kind: exp.DataType) -> bool:
    """Tell whether a type is DECIMAL with digits behind the point."""
    return kind.is_type("decimal") and len(kind.expressions) > 1 and kind.expressions[1].name != "0"


def _types(
    local: duckdb.DuckDBPyConnection, trees: list[exp.Expr], columns: Mapping[str, str]
) -> list[str]:
    """Return the types that DuckDB gives to expressions, empty where it knows none."""
    known = {name: kind for name, kind in columns.items() if _is_known(kind)}
    asked = [
        place
        for place, tree in enumerate(trees)
        if all(column.name in known for column in tree.find_all(exp.Column))
    ]
    found = [""] * len(trees)
    if not asked:
        return found
    row = exp.select(
        exp.true().as_("row"),
        *(exp.cast(exp.null(), kind).as_(name, quoted=True) for name, kind in known.items()),
    )
    query = exp.select(*(trees[place].copy().as_(f"c{place}") for place in asked)).from_(
        row.subquery(SOURCE_ALIAS)
    )
    try:
        described = local.execute(f"describe {query.sql(dialect='duckdb')}").fetchall()
    except duckdb.Error:  # a function that DuckDB does not have, which the engine refuses
        return found
    for place, (_, kind, *_) in zip(asked, described, strict=True):
        found[place] = str(kind)
    return found


def _is_known(kind: str) -> bool:
    """Tell whether a column's type is one of DuckDB's; PostgreSQL has others besides."""
    try:
        exp.DataType.build(kind, dialect="duckdb")
    except SqlglotError:
        return False
    return True


def _shown(tree: exp.Expr) -> str:
    """Return an expression as a person writes it."""
    plain = tree.copy()
    for column in plain.find_all(exp.Column):
        column.set("table", None)
        is_quoted = quoted(column.name).startswith('"')
        column.set("this", exp.to_identifier(column.name, quoted=is_quoted))
    return plain.sql(dialect="duckdb")
