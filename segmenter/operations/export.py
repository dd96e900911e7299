"""Exporting: a model as one SQL script for another warehouse, where no Python takes part.

The views are those of ``sql/views``, bound to the user's table as it is called over there; what
they read from the model's tables becomes constants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sqlglot import exp

from segmenter.engines.ddl import check_dialect, create_schema, create_view, write
from segmenter.engines.inline_views import one_query
from segmenter.engines.script_frame import BY_RULES, SCRIPT, begin, comments, commit
from segmenter.engines.translate import port
from segmenter.errors import InputError, refuse_old_names
from segmenter.model import Model
from segmenter.operations.export_source import WITH_ATTRIBUTES, computes, source_values
from segmenter.operations.model_constants import RULES_AND_LINES, rules_and_lines, with_model
from segmenter.operations.model_functions import model_body, script_functions
from segmenter.operations.over_views import over_views
from segmenter.schema.files import bind, read
from segmenter.schema.names import CLASSIFIER, EXPLAINER, INTERNAL, SCHEMA
from segmenter.sources.source import Source
from segmenter.sources.views import view_files
from segmenter.storage.table_macros import AT

__all__ = ["export", "grain", "model_views", "put_function", "script_files", "script_views"]

What = Literal["all", "points"]

_POINTS = ("transactions", "customer_profile", "profile_cut", "profile_points")


_STEPS = {"customer_segments": "customers_classified", "drift": "profile_cut"}
"""What a view reads that gets no view of its own over there."""

_NAMES_IN_VIEWS = ("bigquery", "snowflake")
"""Where a view looks for a table without a schema beside itself, or nowhere."""

_FUNCTIONS = {
    CLASSIFIER: "classify_segment(monetary, frequency): the segment of a customer; NULL, NaN or "
    "infinity in gives NULL",
    EXPLAINER: "explain_segment(monetary, frequency): the rule that decided, in words and numbers, "
    "and the smallest\n-- change of money or of orders that leads to another segment",
    AT: "customer_segments_at(moment): the customers as of a moment, with the columns of "
    "customer_segments",
}
"""What each function is."""

_WITHOUT_FUNCTION = ("mysql", "sqlite", "trino")
"""Where few catalogs keep functions, or none, or slow ones, so that the views do without."""


def export(
    model: Model,
    dialect: str,
    *,
    what: What = "all",
    table: str | None = None,
    **renamed: Any,
) -> str:
    """Return a SQL script that runs a model in another warehouse.

    It creates the schema ``segments`` (a dataset in BigQuery) with the function
    ``classify_segment(monetary, frequency)`` and the views ``transactions``,
    ``customer_profile``, ``customer_segments``, ``segment_summary``, ``customer_upgrades``,
    ``drift_bins`` and ``drift`` (without sentences) over the user's table, and the views
    ``segment_rules`` and ``segment_lines`` of the model itself; for DuckDB, PostgreSQL, Spark and
    Databricks also the function ``explain_segment``; for PostgreSQL, of a source with dates,
    ``customer_segments_at``. In DuckDB functions are macros, also of the
    schema ``main``; in SQLite there are none.

    Parameters
    ----------
    model : Model
    dialect : str
        duckdb, postgres, spark, databricks, snowflake, bigquery, redshift, trino, sqlite,
        clickhouse or mysql.
    what : {'all', 'points'}, default 'all'
        'points' gives one query instead, which computes the anonymous training points over there.
        Save its result as Parquet or CSV and fit with ``Source(points=...)``.
    table : str, optional
        The user's table as it is called in the warehouse. Needed where the model was fitted to a
        file or a data frame, and with its schema for BigQuery and Snowflake; otherwise the name
        that the fit was given.
    **renamed
        Refused, with the new name of what had another one in an earlier version.

    Returns
    -------
    str

    Raises
    ------
    InputError
        An unknown dialect; no table; a model without customers or with more rules than
        ``max_rules``.

    Notes
    -----
    Columns and expressions are transpiled as the fit was given them: what was not quoted is not
    quoted over there either, unless it is a column whose bare name reads as an expression, such as
    ``order-id``. (A model that was stored before fits noted which it is says ``order - id``: fit
    again.) Columns are of the warehouse's types: where DuckDB had read customers as DOUBLE and NaN
    as no customer, say so in the customer's expression.

    Of a model that was fitted to anonymous points only the function, the rules and the lines are
    exported: it has no customers to make views of.

    Examples
    --------
    >>> import duckdb, segmenter
    >>> con = duckdb.connect()
    >>> _ = con.execute("create table sales as select i % 50 as customer, 1.0 * i as amount "
    ...                 "from range(500) as t(i)")
    >>> sales = segmenter.Source(transactions="sales", customer="customer", amount="amount")
    >>> script = export(segmenter.fit(con, sales), "snowflake", table="shop.sales")
    >>> "CREATE OR REPLACE FUNCTION segments.classify_segment" in script
    True
    >>> con.close()
    """
    refuse_old_names(renamed, {"stage": "what"})
    dialect = check_dialect(dialect)
    source = Source.from_dict(model.source)
    if source.exclude is not None:
        raise InputError(
            f"this model leaves out the customers in {source.exclude}, and a script cannot carry "
            "that list to another warehouse. Fit over a view that leaves them out, or name them in "
            "where."
        )
    if what == "points":
        return _points_query(model, source, dialect, table)
    if what != "all":
        raise InputError(f"what must be 'all' or 'points', not {what!r}.")
    return _script(model, source, dialect, table)


def _script(model: Model, source: Source, dialect: str, table: str | None) -> str:
    model.require_macro("to export (its points can be: what = 'points')")
    statements = [create_schema(dialect)]
    catalog: exp.Identifier | None = None
    values: dict[str, exp.Expr] = {}
    if source.kind == "points":
        if table is not None:
            raise InputError(
                "this model was fitted to anonymous points, so only its function is exported and "
                "there are no views over a table. Leave table out."
            )
    else:
        values = source_values(source, model.settings, dialect, table)
        relation = values["source"]
        if dialect in _NAMES_IN_VIEWS and not relation.args.get("db"):
            raise InputError(
                f"a view of {dialect} does not find {relation.name} without its schema. Name the "
                f"table in full: table = {f'shop.{relation.name}'!r}."
            )
        catalog = relation.args.get("catalog")
    files = script_files(source)
    views = script_views(model, source, values, dialect)
    statements += [_view(files[name], name, query, dialect) for name, query in views.items()]
    if views and source.kind != "points":
        functions = over_views(model, source, values, dialect)
        statements += [f"-- {_FUNCTIONS[name]}\n{each}" for name, each in functions.items()]
    # where views do without the function, a catalog that keeps none leaves them as they are
    place = len(statements) if dialect in _WITHOUT_FUNCTION else 1
    statements[place:place] = _functions(model, dialect, catalog)
    statements = [*begin(dialect, views), *statements, *commit(dialect)]
    text = "\n\n".join(f"{each};" for each in statements if each)
    return f"{_header(model, dialect)}\n\n{text}\n"


def _view(file: str, name: str, query: exp.Expr, dialect: str) -> str:
    comment = grain(file)
    if dialect == "sqlite":
        comment = comment.replace(f"{SCHEMA}.", f"{SCHEMA}_")
    return f"{comment}\n{create_view(name, query, dialect)}"


def script_files(source: Source) -> dict[str, str]:
    """Return the file of ``sql/views`` for each view of a script."""
    files = {name: name for name in RULES_AND_LINES}
    files |= view_files(source, is_live=True, has_macro=True)
    return files | {"drift": "drift_metrics"}


def script_views(
    model: Model, source: Source, values: Mapping[str, exp.Expr], dialect: str
) -> dict[str, exp.Expr]:
    """Return the views of a script, each after those that it reads.

    Parameters
    ----------
    model : Model
    source : Source
        Anonymous points have no views but those that read nothing but the model.
    values : mapping of str to Expression
        As in `model_views`.
    dialect : str
    """
    views = {name: port(query, dialect) for name, query in rules_and_lines(model).items()}
    if source.kind != "points":
        views |= model_views(model, source, values, dialect)
    return {name: views[name] for name in SCRIPT if name in views}


def model_views(
    model: Model,
    source: Source,
    values: Mapping[str, exp.Expr],
    dialect: str,
    *,
    classifier: exp.Expr | None = None,
) -> dict[str, exp.Expr]:
    """Return the views over the customers, each after those that it reads.

    Parameters
    ----------
    model : Model
    source : Source
    values : mapping of str to Expression
        What stands for each ``$placeholder``.
    dialect : str
    classifier : Expr, optional
        What stands for a call of the function; in Trino its body when absent.
    """
    files = script_files(source)
    if classifier is None and dialect in _WITHOUT_FUNCTION:
        classifier = model_body(model)
    views: dict[str, exp.Expr] = {}
    forgotten = () if len(model.points) else ("drift_bins", "drift")
    for name in SCRIPT:
        if name not in (*RULES_AND_LINES, *forgotten) and name in files:
            view = with_model(_query_of(name, files, values), model)
            if classifier is not None:
                put_function(view, classifier)
            views[name] = port(view, dialect)
    return views


def _query_of(name: str, files: Mapping[str, str], values: Mapping[str, exp.Expr]) -> exp.Expr:
    """Return a view's query, with the step in it that gets no view of its own over there."""
    query = bind(f"views/{files[name]}", values)
    if step := _STEPS.get(name):
        steps = {step: bind(f"views/{files[step]}", values), name: query}
        query = one_query(steps, values["source"].name)
    for table in query.find_all(exp.Table):
        if table.db == INTERNAL and table.name in SCRIPT:
            table.set("db", exp.to_identifier(SCHEMA))
    return query


