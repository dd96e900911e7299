"""Names for the segments: ordered by mean monetary, highest first."""

from __future__ import annotations

from segmenter.formatting import counted

__all__ = ["default_names", "segment_names"]


def default_names(n_segments: int) -> tuple[str, ...]:
    """Return the names that a number of segments has when nobody asked for others.

    Examples
    --------
    >>> default_names(3)
    ('Elite', 'Loyal', 'At-Risk')
    """
    if n_segments == 2:
        return "Higher", "Lower"
    if n_segments == 3:
        return "Elite", "Loyal", "At-Risk"
    return tuple(f"Segment {rank}" for rank in range(1, n_segments + 1))


def segment_names(
    n_segments: int, wanted: tuple[str, ...] | None
) -> tuple[tuple[str, ...], str | None]:
    """Return the names to use and, where the wanted ones do not fit, a warning in words."""
    if wanted is None:
        return default_names(n_segments), None
    if len(wanted) == n_segments:
        return wanted, None
    names = default_names(n_segments)
    return names, (
        f"{len(wanted)} names were given ({', '.join(wanted)}) but "
        f"{counted(n_segments, 'segment')} came out, called {', '.join(names)}."
    )
