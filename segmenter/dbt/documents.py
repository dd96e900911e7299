"""What stands in YAML: models with their columns and tests, seeds, the source, the profile."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from sqlglot import exp

from segmenter.dbt.jinja import escaped
from segmenter.dbt.models import DbtModel
from segmenter.storage.comments import ATTRIBUTE, head_of_view

__all__ = ["SEEDS", "profile", "properties_of_models", "properties_of_seeds", "sources"]

SEEDS = {
    "segment_rules": (
        "The rules of the model, one row for each rectangle: customers with frequency_from to\n"
        "frequency_to orders (both included) and a monetary from monetary_from up to, but not\n"
        "with, monetary_below are in the segment. A bound that is empty is open. The macro\n"
        "classify_segment is compiled from the same rules."
    ),
    "segment_bins": (
        "What the customers were like that the model learned from, for segments_not_drifted. A\n"
        "bin of monetary or frequency holds what is above lower_edge, up to and with upper_edge;\n"
        "an edge that is empty is open."
    ),
}

_TESTS: dict[str, dict[str, tuple[str, ...]]] = {
    "customer_profile": {"customer_id": ("unique", "not_null")},
    "customer_segments": {
        "customer_id": ("unique", "not_null"),
        "segment": ("not_null",),
    },
    "segment_summary": {"segment": ("unique", "not_null")},
}

_TESTS_OF_MODELS = {
    "customer_segments": (
        "labels_agree_with_model",
        "segments_not_drifted:\n          config:\n            severity: warn",
    )
}


def properties_of_models(
    models: Iterable[DbtModel], comments: Mapping[str, str], *, has_bins: bool
) -> str:
    """Return the documentation and the tests of the models.

    Parameters
    ----------
    models : iterable of DbtModel
    comments : mapping of str to str
        What each column is.
    has_bins : bool
        Whether there is something that drift can be measured against.
    """
    lines = ["models:"]
    for model in models:
        lines += [f"  - name: {model.name}", *_described(head_of_view(model.file), 4)]
        tests = [
            test for test in _TESTS_OF_MODELS.get(model.name, ()) if has_bins or "drift" not in test
        ]
        if tests:
            lines += ["    data_tests:", *(f"      - {test}" for test in tests)]
        lines.append("    columns:")
        for column in model.columns:
            lines.append(f"      - name: {_quoted(column)}")
            lines += _described(comments.get(column, ATTRIBUTE), 8)
            if names := _TESTS.get(model.name, {}).get(column, ()):
                lines += ["        data_tests:", *(f"          - {name}" for name in names)]
    return "\n".join(lines) + "\n"


def properties_of_seeds(columns: Mapping[str, Iterable[str]], comments: Mapping[str, str]) -> str:
    """Return the documentation of the seeds."""
    lines = ["seeds:"]
    for name, names in columns.items():
        lines += [f"  - name: {name}", *_described(SEEDS[name], 4), "    columns:"]
        for column in names:
            lines += [f"      - name: {column}", *_described(comments.get(column, ""), 8)]
    return "\n".join(lines) + "\n"


def sources(table: exp.Table) -> str:
    """Return where the sales are."""
    schema = table.args.get("db")
    default = "{{ 'main' if target.type == 'duckdb' else 'public' }}"
    lines = [
        "# Where the sales are. Yours to change: segmenter dbt init leaves this file alone.",
        "sources:",
        "  - name: segments_sales",
        "    description: The sales that the segments are of; they are only read.",
        f"    schema: {_quoted(_folded(schema)) if schema else json.dumps(default)}",
    ]
    if catalog := table.args.get("catalog"):
        lines.append(f"    database: {_quoted(_folded(catalog))}")
    lines += [
        "    tables:",
        "      - name: transactions",
        f"        identifier: {_quoted(_folded(table.this))}",
    ]
    return "\n".join(lines) + "\n"


def profile(database: str, *, is_in_postgres: bool) -> str:
    """Return a profile for both adapters; in a project of one's own it is not read."""
    path = "{{ env_var('SEGMENTS_DATABASE', " + repr(database) + ") }}"
    return f"""\
# For dbt in this folder. In a project of your own put the plugin into its profile.
segments:
  target: {"postgres" if is_in_postgres else "duckdb"}
  outputs:
    duckdb:
      type: duckdb
      path: {json.dumps(path)}
      schema: dbt
      threads: 1
      plugins:
        - module: segmenter.dbt.plugin
    postgres:
      type: postgres
      host: "{{{{ env_var('PGHOST', 'localhost') }}}}"
      port: "{{{{ env_var('PGPORT', '5432') | as_number }}}}"
      user: "{{{{ env_var('PGUSER', 'postgres') }}}}"
      password: "{{{{ env_var('PGPASSWORD', '') }}}}"
      dbname: "{{{{ env_var('PGDATABASE', 'postgres') }}}}"
      schema: dbt
      threads: 1
"""


def _folded(name: exp.Identifier) -> str:
    """Return a name as PostgreSQL keeps it: dbt quotes it, and DuckDB does not mind the case."""
    text = str(name.name)
    return text if name.args.get("quoted") else text.lower()


def _quoted(text: str) -> str:
    return json.dumps(escaped(text), ensure_ascii=False)


def _described(text: str, indent: int) -> list[str]:
    """Return a description as a block of lines."""
    margin = " " * indent
    lines = [line.rstrip() for line in escaped(text).splitlines()]
    return [f"{margin}description: |", *(f"{margin}  {line}".rstrip() for line in lines)]
