"""The functions of a model in the words of a dialect: what segment a profile has, and why."""

from __future__ import annotations

from sqlglot import exp

from segmenter.classifier.case_expression import case_expression
from segmenter.classifier.explanation import explanation
from segmenter.engines.ddl import create_function, create_session_function
from segmenter.engines.explanation_forms import EXPLAINS, explanation_form
from segmenter.engines.translate import port
from segmenter.model import Model
from segmenter.schema.files import bind
from segmenter.schema.names import CLASSIFIER, EXPLAINER

__all__ = [
    "model_body",
    "model_explanation",
    "model_function",
    "script_functions",
    "session_functions",
]


def model_body(model: Model) -> exp.Expr:
    """Return the expression of a model's function in DuckDB's SQL."""
    names = [exp.Literal.string(name) for name in model.names]
    return _bound(CLASSIFIER, case_expression(model.rules, names, model.points))


def model_function(model: Model, dialect: str) -> exp.Expr:
    """Return the body of a model's function as a scalar expression of monetary and frequency."""
    return port(_of_doubles(model_body(model), dialect), dialect)


def model_explanation(model: Model, dialect: str) -> exp.Expr:
    """Return what ``explain_segment`` answers, as an expression of monetary and frequency.

    Parameters
    ----------
    model : Model
    dialect : str
        One of `EXPLAINS`.
    """
    body = explanation_form(_bound(EXPLAINER, explanation(model.rules, model.names)), dialect)
    return port(body, dialect)


def script_functions(
    model: Model, dialect: str, catalog: exp.Identifier | None = None
) -> dict[str, str]:
    """Return the statement that creates each function of the schema.

    Parameters
    ----------
    model : Model
    dialect : str
    catalog : Identifier, optional
        Of Trino.
    """
    body = model_function(model, dialect)
    functions = {CLASSIFIER: create_function(CLASSIFIER, body, dialect, catalog)}
    if dialect in EXPLAINS:
        body = _of_doubles(model_explanation(model, dialect), dialect)
        functions[EXPLAINER] = create_function(EXPLAINER, body, dialect, returns=EXPLAINS[dialect])
    return {name: statement for name, statement in functions.items() if statement}


def session_functions(model: Model, dialect: str) -> dict[str, str]:
    """Return the statement that creates each function of a session of Spark."""
    explained = _of_doubles(model_explanation(model, dialect), dialect)
    kind = EXPLAINS[dialect]
    return {
        CLASSIFIER: create_session_function(CLASSIFIER, model_function(model, dialect), dialect),
        EXPLAINER: create_session_function(EXPLAINER, explained, dialect, returns=kind),
    }


def _bound(name: str, body: exp.Expr) -> exp.Expr:
    bound = bind(f"macros/{name}", {"body": body}, copy=False).expression
    assert isinstance(bound, exp.Expr)
    return bound


def _of_doubles(body: exp.Expr, dialect: str) -> exp.Expr:
    """Leave out the casts that only a macro needs, whose parameters have no types."""
    if dialect != "duckdb":
        for cast in list(body.find_all(exp.Cast)):
            if isinstance(cast.this, exp.Column):
                cast.replace(cast.this)
    return body
