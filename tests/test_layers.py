"""Data flows one way: each layer imports only from layers below it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LAYERS = [
    {"cli"},
    {"registration"},
    {"udf"},
    {
        "fitting",
        "labelling",
        "spark_labelling",
        "quality",
        "refreshing",
        "report",
        "backtesting",
        "forgetting",
        "versions",
    },
    {"kernels"},
    {"refit", "elsewhere"},
    {"training", "publish", "exporting", "memory"},
    {"doubts"},
    {"unusable"},
    {"stage", "store", "snapshot"},
    {"spark", "postgres", "percentiles"},
    {"postgres_errors", "postgres_publishing"},
    {"postgres_grants"},
    {"table_macros"},
    {"binding", "comments", "explanation_sql", "label_columns"},
    {"text_advice"},
    {"exclusion", "engine", "lost_rows"},
    {"rules_sql", "resampling", "file_columns"},
    {"remote_source", "one_query", "script_frame"},
    {"portability"},
    {"same_meaning", "literals", "utc_time"},
    {"expressions", "relations", "model", "warehouses"},
    {"catalog", "stored"},
    {"source", "reach", "bins"},
    {"rules"},
    {"knn_line"},
    {"knn", "recursion"},
    {"knn_tree"},
    {"consolidation", "naming", "ward", "exact"},
    {"ward_merges"},
    {"ward_tree"},
    {"ward_order"},
    {"coarsening", "lifecycle", "metrics", "sampling"},
    {"points", "layout", "settings"},
    {"query", "datafiles"},
    {"drafts", "special_files", "spark_files", "text_encoding", "shadowing"},
    {"progress", "stopping", "errors", "version", "data", "sql", "compiled", "amount_texts"},
    {"text", "kernel_folder"},
]

RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}

MODULES = sorted(
    path
    for folder in ("segmenter", "udf")
    for path in (ROOT / folder).rglob("*.py")
    if path != ROOT / "segmenter" / "__init__.py"
)


def layer_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return "udf" if parts[0] == "udf" else parts[1]


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "segmenter":
                found |= {alias.name for alias in node.names}
            elif node.module.startswith("segmenter."):
                found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            names = (alias.name.split(".") for alias in node.names)
            found |= {name[1] for name in names if name[0] == "segmenter" and len(name) > 1}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_downwards(path):
    here = layer_of(path)
    for name in imported(path) - {here}:
        assert RANK[name] > RANK[here], f"{here} must not import {name}"


def test_every_module_has_a_layer():
    assert {layer_of(path) for path in MODULES} <= set(RANK)
