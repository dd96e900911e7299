"""Shadows: macros that DuckDB would call in the place of functions that our own SQL calls.

A macro of the database comes before a built-in function of its name, an operator's too. One that
somebody made, by mistake or not, would change what every view means.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from segmenter.errors import SegmenterError

if TYPE_CHECKING:
    import duckdb

__all__ = ["Macro", "refuse_shadows"]

_OURS: dict[str, set[str]] = {
    "main": {"classify_segment", "explain_segment"},
    "segments": {
        "customer_segments_at",
        "segment_moves",
        "customer_moves",
        "compare_models",
        "compare_rules",
        "customer_changes",
        "classify_segment",
        "explain_segment",
        "is_held_out",
    },
    "segments_internal": set(),
}
"""The macros that a fit makes, by their schema."""

_FOLDERS = (
    "views",
    "queries",
    "macros",
    "tables",
    "migrations/layout_4",
    "migrations/layout_4_read",
)

_UNNAMED = """
    array_extract date_part date_trunc struct_extract list_value list_slice list_extract struct_pack
    row map map_extract unnest like_escape not_like_escape ilike_escape timezone
    read_parquet read_csv read_csv_auto parquet_scan
    count_star sum_no_overflow error constant_or_null
    current_database current_schema current_setting txid_current pragma_database_size
    duckdb_columns duckdb_constraints duckdb_databases duckdb_functions duckdb_schemas
    duckdb_settings duckdb_tables duckdb_views
    approx_quantile quantile quantile_cont median nullif isfinite isnan isinf floor round hash
    bool_or trunc power get_current_timestamp to_days to_minutes listagg regexp_full_match
    array_contains list_position struct_concat map_extract_value python_arrow_scan typeof
"""
"""Functions that the engine calls for what has no name in SQL, and those of SQL made in Python."""


class Macro(NamedTuple):
    """A macro of the database, or a temporary one: its names in lower case, and what it does."""

    database: str
    schema: str
    name: str
    kind: str
    definition: str | None


def refuse_shadows(con: duckdb.DuckDBPyConnection) -> list[Macro]:
    """Refuse macros that hide a function that our SQL calls, and foreign ones in our schema.

    Returns
    -------
    list of Macro
        All that are there: asking for them again would cost as much as opening the file.

    Raises
    ------
    SegmenterError
        The message names the macro.
    """
    rows = con.execute(
        """
        select database_name, schema_name, function_name, function_type, macro_definition
        from system.main.duckdb_functions()
        where
            (database_name = 'temp' or database_name = system.main.current_database())
            and not internal
        order by all
        """
    ).fetchall()
    macros = [
        Macro(database, schema, name.lower(), kind, definition)
        for database, schema, name, kind, definition in rows
    ]
    foreign = [
        macro
        for macro in macros
        if macro.name not in _OURS.get(macro.schema, (macro.name,)) and "macro" in macro.kind
    ]
    for database, schema, name, kind, _ in foreign:
        drop = "drop macro table" if kind == "table_macro" else "drop macro"
        if schema != "main":
            raise SegmenterError(
                f"the macro {schema}.{name}() is in the schema that each fit writes, and Segmenter "
                f'did not make it. Drop it, or create it elsewhere: {drop} {schema}."{name}".'
            )
        if _is_operator(name) or name in _called():
            shown = "temp.main" if database == "temp" else "main"
            raise SegmenterError(
                f"the macro {name} hides DuckDB's own {name}, which the segments are computed "
                f'with. Drop it, or give it another name: {drop} {shown}."{name}".'
            )
    return macros


def _is_operator(name: str) -> bool:
    return not any(character.isalpha() for character in name)


@cache
def _called() -> frozenset[str]:
    """Return all words before a parenthesis in our SQL, and what stands behind its syntax."""
    import sqlglot
    from sqlglot import TokenType

    names = set(_UNNAMED.split())
    for folder in _FOLDERS:
        for file in files("segmenter.sql").joinpath(folder).iterdir():
            if not file.name.endswith(".sql"):
                continue
            tokens = sqlglot.tokenize(file.read_text(encoding="utf-8"), read="duckdb")
            names.update(
                name.text.lower()
                for name, after in pairwise(tokens)
                if after.token_type is TokenType.L_PAREN
            )
    return frozenset(names)
