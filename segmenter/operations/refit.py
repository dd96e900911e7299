"""Refitting: the source and the settings of the current model once more, but for what is changed.

What a nightly job calls: nothing of the fit has to be typed again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from segmenter.errors import InputError
from segmenter.operations.fit import FitResult, fit_into
from segmenter.progress import Progress, Silent
from segmenter.schema.connection import first_row
from segmenter.schema.names import INTERNAL, require_model
from segmenter.settings import SafetyNet, Settings
from segmenter.sources.engine import Engine
from segmenter.sources.source import Source
from segmenter.storage.stored import stored_mapping, stored_settings, stored_source
from segmenter.workplace.place import Place

__all__ = ["AsFitted", "as_fitted", "refit"]


@dataclass(frozen=True)
class AsFitted:
    """How the current model was fitted, with what is changed now.

    Attributes
    ----------
    source : Source
    settings : Settings
    engine : str
        The dialect of the engine that it was fitted on.
    """

    source: Source
    settings: Settings
    engine: str


def as_fitted(
    con: duckdb.DuckDBPyConnection,
    changed: Mapping[str, Any],
    *,
    window: str | None = None,
    as_of: Any = None,
    attributes: Sequence[str] | None = None,
) -> AsFitted:
    """Return the source and the settings of the current model, but for what is changed.

    Parameters
    ----------
    con : DuckDBPyConnection
    changed : mapping
        Settings by name; None means as it was.
    window : str, optional
        As in `Source`; as it was when absent.
    as_of : str, date or datetime, optional
        As in `Source`; as it was when absent.
    attributes : list of str, optional
        As in `Source`; those of the fit when absent, none when empty.

    Raises
    ------
    NoModelError
    InputError
        The model's source was a data frame that is gone, or a setting is wrong.
    """
    require_model(con)
    source, settings = first_row(
        con, f"select source, settings from {INTERNAL}.models where is_current"
    )
    if stored_source(source).was_frame:
        raise InputError(
            "this model was fitted to a data frame that ended with its session, so it cannot be "
            "read again. Fit with the frame of today, or load it into a table and fit that."
        )
    given = stored_mapping(source, "source")
    engine = given.pop("engine", None) or "duckdb"
    given.pop("texts", None)  # what was found in the rows of then
    given |= {name: value for name, value in (("window", window), ("as_of", as_of)) if value}
    if attributes is not None:
        given["attributes"] = attributes or None
    known = dataclasses.asdict(stored_settings(settings))
    told = {name: value for name, value in changed.items() if value is not None}
    return AsFitted(Source.from_dict(given), Settings.from_mapping({**known, **told}), engine)


def refit(
    place: Place,
    fitted: AsFitted,
    net: SafetyNet,
    *,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> FitResult:
    """Fit the current model's source again, with the safety net of every fit.

    Parameters
    ----------
    place : Place
        The database with the model.
    fitted : AsFitted
        As `as_fitted` returned it.
    net : SafetyNet
    engine : Engine, optional
        That of the fit; DuckDB when absent.
    progress : Progress, optional

    Raises
    ------
    InputError
        The source is gone or no longer what it was, or the model is of another engine.
    """
    listener = progress or Silent()
    dialect = "duckdb" if engine is None else engine.dialect
    if dialect != fitted.engine:
        raise InputError(
            f"the current model was fitted on {fitted.engine}, and is fitted there again. Give a "
            "session or connection of it."
        )
    if fitted.source.as_of is not None:
        listener.warn(
            f"nothing after {fitted.source.as_of} counts, as in the fit. Fit without as_of, and "
            "refits follow the newest transaction.",
            "as_of_stays",
        )
    return fit_into(
        place,
        engine,
        fitted.source,
        fitted.settings,
        net,
        listener,
    )