def put_function(view: exp.Expr, body: exp.Expr) -> None:
    """Put the function's expression into a view in the place of its calls."""
    for call in list(view.find_all(exp.Anonymous)):
        if call.name.lower() == CLASSIFIER:
            monetary, frequency = call.expressions
            inlined = body.copy()
            for column in list(inlined.find_all(exp.Column)):
                column.replace((monetary if column.name == "monetary" else frequency).copy())
            call.replace(inlined)


def _points_query(model: Model, source: Source, dialect: str, table: str | None) -> str:
    if source.kind == "points":
        raise InputError(
            "this model was itself fitted to points, so it does not know the transactions. Export "
            "the points from the model of a sample of the transactions."
        )
    values = source_values(source, model.settings, dialect, table)
    files = view_files(source, is_live=True, has_macro=True)
    trees = {name: bind(f"views/{files[name]}", values) for name in _POINTS if name in files}
    query = port(one_query(trees, values["source"].name), dialect)
    lines = (
        "-- Anonymous training points: monetary, frequency, number of customers. No customer is in "
        "them.",
        "-- Save the result as points.parquet or points.csv, then, where Segmenter is installed:",
        "--     segmenter fit new.duckdb --points points.parquet",
        f"-- Dialect: {dialect}. Table: {write(values['source'], dialect)}",
    )
    return "\n".join(lines) + f"\n\n{write(query, dialect)};\n"


