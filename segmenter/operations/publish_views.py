"""Publishing where the rows are: function and views of the current model, made there anew.

Whoever replaces a table of PostgreSQL by another of its name, as dbt does, drops the views that
read it. A fit would make them again and move customers; this only makes them again.
"""

from __future__ import annotations

from segmenter.errors import InputError
from segmenter.model import Model
from segmenter.operations.publish_remote import publish_from
from segmenter.operations.rollback import source_of
from segmenter.progress import Progress, Silent
from segmenter.sources.engine import Engine
from segmenter.training.stage import Stage

__all__ = ["check_engine", "publish_views"]


def check_engine(model: Model, dialect: str) -> None:
    """Refuse a model whose rows are somewhere else.

    Parameters
    ----------
    model : Model
    dialect : str
        Of the engine that was given.

    Raises
    ------
    InputError
    """
    of_fit = model.source.get("engine") or "duckdb"
    if of_fit == dialect:
        return
    if of_fit == "duckdb":
        raise InputError(
            f"model {model.model_id} was fitted in DuckDB, where its views are live. Publish a "
            "copy of what they show, with to = 'postgresql://user@host/database', or run the "
            f"script of export with dialect = {dialect!r} over there."
        )
    raise InputError(
        f"model {model.model_id} was fitted on {of_fit}, and its views are made there. Give a "
        "session or connection of it."
    )


def publish_views(
    model: Model, engine: Engine, *, progress: Progress | None = None
) -> tuple[str, ...]:
    """Make a model's function and views where its rows are, in one transaction where there is one.

    What is there already and did not change is left alone, so that it may be called at any time.

    Parameters
    ----------
    model : Model
        It was fitted on that engine.
    engine : Engine
    progress : Progress, optional

    Returns
    -------
    tuple of str
        The names of the functions and the views.

    Raises
    ------
    InputError
        The model was fitted somewhere else, or has more rules than ``max_rules``.
    SegmenterError
        The source is gone or no longer what it was at the fit, or the engine refuses.
    """
    check_engine(model, engine.dialect)
    model.require_macro("to publish")
    with Stage(engine, source_of(model), model.settings) as stage:
        publication = publish_from(stage, model, progress or Silent())
    return (*publication.functions, *publication.views, *publication.over_views)
