"""How numbers, and texts of other people, are written in sentences."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Any, NamedTuple

__all__ = [
    "Column",
    "counted",
    "day",
    "ended",
    "escaped",
    "is_text",
    "no_formula",
    "percent",
    "plain",
    "shortened",
    "verb",
    "visible",
    "within_years",
]

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What a terminal obeys instead of showing: control characters, line separators, marks and
overrides of the direction of writing, and halves of a pair, which cannot be written at all."""

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Column(NamedTuple):
    """A column of a result: its name where programs read it, its title and kind where people do.

    On a terminal, where room is scarce, a column without a title is left out.
    """

    name: str
    title: str
    kind: str = "text"


def percent(share: float, digits: int = 0) -> str:
    """Return a share from 0 to 1 as a person reads it.

    Examples
    --------
    >>> percent(0.674)
    '67 %'
    """
    return f"{share * 100:.{digits}f} %"


def counted(number: int, what: str, plural: str | None = None) -> str:
    """Return a number with what it counts, in the plural where it is not one.

    Examples
    --------
    >>> counted(1, "row"), counted(1200, "row"), counted(0, "entry", "entries")
    ('1 row', '1,200 rows', '0 entries')
    """
    return f"{number:,} {what if number == 1 else plural or f'{what}s'}"


def within_years(moment: datetime | str | None) -> datetime | None:
    """Return a moment that Python can hold, the nearest one where it cannot.

    DuckDB hands out moments before the year 1 and after 9999 as texts.

    Examples
    --------
    >>> within_years("200024-01-01 00:00:00") == datetime.max
    True
    """
    if isinstance(moment, str):
        return datetime.min if "(BC)" in moment else datetime.max
    return moment


def day(moment: date) -> str:
    """Return the day of a moment, also of one that stands for all beyond.

    Examples
    --------
    >>> day(datetime(2011, 12, 9, 12, 50)), day(datetime.max)
    ('2011-12-09', 'after the year 9999')
    """
    if moment in (datetime.min, datetime.max):
        return "before the year 1" if moment == datetime.min else "after the year 9999"
    return moment.isoformat()[:10]


def verb(number: int, one: str, several: str) -> str:
    """Return the form of a word that goes with a number of things.

    Examples
    --------
    >>> verb(1, "is", "are"), verb(2, "is", "are")
    ('is', 'are')
    """
    return one if number == 1 else several


def ended(text: str) -> str:
    """Return a text as a sentence, with one full stop where it has no end yet.

    Examples
    --------
    >>> ended("it failed"), ended("it failed."), ended("it failed!."), ended("did it fail?")
    ('it failed.', 'it failed.', 'it failed!', 'did it fail?')
    """
    text = text.rstrip(".:, ")
    return text if text.endswith(("!", "?")) else f"{text}."


def shortened(text: str, longest: int = 80) -> str:
    """Return a text of which a message shows only the beginning.

    Examples
    --------
    >>> shortened("a long text", 6)
    'a long...'
    """
    return text if len(text) <= longest else f"{text[:longest]}..."


def visible(text: str) -> str:
    r"""Return a text of which a terminal obeys nothing: such characters are shown as escapes.

    Examples
    --------
    >>> print(visible("a\x1b[31mb\u202ec"))
    a\x1b[31mb\u202ec
    """
    return _UNSEEN.sub(lambda found: _SHORT.get(found[0]) or _escape(found[0]), text)


def is_text(text: str) -> bool:
    r"""Tell whether a text can be written: bytes that are no UTF-8 come in as halves of a pair.

    Examples
    --------
    >>> is_text("sales"), is_text("not \udcff utf-8")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def escaped(json: str) -> str:
    r"""Return JSON that means the same, and of which a terminal obeys nothing.

    Examples
    --------
    >>> print(escaped('{"name": "a\u202eb"}'))
    {"name": "a\u202eb"}
    """
    return _UNSEEN.sub(
        lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", json
    )


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet would compute, by OWASP's page on CSV injection."""


def no_formula(text: str) -> str:
    """Return a text that a spreadsheet takes for a text: behind an apostrophe where it must.

    Examples
    --------
    >>> no_formula("=1+1"), no_formula("Elite")
    ("'=1+1", 'Elite')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain(value: Any) -> Any:
    """Return a value that JSON has.

    Examples
    --------
    >>> plain(float("nan")), plain(date(2024, 2, 29)), plain(0.5)
    (None, '2024-02-29', 0.5)
    """
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | None) else str(value)
