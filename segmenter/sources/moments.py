"""Moments and spans of time as users write them."""

from __future__ import annotations

import datetime as dt
import re

from segmenter.errors import InputError
from segmenter.formatting import verb

__all__ = ["checked_window", "parse_moment"]

_WINDOW = re.compile(r"^\s*(\d+)\s*(day|week|month|year)s?\s*$", re.IGNORECASE)

_MAX_YEARS = 10_000
_A_YEAR = {"day": 365, "week": 52, "month": 12, "year": 1}


def checked_window(window: object) -> str:
    """Return a span in plain form, such as ``'12 months'``.

    Raises
    ------
    InputError
        It is no span of days, weeks, months or years, or a very long one.
    """
    match = _WINDOW.match(window) if isinstance(window, str) else None
    if match is None or int(match[1]) == 0:
        raise InputError(
            f"window must be a number of days, weeks, months or years such as '12 months', "
            f"not {window!r}."
        )
    number, unit = int(match[1]), match[2].lower()
    if number > _MAX_YEARS * _A_YEAR[unit]:
        raise InputError(
            f"window must be at most {_MAX_YEARS:,} years, not {window!r}. Leave it out to count "
            "all time."
        )
    return f"{number} {verb(number, unit, f'{unit}s')}"


def parse_moment(moment: object, name: str) -> dt.datetime:
    """Return the last moment that counts: a bare date to its end, a time with a zone in UTC.

    Raises
    ------
    InputError
        It is neither a date nor a time; the message calls it by `name`.
    """
    if isinstance(moment, str):
        try:
            moment = (
                dt.date.fromisoformat(moment.strip())
                if len(moment.strip()) <= 10
                else dt.datetime.fromisoformat(moment.strip())
            )
        except ValueError:
            raise InputError(
                f"{name} must be a date such as 2011-12-09 or 2011-12-09 18:00, not {moment!r}."
            ) from None
    if isinstance(moment, dt.datetime):
        try:
            return moment.replace(tzinfo=None) - (moment.utcoffset() or dt.timedelta())
        except OverflowError:
            raise InputError(f"{name} {moment} is out of range in UTC.") from None
    if isinstance(moment, dt.date):
        return dt.datetime.combine(moment, dt.time.max)
    raise InputError(f"{name} must be a date or a time, not {moment!r}.")
