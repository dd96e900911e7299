"""Expressions compared with DuckDB before a fit on another engine rests on them.

What is known to differ is refused or rewritten when a source is bound. What is not known shows
here: at edge values of the columns' types, which touch no table, and in up to a thousand rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from segmenter.errors import InputError, SegmenterError
from segmenter.formatting import counted
from segmenter.progress import Progress
from segmenter.schema.temporary import registered
from segmenter.sources.edge_values import edge_rows
from segmenter.sources.expressions import SOURCE_ALIAS
from segmenter.sources.purposes import first_difference, purposes
from segmenter.training.stage import Stage

__all__ = ["check_edge_values", "check_expressions", "check_rows"]

_ROWS = 1_000

_NESTED = ("]", ")")
"""How the names of types end whose values are handed over as JSON; DECIMAL(9,2) is none."""

_TEXTS = "segmenter_texts"

Texts = Sequence[Sequence[str | None]]
Values = dict[str, list[Any]]


def check_expressions(stage: Stage, progress: Progress) -> dict[str, int]:
    """Compare the expressions of a source with DuckDB.

    Parameters
    ----------
    stage : Stage
        Of any engine; in DuckDB there is nothing to compare.
    progress : Progress
        Warned of differences at edge values.

    Returns
    -------
    dict
        ``checked_rows`` in which they are the same; empty where there was nothing to compare.

    Raises
    ------
    InputError
        An expression means something else in one of the rows; the message has it.
    """
    if stage.engine.dialect == "duckdb":
        return {}
    wanted = {
        name: tree
        for name, tree in purposes(stage.binding).items()
        if all(_is_known(stage, column) for column in _columns([tree]))
    }
    if not wanted:
        return {}
    with progress.step("Comparing expressions with DuckDB") as done:
        warnings = check_edge_values(stage, wanted)
        n_rows = check_rows(stage, wanted)
        done(f"checked on {counted(n_rows, 'row')}")
    for warning in warnings:
        progress.warn(warning, "other_meaning")
    return {"checked_rows": n_rows}


def check_edge_values(stage: Stage, wanted: Mapping[str, exp.Expr]) -> list[str]:
    """Return a sentence for each expression that differs at an edge value, without any table.

    Parameters
    ----------
    stage : Stage
    wanted : mapping of str to Expr
        What is computed, by parameter.
    """
    types = stage.binding.columns
    wanted = {
        name: tree
        for name, tree in wanted.items()
        if edge_rows({column: types[column] for column in _columns([tree])})
    }
    columns = _columns(wanted.values())
    texts = edge_rows({column: types[column] for column in columns})
    if not texts:
        return []
    here, kept = _here(stage, columns, texts, wanted)
    texts = [texts[row] for row in kept]
    there = _there_of(stage, columns, texts, {name: wanted[name] for name in here})
    return [
        f"{_said(stage, name, columns, texts[row], there, here, row)} No such row was seen; see "
        "whether there can be one, and write it with other functions where there can."
        for name, row in first_difference(there, here).items()
    ]


def check_rows(stage: Stage, wanted: Mapping[str, exp.Expr]) -> int:
    """Compare up to a thousand rows of the table; return how many.

    Raises
    ------
    InputError
        An expression means something else in one of them.
    """
    columns = _columns(wanted.values())
    condition = stage.binding.values["row_filter"]
    guarded = {
        name: tree if name == "where" else exp.Case().when(condition.copy(), tree.copy())
        for name, tree in wanted.items()
    }
    try:
        texts, there = _rows_there(stage, columns, guarded)
        here, kept = _here(stage, columns, texts, guarded)
    except (SegmenterError, duckdb.Error):
        return 0  # a loud error, which the fit will meet; or values that are not of DuckDB
    there = {name: [values[row] for row in kept] for name, values in there.items()}
    texts = [texts[row] for row in kept]
    for name, row in first_difference(there, here).items():
        raise InputError(
            f"{_said(stage, name, columns, texts[row], there, here, row)} Write it with other "
            "functions, or let a view there have it as a column."
        )
    return len(kept)


def _columns(trees: Iterable[exp.Expr]) -> list[str]:
    """Return the columns that expressions read."""
    return list(dict.fromkeys(c.name for tree in trees for c in tree.find_all(exp.Column)))


def _is_known(stage: Stage, column: str) -> bool:
    """Tell whether a column's values can be handed over: not those of the engine's own types."""
    kind = stage.binding.columns[column]
    try:
        stage.engine.local.execute(f"describe select cast(null as {kind})").fetchall()
    except duckdb.Error:
        return False
    return "BLOB" not in kind


def _is_nested(kind: str) -> bool:
    return kind.endswith(_NESTED) and not kind.startswith("DECIMAL")


def _aliased(trees: Mapping[str, exp.Expr]) -> list[exp.Expr]:
    return [exp.alias_(tree.copy(), f"v_{name}") for name, tree in trees.items()]


def _here(
    stage: Stage, columns: Sequence[str], texts: Texts, trees: Mapping[str, exp.Expr]
) -> tuple[Values, list[int]]:
    """Evaluate in DuckDB; return the values, and which rows it has an answer for."""
    local = stage.engine.local
    names = [f"c{place}" for place in range(len(columns))]
    given = [[row[place] for row in texts] for place in range(len(columns))]
    types = [
        _type_here(stage.binding.columns[column], cells)
        for column, cells in zip(columns, given, strict=True)
    ]
    arrays = [pa.array(cells, pa.string()) for cells in given]
    frame = pa.table([pa.array(range(len(texts))), *arrays], names=["row_number", *names])
    table = _typed(columns, types).from_(_TEXTS)
    place = exp.column("segmenter_row", table=SOURCE_ALIAS)
    with registered(local, _TEXTS, frame):
        found, kept = {}, set(range(len(texts)))
        for name, tree in trees.items():
            query = exp.select(place.as_("place"), exp.alias_(tree.copy(), "value")).from_(
                table.subquery(SOURCE_ALIAS)
            )
            try:
                rows = local.execute(query.sql(dialect="duckdb")).fetchall()
            except duckdb.Error:  # some row has no answer; NULL stands for that then
                tried = exp.Anonymous(this="try", expressions=[tree.copy()])
                query.set("expressions", [place.as_("place"), exp.alias_(tried, "value")])
                rows = local.execute(query.sql(dialect="duckdb")).fetchall()
                kept -= {row for row, value in rows if value is None}
            found[name] = [value for _, value in sorted(rows, key=lambda row: row[0])]
    rows_kept = sorted(kept)
    return {name: [values[row] for row in rows_kept] for name, values in found.items()}, rows_kept


def _typed(columns: Sequence[str], types: Sequence[str]) -> exp.Select:
    """Return a query of texts c0, c1, ... as the columns that they are values of."""
    cells = [
        exp.alias_(_read(exp.column(f"c{place}"), kind), column, quoted=True)
        for place, (column, kind) in enumerate(zip(columns, types, strict=True))
    ]
    return exp.select(exp.column("row_number").as_("segmenter_row"), *cells)


def _read(text: exp.Expr, kind: str) -> exp.Expr:
    value = exp.cast(text, "json") if _is_nested(kind) else text
    return exp.cast(value, exp.DataType.build(kind, dialect="duckdb"))


def _type_here(kind: str, texts: Sequence[str | None]) -> str:
    """Return a column's type; one of decimals without a scale holds the digits that there are."""
    if kind != "DECIMAL(18,3)":
        return kind
    scale = max((len(text.partition(".")[2]) for text in texts if text), default=0)
    return f"DECIMAL(18,{scale})" if 3 < scale < 16 else kind


