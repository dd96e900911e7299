"""Recognising how a column of texts is written: its number format or its date format.

`recognised_number` and `recognised_date` look at all forms of a number, at a sample of dates, and
count in all rows. Where nothing tells two formats apart, both are returned: it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from sqlglot import exp

from segmenter.schema.files import bind, literal
from segmenter.sources.amount_texts import Reading, Shape, read_shapes
from segmenter.sources.date_format import EPOCHS, ISO, date_reading, is_known
from segmenter.sources.engine import Engine
from segmenter.sources.expressions import SOURCE_ALIAS
from segmenter.sources.number_format import NumberFormat, canonical_currencies, is_missing

__all__ = [
    "VALUE",
    "Recognised",
    "count_fitting",
    "currencies_of",
    "formats_of",
    "has_exponents",
    "known_texts",
    "listed",
    "number_formats",
    "only_one",
    "recognised_date",
    "recognised_number",
    "shapes_of",
]

_MOST_FORMS = 500
_MOST_DATES = 20_000

_DAYS = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d%m%Y", "%m%d%Y", "%d/%m/%y", "%m/%d/%y", "%y/%m/%d",
    "%d.%m.%y", "%m.%d.%y", "%y.%m.%d", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%d-%b-%Y",
    "%d %b %Y", "%b %d, %Y", "%b %d %Y", "%d %B %Y", "%B %d, %Y", "%B %d %Y", "%d-%b-%y",
    "%d %b %y", "%d. %B %Y", "%Y-%b-%d", "%d/%b/%Y", "%d-%B-%Y", "%a, %d %b %Y", "%a %d %b %Y",
    "%A, %B %d, %Y", "%A, %d %B %Y", "%A %d %B %Y", "%b-%d-%y", "%b-%d-%Y",
    "%Y年%m月%d日", "%Y년 %m월 %d일",
)  # fmt: skip
_TIMES = (
    "", " %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M", " %I:%M:%S %p", " %I:%M %p", ", %H:%M:%S",
    ", %H:%M", ", %I:%M:%S %p", ", %I:%M %p", " %H:%M:%S.%f", "%H%M%S", " %H%M%S", ":%H:%M:%S",
    " %I:%M%p", " %I:%M:%S%p", ", %I:%M\u202f%p", ", %I:%M:%S\u202f%p", "T%H%M%S",
)  # fmt: skip
_ZONES = ("", "%z", " %z", " %Z")
VALUE = exp.column("value", table=SOURCE_ALIAS)
"""A text of the rows whose form is asked for."""

_WITH_YEAR = ("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %Z %Y")
"""Those with the year behind the time."""


@dataclass(frozen=True)
class Recognised:
    """How a column is written.

    Attributes
    ----------
    formats : tuple of str
        What `number_format` or `date_format` can be: one, or several that nothing tells apart.
    rows : int
        Rows with a value; a text such as ``N/A`` is none.
    fitting : int
        Those of them that the first format reads.
    example : str
        A value.
    odd : str or None
        A value that it does not read.
    """

    formats: tuple[str, ...]
    rows: int
    fitting: int
    example: str
    odd: str | None

    @property
    def is_sure(self) -> bool:
        """Whether one format alone is possible."""
        return len(self.formats) == 1


def listed(values: Sequence[str | None]) -> exp.Select:
    """Return a query of texts, as the functions here take it."""
    texts = exp.Array(expressions=[literal(value) for value in values])
    return exp.select(
        exp.cast(exp.func("unnest", texts), "varchar").as_("value")  # an empty list has no type
    )


def shapes_of(engine: Engine, rows: exp.Select) -> list[Shape]:
    """Return the forms of a column's values, at most 501 of them."""
    return [
        Shape(**row) for row in engine.rows(bind("queries/text_shapes", {"texts": rows.subquery()}))
    ]


def currencies_of(engine: Engine, rows: exp.Select) -> set[str]:
    """Return the marks and codes of currencies that stand beside numbers."""
    return read_shapes(shapes_of(engine, rows)).units


