"""The dialects of an export, and how each writes the classification function."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from segmenter.errors import InputError, did_you_mean
from segmenter.schema.names import SCHEMA

__all__ = [
    "DIALECTS",
    "check_dialect",
    "create_function",
    "create_schema",
    "create_session_function",
    "create_table_function",
    "create_view",
    "write",
]


def check_dialect(dialect: str) -> str:
    """Return a dialect's name as sqlglot knows it.

    Raises
    ------
    InputError
        An unknown dialect; the message lists those that there are.
    """
    name = {"postgresql": "postgres"}.get(dialect.lower(), dialect.lower())
    if name not in DIALECTS:
        raise InputError(
            f"there is no dialect {dialect!r}; export knows {', '.join(DIALECTS)}."
            f"{did_you_mean(dialect, DIALECTS)}"
        )
    return name


def write(tree: exp.Expr, dialect: str) -> str:
    """Return a syntax tree as formatted SQL.

    Raises
    ------
    InputError
        The dialect has no such function or form.
    """
    try:
        return tree.sql(dialect=dialect, pretty=True, unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise InputError(
            f"an expression of this model cannot be written for {dialect}: {error} Fit again with "
            "an expression of simpler functions, or add the column to the table."
        ) from None


def create_schema(dialect: str) -> str:
    """Return the statement that creates the schema, a dataset in BigQuery; none in SQLite."""
    if dialect == "sqlite":
        return ""
    return write(sqlglot.parse_one(f"create schema if not exists {SCHEMA}"), dialect)


def create_view(
    name: str, query: exp.Expr, dialect: str, *, temporary: bool = False, comment: str = ""
) -> str:
    """Return the statement that creates a view of the schema, or of the session.

    Parameters
    ----------
    name : str
    query : Expr
    dialect : str
    temporary : bool, default False
    comment : str, optional
        What the view is; left out where a statement of its own says that.
    """
    if dialect == "sqlite":  # which replaces nothing
        drop = sqlglot.parse_one(f"drop view if exists {SCHEMA}_{name}")
        view = exp.Create(this=exp.table_(f"{SCHEMA}_{name}"), kind="VIEW", expression=query)
        return f"{write(drop, dialect)};\n\n{write(view, dialect)}"
    properties: list[exp.Property] = [exp.TemporaryProperty()] * temporary
    if comment and dialect == "spark":
        properties.append(exp.SchemaCommentProperty(this=exp.Literal.string(comment)))
    view = exp.Create(
        this=exp.table_(name, db=None if temporary else SCHEMA),
        kind="VIEW",
        expression=query,
        replace=True,
        properties=_properties(*properties),
    )
    return write(view, dialect)


def create_function(
    name: str,
    body: exp.Expr,
    dialect: str,
    catalog: exp.Identifier | None = None,
    *,
    returns: exp.DataType | None = None,
) -> str:
    """Return the statement that creates a function of monetary and frequency.

    Parameters
    ----------
    name : str
    body : Expr
        A scalar expression of the columns ``monetary`` and ``frequency``.
    dialect : str
    catalog : Identifier, optional
        Where Trino, which wants all three parts of a name or only the last, is to keep it.
    returns : DataType, optional
        A text when absent. Others only in PostgreSQL, Spark and Databricks; DuckDB's macros have
        none.
    """
    if dialect == "duckdb":  # as in a file with a model: a query reads the same here and there
        places = (exp.table_(name, db=schema) for schema in ("main", SCHEMA))
        return ";\n\n".join(_as_macro(place, body.copy(), dialect) for place in places)
    function = exp.table_(name, db=SCHEMA)
    if dialect == "trino":
        function = exp.table_(name, db=SCHEMA, catalog=catalog) if catalog else exp.table_(name)
    if returns is not None:
        write_typed = _with_select if dialect == "postgres" else _with_return
        return write_typed(function, body, dialect, returns=returns)
    return DIALECTS[dialect](function, body, dialect)


def create_session_function(
    name: str, body: exp.Expr, dialect: str, *, returns: exp.DataType | None = None
) -> str:
    """Return the statement that creates a function of Spark's session, which has no schema."""
    temporary = exp.TemporaryProperty()
    return _with_return(exp.table_(name), body, dialect, temporary, returns=returns)


def create_table_function(name: str, parameter: str, query: exp.Expr, like: str) -> str:
    """Return PostgreSQL's statement that creates a function of a time with rows like a view's.

    Its body is no text but read when it is created, as that of a view: it means the same tables
    whatever the search path or the temporary tables of whoever calls it. That is PostgreSQL 14's.

    Parameters
    ----------
    name : str
    parameter : str
        In the query a column; there a number, for the user's table may have a column of its name.
    query : Expr
        In PostgreSQL's form; it is changed.
    like : str
        A view of the schema.
    """
    for column in list(query.find_all(exp.Column)):
        if column.name == parameter and not column.table:
            column.replace(exp.Var(this="$1"))
    time = exp.ColumnDef(this=exp.to_identifier(parameter), kind=exp.DataType.build("timestamp"))
    function = exp.table_(name, db=SCHEMA)
    returns = exp.ReturnsProperty(this=exp.Var(this=f"SETOF {SCHEMA}.{like}"))
    stable = exp.StabilityProperty(this=exp.Literal.string("STABLE"))
    frame = exp.Create(
        this=exp.UserDefinedFunction(this=function, expressions=[time], wrapped=True),
        kind="FUNCTION",
        replace=True,
        properties=exp.Properties(expressions=[returns, _is_sql(), stable]),
    )
    head, body = (write(tree, "postgres") for tree in (frame, query))
    return f"{head} PARALLEL SAFE\nBEGIN ATOMIC\n{body};\nEND"


_NAMES = ("monetary", "frequency")


