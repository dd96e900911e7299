"""The models of the package: the views of an exported script, over what dbt refers to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from segmenter.dbt.jinja import ADAPTERS, by_adapter, call, escaped, reference, written
from segmenter.errors import InputError
from segmenter.model import Model
from segmenter.operations.export import grain, model_views
from segmenter.operations.export_source import source_values
from segmenter.schema.names import CLASSIFIER, SCHEMA
from segmenter.sources.postgres_attributes import unquoted_where_plain
from segmenter.sources.source import Source
from segmenter.sources.views import view_files

__all__ = ["MODELS", "DbtModel", "dbt_models", "source_table"]

MODELS = {
    "transactions": "segment_transactions",
    "customer_profile": "customer_profile",
    "customer_segments": "customer_segments",
    "segment_summary": "segment_summary",
}
"""The views of a script, and what the models of dbt are called."""

_CONFIG = {
    "segment_transactions": "materialized='ephemeral'",
    "customer_profile": "materialized='view'",
    "customer_segments": """
    materialized='incremental',
    unique_key='customer_id',
    incremental_strategy='delete+insert',
    on_schema_change='fail',
    post_hook="
        delete from {{ this }} as labelled
        where not exists (
            select 1
            from {{ ref('customer_profile') }} as known
            where known.customer_id = labelled.customer_id
        )
    "
""",
    "segment_summary": "materialized='table'",
}

_INCREMENTAL = """
with labelled as (
{query}
)

select * from labelled
{{% if is_incremental() %}}
-- customers who are as they were keep their row; who is gone is deleted after it
where not exists (
    select 1
    from {{{{ this }}}} as before
    where
        before.customer_id = labelled.customer_id
        {same}
)
{{% endif %}}
"""


@dataclass(frozen=True)
class DbtModel:
    """A model of dbt.

    Attributes
    ----------
    name : str
    file : str
        Of ``sql/views``, whose head says what it is.
    columns : tuple of str
    text : str
        What its file holds.
    """

    name: str
    file: str
    columns: tuple[str, ...]
    text: str


def source_table(model: Model, table: str | None) -> exp.Table:
    """Return the table that the models read, as it was named.

    Raises
    ------
    InputError
        There is none, or dbt could not read it.
    """
    source = Source.from_dict(model.source)
    if source.kind == "points":
        raise InputError(
            "this model was fitted to anonymous points, so there are no customers to make models "
            "of. Fit to transactions or profiles; segmenter export has the function and the rules."
        )
    if source.exclude is not None:
        raise InputError(
            f"this model leaves out the customers in {source.exclude}, and a dbt package cannot "
            "carry that list. Fit over a view that leaves them out, or name them in where."
        )
    if table is None and source.is_file:
        raise InputError(
            f"this model was fitted to {source.relation}, and dbt reads tables. Name the table "
            "that has these rows for dbt: table = 'sales'."
        )
    relation = source_values(source, model.settings, "postgres", table)["source"]
    assert isinstance(relation, exp.Table)
    return relation


def dbt_models(model: Model, table: str | None) -> list[DbtModel]:
    """Return the models of dbt, each after those that it reads."""
    source = Source.from_dict(model.source)
    files = view_files(source, is_live=True, has_macro=True)
    trees: dict[str, Mapping[str, exp.Expr]] = {}
    for adapter in ADAPTERS:
        values = source_values(source, model.settings, adapter, table)
        values["source"] = exp.Table(this=reference("source"))
        trees[adapter] = model_views(model, source, values, adapter, classifier=call(CLASSIFIER))
    return [_model(view, files[view], trees) for view in MODELS if view in trees[ADAPTERS[0]]]


def _model(view: str, file: str, trees: Mapping[str, Mapping[str, exp.Expr]]) -> DbtModel:
    name = MODELS[view]
    columns = _columns(trees[ADAPTERS[0]][view])
    texts = {
        adapter: written(_referring(views[view]), adapter, _MEANINGS)
        for adapter, views in trees.items()
    }
    query = by_adapter(texts)
    if name == "customer_segments":
        query = _INCREMENTAL.format(query=query, same=_same(columns))
    head = f"{{{{ config({_CONFIG[name]}) }}}}\n\n{escaped(grain(file))}"
    return DbtModel(name, file, columns, f"{head}\n{query.strip()}\n")


def _same(columns: tuple[str, ...]) -> str:
    """Return the conditions that a row is as it was."""
    return "\n        ".join(_is_same(name) for name in columns if name != "customer_id")


def _is_same(column: str) -> str:
    name = escaped(unquoted_where_plain(column).sql(dialect="postgres"))
    return f"and before.{name} is not distinct from labelled.{name}"


_MEANINGS = {
    **{name: f"ref('{name}')" for name in MODELS.values()},
    "source": "segments_source()",
    CLASSIFIER: f"{CLASSIFIER}('customer_profile.monetary', 'customer_profile.frequency')",
}


def _referring(tree: exp.Expr) -> exp.Expr:
    """Point what reads our views at the models of dbt."""
    for table in tree.find_all(exp.Table):
        if table.db == SCHEMA:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            table.set("this", reference(MODELS[table.name]))
            table.set("db", None)
    return tree


def _columns(tree: exp.Expr) -> tuple[str, ...]:
    """Return the columns of a query, those of its last step where it repeats them."""
    query = tree
    while isinstance(query, exp.Select) and query.is_star:
        last = query.args["from_"].this.name
        steps = {cte.alias: cte.this for cte in tree.args["with_"].expressions}
        query = steps[last]
    assert isinstance(query, exp.Query)
    return tuple(query.named_selects)
