"""The functions of a model: its compiled rules as macros that any client can call."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from segmenter.classifier.case_expression import case_expression
from segmenter.classifier.explanation import explanation
from segmenter.model import Model
from segmenter.schema.connection import first_row
from segmenter.schema.files import MACROS, bind, read
from segmenter.schema.names import CLASSIFIER, EXPLAINER, SCHEMA

if TYPE_CHECKING:
    import duckdb

__all__ = ["FUNCTIONS", "create_functions", "replace_functions"]


def replace_functions(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Create the functions of a model in both schemas, or drop those of the version before."""
    is_typed = _keeps_types(con)
    for name, body in FUNCTIONS.items():
        if not model.has_macro:
            for schema in ("main", SCHEMA):
                con.execute(f"drop macro if exists {schema}.{name}")
            continue
        written = exp.var(body(model).sql(dialect="duckdb", copy=False))  # once for both schemas
        macro = bind(f"macros/{name}", {"body": written}, copy=False)
        if not is_typed:
            parameters = [parameter.this for parameter in macro.this.expressions]
            macro.this.set("expressions", parameters)
        for schema in ("main", SCHEMA):
            macro.this.this.set("db", exp.to_identifier(schema))
            con.execute(macro.sql(dialect="duckdb"))


def create_functions(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Create the functions of a model, and those that are the same for every model."""
    replace_functions(con, model)
    for name in MACROS:
        con.execute(read(f"macros/{name}"))


def _keeps_types(con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the file can keep the types of a macro's parameters; the body casts anyway."""
    (version,) = first_row(
        con,
        "select tags['storage_version'] from duckdb_databases() "
        "where database_name = current_database()",
    )
    if version is None:
        return True  # in memory
    major, minor = re.findall(r"\d+", str(version))[:2]
    return (int(major), int(minor)) >= (1, 4)


def _explainer(model: Model) -> exp.Expr:
    return explanation(model.rules, model.names)


def _classifier(model: Model) -> exp.Expr:
    """Return the CASE of ranks and take the name from a list: faster than a CASE of names."""
    ranks = [exp.Literal.number(rank) for rank in range(1, len(model.names) + 1)]
    names = exp.array(*map(exp.Literal.string, model.names))
    return exp.Anonymous(
        this="list_extract",
        expressions=[names, case_expression(model.rules, ranks, model.points)],
    )


FUNCTIONS: dict[str, Callable[[Model], exp.Expr]] = {
    CLASSIFIER: _classifier,
    EXPLAINER: _explainer,
}
"""The macros of a model that is compiled, and what writes their bodies."""