def _properties(*properties: exp.Property) -> exp.Properties | None:
    return exp.Properties(expressions=list(properties)) if properties else None


def _frame(
    function: exp.Table,
    dialect: str,
    *properties: exp.Property,
    named: bool = True,
    returns: exp.DataType | None = None,
) -> exp.Create:
    """Return ``create or replace function ...`` without its body."""
    double = exp.DataType.build("double")
    parameters: list[exp.Expr] = [
        exp.ColumnDef(this=exp.to_identifier(parameter), kind=double.copy())
        if named
        else double.copy()
        for parameter in _NAMES
    ]
    kind = "varchar(256)" if dialect == "redshift" else "text"
    result = returns or exp.DataType.build(kind, dialect=dialect)
    return exp.Create(
        this=exp.UserDefinedFunction(this=function, expressions=parameters, wrapped=True),
        kind="FUNCTION",
        replace=True,
        properties=exp.Properties(expressions=[exp.ReturnsProperty(this=result), *properties]),
    )


def _is_immutable() -> exp.Property:
    return exp.StabilityProperty(this=exp.Literal.string("IMMUTABLE"))


def _is_sql() -> exp.Property:
    return exp.LanguageProperty(this=exp.Var(this="SQL"))


def _with_quoted_body(frame: exp.Create, body: str, dialect: str) -> str:
    """Put the body as a text into the frame, between dollars where it has none of its own."""
    text = f"\n{body}\n"
    quoted: exp.Expr = exp.Heredoc(this=text)
    if "$$" in text and dialect == "snowflake":
        quoted = exp.Literal.string(text)
    elif "$$" in text:
        tag = next(name for n in count() if f"${(name := f'body{n}')}$" not in text)
        quoted = exp.Heredoc(this=text, tag=exp.to_identifier(tag))
    frame.set("expression", quoted)
    return write(frame, dialect)


def _with_select(
    function: exp.Table, body: exp.Expr, dialect: str, *, returns: exp.DataType | None = None
) -> str:
    """PostgreSQL: a SELECT in quotes, which the planner inlines into the calling query.

    It plans nothing in parallel with a function that does not say that it may.
    """
    frame = _frame(function, dialect, _is_sql(), _is_immutable(), returns=returns)
    return f"{_with_quoted_body(frame, write(exp.select(body), dialect), dialect)} PARALLEL SAFE"


def _with_numbered_parameters(function: exp.Table, body: exp.Expr, dialect: str) -> str:
    """Redshift: parameters have no names, the body calls them $1 and $2; the language is last."""
    for column in list(body.find_all(exp.Column)):
        column.replace(exp.Var(this=f"${_NAMES.index(column.name) + 1}"))
    frame = _frame(function, dialect, _is_immutable(), named=False)
    return f"{_with_quoted_body(frame, write(exp.select(body), dialect), dialect)} LANGUAGE sql"


def _with_expression(function: exp.Table, body: exp.Expr, dialect: str) -> str:
    """Snowflake: an expression in quotes."""
    frame = _frame(function, dialect, _is_sql(), _is_immutable())
    return _with_quoted_body(frame, write(body, dialect), dialect)


def _with_parentheses(function: exp.Table, body: exp.Expr, dialect: str) -> str:
    """BigQuery: an expression in parentheses."""
    frame = _frame(function, dialect)
    frame.set("expression", exp.paren(body))
    return write(frame, dialect)


def _with_return(
    function: exp.Table,
    body: exp.Expr,
    dialect: str,
    *properties: exp.Property,
    returns: exp.DataType | None = None,
) -> str:
    """Spark, Databricks, Trino: RETURN and an expression."""
    frame = _frame(function, dialect, *properties, returns=returns)
    return f"{write(frame, dialect)}\n{write(exp.Return(this=body), dialect)}"


def _as_lambda(function: exp.Table, body: exp.Expr, dialect: str) -> str:
    """ClickHouse: a lambda, in no schema."""
    names = ", ".join(_NAMES)
    return f"CREATE OR REPLACE FUNCTION {function.name} AS ({names}) -> {write(body, dialect)}"


def _as_routine(function: exp.Table, body: exp.Expr, dialect: str) -> str:
    """MySQL: one statement, and a text that no collation takes for another."""
    name = write(function, dialect)
    parameters = ", ".join(f"{each} DOUBLE" for each in _NAMES)
    text = "TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    return (
        f"DROP FUNCTION IF EXISTS {name};\n\nCREATE FUNCTION {name}({parameters})\n"
        f"RETURNS {text} DETERMINISTIC NO SQL SQL SECURITY INVOKER\n"
        f"{write(exp.Return(this=body), dialect)}"
    )


def _nothing(function: exp.Table, body: exp.Expr, dialect: str) -> str:
    """SQLite: functions are those of the program that reads the file."""
    del function, body, dialect
    return ""


def _as_macro(function: exp.Table, body: exp.Expr, dialect: str) -> str:
    """DuckDB: a scalar macro."""
    macro = exp.Create(
        this=exp.UserDefinedFunction(
            this=function,
            expressions=[exp.to_identifier(parameter) for parameter in _NAMES],
            wrapped=True,
        ),
        kind="MACRO",
        replace=True,
        expression=body,
    )
    return write(macro, dialect)


DIALECTS: dict[str, Callable[[exp.Table, exp.Expr, str], str]] = {
    "duckdb": _as_macro,
    "postgres": _with_select,
    "spark": _with_return,
    "databricks": _with_return,
    "snowflake": _with_expression,
    "bigquery": _with_parentheses,
    "redshift": _with_numbered_parameters,
    "trino": _with_return,
    "sqlite": _nothing,
    "clickhouse": _as_lambda,
    "mysql": _as_routine,
}
"""Each dialect with the form of its function."""
