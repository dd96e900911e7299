"""Parameters in messages: as options, which is how the command line calls them."""

from __future__ import annotations

from functools import cache

from segmenter.errors import as_options

__all__ = ["in_options"]


def in_options(message: str) -> str:
    """Return a message of the library with its parameters as options."""
    return as_options(message, _parameters())


@cache
def _parameters() -> frozenset[str]:
    import dataclasses

    from segmenter.settings import SafetyNet, Settings
    from segmenter.source import Source

    fields = (field for one in (Source, Settings, SafetyNet) for field in dataclasses.fields(one))
    return frozenset(field.name for field in fields) | {"monetary", "frequency"}