def only_one(text: str, units: Collection[str], form: NumberFormat, where: str | None) -> str:
    """Return which parameters take the rows of the first of several currencies, as advice.

    Parameters
    ----------
    text : str
        The column or expression.
    units : collection of str
        As `currencies_of` gave them.
    form : NumberFormat
        How the numbers are written beside the currencies.
    where : str, optional
        The condition so far.
    """
    first = canonical_currencies(units)[0]
    marks = sorted(unit.upper() for unit in units if canonical_currencies([unit]) == [first])
    condition = " or ".join(f"contains(upper({text}), '{mark}')" for mark in marks)
    if where:
        condition = f"({where}) and ({condition})"
    return f"where = {condition!r} and number_format = {replace(form, currency=first).text!r}"


def number_formats(
    shapes: Sequence[Shape], *, of_several_currencies: bool = False
) -> list[NumberFormat]:
    """Return the formats of numbers that are in these forms: two where nothing tells them apart.

    There is none where forms contradict each other, or where currencies do.

    Parameters
    ----------
    shapes : sequence of Shape
    of_several_currencies : bool
        Whether to leave the currencies aside where they are several.
    """
    reading = read_shapes(shapes)
    units = canonical_currencies(reading.units)
    readable = sum("9" in shape.shape for shape in shapes) > len(reading.odd)
    if not readable or reading.is_mixed or len(shapes) > _MOST_FORMS:
        return []
    if len(units) > 1 and not of_several_currencies:
        return []
    unit = units[0] if len(units) == 1 else None
    dots = NumberFormat(".", _group(reading, "."), _is_lakh(shapes), unit)
    commas = NumberFormat(",", _group(reading, ","), currency=unit)
    if reading.unsure:
        return [dots, commas]
    return [commas if reading.has_comma else dots]


def has_exponents(shapes: Sequence[Shape]) -> bool:
    """Tell whether a number is written as 1e5, which no number format reads."""
    return any(re.fullmatch(r"[+-]?9+(\.9*)?[eE][+-]?9+", shape.shape) for shape in shapes)


def _group(reading: Reading, decimal: str) -> str:
    """Return what separates thousands where decimals come after a dot, or a comma."""
    if reading.groups & {"'", "’"}:
        return "'"
    other = "," if decimal == "." else "."
    if other in reading.separators:
        return other
    return " " if reading.groups else ""


def _is_lakh(shapes: Sequence[Shape]) -> bool:
    return any(",99," in shape.shape for shape in shapes)


def recognised_number(engine: Engine, rows: exp.Select) -> Recognised | None:
    """Return the format of numbers that are texts.

    Parameters
    ----------
    engine : Engine
    rows : Select
        The texts, as ``value``.

    Returns
    -------
    Recognised or None
        None where there is no common form, or where amounts are in several currencies.
    """
    shapes = shapes_of(engine, rows)
    formats = number_formats(shapes)
    if not formats:
        return None
    found = count_fitting(engine, rows, formats[0].reading(VALUE, engine.dialect))
    texts = tuple(form.text for form in formats)
    example = max(
        (shape for shape in shapes if "9" in shape.shape),
        key=lambda shape: len(set(shape.shape) - {"9"}),
    ).example
    return Recognised(texts, found["rows"], found["fitting"], example, found["odd"])


def recognised_date(engine: Engine, rows: exp.Select) -> Recognised | None:
    """Return the format of dates that are texts or whole numbers.

    Parameters
    ----------
    engine, rows
        As of `recognised_number`.
    """
    texts = known_texts(engine, rows)
    formats = formats_of(engine, texts) if texts else []
    if not formats:
        return None
    if not is_known(formats[0], engine.dialect):
        return Recognised(tuple(formats), len(texts), len(texts), texts[0], None)
    reading = date_reading(VALUE, formats[0], engine.dialect)
    found = count_fitting(engine, rows, reading)
    return Recognised(tuple(formats), found["rows"], found["fitting"], texts[0], found["odd"])


