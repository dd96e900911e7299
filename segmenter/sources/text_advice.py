"""Advice on texts where numbers or dates are needed: an expression that reads all rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from sqlglot import exp

from segmenter.formatting import counted, verb
from segmenter.schema.files import bind
from segmenter.sources.amount_texts import Shape, read_shapes
from segmenter.sources.engine import Engine

__all__ = ["HERE", "date_advice", "number_advice", "number_readings"]

HERE = "segmenter_here"
"""Stands in an expression for what reads a text."""

_TEXTS = ("VARCHAR", "CHAR", "TEXT", "BPCHAR", "STRING")
_WHOLE = ("BIGINT", "INTEGER", "UBIGINT", "UINTEGER", "HUGEINT")
_MOST_FORMS = 500
_MOST_DATES = 20_000

_DAYS = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d",
    "%Y%m%d", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d %B %Y",
    "%B %d, %Y", "%d-%b-%y",
)  # fmt: skip
_TIMES = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M", " %I:%M:%S %p", " %I:%M %p")


def number_advice(
    engine: Engine, rows: exp.Select, name: str, text: str, kind: str, whole: str = HERE
) -> str:
    """Return how a column that is no number can be read as one, as the end of a sentence.

    Parameters
    ----------
    engine : Engine
    rows : Select
        The column, as ``value``.
    name : str
        The parameter.
    text : str
        The column as it stands in an expression.
    kind : str
        Its type.
    whole : str
        The parameter's expression, with `HERE` in the place of what reads the column.
    """
    if kind == "MONEY":  # PostgreSQL casts it no other way
        return f" that can be summed. Give {name} = {f'cast({text} as decimal(18, 2))'!r}."
    if kind == "BOOLEAN":
        return f". Give {name} = {f'cast({text} as double)'!r}, or another column."
    if not kind.startswith(_TEXTS):
        return ". Name a column of numbers."
    shapes = [Shape(**row) for row in engine.rows(_shapes(rows))]
    if not shapes:
        return ", and it is NULL in every row. Name another column."
    if len(shapes) > _MOST_FORMS:
        return f" (for example {shapes[0].example!r}), and its values have no common form."
    reading = read_shapes(shapes)
    found = [(char, whole.replace(HERE, read)) for char, read in reading.expressions(text)]
    shown = f" (for example {_telling(shapes)!r})."
    noted = _missing(reading.texts) if found else ""
    if reading.is_mixed:
        dot, comma = reading.has_dot or reading.dot, reading.has_comma or reading.comma
        return (
            f"{shown} Decimals come after a dot in some values ({dot!r}) and after a comma in "
            f"others ({comma!r}). Bring them to one form first."
        )
    if len(reading.units) > 1:
        units = ", ".join(sorted(reading.units))
        return (
            f"{shown} Amounts are in several units ({units}), and their sum would mean nothing. "
            "Bring them to one first."
        )
    if reading.odd:
        odd = sum(shape.found for shape in reading.odd)
        are, them = verb(odd, "is no number", "are no numbers"), verb(odd, "it", "them")
        noted += f" {counted(odd, 'row')} such as {reading.odd[0].example!r} {are}: mend {them}."
        if found and all(shape in reading.odd for shape in shapes if "9" in shape.shape):
            found = []
    if not found:
        return f"{shown}{noted}"
    if reading.unsure:
        char = "comma" if reading.unsure == reading.comma else "dot"
        dots, commas = (f"{name} = {expression!r}" for _, expression in found)
        thousands, decimals = (dots, commas) if char == "comma" else (commas, dots)
        return (
            f"{shown} In {reading.unsure!r} the {char} may separate thousands or decimals, and no "
            f"value tells. If thousands, give {thousands}; if decimals, {decimals}.{noted}"
        )
    which = "the other values" if reading.odd else "every value"
    return f"{shown} This reads {which}: {name} = {found[0][1]!r}.{noted}"


def number_readings(engine: Engine, rows: exp.Select, text: str) -> list[str]:
    """Return the expressions that read every value of a text: two where thousands may be decimals.

    Parameters
    ----------
    engine, rows, text
        As of `number_advice`.
    """
    shapes = [Shape(**row) for row in engine.rows(_shapes(rows))]
    if len(shapes) > _MOST_FORMS:
        return []
    return [read for _, read in read_shapes(shapes).expressions(text)]


def _shapes(rows: exp.Select) -> exp.Expr:
    return bind("queries/text_shapes", {"texts": rows.subquery()})


def _telling(shapes: list[Shape]) -> str:
    """Return the value of the form with the most that is no digit."""
    numbers = [shape for shape in shapes if "9" in shape.shape] or shapes
    return max(numbers, key=lambda shape: len(set(shape.shape) - {"9"})).example


def _missing(texts: dict[str, int]) -> str:
    """Say how many rows hold a text without a digit, which counts as no amount."""
    if not texts:
        return ""
    rows = sum(texts.values())
    shown = ", ".join(repr(text) for text in sorted(texts)[:5])
    have, count = verb(rows, "has", "have"), verb(rows, "counts", "count")
    return f" {counted(rows, 'row')} {have} {shown} and {count} as without a value."


def date_advice(
    engine: Engine, rows: exp.Select, name: str, text: str, kind: str, whole: str = HERE
) -> str:
    """Return how a column that is no date can be read as one, as the end of a sentence.

    Parameters
    ----------
    engine, rows, name, text, kind, whole
        As of `number_advice`.
    """
    if not kind.startswith((*_TEXTS, *_WHOLE)):
        return ". Name a column of dates."
    query = exp.select("value").from_(rows.subquery("texts")).where("not value is null")
    values = [row["value"] for row in engine.rows(query.distinct().limit(_MOST_DATES))]
    if not values:
        return ", and it is NULL in every row. Name another column."
    if kind.startswith(_WHOLE):
        if epoch := _epoch([int(value) for value in values], text):
            return f" (for example {values[0]}). Give {name} = {whole.replace(HERE, epoch)!r}."
        text = f"cast({text} as varchar)"
    texts = sorted(str(value) for value in values)
    known = [value for value in texts if any(char in "123456789" for char in value)]
    said = sorted(set(texts) - set(known))
    shown = f" (for example {(known or texts)[0]!r})"
    found = list(_formats(engine, known)) if known and len(said) <= 3 else []
    for missing in said:
        listed = "'{}'".format(missing.replace("'", "''"))
        text = f"nullif({text}, {listed})"
    read = [f"{name} = {whole.replace(HERE, _parsed(text, form))!r}" for form in found]
    if not read:
        return (
            f"{shown}, and its values have no form that is known. Name a column of dates, or an "
            "expression that makes dates of them."
        )
    if len(read) > 1:
        return (
            f"{shown}. No value tells whether the day or the month comes first: give {read[0]} or "
            f"{read[1]}."
        )
    return f"{shown}. This reads every value: {read[0]}."


def _parsed(text: str, form: str) -> str:
    return f"cast({text} as timestamp)" if form == "iso" else f"strptime({text}, '{form}')"


def _epoch(values: list[int], text: str) -> str | None:
    """Return a time from seconds or milliseconds since 1970, where all values look like them."""
    low, high = min(values), max(values)
    for factor, unit in ((1_000_000, 1), (1_000, 1_000)):
        if 10**8 * unit < low and high < 10**10 * unit:
            return f"make_timestamp(cast({text} as bigint) * {factor})"
    return None


def _formats(engine: Engine, texts: list[str]) -> Iterator[str]:
    """Yield the formats that read every text; two where day and month could be swapped."""
    candidates = [day + time for day, time in product(_DAYS, _TIMES)]
    tried = ", ".join(f"count(try_strptime(t, '{form}'))" for form in candidates)
    found = engine.local.execute(
        f"select {tried}, count(try_cast(t as timestamp)) from unnest($1) as x(t)", [texts]
    ).fetchall()[0]
    fitting = [form for form, n in zip([*candidates, "iso"], found, strict=True) if n == len(texts)]
    yield from _swapped(fitting) or fitting[:1]


def _swapped(fitting: list[str]) -> list[str]:
    """Return two formats that differ in the order of day and month only."""
    for form in fitting:
        other = form.replace("%d", "%?").replace("%m", "%d").replace("%?", "%m")
        if other != form and other in fitting and form.startswith("%d"):
            return [form, other]
    return []