def _functions(model: Model, dialect: str, catalog: exp.Identifier | None) -> list[str]:
    functions = script_functions(model, dialect, catalog)
    return [f"-- {_FUNCTIONS[name]}\n{statement}" for name, statement in functions.items()]


def _header(model: Model, dialect: str) -> str:
    places = {"bigquery": "dataset", "sqlite": "views of"}
    place = places.get(dialect, "schema")
    number = "a model" if model.model_id is None else f"model {model.model_id}"
    lines = [
        f"Customer segments by Segmenter: {number}, fitted {model.fitted_at:%Y-%m-%d %H:%M} UTC",
        f"Segments: {', '.join(model.names)}",
        f"Dialect: {dialect}. Run the whole script once, and again for each new model; it creates "
        f"the {place}",
        f"{SCHEMA} and replaces only its own objects there. The views are live: nothing needs "
        "Python.",
    ]
    attributes = model.source.get("attributes")
    if attributes and dialect not in WITH_ATTRIBUTES:
        lines.append(
            f"Without the attributes {', '.join(attributes)}: join the table's own columns here."
        )
    if dialect != "duckdb" and computes(Source.from_dict(model.source)):
        lines += BY_RULES
    lines += comments(dialect)
    return "\n".join(f"-- {' '.join(line.split())}" for line in lines)


def grain(file: str) -> str:
    """Return the first comment lines of a view's file: its name and grain."""
    lines = read(f"views/{file}").splitlines()
    head = "\n".join(lines[: next(i for i, line in enumerate(lines) if "-- Source" in line)])
    return head.replace(f"{INTERNAL}.", f"{SCHEMA}.")
