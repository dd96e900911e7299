"""What a model keeps as JSON: source, settings, warnings and notes, read back and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from segmenter.errors import SegmenterError
from segmenter.formatting import shortened
from segmenter.progress import Note

if TYPE_CHECKING:
    from segmenter.settings import Settings
    from segmenter.sources.source import Source

__all__ = [
    "is_same_base",
    "stored_mapping",
    "stored_notes",
    "stored_settings",
    "stored_source",
    "stored_warnings",
]

_BEFORE = {"monotone": False, "n_init": 1}
"""What models were fitted with before these were settings."""


def stored_mapping(text: object, column: str) -> dict[str, Any]:
    """Return a column of ``segments_internal.models`` as a mapping.

    Raises
    ------
    SegmenterError
        Somebody has changed it: it is no JSON object any more.
    """
    found = _decoded(text, column)
    if not isinstance(found, dict):
        raise _damaged(text, column)
    return found


def stored_source(text: object) -> Source:
    """Return the source of a model.

    Raises
    ------
    SegmenterError
        It is damaged, or not one that this version knows.
    """
    from segmenter.sources.source import Source

    try:
        return Source.from_dict(stored_mapping(text, "source"))
    except (TypeError, SegmenterError):
        raise _damaged(text, "source") from None


def stored_settings(text: object) -> Settings:
    """Return the settings of a model.

    Raises
    ------
    SegmenterError
        They are damaged, or not ones that this version knows.
    """
    from segmenter.settings import Settings

    try:
        return Settings.from_mapping({**_BEFORE, **stored_mapping(text, "settings")})
    except (TypeError, SegmenterError):
        raise _damaged(text, "settings") from None


def stored_warnings(text: object) -> tuple[str, ...]:
    """Return what a fit has warned of.

    Raises
    ------
    SegmenterError
        It is damaged.
    """
    found = _decoded(text, "warnings")
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise _damaged(text, "warnings")
    return tuple(found)


def stored_notes(text: object) -> tuple[Note, ...]:
    """Return what the last publication of a model noted of its result; nothing in older ones.

    Raises
    ------
    SegmenterError
        It is damaged.
    """
    if text is None:
        return ()
    try:
        return tuple(Note(**one) for one in _decoded(text, "notes"))
    except TypeError:
        raise _damaged(text, "notes") from None


def _decoded(text: object, column: str) -> Any:
    try:
        return json.loads(str(text))
    except ValueError:
        raise _damaged(text, column) from None


def _damaged(text: object, column: str) -> SegmenterError:
    return SegmenterError(
        f"the model is damaged: its {column} in segments_internal.models, "
        f"{shortened(str(text))!r}, is not what a fit has written. Take the database from a "
        "backup, or fit into a new file."
    )


def is_same_base(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two sources are alike in all that labels depend on."""
    names = (one.keys() | other.keys()) - {"attributes", "checked_rows"}
    return all(one.get(name) == other.get(name) for name in names)
