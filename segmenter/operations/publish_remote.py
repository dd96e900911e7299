"""Fits on another engine: its rows stay there, and the model comes to a DuckDB file.

The file is that of a fit to anonymous points, with everything that the engine told about the
customers. Over there the model is what `operations.export` would write: a function and views.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa
from sqlglot import exp

from segmenter.engines.ddl import create_schema, create_view
from segmenter.engines.script_frame import SCRIPT
from segmenter.errors import InputError
from segmenter.model import Model
from segmenter.operations.export import script_files, script_views
from segmenter.operations.model_functions import script_functions, session_functions
from segmenter.operations.over_views import over_views
from segmenter.progress import Progress
from segmenter.schema.files import redirect
from segmenter.schema.names import CLASSIFIER, SCHEMA
from segmenter.settings import Settings
from segmenter.sources.engine import Publication
from segmenter.sources.source import Source
from segmenter.storage.comments import head_of_view
from segmenter.storage.store import point_columns
from segmenter.training.stage import Stage

__all__ = ["check_settings", "points_stage", "publish_from", "publisher"]

_OF_SESSION = {"transactions": "segments_transactions"}
"""Names of views that live as long as a session, where they differ from those of the schema."""


def check_settings(settings: Settings) -> None:
    """Refuse to forget the points: the model's file is nothing but them.

    Raises
    ------
    InputError
        The setting `forget_points`.
    """
    if settings.forget_points:
        raise InputError(
            "a model from another engine is kept with its anonymous points, which its views read, "
            "and forget_points keeps none. Leave it out."
        )


@contextmanager
def points_stage(con: duckdb.DuckDBPyConnection, model: Model) -> Iterator[Stage]:
    """Stage the training points of a model that another engine's rows gave.

    Parameters
    ----------
    con : DuckDBPyConnection
        The database of the model.
    model : Model
    """
    frame = pa.table(point_columns(model.points))
    with Stage(con, Source(points=frame), model.settings) as stage:
        stage.points()
        yield stage


def publisher(stage: Stage, progress: Progress) -> Callable[[Model], None]:
    """Return what publishes a model where its rows are.

    Parameters
    ----------
    stage : Stage
        Of another engine than DuckDB.
    progress : Progress
        Told how long the objects last.
    """

    def publish(model: Model) -> None:
        if not model.has_macro:
            progress.warn(
                f"so many rules make no function: nothing was published on {stage.engine.name}.",
                "no_function",
            )
            return
        publish_from(stage, model, progress)

    return publish


def publish_from(stage: Stage, model: Model, progress: Progress) -> Publication:
    """Make a model's function and views where its rows are; return what was made.

    Parameters
    ----------
    stage : Stage
        Of another engine than DuckDB.
    model : Model
        It has a function.
    progress : Progress
    """
    engine = stage.engine
    lasts = engine.has_catalog and stage.binding.is_live
    publication = _lasting(stage, model) if lasts else _of_session(stage, model)
    with progress.step(f"Publishing on {engine.name}") as done:
        engine.publish(publication)
        reason = "" if engine.has_catalog else ": it has no lasting catalog"
        done("in schema segments" if lasts else f"for this session{reason}")
    return publication


def _lasting(stage: Stage, model: Model) -> Publication:
    """Return what an exported script creates."""
    dialect = stage.engine.dialect
    views = _views(stage, model)
    comments = _comments(stage, views)
    stale = [] if set(SCRIPT) <= set(views) else reversed(SCRIPT)  # each reads those before it
    return Publication(
        before=[
            create_schema(dialect),
            *(f"drop view if exists {SCHEMA}.{name}" for name in stale),
        ],
        functions=script_functions(model, dialect),
        views=views,
        statements=[
            create_view(name, view, dialect, comment=comments[name]) for name, view in views.items()
        ],
        comments=comments,
        over_views=over_views(model, stage.source, stage.binding.values, dialect),
    )


def _of_session(stage: Stage, model: Model) -> Publication:
    """Return functions and views that have no schema."""
    dialect = stage.engine.dialect
    views = _views(stage, model)
    names = {name: _OF_SESSION.get(name, name) for name in views}
    if stage.binding.relation.casefold() in names.values():
        raise InputError(
            f"{stage.binding.relation} would be hidden by the view of that name which a fit makes. "
            "Give the table's schema, or another name."
        )
    own: dict[str, exp.Expr] = {}
    for name, view in views.items():
        own[names[name]] = query = redirect(view, names)
        for dot in list(query.find_all(exp.Dot)):
            if dot.this.name == SCHEMA and dot.expression.name.lower() == CLASSIFIER:
                dot.replace(dot.expression)
    return Publication(
        before=[],
        functions=session_functions(model, dialect),
        views=own,
        statements=[
            create_view(names[name], own[names[name]], dialect, temporary=True, comment=comment)
            for name, comment in _comments(stage, views).items()
        ],
    )


def _views(stage: Stage, model: Model) -> dict[str, exp.Expr]:
    return script_views(model, stage.source, stage.binding.values, stage.engine.dialect)


def _comments(stage: Stage, views: Iterable[str]) -> dict[str, str]:
    files = script_files(stage.source)
    return {name: head_of_view(files[name]) for name in views}
