"""Expressions that another engine computes otherwise, told by the types of their parts.

What has the same words over there and another meaning whatever the types is in
`segmenter.engines.semantics`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb
from sqlglot import exp
from sqlglot.errors import SqlglotError

from segmenter.errors import InputError
from segmenter.sources.engine import Engine
from segmenter.sources.expressions import quoted
from segmenter.sources.other_meaning_spark import spark_differences

__all__ = ["refuse_other_meaning"]

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_OF_NO_NUMBERS = (exp.Connector, exp.DPipe, exp.Dot, exp.Is, exp.JSONExtract)


def refuse_other_meaning(
    engine: Engine, name: str, text: str, tree: exp.Expr, columns: Mapping[str, str]
) -> None:
    """Refuse what an engine other than DuckDB would compute otherwise, without a word.

    Parameters
    ----------
    engine : Engine
    name, text : str
        The parameter and its expression, for the message.
    tree : Expr
        The expression over `columns`.
    columns : mapping of str to str
        Types of the source's columns.

    Raises
    ------
    InputError
        The message has the expression that means the same everywhere.
    """
    kinds = {column: kind for column, kind in columns.items() if _is_known(kind)}
    reasons, better = [], exp.paren(tree.copy(), copy=False)  # so that each part has a parent
    while found := next(_differences(engine, better, kinds), None):
        part, reason, instead = found
        reasons.append(reason)
        part.replace(instead)
    if reasons:
        raise InputError(
            f"{name} = {text!r} does not mean the same in {engine.name} as in DuckDB: it "
            f"{' and '.join(dict.fromkeys(reasons))}. This means the same in both: "
            f"{name} = {_shown(better)!r}."
        )


def _differences(
    engine: Engine, tree: exp.Expr, columns: Mapping[str, str]
) -> Iterator[tuple[exp.Expr, str, exp.Expr]]:
    """Yield parts that differ, inner ones first, each with the reason and what to write instead."""
    local = engine.local
    for node in reversed(list(tree.find_all(exp.Binary, exp.Between, exp.In))):
        if isinstance(node, _OF_NO_NUMBERS):
            continue
        sides = [side for side in node.iter_expressions() if isinstance(side, exp.Expr)]
        types = [_type(local, side, columns) for side in sides]
        if isinstance(node, exp.IntDiv) and not {*types} <= {*_WHOLE, ""}:
            quotient = exp.Div(this=node.this.copy(), expression=node.expression.copy())
            floor = exp.Floor(this=quotient)
            yield node, "divides by // what is not whole", floor
        if "FLOAT" in types and any(map(_goes_on_otherwise, sides, types)):
            single = sides[types.index("FLOAT")]
            reason = "goes on from REAL, there in double precision"
            yield single, reason, exp.cast(single.copy(), "double")
    for cast in tree.find_all(exp.Cast, exp.TryCast):
        if _has_digits(cast.to) and _type(local, cast.this, columns) in ("FLOAT", "DOUBLE"):
            power = exp.Literal.number(10 ** int(cast.to.expressions[1].name))
            rounded = exp.func("round", cast.this.copy() * power)
            yield cast, "rounds a double to a decimal", exp.paren(rounded / power.copy())
    if engine.dialect == "spark":
        yield from spark_differences(tree, lambda part: _type(local, part, columns))


def _goes_on_otherwise(side: exp.Expr, kind: str) -> bool:
    """Tell whether REAL beside this is REAL in DuckDB, and double elsewhere with another result.

    A whole number that REAL holds, as most that are typed, compares alike in both.
    """
    number = side.this if isinstance(side, exp.Neg) else side
    is_typed = isinstance(number, exp.Literal) and isinstance(side.parent, exp.Predicate)
    is_whole = kind.removeprefix("U") in _WHOLE
    return kind.startswith("DECIMAL") or (is_whole and not is_typed)


def _has_digits(kind: exp.DataType) -> bool:
    """Tell whether a type is DECIMAL with digits behind the point."""
    return kind.is_type("decimal") and len(kind.expressions) > 1 and kind.expressions[1].name != "0"


def _type(local: duckdb.DuckDBPyConnection, tree: exp.Expr, columns: Mapping[str, str]) -> str:
    """Return the type that DuckDB gives to an expression, empty where it knows none."""
    if any(column.name not in columns for column in tree.find_all(exp.Column)):
        return ""
    typed = tree.copy().transform(
        lambda node: (
            exp.cast(exp.null(), columns[node.name]) if isinstance(node, exp.Column) else node
        )
    )
    try:
        (row,) = local.execute(f"describe select {typed.sql(dialect='duckdb')}").fetchall()
    except duckdb.Error:  # what DuckDB does not have
        return ""
    return str(row[1])


def _is_known(kind: str) -> bool:
    """Tell whether a column's type is one of DuckDB's; PostgreSQL has others besides."""
    try:
        exp.DataType.build(kind, dialect="duckdb")
    except SqlglotError:
        return False
    return True


def _shown(tree: exp.Expr) -> str:
    """Return an expression as a person writes it."""
    for column in list(tree.find_all(exp.Column)):
        is_quoted = quoted(column.name).startswith('"')
        column.replace(exp.column(exp.to_identifier(column.name, quoted=is_quoted)))
    return tree.unnest().sql(dialect="duckdb")
