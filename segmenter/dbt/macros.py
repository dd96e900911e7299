"""The macros that are compiled from a model: its function, its explanation, what drift measures."""

from __future__ import annotations

import json

from sqlglot import exp

from segmenter.dbt.jinja import ADAPTERS, argument, reference, written
from segmenter.engines.inline_views import one_query
from segmenter.engines.translate import port
from segmenter.model import Model
from segmenter.operations.model_constants import with_model
from segmenter.operations.model_functions import model_explanation, model_function
from segmenter.schema.files import bind, literal
from segmenter.schema.names import CLASSIFIER, SCHEMA
from segmenter.version import __version__

__all__ = ["dbt_macros"]

_PROFILE = {"monetary": "monetary", "frequency": "frequency"}

_DISPATCH = """
{{% macro {name}({arguments}) -%}}
{{{{ return(adapter.dispatch('{name}', 'segments')({arguments})) }}}}
{{%- endmacro %}}
"""

_ADAPTER = """
{{% macro {adapter}__{name}({arguments}) -%}}
{body}
{{%- endmacro %}}
"""

_OTHER = """
{{% macro default__{name}({arguments}) -%}}
{{{{ segments_other_adapter() }}}}
{{%- endmacro %}}
"""

_WORDS = {
    CLASSIFIER: "The segment of a profile, as an expression. Give names of columns, or short "
    "expressions:\n   each stands in many places. NULL, NaN or infinity gives NULL.",
    "explain_segment": "Why a profile is in its segment, and the smallest change that leads to "
    "another one: in\n   DuckDB a STRUCT, in PostgreSQL a jsonb. Give names of columns.",
    "segment_drift": "How far the customers of a relation, such as customer_segments, are from "
    "those that the\n   model learned from: metric, value, threshold, is_drifted, as in "
    "segments.drift.",
}


def dbt_macros(model: Model) -> dict[str, str]:
    """Return the text of each macro's file by its name."""
    bodies = {
        CLASSIFIER: ("monetary, frequency", _classifiers(model)),
        "explain_segment": ("monetary, frequency", _explanations(model)),
        "segment_drift": ("relation", _drifts(model)),
    }
    made = {name: _file(name, *body) for name, body in bodies.items()}
    made["segments_model"] = _about(model)
    return made


def _file(name: str, arguments: str, bodies: dict[str, str]) -> str:
    frame = {"name": name, "arguments": arguments}
    parts = [f"{{#- {_WORDS[name]} #}}\n", _DISPATCH.format(**frame)]
    parts += [
        _ADAPTER.format(adapter=adapter, body=body, **frame) for adapter, body in bodies.items()
    ]
    return "".join([*parts, _OTHER.format(**frame)])


def _classifiers(model: Model) -> dict[str, str]:
    return {
        adapter: written(_with_arguments(model_function(model, adapter)), adapter, _PROFILE)
        for adapter in ADAPTERS
    }


def _explanations(model: Model) -> dict[str, str]:
    return {
        adapter: written(_with_arguments(model_explanation(model, adapter)), adapter, _PROFILE)
        for adapter in ADAPTERS
    }


def _with_arguments(tree: exp.Expr) -> exp.Expr:
    """Put the arguments of the macro in the place of the columns."""
    holder = exp.paren(tree)
    for column in list(holder.find_all(exp.Column)):
        column.replace(argument(column.name))
    found: exp.Expr = holder.this
    return found


def _drifts(model: Model) -> dict[str, str]:
    values = {
        "cut": literal(model.settings.cut),
        "cut_on": literal(model.settings.cut_on),
    }
    found = {}
    for adapter in ADAPTERS:
        views = {
            "model_bins": _bins(),
            "profile_cut": bind("views/profile_cut", values),
            "drift_bins": bind("views/drift_bins", values),
            "drift_metrics": bind("views/drift_metrics", values),
        }
        query = with_model(one_query(views, "segment_bins"), model)
        for table in query.find_all(exp.Table):
            if table.db == SCHEMA:
                if not table.alias:
                    table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
                table.set("this", reference("relation"))
                table.set("db", None)
        meanings = {"relation": "relation", "bins": "ref('segment_bins')"}
        found[adapter] = written(port(query, adapter), adapter, meanings)
    return found


def _bins() -> exp.Expr:
    """Return the seed as the table that it was written from: open edges are infinite there."""
    is_line = exp.column("metric").isin("monetary", "frequency")
    edges = {
        name: exp.Case().when(
            is_line.copy(),
            exp.func(
                "coalesce", exp.column(name), exp.cast(exp.Literal.string(infinity), "double")
            ),
        )
        for name, infinity in (("lower_edge", "-infinity"), ("upper_edge", "infinity"))
    }
    rows = exp.select(
        exp.alias_(literal(1), "model_id"),
        "metric",
        "bin",
        *(exp.alias_(edge, name) for name, edge in edges.items()),
        "segment",
        "customers",
        "share_of_customers",
    ).from_(exp.Table(this=reference("bins")))
    return exp.select("*").from_("seed").with_("seed", as_=rows)


def _about(model: Model) -> str:
    about = {
        "model_id": model.model_id,
        "fitted_at": f"{model.fitted_at:%Y-%m-%d %H:%M:%S}",
        "segments": list(model.names),
        "segmenter_version": __version__,
    }
    lines = ",\n".join(
        f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in about.items()
    )
    return (
        "{#- Which model the rules are of; fitted_at is UTC. #}\n\n"
        f"{{% macro segments_model() -%}}\n{{% set about = {{\n{lines}\n}} %}}\n"
        "{{ return(about) }}\n{%- endmacro %}\n"
    )
