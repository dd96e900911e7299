"""What most answers need of the current model, for which nothing large is imported or read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.schema.connection import first_row
from segmenter.schema.names import INTERNAL, require_model
from segmenter.storage.stored import stored_settings, stored_source

if TYPE_CHECKING:
    import duckdb

    from segmenter.settings import Settings
    from segmenter.sources.source import Source

__all__ = ["current_model", "engine_of_current"]


def current_model(con: duckdb.DuckDBPyConnection) -> tuple[int, Source, Settings]:
    """Return the current model's id, source and settings, without its points and rules.

    Raises
    ------
    SegmenterError
        There is no model.
    """
    require_model(con)
    model_id, source, settings = first_row(
        con, f"select model_id, source, settings from {INTERNAL}.models where is_current"
    )
    return model_id, stored_source(source), stored_settings(settings)


def engine_of_current(con: duckdb.DuckDBPyConnection) -> str:
    """Return where the current model was fitted, as sqlglot calls its SQL.

    Raises
    ------
    SegmenterError
        There is no model.
    """
    _, source, _ = current_model(con)
    return source._engine or "duckdb"
