"""One error class: what was wrong, what is allowed, what came, what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from segmenter.text import ended

__all__ = ["SegmenterError", "did_you_mean", "first_line"]


class SegmenterError(Exception):
    """Something the user can put right; the message says how."""


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest candidate, or nothing."""
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    nearest = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f" Did you mean {by_folded[nearest[0]]!r}?" if nearest else ""


def first_line(error: BaseException) -> str:
    """Return the first line of an engine's message, as a sentence."""
    return ended((str(error).strip() or type(error).__name__).splitlines()[0])