def known_texts(engine: Engine, rows: exp.Select) -> list[str]:
    """Return different values that say something, as texts with a digit; many of them."""
    value = exp.cast(exp.column("value"), "varchar")
    known = exp.and_(value.copy().is_(exp.null()).not_(), exp.not_(is_missing(value)))
    query = exp.select(value.copy().as_("value")).from_(rows.subquery("texts")).where(known)
    seen = engine.rows(query.distinct().limit(_MOST_DATES))
    return sorted(str(row["value"]) for row in seen if any(c.isdigit() for c in row["value"]))


def count_fitting(engine: Engine, rows: exp.Select, reading: exp.Expr) -> dict[str, Any]:
    """Count ``rows`` with a value and those ``fitting`` a reading; ``odd`` is a value of the rest.

    Parameters
    ----------
    engine : Engine
    rows : Select
        The texts, as ``value``.
    reading : Expr
        Of `VALUE`: NULL where it has another form.
    """
    value = exp.cast(VALUE.copy(), "varchar")
    known = exp.and_(value.copy().is_(exp.null()).not_(), exp.not_(is_missing(value)))
    odd = exp.Case().when(exp.paren(reading.copy()).is_(exp.null()), value.copy())
    query = (
        exp.select("count(*) as rows", exp.func("count", reading).as_("fitting"))
        .select(exp.Min(this=odd).as_("odd"))
        .from_(rows.subquery(SOURCE_ALIAS))
        .where(known)
    )
    return engine.rows(query)[0]


def formats_of(
    engine: Engine, texts: list[str], least: float = 0.5, *, has_iso: bool = True
) -> list[str]:
    """Return the formats that read most texts, those that read them in the same way but once.

    Parameters
    ----------
    engine : Engine
    texts : list of str
    least : float, default 0.5
        With no larger a share of the texts read, there is none.
    has_iso : bool, default True
        Whether ``iso``, which is several forms, may be one of them.
    """
    epoch = _epoch(texts)
    if epoch is not None:
        return [epoch]
    frames = {_frame(text) for text in texts}
    likely = [form for form in _candidates() if _frame(form) in frames]
    found = _tried(engine, [ISO, *likely] if has_iso else likely, texts)
    most = max((n for _, n, _ in found), default=0)
    if most <= least * len(texts):
        return []
    by_meaning: dict[object, str] = {}
    for form, n, meaning in found:
        if n == most:
            by_meaning.setdefault(meaning, form)
    return list(by_meaning.values())


def _candidates() -> list[str]:
    parts = product(_DAYS, _TIMES, _ZONES)
    return [day + time + zone for day, time, zone in parts if time or not zone] + list(_WITH_YEAR)


def _frame(text: str) -> str:
    """Return the outline of a date, or of a format: runs of digits as 9, runs of letters as a."""
    outline = re.sub(r"(:\d\d(?:\.\d+)?)( ?)[+-]\d\d(:?\d\d)?$", r"\1\2z", text.strip())
    outline = re.sub(r"%([aAbBpZ])", "a", outline).replace("%z", "z")
    outline = re.sub(r"(%\w|\d)+", "9", outline)
    return re.sub(r"[^\W\d_]+", "a", outline)


def _tried(engine: Engine, forms: list[str], texts: list[str]) -> list[tuple[str, int, object]]:
    """Return of each format how many texts it reads, and what says how."""
    local = engine.local
    counts: list[tuple[str, int, object]] = []
    for form in forms:
        read = date_reading(exp.column("t"), form).sql(dialect="duckdb")
        n, meaning = local.execute(
            f"select count(x), sum(hash(t, x)) from "
            f"(select t, {read} as x from unnest($1) as texts(t))",
            [texts],
        ).fetchall()[0]
        counts.append((form, n, meaning))
    return counts


def _epoch(texts: list[str]) -> str | None:
    """Return seconds, milliseconds or microseconds since 1970, where all values look like them."""
    if not all(text.isascii() and text.isdigit() for text in texts):
        return None
    low, high = min(map(int, texts)), max(map(int, texts))
    for form, factor in EPOCHS.items():
        unit = 1_000_000 // factor
        if 10**8 * unit < low and high < 10**10 * unit:
            return form
    return None
