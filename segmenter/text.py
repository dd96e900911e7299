"""How numbers are written in sentences."""

from __future__ import annotations

__all__ = ["percent"]


def percent(share: float, digits: int = 0) -> str:
    """Return a share from 0 to 1 as a person reads it.

    Examples
    --------
    >>> percent(0.674)
    '67 %'
    """
    return f"{share * 100:.{digits}f} %"