def _there_of(
    stage: Stage, columns: Sequence[str], texts: Texts, trees: Mapping[str, exp.Expr]
) -> Values:
    """Evaluate texts on the engine, without a table; what fails over there is left out."""
    if not texts or not trees:
        return {}
    rows = [
        exp.Tuple(
            expressions=[
                exp.Literal.number(place),
                *(exp.null() if text is None else exp.Literal.string(text) for text in row),
            ]
        )
        for place, row in enumerate(texts)
    ]
    texts_of = (f"c{place}" for place in range(len(columns)))
    names = [exp.to_identifier(name) for name in ("row_number", *texts_of)]
    alias = exp.TableAlias(this=exp.to_identifier(_TEXTS), columns=names)
    types = [stage.binding.columns[column] for column in columns]
    given = exp.Values(expressions=rows, alias=alias)
    table = _typed(columns, types).from_(given).subquery(SOURCE_ALIAS)
    place = exp.column("segmenter_row", table=SOURCE_ALIAS)
    query = exp.select(exp.alias_(place, "place"), *_aliased(trees)).from_(table)
    try:
        found = sorted(stage.engine.rows(query), key=lambda row: row["place"])
    except SegmenterError:
        if len(trees) == 1:
            return {}
        parts = [_there_of(stage, columns, texts, {name: tree}) for name, tree in trees.items()]
        return {name: values for part in parts for name, values in part.items()}
    return {name: [row[f"v_{name}"] for row in found] for name in trees}


def _rows_there(
    stage: Stage, columns: Sequence[str], trees: Mapping[str, exp.Expr]
) -> tuple[list[tuple[str | None, ...]], Values]:
    """Evaluate some rows of the table on the engine; return their columns as texts, too."""
    relation = stage.binding.values["source"]
    assert isinstance(relation, exp.Table)
    table = stage.engine.sample(relation, _ROWS)
    table.set("alias", exp.TableAlias(this=exp.to_identifier(SOURCE_ALIAS)))
    cells = []
    for place, column in enumerate(columns):
        value: exp.Expr = exp.column(column, table=SOURCE_ALIAS, quoted=True)
        if _is_nested(stage.binding.columns[column]):
            value = exp.Anonymous(this="to_json", expressions=[value])
        cells.append(exp.alias_(exp.cast(value, "text"), f"c{place}"))
    query = exp.select(*cells, *_aliased(trees)).from_(table).limit(_ROWS)
    found = stage.engine.rows(query)
    texts = [tuple(row[f"c{place}"] for place in range(len(columns))) for row in found]
    return texts, {name: [row[f"v_{name}"] for row in found] for name in trees}


def _said(
    stage: Stage,
    name: str,
    columns: Sequence[str],
    texts: Sequence[str | None],
    there: Values,
    here: Values,
    row: int,
) -> str:
    """Say in which row an expression means something else, and what."""
    text = getattr(stage.source, name)
    used = _columns([stage.binding.values[name]])
    cells = ", ".join(
        f"{column} = {'NULL' if value is None else repr(value)}"
        for column, value in zip(columns, texts, strict=True)
        if column in used
    )
    values = (_shown(name, found[name][row]) for found in (there, here))
    return (
        f"{name} = {text!r} does not mean the same in {stage.engine.name} as in DuckDB: where "
        f"{cells}, it is {' there and '.join(values)} in DuckDB."
    )


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "NULL"
    if name == "where":
        return "true" if value else "not true"
    return str(value)
