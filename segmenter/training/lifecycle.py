"""The lifecycle's thresholds: how long ago a last order may be before a customer is leaving."""

from __future__ import annotations

import math
from typing import NamedTuple

from segmenter.settings import Settings

__all__ = ["LifecycleDays", "lifecycle"]


class LifecycleDays(NamedTuple):
    """Days since the last order up to which a customer is active, and beyond which lapsed.

    Both are None where nobody knows: no date column, or nobody came back and nothing was set.
    """

    active_days: int | None
    lapsed_days: int | None


def lifecycle(
    usual_days: float | None, long_days: float | None, settings: Settings
) -> LifecycleDays:
    """Return the thresholds of a base: those that were set, otherwise its own repeat intervals.

    Parameters
    ----------
    usual_days, long_days : float or None
        Three quarters, and 95 %, of the customers who came back did so within these.
    settings : Settings

    Examples
    --------
    >>> lifecycle(91.2, 211.0, Settings())
    LifecycleDays(active_days=92, lapsed_days=211)
    >>> lifecycle(91.2, 211.0, Settings(active_days=365))
    LifecycleDays(active_days=365, lapsed_days=365)
    """
    active = settings.active_days or _whole_days(usual_days)
    lapsed = settings.lapsed_days or _whole_days(long_days)
    if settings.active_days is None and active and lapsed:
        active = min(active, lapsed)
    elif active and (lapsed or settings.active_days):
        lapsed = max(active, lapsed or 0)
    return LifecycleDays(active, lapsed) if active and lapsed else LifecycleDays(None, None)


def _whole_days(days: float | None) -> int | None:
    return None if days is None else max(1, math.ceil(days))
